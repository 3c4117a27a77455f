"""The links with which anybody fills a form, and the form behind a browser's address."""

from __future__ import annotations

from typing import Any

from flask import request

from app import problems
from app.db.queries import actor_properties
from app.db.queries import public_links as queries
from app.db.queries.public_links import ShownLink
from app.permissions import SIGNED_IN, may, office_scope, visible_projects, widest_office_scope
from app.services import public_links as service
from app.web.api.form_shapes import listed
from app.web.api.form_shapes import shown as form_shown
from app.web.api.forms import ONE as FORM
from app.web.door import Door, Here, success
from app.web.row_scope import hold_to
from app.web.schemas import SuccessSchema
from app.web.schemas.forms import FormSchema
from app.web.schemas.public_links import NewPublicLinkSchema, PublicLinkChangeSchema, PublicLinkSchema

door = Door("public_links", tag="Public links")

ALL = f"{FORM}/public-links"
ONE = f"{ALL}/<int:link_id>"


@door.route("GET", ALL, verb="public_link.list", summary="The links to a form", returns=PublicLinkSchema(many=True))
def list_links(here: Here) -> list[dict[str, Any]]:
    return _shown(queries.links(here.form.id, _reach(here)))


@door.route(
    "POST",
    ALL,
    verb="public_link.create",
    summary="Add a link; its token is shown this once",
    body=NewPublicLinkSchema(),
    returns=PublicLinkSchema(),
)
def create(here: Here, body: dict[str, Any]) -> dict[str, Any]:
    new = service.add_link(here.actor, here.form, **body)
    (found,) = _shown(queries.links(here.form.id, True, new.actor_id))
    return found | {"token": new.token}


@door.route("GET", ONE, verb="public_link.list", summary="One link", returns=PublicLinkSchema())
def get(here: Here, link_id: int) -> dict[str, Any]:
    return _found(here, link_id)


@door.route(
    "PATCH",
    ONE,
    verb="public_link.update",
    summary="Note properties of a link",
    body=PublicLinkChangeSchema(),
    returns=PublicLinkSchema(),
)
def patch(here: Here, link_id: int, body: dict[str, Any]) -> dict[str, Any]:
    service.change_link(here.actor, here.form, link_id, body["properties"])
    return _found(here, link_id)


@door.route(
    "DELETE",
    ONE,
    verb="public_link.delete",
    summary="End a link: the next request with it is refused",
    returns=SuccessSchema(),
)
def delete(here: Here, link_id: int) -> dict[str, bool]:
    service.end_link(here.actor, here.form, link_id)
    return success()


@door.route(
    "GET",
    "/form-links/<form_link_id>/form",
    verb=SIGNED_IN,
    summary="The form that a browser's address names, for who may fill or read it",
    returns=FormSchema(),
)
def form(here: Here, form_link_id: str) -> dict[str, Any]:
    found = queries.form_of_link_id(form_link_id)
    verbs = ("open_form.read", "form.read")
    if found is None:
        # Who may see no form anywhere is not told which addresses there are.
        anywhere = any(grant.form_id is not None for grant in here.actor.grants)
        if anywhere or any(visible_projects(here.actor, verb) != set() for verb in verbs):
            raise problems.not_found()
        raise problems.insufficient_rights()
    # The address names no project, so the door could not hold what is counted here.
    hold_to(widest_office_scope(here.actor, project_id=found.project_id, form_id=found.id))
    held = [verb for verb in verbs if may(here.actor, verb, project_id=found.project_id, form_id=found.id)]
    if not held:
        raise problems.insufficient_rights()
    form = listed(here, found)
    is_open = form.version is not None and form.version.published_at is not None and found.state != "closed"
    if not is_open and "form.read" not in held:
        raise problems.not_found()
    # Who made the form and how much came by it is nothing for whoever has a link.
    return form_shown(here, form, extended=None if "form.read" in held else False)


def _reach(here: Here) -> int | bool:
    return office_scope(here.actor, "public_link.list", project_id=here.project_id, form_id=here.form.id)


def _found(here: Here, link_id: int) -> dict[str, Any]:
    found = _shown(queries.links(here.form.id, _reach(here), link_id))
    if not found:
        raise problems.not_found()
    return found[0]


def _shown(links: list[ShownLink]) -> list[dict[str, Any]]:
    """Links as the API shows them: never their tokens."""
    extended = request.headers.get("X-Extended-Metadata") == "true"
    noted = actor_properties.values_of([each.actor.id for each in links]) if extended else {}
    return [
        {
            "id": each.actor.id,
            "type": each.actor.type,
            "display_name": each.actor.display_name,
            "once": each.link.once,
            "token": None,
            "office": each.office,
            "expires_at": each.token.expires_at if each.token is not None else None,
            "created_at": each.actor.created_at,
            "updated_at": each.actor.updated_at,
            "deleted_at": each.actor.deleted_at,
            "created_by": each.creator,
        }
        | ({"properties": noted.get(each.actor.id, {})} if extended else {})
        for each in links
    ]
