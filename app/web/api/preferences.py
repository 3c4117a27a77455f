"""What a person's client remembers for them; it is read back with `GET /v1/users/current`."""

from __future__ import annotations

from typing import Any

from app import problems, problems_odata
from app.permissions import SIGNED_IN, holds_role_in
from app.services import preferences as service
from app.web.body import JSON_BYTES, read_body
from app.web.door import Door, Here, parse_json, success
from app.web.schemas import SuccessSchema

door = Door("preferences", tag="Users and offices")

_VALUE = "propertyValue"


def _open_place(name: str, at: str, words: str) -> None:
    """Set and forget, on the site or in a project."""

    def put(here: Here, property_name: str) -> dict[str, bool]:
        service.set_preference(here.actor, _project_id(here), property_name, _value())
        return success()

    def delete(here: Here, property_name: str) -> dict[str, bool]:
        service.delete_preference(here.actor, _project_id(here), property_name)
        return success()

    for method, view, act in (("PUT", put, "Set"), ("DELETE", delete, "Forget")):
        view.__name__ = f"{method.lower()}_{name}"
        door.route(
            method,
            f"/user-preferences/{at}/<property_name>",
            verb=SIGNED_IN,
            summary=f"{act} one of my own preferences {words}",
            returns=SuccessSchema(),
            body_types=("application/json",) if method == "PUT" else (),
        )(view)


_open_place("site", "site", "on the whole site")
_open_place("project", "project/<int:project_id>", "in a project")


def _project_id(here: Here) -> int | None:
    if here.maybe_project_id is not None and not holds_role_in(here.actor, here.maybe_project_id):
        raise problems.insufficient_rights()
    return here.maybe_project_id


def _value() -> Any:
    """What is to be set: any JSON, also null, which a field that is left out would look like."""
    body = parse_json(read_body("The body", JSON_BYTES) or b"{}", 'send {"propertyValue": …}')
    if not isinstance(body, dict) or _VALUE not in body:
        raise problems_odata.property_not_found(_VALUE, "add it to the body and send again")
    if len(body) > 1:
        raise problems.unexpected_value("the body", f"it holds {_VALUE} and nothing else")
    return body[_VALUE]
