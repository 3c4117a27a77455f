"""What can go wrong when mail is asked for, besides what `app/problems.py` has for every door?"""

from __future__ import annotations

from app.problems import Problem


def too_many_mails(seconds: int) -> Problem:
    """To one address, or from one network; the same for whoever is there and is not."""
    return Problem(
        429.4,
        f"Mail was asked for too often; look into the mailbox, or ask again in {max(1, seconds // 60)} minutes. /"
        " Shumë kërkesa për e-mail; shihni kutinë postare ose provoni më vonë.",
        {"retryAfterSeconds": seconds},
    )


def no_mail() -> Problem:
    """Nobody has set a mail server."""
    return Problem(
        501.42,
        "This server sends no mail: the operator sets SPORTEL_SMTP_HOST, or gives you another password with"
        " `flask --app wsgi sportel set-password`. / Ky server nuk dërgon e-mail; njoftoni administratorin.",
        {"setting": "SPORTEL_SMTP_HOST"},
    )
