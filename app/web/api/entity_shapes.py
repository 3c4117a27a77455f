"""How does the API show a case and its versions?"""

from __future__ import annotations

from typing import Any

from app.services.add_entity import ShownEntity
from app.services.cells import MASKED
from app.web.schemas import masked
from forms.submission import Masked


def shown(case: ShownEntity) -> dict[str, Any]:
    """A case as the API shows it."""
    entity = case.entity
    return {
        "uuid": entity.uuid,
        "creator_id": entity.creator_id,
        "conflict": entity.conflict,
        "created_at": entity.created_at,
        "updated_at": entity.updated_at,
        "deleted_at": entity.deleted_at,
        "current_version": shown_version(case),
    }


def shown_version(case: ShownEntity) -> dict[str, Any]:
    """What a case says in one version."""
    version = case.version
    return {
        **masked("label", case.content.label),
        "data": _data(case),
        "current": version.is_current,
        "creator_id": version.creator_id,
        "user_agent": version.user_agent or "",
        "version": version.version,
        "base_version": version.base_version,
        "conflicting_properties": _conflicting(case),
        "created_at": version.created_at,
    }


def _conflicting(case: ShownEntity) -> list[str] | None:
    """The properties in conflict, without the masked: that one was changed twice would tell something of it."""
    says, names = case.content.data, case.version.conflicting_properties
    return names and [name for name in names if name in says and not isinstance(says[name], Masked)]


def _data(case: ShownEntity) -> dict[str, str | None]:
    """The properties; a masked one without its value, and beside it its class."""
    data: dict[str, str | None] = {}
    for name, value in case.content.data.items():
        if isinstance(value, Masked):
            data |= {name: None, name + MASKED: value.sensitivity}
        else:
            data[name] = value
    return data
