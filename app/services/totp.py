"""Which six digits does an authenticator show at this moment?

HMAC-SHA-1 over the number of half minutes since 1970, as every authenticator app does it.
Source: RFC 6238, RFC 4226; the key URI of Google Authenticator's wiki.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP = timedelta(seconds=30)
DIGITS = 6
SECRET_BYTES = 20
ISSUER = "Sportel"
# A clock may be half a minute wrong, and typing takes a moment.
_STEPS_AWAY = (0, -1, 1)


def new_secret() -> bytes:
    """160 random bits, the length of the hash."""
    return secrets.token_bytes(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """The secret as a person types it into an authenticator: base32."""
    return base64.b32encode(secret).decode()


def uri(secret: bytes, email: str) -> str:
    """What an authenticator scans."""
    return f"otpauth://totp/{ISSUER}:{quote(email)}?secret={as_text(secret)}&issuer={ISSUER}"


def step_of(moment: datetime) -> int:
    """The number of the half minute."""
    return int(moment.timestamp() // STEP.total_seconds())


def code_at(secret: bytes, step: int) -> str:
    """The digits of a half minute."""
    # SHA-1 is RFC 6238's, and all that some authenticators have; no collision matters here.
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303  # nosec B303


def matching_step(secret: bytes, code: str, moment: datetime) -> int | None:
    """The half minute that these digits are of: this one, the one before or the one after; None if of neither."""
    given = code.encode()
    steps = [step_of(moment) + away for away in _STEPS_AWAY]
    return next((step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), given)), None)
