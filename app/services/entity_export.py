"""What does a person get who downloads an entity list? Every case that they reach, as far as they may read it.

Source: the columns of ODK Central's download of a list.
"""

from __future__ import annotations

import csv
import io

from app.clock import to_iso
from app.db import models
from app.db.queries import entities as queries
from app.services.cells import cell
from app.services.entity_feed import case_page, wanted_cases
from app.services.odata_conditions import Asked
from app.services.spreadsheet_cells import inert_line
from app.services.views import View

_SYSTEM = ("__createdAt", "__creatorId", "__creatorName", "__updates", "__updatedAt", "__version")


def entity_table(view: View, dataset: models.Dataset, asked: Asked) -> tuple[bytes, int]:
    """The live cases that a filter leaves as CSV for people, the newest first; how many they are.

    No cell is a formula.
    """
    names = [each.name for each in queries.properties(dataset.id)]
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(inert_line(["__id", "label", *names, *_SYSTEM]))
    page = case_page(view, dataset, wanted_cases(view, dataset, asked))
    for each, maker in page.cases():
        entity, number = each.entity, each.version.version
        system = (
            to_iso(entity.created_at),
            entity.creator_id,
            maker,
            number - 1,
            to_iso(entity.updated_at),
            number,
        )
        values = [cell(each.content.data.get(name)) for name in names]
        told = ["" if value is None else str(value) for value in system]
        writer.writerow(inert_line([entity.uuid, cell(each.content.label), *values, *told]))
    return target.getvalue().encode(), len(page.numbers)
