"""Can every database keep this text and this number?

PostgreSQL keeps no NUL and no lone surrogate in a text and no number beyond 32 bits in a key; SQLite takes some of
it. What one of them refuses is refused at the door, with the same answer on both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST_KEY = 2**31 - 1
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class KeyConverter(IntegerConverter):
    """`<int:…>` in a rule: a number that can be a key; a larger one is simply not found."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"max": LARGEST_KEY, **options})


def install_converters(app: Flask) -> None:
    """Use it for every rule."""
    app.url_map.converters["int"] = KeyConverter


def is_storable(text: str) -> bool:
    """No NUL, no half of a character."""
    return _UNSTORABLE.search(text) is None


def texts(document: Any) -> Iterator[str]:
    """Every text in a JSON document, names too; however deep it goes."""
    left = [document]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            left += [*item, *item.values()]
        elif isinstance(item, list):
            left += item
