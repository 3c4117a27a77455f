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


def choose_password(server: str, code: str, *, is_new: bool) -> Text:
    """With the code. `is_new`: to somebody who was given an account; otherwise to who asked for it.

    The code stands behind the # of the link, which no browser sends to any server, and once more to be typed.
    """
    link = f"{server}/password#{code}"
    why = (
        (f"Keni një llogari të re në {server}.", f"You have a new account on {server}.")
        if is_new
        else (
            f"Dikush kërkoi një fjalëkalim të ri për llogarinë tuaj në {server}. Nëse nuk ishit ju, mos bëni asgjë.",
            f"Somebody asked for a new password of your account on {server}. If it was not you, do nothing.",
        )
    )
    return _both(
        ("Zgjidhni fjalëkalimin", "Choose your password"),
        [
            why[0],
            f"Zgjidhni fjalëkalimin këtu:\n{link}",
            f"Ose hapni {server}/password dhe shkruani kodin:\n{code}",
            "Kodi vlen 24 orë dhe vetëm një herë. Mos ia jepni askujt.",
        ],
        [
            why[1],
            f"Choose the password here:\n{link}",
            f"Or open {server}/password and type the code:\n{code}",
            "The code is good for 24 hours, and once. Give it to nobody.",
        ],
    )


def address_changed(server: str) -> Text:
    """To the address until now."""
    return _both(
        ("Adresa e llogarisë suaj u ndryshua", "The address of your account was changed"),
        [
            f"Llogaria juaj në {server} tani ka një adresë tjetër e-maili.",
            "Nëse nuk e keni kërkuar, njoftoni menjëherë administratorin.",
        ],
        [
            f"Your account on {server} now has another e-mail address.",
            "If you did not ask for it, tell your administrator at once.",
        ],
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
