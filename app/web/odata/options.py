"""What does an OData client ask of a table? The options of the address, each refused if it cannot be done.

One that is not known is refused (501.1) rather than ignored: a filter that is not applied shows too much.
Source: OASIS OData 4.0 URL conventions; Central's feed for which there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request

from app import problems, problems_odata


@dataclass(frozen=True)
class Options:
    """As asked. `select`: names, None for all; `skiptoken`: where the page before ended."""

    top: int | None = None
    skip: int = 0
    count: bool = False
    wkt: bool = False
    deidentified: bool = False
    expand: bool = False
    select: frozenset[str] | None = None
    skiptoken: str | None = None
    filter: str | None = None
    order: str | None = None
    search: str | None = None


def read_options(*, can_search: bool = False) -> Options:
    """The options of this request. Raises Problem 400.8, 404.1, 406.1 or 501."""
    refuse_old_clients()
    given: dict[str, Any] = {}
    for option, text in request.args.items():
        if option == "st":
            continue
        if option not in _READERS or (option == "$search" and not can_search):
            raise problems.not_implemented(f"The option {option}")
        name, read = _READERS[option]
        given[name] = read(option, text)
    given.pop("format", None)
    options = Options(**given)
    if options.expand and options.select is not None:
        raise problems_odata.select_with_expand()
    if options.order is not None and options.skiptoken is not None:
        raise problems.not_implemented("$orderby together with $skiptoken")
    return options


def asks_deidentified() -> bool:
    """Does the address ask for rows without people? Of the options, the only one of a document without rows."""
    return _truth("deidentified", request.args.get("deidentified", "false"))


def refuse_old_clients() -> None:
    """Raise Problem 404.1 for a client that reads nothing newer than OData 3."""
    newest = request.headers.get("OData-MaxVersion", "4.0")
    if newest.partition(".")[0].isdigit() and int(newest.partition(".")[0]) < 4:
        raise problems.not_found()


def _number(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise problems.unexpected_value(option, "use a whole number from 0")
    return int(text)


def _truth(option: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise problems.unexpected_value(option, "use true or false")
    return text.lower() == "true"


def _everything(_option: str, text: str) -> bool:
    if text != "*":
        raise problems_odata.unsupported_expand(text)
    return True


def _names(_option: str, text: str) -> frozenset[str] | None:
    names = frozenset(name.strip() for name in text.split(","))
    return None if "*" in names else names


def _format(_option: str, text: str) -> None:
    if text.partition(";")[0].strip() not in ("json", "application/json"):
        raise problems.unacceptable_format(["json"])


def _text(_option: str, text: str) -> str:
    return text


_READERS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "$top": ("top", _number),
    "$skip": ("skip", _number),
    "$count": ("count", _truth),
    "$wkt": ("wkt", _truth),
    "$expand": ("expand", _everything),
    "$select": ("select", _names),
    "$skiptoken": ("skiptoken", _text),
    "$filter": ("filter", _text),
    "$orderby": ("order", _text),
    "$search": ("search", _text),
    "$format": ("format", _format),
    "deidentified": ("deidentified", _truth),
}
"""By option: the name in `Options`, and how it is read."""
