"""What does each mail say? In Albanian first, then in English; no name, no answer, nothing of the work.

A mailbox is read by others: the mail says which server it is about, and nothing of what is kept there.
"""

from __future__ import annotations

from app.services.smtp import Text


def _both(subject: tuple[str, str], albanian: list[str], english: list[str]) -> Text:
    body = "\n\n".join([*albanian, "- - -", *english])
    return Text(" / ".join(subject), f"{body}\n")


def test_mail(server: str) -> Text:
    """The operator looks whether mail arrives."""
    return _both(
        ("Sportel: provë", "a test"),
        [f"Ky mesazh provon se {server} mund të dërgojë e-mail."],
        [f"This mail shows that {server} can send mail."],
    )


def password_changed(server: str, keys: int) -> Text:
    """To the person, whoever did it. `keys`: how many API keys of theirs go on working."""
    albanian = [
        f"Fjalëkalimi i llogarisë suaj në {server} u ndryshua dhe të gjitha seancat tuaja u mbyllën.",
        "Nëse nuk e keni bërë ju, njoftoni menjëherë administratorin.",
    ]
    english = [
        f"The password of your account on {server} was changed, and all your sessions have ended.",
        "If it was not you, tell your administrator at once.",
    ]
    if keys:
        albanian.append(f"Çelësat API vazhdojnë të punojnë ({keys}); shfuqizoni ata që nuk i njihni.")
        english.append(f"API keys go on working ({keys}); revoke those that you do not know.")
    return _both(("Fjalëkalimi u ndryshua", "Your password was changed"), albanian, english)
