"""What does a phone get of an entity list? The cases of its own office, and of those only what may lie in clear.

What is written is what the case holds, also where a spreadsheet would take it for a formula: the phone compares and
computes with it. Source: the entity list CSV of ODK Collect: `name` (the UUID), `label`, `__version`, then the
properties.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.db import models
from app.db.queries import entities as queries
from app.services.cells import cell
from app.services.entity_content import clear_properties, open_entity
from app.services.entity_masks import EntityMask
from app.services.keys import open_key


@dataclass(frozen=True)
class EntityCsv:
    """The bytes and their MD5: a phone compares the two. `count`: how many cases are in it.

    `needs_approval`: what a phone makes is no case yet, so it must not show it among them.
    """

    content: bytes
    md5: str
    count: int
    needs_approval: bool


def phone_list(
    dataset: models.Dataset,
    office_id: int | None,
    *,
    mask: EntityMask | None,
    condition: ColumnElement[bool] | None = None,
) -> EntityCsv:
    """The list for those of one office who fill forms; without an office, an empty list.

    `condition`: what else is asked of its cases. `mask`: of somebody who looks at the list without being there to
    fill; a label that they may not read is masked.
    """
    properties = queries.properties(dataset.id)
    clear = clear_properties(properties)
    names = [each.name for each in properties if each.name in clear]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["name", "label", "__version", *names])
    offices = False if office_id is None else office_id
    found = queries.entities(dataset.id, offices=offices, condition=condition)
    for entity, version, key in found:
        content = open_entity(open_key(key), entity.uuid, version)
        values = [content.data.get(name, "") for name in names]
        hidden = mask.hidden_label(entity) if mask is not None else None
        writer.writerow([entity.uuid, cell(hidden or content.label), version.version, *values])
    data = target.getvalue().encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return EntityCsv(data, md5, len(found), dataset.approval_required)
