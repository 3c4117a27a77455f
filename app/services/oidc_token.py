"""Is this ID token the provider's, for us, for this sign-in, and what does it say? Pure: no clock but the one given.

Only signatures that need the provider's private key are taken: a list of ours, not what the token says of itself.
Source: OpenID Connect Core 1.0, chapter 3.1.3.7; RFC 8725.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "PS256", "ES256")
# Clocks may differ by so many seconds.
LEEWAY = 60


class TokenRefused(Exception):
    """The token is not what it should be."""


class KeyUnknown(TokenRefused):
    """It is signed with a key that is not among those kept: the provider may have a new one."""


def claims_of(
    id_token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, access_token: str | None, moment: int
) -> dict[str, Any]:
    """What the token says, after everything about it was checked. `moment`: seconds since 1970. Raises TokenRefused."""
    try:
        token = jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"client_id": client_id, "nonce": nonce, "access_token": access_token},
        )
        claims.validate(now=moment, leeway=LEEWAY)
    except InvalidKeyIdError:
        raise KeyUnknown from None
    except (JoseError, ValueError, TypeError):
        raise TokenRefused from None
    return dict(claims)


def verified_email(claims: Mapping[str, Any]) -> str | None:
    """The address, if the provider says that it is the person's own; None otherwise."""
    email = claims.get("email")
    # Some letters of other alphabets become a to z when they are made small.
    if not isinstance(email, str) or not email.isascii() or claims.get("email_verified") is not True:
        return None
    return email


def has_second_factor(claims: Mapping[str, Any], acr: tuple[str, ...], amr: tuple[str, ...]) -> bool:
    """Does the token say that the person used a second factor there, in one of the words that the operator set?"""
    methods = claims.get("amr")
    return claims.get("acr") in acr or (isinstance(methods, list) and any(each in amr for each in methods))
