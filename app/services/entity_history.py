"""What has a case said over time, to one reader?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.db import models
from app.db.queries import entities as queries
from app.services.add_entity import ShownEntity
from app.services.entity_masks import mask_of_list
from app.services.keys import data_key
from app.services.views import View
from forms.submission import Masked


@dataclass(frozen=True, repr=False)
class Change:
    """A property (or `label`) that two versions say differently; None where there was none."""

    property_name: str
    old: str | None
    new: str


def versions_of(view: View, dataset: models.Dataset, entity: models.Entity) -> list[ShownEntity]:
    """Every version, the first first."""
    mask, key = mask_of_list(view, dataset), data_key(entity.data_key_id)
    return [ShownEntity(entity, each, mask.content(entity, each, key)) for each in queries.versions(entity.id)]


@dataclass(frozen=True)
class Relevance:
    """What a case's versions are to its conflict. `last_good`: the number of the last one before it began.

    `relevant`: the numbers of that one, of all since, and of those that these build on; none without a conflict.
    """

    last_good: int
    relevant: frozenset[int]


def relevance_of(entity: models.Entity, versions: Sequence[ShownEntity]) -> Relevance:
    """What the versions, of which there is one at least, are to the conflict; the first first."""
    rows = [each.version for each in versions]
    resolved = entity.resolved_version or 0
    in_conflict = [row.version for row in rows if row.conflicting_properties is not None and row.version > resolved]
    if not in_conflict:
        return Relevance(rows[-1].version, frozenset())
    last_good = in_conflict[0] - 1
    since = {row.version for row in rows if row.version >= last_good}
    bases = {row.base_version for row in rows if row.version > last_good and row.base_version is not None}
    return Relevance(last_good, frozenset(since | bases))


def diffs_of(view: View, dataset: models.Dataset, entity: models.Entity) -> list[list[Change]]:
    """What changed from each version to the next.

    What is masked is left out: that it changed would tell something of it.
    """
    said = [_plain(each) for each in versions_of(view, dataset, entity)]
    # A version has all that the one before had, so the newer one's names are all names.
    return [
        [Change(name, old.get(name), value) for name, value in new.items() if old.get(name) != value]
        for old, new in pairwise(said)
    ]


def _plain(shown: ShownEntity) -> dict[str, str]:
    both = {"label": shown.content.label, **shown.content.data}
    return {name: value for name, value in both.items() if not isinstance(value, Masked)}
