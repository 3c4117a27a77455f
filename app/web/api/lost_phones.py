"""A phone that was lost or seized, and a phone's next token."""

from __future__ import annotations

from typing import Any

from app.services.app_users import rotate_token
from app.services.lost_phone import LostPhone, lost_phone, report_lost
from app.web.api.app_users import once
from app.web.door import Door, Here
from app.web.schemas.access import AppUserSchema, RotationSchema
from app.web.schemas.identity import LostPhoneReportSchema, LostPhoneSchema

door = Door("lost_phones", tag="App users")

_ONE = "/projects/<int:project_id>/app-users/<int:actor_id>"


@door.route(
    "POST",
    f"{_ONE}/lost",
    verb="app_user.revoke",
    summary="Report a phone lost: it is out, its form list is empty, and what it sent and fetched is told",
    body=LostPhoneReportSchema(),
    returns=LostPhoneSchema(),
)
def report(here: Here, actor_id: int, body: dict[str, Any]) -> LostPhone:
    return report_lost(here.actor, here.project, actor_id, body["note"])


@door.route(
    "GET",
    f"{_ONE}/lost",
    verb="app_user.revoke",
    summary="What was reported of a lost phone",
    returns=LostPhoneSchema(),
    # Whose phone it is, the view looks at; what it sent may be another office's by now.
    reads_every_office=True,
)
def get(here: Here, actor_id: int) -> LostPhone:
    return lost_phone(here.actor, here.project, actor_id)


@door.route(
    "POST",
    f"{_ONE}/rotate",
    verb="app_user.create",
    summary="A phone's next token and its code, shown this once; the old one ends when the new one is used",
    body=RotationSchema(),
    returns=AppUserSchema(),
)
def rotate(here: Here, actor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    return once(here, rotate_token(here.actor, here.project, actor_id), body["language"])
