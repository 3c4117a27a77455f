"""Which classes must a reader hold to see an answer, and what stands in its place for one who does not?

An answer needs the class of its question in the version that it was filled in and in the newest that asks it: it keeps
the protection that it was given under, and what was added since, also when the question is dropped. A masked answer is
masked whether or not somebody gave it: that there is one would tell something too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from forms.schema.model import CLEAR, SENSITIVITIES, Field, FormSchema
from forms.submission.model import Masked, Value
from forms.submission.sensitivity import FILED_UNDER, class_of
from forms.submission.tables import Row

# How protected a class is. The special ones are equals: who reads one of them does not therefore read another.
STRICTNESS: dict[str, int] = {
    "open": 0,
    "operational": 1,
    "quasi": 2,
    "contact": 3,
    "identifying": 4,
    "special:health": 5,
    "special:exploitation": 5,
    "special:ethnicity": 5,
    "special:criminal": 5,
}
INSTANCE_NAME = "/meta/instanceName"
_UNKNOWN = frozenset({"identifying"})
_LITERAL = re.compile(r'"[^"]*"|\'[^\']*\'')
_PATH = re.compile(r"/[\w.-]+(?:/[\w.:-]+)+")
# Functions that make text of their arguments and of nothing else.
_CALL = re.compile(r"\b(?:concat|coalesce|join|string|if|substr|substring|round|int|number|normalize-space)\s*\(")
_JOINTS = re.compile(r"[\s(),+*=<>!-]|\b(?:and|or|div|mod)\b|\b\d+(?:\.\d+)?\b")


def is_looser(new: str, old: str) -> bool:
    """Would somebody read the answer who might not before? Also when one special class becomes another."""
    return new != old and STRICTNESS[new] <= STRICTNESS[old]


def strictest(classes: Iterable[str]) -> str:
    """The one that is named to a reader."""
    return max(classes, key=SENSITIVITIES.index)


def needed(path: str, schema: FormSchema, default: str) -> frozenset[str]:
    """The classes that a reader of this question needs. What the form does not have is identifying.

    The instance name and an entity's label need, undeclared, what the questions that they are made of need; where
    that cannot be told they are identifying.
    """
    known = schema.by_path.get(path)
    if known is not None and known.sensitivity is not None:
        return frozenset({known.sensitivity})
    if path in FILED_UNDER:
        return frozenset({"operational"})
    if path == INSTANCE_NAME or any(path == each.label_path for each in schema.entities):
        return _UNKNOWN if known is None else _made_of(known.calculate, schema, default)
    return _UNKNOWN if known is None else frozenset({default})


def _made_of(expression: str | None, schema: FormSchema, default: str) -> frozenset[str]:
    """What an expression's questions need together; identifying if it takes from elsewhere, or from nowhere."""
    text = _LITERAL.sub(" ", expression or "")
    paths = [each.group().removeprefix(f"/{schema.root_name}") for each in _PATH.finditer(text)]
    rest = _JOINTS.sub("", _CALL.sub("", _PATH.sub(" ", text)))
    fields = [schema.by_path.get(path) for path in paths]
    if rest or not paths or any(each is None or each.kind != "field" or "/meta/" in each.path for each in fields):
        return _UNKNOWN
    return frozenset().union(*(needed(path, schema, default) for path in paths))


class Mask:
    """What one reader may not see of one record.

    `schemas`: of the version that it was filled in, then of the one that counts now and of those that counted before
    it, the newest first; the first of these that has a question says what it needs now. `doubtful`: questions whose
    answer is not of its type; such text may be anything, so it is identifying besides.
    """

    def __init__(
        self,
        schemas: tuple[FormSchema, ...],
        readable: frozenset[str],
        default: str,
        doubtful: frozenset[str] = frozenset(),
    ) -> None:
        self._schemas, self._default, self.doubtful = schemas, default, doubtful
        self.readable = readable
        self._known: dict[str, Masked | None] = {}
        self._needed: dict[str, frozenset[str]] = {}

    def of(self, path: str) -> Masked | None:
        """What stands in the answer's place; None if it may be read."""
        if path not in self._known:
            hidden = self.needed(path) - self.readable
            self._known[path] = Masked(strictest(hidden)) if hidden else None
        return self._known[path]

    def needed(self, path: str) -> frozenset[str]:
        """The classes that a reader of this answer needs."""
        if path not in self._needed:
            self._needed[path] = self._look_up(path)
        return self._needed[path]

    def _look_up(self, path: str) -> frozenset[str]:
        own, *since = self._schemas
        newest = [each for each in since if path in each.by_path][:1]
        having = [own, *newest] if path in own.by_path else newest or [own]
        classes = frozenset().union(*(needed(path, each, self._default) for each in having))
        classes |= _UNKNOWN if path in self.doubtful else frozenset()
        return classes - {"open"}

    @cached_property
    def hides_nothing(self) -> bool:
        """May everything be read, also what no form version knows?"""
        return self.readable >= frozenset(SENSITIVITIES) - {"open"}

    @cached_property
    def opens_sealed(self) -> bool:
        """Is there a question whose answer lies sealed and may be read? Otherwise there is no need to open it."""
        own = self._schemas[0]
        return self.hides_nothing or any(
            self.of(each.path) is None and class_of(each.path, own, self._default) not in CLEAR
            for each in own.fields
            if each.kind == "field"
        )


def masked_rows(tables: Mapping[str, list[Row]], columns: FormSchema, mask: Mask) -> dict[str, list[Row]]:
    """The rows of one record with what may not be read masked. What is no column of its table is left out."""
    wanted = {table.name: table.fields for table in columns.tables()}
    return {name: [_masked(row, wanted[name], mask) for row in rows] for name, rows in tables.items() if name in wanted}


def _masked(row: Row, fields: tuple[Field, ...], mask: Mask) -> Row:
    values: dict[str, Value | Masked] = {}
    for field in fields:
        hidden = mask.of(field.path)
        if hidden is not None:
            values[field.path] = hidden
        elif field.path in row.values:
            values[field.path] = row.values[field.path]
    return Row(row.key, row.parent_key, values)
