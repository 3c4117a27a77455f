"""Which cases of a list are on a page of its OData feed, as far as this reader sees them, and in which words?

As ODK Central's: every property is a text, and what a case does not have is blank. A filter may ask by what is known
of a case, and by the properties that lie in clear and that the reader sees in every case of the view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import problems_odata
from app.clock import to_iso
from app.db import models
from app.db.queries import entities as list_queries
from app.db.queries import entity_feed as queries
from app.db.queries.conditions import SYSTEM_OF_CASES, Term, key_term, property_term, system_term
from app.services.add_entity import ShownEntity
from app.services.cells import MASKED, json_value
from app.services.entity_masks import EntityMask, mask_of_list
from app.services.entity_search import those_found
from app.services.keys import open_key
from app.services.odata_conditions import Asked, understood, why_hidden, why_sealed
from app.services.skiptoken import name_in, token_of_name
from app.services.views import View
from forms.errors import ExpressionUnreadable
from forms.odata import SYSTEM_OF_ENTITIES
from forms.odata.search import parse_search
from forms.schema import odata_name
from forms.submission import Masked

_UUID = "uuid"
_DELETED = "__system/deletedAt"
_PLAIN = re.compile(r'[^"\\]+')


def properties_by_odata_name(dataset: models.Dataset) -> dict[str, models.DatasetProperty]:
    """The published properties; of two that OData cannot tell apart the first counts."""
    found: dict[str, models.DatasetProperty] = {}
    for each in list_queries.properties(dataset.id):
        found.setdefault(odata_name(each.name), each)
    return found


def is_plain(name: str) -> bool:
    """Can a property of this name be asked for in SQL's JSON?"""
    return _PLAIN.fullmatch(name) is not None


def asked_of_list(
    view: View, dataset: models.Dataset, *, filter: str | None, order: str | None, search: str | None = None
) -> Asked:
    """Read a filter, an order and a search of a list's cases. Raises Problem 400.18, 501.4 and 501.5."""
    properties = properties_by_odata_name(dataset)

    def term(name: str) -> Term:
        if name in properties:
            why = _why_not(view, properties[name])
            found = property_term(properties[name].name) if why is None else None
        elif name == "label":
            why, found = "labels of cases lie sealed", None
        else:
            why = "it is no property with an order, or none of this list"
            known = name.startswith("__system/")
            found = system_term(name.removeprefix("__system/"), SYSTEM_OF_CASES) if known else None
            found = key_term(models.Entity.uuid) if name == "__id" else found
        if found is None:
            raise problems_odata.unsupported_field(name, why or "")
        return found

    asked = understood(term, filter=filter, order=order)
    if search is None or not search.strip():
        return asked
    try:
        return replace(asked, search=parse_search(search))
    except ExpressionUnreadable as unreadable:
        raise problems_odata.unparseable_expression(unreadable.message) from None


def _why_not(view: View, asked: models.DatasetProperty) -> str | None:
    if not is_plain(asked.name):
        return "its name cannot be asked for"
    return why_hidden(view, [asked.sensitivity]) or why_sealed([asked.sensitivity])


def wanted_cases(view: View, dataset: models.Dataset, asked: Asked) -> queries.WantedCases:
    """The cases that a question reaches. Who asks by the moment of deletion means those in the trash too."""
    wanted = queries.WantedCases(dataset.id, view.offices, asked.condition, asked.order, _DELETED in asked.names)
    return wanted if asked.search is None else those_found(view, dataset, wanted, asked.search)


@dataclass(frozen=True, repr=False)
class CasePage:
    """The cases of a page, and where the next one begins: a token, or (in an order) a number."""

    wanted: queries.WantedCases
    mask: EntityMask
    numbers: Sequence[int]
    next_token: str | None = None
    next_skip: int | None = None

    def cases(self) -> Iterator[tuple[ShownEntity, str | None]]:
        """Each with its maker's name; read while they are given."""
        for entity, version, key, maker in queries.walk(self.wanted, self.numbers):
            yield ShownEntity(entity, version, self.mask.content(entity, version, open_key(key))), maker


def case_page(
    view: View,
    dataset: models.Dataset,
    wanted: queries.WantedCases,
    *,
    skip: int = 0,
    top: int | None = None,
    after: str | None = None,
) -> CasePage:
    """One page. `after`: the token of its place. Raises Problem 400.34, 400.35."""
    before_id = None if after is None else _place(wanted, after)
    # One more than asked for tells whether there is a next page.
    found = queries.numbers(wanted, before_id=before_id, skip=skip, limit=None if top is None else top + 1)
    page = CasePage(wanted, mask_of_list(view, dataset), found[:top])
    if not top or len(found) <= top:
        return page
    if wanted.order:
        return replace(page, next_skip=skip + top)
    return replace(page, next_token=token_of_name(_UUID, queries.uuid_of(page.numbers[-1])))


def stamp(view: View, dataset: models.Dataset) -> tuple[object, ...]:
    """What changes with the cases of a list, and with what this reader sees of them; for a weak ETag.

    To be taken before anything is read: what comes in meanwhile would pass for seen.
    """
    seen, mask = queries.stamp(dataset.id, view.offices), mask_of_list(view, dataset)
    who = (view.offices, sorted(view.reach.items()), view.default)
    return (seen, who, sorted(mask.classes.items()), sorted(mask.label_classes), sorted(mask.typed))


def _place(wanted: queries.WantedCases, token: str) -> int:
    found = queries.place_of(wanted, name_in(token, _UUID))
    if found is None:
        raise problems_odata.skiptoken_not_found()
    return found


@dataclass(frozen=True)
class CaseDocuments:
    """Makes the documents of a list's cases. `select`: the names asked for, None for all.

    A property is asked for by its name in OData or by its own, which is what Central takes. Raises Problem 400.23 for
    a name that the list does not have.
    """

    properties: Mapping[str, models.DatasetProperty]
    select: frozenset[str] | None = None

    def __post_init__(self) -> None:
        known = {"__id", "__system", "label", *self.properties, *(each.name for each in self.properties.values())}
        known |= {f"__system/{name}" for name in SYSTEM_OF_ENTITIES}
        unknown = sorted((self.select or frozenset()) - known)
        if unknown:
            raise problems_odata.property_not_found(unknown[0])

    def document(self, case: ShownEntity, maker: str | None) -> dict[str, Any]:
        """One case. A masked text is null, and beside it stands its class."""
        document: dict[str, Any] = {"__id": case.entity.uuid} if self._is_wanted("__id") else {}
        texts = {"label": ("label", case.content.label)}
        texts |= {name: (each.name, case.content.data.get(each.name, "")) for name, each in self.properties.items()}
        for name, (own_name, value) in texts.items():
            if self._is_wanted(name, own_name):
                document[name] = json_value(value)
                if isinstance(value, Masked):
                    document[name + MASKED] = value.sensitivity
        facts = {
            name: value
            for name, value in _system(case, maker).items()
            if self._is_wanted("__system", f"__system/{name}")
        }
        return document | ({"__system": facts} if facts else {})

    def _is_wanted(self, *names: str) -> bool:
        return self.select is None or any(name in self.select for name in names)


def _system(case: ShownEntity, maker: str | None) -> dict[str, Any]:
    """What is known of a case besides what it says."""
    entity, number = case.entity, case.version.version
    return {
        "createdAt": to_iso(entity.created_at),
        "creatorId": None if entity.creator_id is None else str(entity.creator_id),
        "creatorName": maker,
        "updates": number - 1,
        "updatedAt": to_iso(entity.updated_at),
        "deletedAt": to_iso(entity.deleted_at),
        "version": number,
        "conflict": entity.conflict,
    }
