"""How does a case lie in its row: which properties in clear, which sealed with the label?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from app.db import models
from app.json_text import json_bytes
from app.sealing.envelope import open_sealed, seal
from forms.schema import CLEAR


@dataclass(frozen=True, repr=False)
class EntityContent:
    """What a version of a case says."""

    label: str
    data: Mapping[str, str]


def clear_properties(properties: list[models.DatasetProperty]) -> frozenset[str]:
    """The names whose values may lie in clear, and may go to a phone."""
    return frozenset(each.name for each in properties if each.sensitivity in CLEAR)


def seal_entity(
    data_key: bytes, uuid: str, version: int, content: EntityContent, clear_names: frozenset[str]
) -> tuple[dict[str, str], bytes]:
    """The columns `clear` and `sealed` of a version."""
    clear = {name: value for name, value in content.data.items() if name in clear_names}
    secret = {name: value for name, value in content.data.items() if name not in clear_names}
    document = json_bytes({"label": content.label, "data": secret})
    return clear, seal(data_key, document, f"entity|{uuid}|{version}")


def open_entity(data_key: bytes, uuid: str, row: models.EntityVersion) -> EntityContent:
    """The content of a version. Raises SealBroken."""
    document = json.loads(open_sealed(data_key, row.sealed, f"entity|{uuid}|{row.version}"))
    return EntityContent(document["label"], {**row.clear, **document["data"]})
