"""Which roles are there, and what does each allow?"""

from __future__ import annotations

from typing import Any

from app.permissions import ROLES, SIGNED_IN, Role
from app.services.assignments import role_of
from app.web.door import Door, Here
from app.web.schemas.roles import RoleSchema

door = Door("roles", tag="Roles and assignments")


@door.route("GET", "/roles", verb=SIGNED_IN, summary="All roles, with their rights", returns=RoleSchema(many=True))
def list_roles(here: Here) -> list[dict[str, Any]]:
    return [_shown(role) for role in ROLES.values()]


@door.route("GET", "/roles/<role>", verb=SIGNED_IN, summary="One role, by number or name", returns=RoleSchema())
def get(here: Here, role: str) -> dict[str, Any]:
    return _shown(role_of(role))


def _shown(role: Role) -> dict[str, Any]:
    # The roles are the program's: they were made at no moment that a client could want.
    return {
        "id": role.id,
        "system": role.system,
        "name": role.name,
        "verbs": sorted(role.verbs),
        "created_at": None,
        "updated_at": None,
    }
