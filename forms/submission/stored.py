"""How are the rows of a record laid out from the two halves that are stored, without typing each answer first?

Exports and feeds read many records. What they write is nearly what is stored (see `values`, the column JSON), so the
stored trees are walked as they are: same keys as `Tree`, repeats as lists of trees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any, TypeAlias

from forms.schema.model import FormSchema

Stored: TypeAlias = dict[str, Any]
"""Answers by field path, as JSON."""


def joined(clear: Stored, sealed: Stored, schema: FormSchema, around: str = "") -> Stored:
    """Both halves as one; `around`: the repeat whose instance they are, "" for the root. As `merge` of typed trees."""
    tree = clear | sealed
    for path in schema.repeats_in.get(around, ()):
        if path in clear and path in sealed:
            pairs = zip(clear[path], sealed[path], strict=True)
            tree[path] = [joined(*pair, schema, path) for pair in pairs]
    return tree


def way_to(table_path: str, schema: FormSchema) -> tuple[str, ...] | None:
    """The repeats from the root to a table, itself included; None if this form version has no such repeat."""
    way: list[str] = []
    path: str | None = table_path
    while path:
        known = schema.by_path.get(path)
        if known is None or known.kind != "repeat":
            return None
        way.insert(0, path)
        path = known.repeat
    return tuple(way)


def instances(
    key: str, clear: Stored, sealed: Stored | None, way: tuple[str, ...], parent_key: str | None = None
) -> Iterator[tuple[str, str | None, Stored]]:
    """Key, parent's key and answers of each row at the end of the way. Keys are those of `tables`.

    Of the halves only what is on the way is put together. `sealed`: None if it was not opened.
    """
    if not way:
        yield key, parent_key, clear if sealed is None else clear | sealed
        return
    path, name = way[0], way[0].rpartition("/")[2]
    below = clear.get(path, ())
    sealed_below = repeat(None) if sealed is None else sealed.get(path, ())
    for number, (one, other) in enumerate(zip(below, sealed_below, strict=sealed is not None), start=1):
        yield from instances(f"{key}/{name}[{number}]", one, other, way[1:], key)


def count(tree: Mapping[str, Any], way: tuple[str, ...]) -> int:
    """How many rows there are at the end of the way."""
    if not way:
        return 1
    found = tree.get(way[0], ())
    return len(found) if len(way) == 1 else sum(count(each, way[1:]) for each in found)
