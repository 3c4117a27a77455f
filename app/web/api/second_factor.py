"""A person's second factor: set up, confirmed, renewed, taken away."""

from __future__ import annotations

from typing import Any

from flask import request

from app.permissions import HALF_SIGNED_IN
from app.services import collect_settings, second_factor
from app.services.second_factor_proof import Proof
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.identity import (
    CodeSchema,
    EnrolmentSchema,
    MaybeProofSchema,
    RecoveryCodesSchema,
    SecondFactorSchema,
)

door = Door("second_factor", tag="Sessions")

_OWN = "/users/current/second-factor"


@door.route("GET", _OWN, verb=HALF_SIGNED_IN, summary="One's own second factor", returns=SecondFactorSchema())
def get(here: Here) -> second_factor.State:
    return second_factor.state(here.actor)


@door.route(
    "POST",
    _OWN,
    verb=HALF_SIGNED_IN,
    summary="Begin to set up an authenticator; its secret is shown this once",
    body=MaybeProofSchema(),
    returns=EnrolmentSchema(),
)
def begin(here: Here, body: dict[str, Any]) -> dict[str, str]:
    new = second_factor.begin_enrolment(here.actor, Proof(**body), address=request.remote_addr)
    return {"secret": new.secret, "uri": new.uri, "svg": collect_settings.picture(new.uri).decode()}


@door.route(
    "POST",
    f"{_OWN}/confirm",
    verb=HALF_SIGNED_IN,
    summary="Confirm the authenticator with its first code; all sessions end, recovery codes are shown this once",
    body=CodeSchema(),
    returns=RecoveryCodesSchema(),
)
def confirm(here: Here, body: dict[str, Any]) -> dict[str, list[str]]:
    return {"recovery_codes": second_factor.confirm(here.actor, body["code"])}


@door.route(
    "POST",
    f"{_OWN}/recovery-codes",
    verb=HALF_SIGNED_IN,
    summary="New recovery codes instead of the old ones",
    body=MaybeProofSchema(),
    returns=RecoveryCodesSchema(),
)
def renew_codes(here: Here, body: dict[str, Any]) -> dict[str, list[str]]:
    codes = second_factor.renew_codes(here.actor, Proof(**body), address=request.remote_addr)
    return {"recovery_codes": codes}


@door.route(
    "DELETE",
    "/users/<int:actor_id>/second-factor",
    verb="user.update",
    summary="Take away somebody else's lost second factor; they sign in and set up another one",
    returns=SuccessSchema(),
)
def delete(here: Here, actor_id: int) -> dict[str, bool]:
    second_factor.take_away(here.actor, actor_id)
    return success()
