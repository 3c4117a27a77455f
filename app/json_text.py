"""How is JSON written that is written for every submission? By orjson; what it refuses, by Python's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson

# A moment must say itself how it is written; and an object that hides what it holds hides it here too.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def json_bytes(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """The value as JSON in UTF-8, without spaces. `default` makes something of what JSON has not.

    Raises TypeError and ValueError as `json.dumps` does.
    """
    try:
        return orjson.dumps(value, default, _OPTIONS)
    except TypeError:  # a number beyond 64 bits, a name that is no text, half a character
        return json.dumps(value, default=default, separators=(",", ":")).encode()


def json_text(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """The same as text, which is what columns and log lines are."""
    return json_bytes(value, default).decode()
