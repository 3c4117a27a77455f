"""What is a security key asked, and is its answer right? The library that knows WebAuthn stays behind this file.

A key signs for one domain and one origin: those of SPORTEL_PUBLIC_URL, never what a request's headers say. Anything in
an answer that the library cannot read is an answer that is not right.
Source: W3C Web Authentication, Level 3, chapters 5 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME = "Sportel"
TIMEOUT_MS = 60_000
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class RelyingParty:
    """Whom a key signs for: `id` is the domain, `origin` the address of the pages; `verifies`: must it know its owner?

    The owner shows a key who they are by its PIN or a finger.
    """

    id: str
    origin: str
    verifies: bool


@dataclass(frozen=True)
class KnownKey:
    """What is kept of a key. `transports`: how a browser reaches it, in WebAuthn's words."""

    credential_id: bytes
    transports: tuple[str, ...]


@dataclass(frozen=True)
class NewKey:
    """What a key says of itself when it is added. `public_key` as COSE."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


def relying_party(public_url: str | None, verification: str) -> RelyingParty | None:
    """Of this server; None if browsers would let no key sign for it: no domain name, or no https."""
    parts = urlsplit(public_url or "")
    host = parts.hostname
    if not host or _is_number(host) or (parts.scheme != "https" and host != "localhost"):
        return None
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{port}", verification == "required")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def creation_options(
    party: RelyingParty, challenge: bytes, handle: bytes, email: str, known: Sequence[KnownKey]
) -> dict[str, Any]:
    """What a browser's `navigator.credentials.create` takes as JSON. `handle`: the person, in bytes without meaning."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=NAME,
        user_id=handle,
        user_name=email,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            # It comes after the password, so the key need not remember whose it is.
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=_verification(party),
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json_dict(options)


def request_options(party: RelyingParty, challenge: bytes, known: Sequence[KnownKey]) -> dict[str, Any]:
    """What a browser's `navigator.credentials.get` takes as JSON."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(known),
        user_verification=_verification(party),
    )
    return options_to_json_dict(options)


def _verification(party: RelyingParty) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if party.verifies else UserVerificationRequirement.PREFERRED


def _descriptors(known: Sequence[KnownKey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id, transports=[AuthenticatorTransport(t) for t in each.transports]
        )
        for each in known
    ]


def challenge_of_new(credential: dict[str, Any]) -> bytes | None:
    """The challenge that an answer to `create` says it signs; None if it is no answer."""
    try:
        return parse_client_data_json(
            parse_registration_credential_json(credential).response.client_data_json
        ).challenge
    except Exception:  # noqa: BLE001  (see the top of this file)
        return None


def challenge_and_key(assertion: dict[str, Any]) -> tuple[bytes, bytes] | None:
    """The challenge that an answer to `get` says it signs, and the ID of the key; None if it is no answer."""
    try:
        parsed = parse_authentication_credential_json(assertion)
        return parse_client_data_json(parsed.response.client_data_json).challenge, parsed.raw_id
    except Exception:  # noqa: BLE001  (see the top of this file)
        return None


def verified_new(party: RelyingParty, credential: dict[str, Any], challenge: bytes) -> NewKey | None:
    """The key that was added; None if anything about the answer is not right."""
    try:
        done = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=party.verifies,
        )
        said = parse_registration_credential_json(credential).response.transports or []
    except Exception:  # noqa: BLE001  (see the top of this file)
        return None
    transports = tuple(sorted({each.value for each in said}))
    return NewKey(done.credential_id, done.credential_public_key, done.sign_count, transports)


def verified_count(party: RelyingParty, assertion: dict[str, Any], challenge: bytes, public_key: bytes) -> int | None:
    """How often the key has signed, as it says; None if anything about the answer is not right.

    Whether it has counted on since the last time, the database says.
    """
    try:
        done = verify_authentication_response(
            credential=assertion,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=party.verifies,
        )
    except Exception:  # noqa: BLE001  (see the top of this file)
        return None
    return done.new_sign_count
