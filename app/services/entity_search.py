"""Which cases of a list say what somebody searches for, as far as that one may read them?

Labels and most properties lie sealed, so each case is opened and looked at as the reader sees it: a text that is masked
there says nothing here, and is not even opened where nothing else of it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import true

from app.db import models
from app.db.queries import entity_feed as queries
from app.db.queries.conditions import is_among
from app.db.queries.entity_feed import WantedCases
from app.services.entity_masks import EntityMask, MaskedContent, mask_of_list
from app.services.keys import open_key
from app.services.views import View
from forms.odata.search import Search
from forms.submission import Masked


def those_found(view: View, dataset: models.Dataset, wanted: WantedCases, search: Search) -> WantedCases:
    """Of the wanted cases those that say what is searched for."""
    mask, in_any_order = mask_of_list(view, dataset), replace(wanted, order=())
    ids = [
        entity.id
        for entity, version, key, _ in queries.walk(in_any_order, queries.numbers(in_any_order))
        if search.is_said_by(_texts(mask, mask.content(entity, version, open_key(key))))
    ]
    return replace(wanted, condition=(true() if wanted.condition is None else wanted.condition) & is_among(ids))


def _texts(mask: EntityMask, content: MaskedContent) -> Iterator[str]:
    """What the feed shows: the label, and the properties that the list has."""
    for text in (content.label, *(content.data.get(name) for name in mask.classes)):
        if text is not None and not isinstance(text, Masked):
            yield text
