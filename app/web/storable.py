"""Can every database keep this text and this number?

PostgreSQL keeps no NUL and no lone surrogate in a text and no number beyond 32 bits in a key; SQLite takes some of
it. What one of them refuses is refused at the door, with the same answer on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST_KEY = 2**31 - 1


class KeyConverter(IntegerConverter):
    """`<int:…>` in a rule: a number that can be a key; a larger one is simply not found."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"max": LARGEST_KEY, **options})


def install_converters(app: Flask) -> None:
    """Use it for every rule."""
    app.url_map.converters["int"] = KeyConverter


def is_storable(text: str) -> bool:
    """No NUL, no half of a character."""
    return "\x00" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def texts(data: Any) -> Iterator[str]:
    """Every text in a JSON document, names included."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from texts(name)
            yield from texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts(value)
