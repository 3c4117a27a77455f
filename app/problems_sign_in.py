"""What can go wrong with the ways to sign in, besides what `app/problems.py` has for every door?"""

from __future__ import annotations

from app.problems import Problem


def password_off() -> Problem:
    """People sign in with their institution's account; programs with keys."""
    return Problem(
        401.8,
        "Passwords open nothing here: sign in with your institution's account (GET /v1/oidc/login in a browser); for"
        " programs use an API key. / Hyni me llogarinë e institucionit tuaj.",
    )


def no_security_keys() -> Problem:
    """WebAuthn binds a key to a domain name, and the server was not told which is its own."""
    return Problem(
        409.51,
        "This server takes no security keys: the operator sets SPORTEL_PUBLIC_URL to its https:// address with a domain"
        " name. Use an authenticator app. / Ky server nuk pranon çelësa sigurie; përdorni aplikacionin e kodeve.",
    )


def last_factor() -> Problem:
    """The policy would lock the person into setting up another one."""
    return Problem(
        409.52,
        "This is your last second factor, and your roles need one; add another one first, then remove this. /"
        " Ky është faktori juaj i fundit i dytë; shtoni një tjetër së pari.",
    )
