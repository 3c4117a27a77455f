"""A person's security keys: listed, added, taken away."""

from __future__ import annotations

from typing import Any

from flask import request

from app.permissions import HALF_SIGNED_IN
from app.services import security_keys
from app.services.second_factor_proof import Proof
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.identity import (
    AddedSecurityKeySchema,
    CreationOptionsSchema,
    MaybeProofSchema,
    NewSecurityKeySchema,
    SecurityKeySchema,
)

door = Door("security_keys", tag="Sessions")

_OWN = "/users/current/second-factor/security-keys"


@door.route("GET", _OWN, verb=HALF_SIGNED_IN, summary="One's own security keys", returns=SecurityKeySchema(many=True))
def get_all(here: Here) -> Any:
    return security_keys.own_keys(here.actor)


@door.route(
    "POST",
    f"{_OWN}/options",
    verb=HALF_SIGNED_IN,
    summary="Begin to add a security key: what a browser is to ask it within five minutes",
    body=MaybeProofSchema(),
    returns=CreationOptionsSchema(),
)
def begin(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    return {"public_key": security_keys.begin_adding(here.actor, Proof(**body), address=request.remote_addr)}


@door.route(
    "POST",
    _OWN,
    verb=HALF_SIGNED_IN,
    summary="Add the security key that answered; with the first second factor all sessions end",
    body=NewSecurityKeySchema(),
    returns=AddedSecurityKeySchema(),
)
def add(here: Here, body: dict[str, Any]) -> security_keys.Added:
    return security_keys.add(here.actor, body["label"], body["credential"])


@door.route(
    "DELETE",
    f"{_OWN}/<int:security_key_id>",
    verb=HALF_SIGNED_IN,
    summary="Take a security key away; all sessions end",
    body=MaybeProofSchema(),
    returns=SuccessSchema(),
)
def delete(here: Here, security_key_id: int, body: dict[str, Any]) -> dict[str, bool]:
    security_keys.remove(here.actor, security_key_id, Proof(**body), address=request.remote_addr)
    return success()
