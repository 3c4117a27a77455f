"""What does a `$filter` or an `$orderby` say? Text in, a small tree out; what its names mean is for others to decide.

    or · and · not · eq ne lt le gt ge in · contains startswith endswith · year month day hour minute second now

Source: OASIS OData 4.01 URL conventions, 5.1.1 (of which this is the part that one table needs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from forms.errors import ExpressionUnreadable, ExpressionUnsupported

MOST_CHARACTERS = 4000
MOST_NESTED = 40
MOST_COMPARISONS = 200

COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
FUNCTIONS: dict[str, int] = {
    "contains": 2,
    "startswith": 2,
    "endswith": 2,
    "year": 1,
    "month": 1,
    "day": 1,
    "hour": 1,
    "minute": 1,
    "second": 1,
    "now": 0,
}
"""With how many arguments each has."""

_KNOWN_TO_ODATA = re.compile(
    "add|sub|mul|div|divby|mod|has|length|indexof|substring|tolower|toupper|trim|concat|date|time|fractionalseconds"
    "|totaloffsetminutes|mindatetime|maxdatetime|round|floor|ceiling|cast|isof|any|all"
)
_CONSTANTS = {"null": None, "true": True, "false": False}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<moment>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))
    | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?![\w:.-])
    | (?P<number>-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?)(?![\w.])
    | (?:[A-Za-z_][\w.]*)?'(?P<text>(?:[^']|'')*)'
    | (?P<word>\$?[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Name:
    """A property: `age`, `home/town`, `__system/reviewState`."""

    text: str


@dataclass(frozen=True)
class Literal:
    """A value that the filter itself gives."""

    value: bool | int | Decimal | str | date | datetime | None


@dataclass(frozen=True)
class Call:
    """A function of `FUNCTIONS`, with as many arguments as it has."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True)
class Comparison:
    """One of `COMPARISONS` between two values."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Logic:
    """`and` or `or`."""

    operator: str
    left: Condition
    right: Condition


@dataclass(frozen=True)
class Not:
    """The contrary."""

    inner: Condition


Operand: TypeAlias = Name | Literal | Call
Condition: TypeAlias = Comparison | Logic | Not | Call


def parse_filter(text: str) -> Condition:
    """The tree of a `$filter`. Raises ExpressionUnreadable, and ExpressionUnsupported for what else OData has."""
    parser = _Parser(text)
    condition = parser.either()
    parser.end()
    return condition


def parse_order(text: str) -> tuple[tuple[Name, bool], ...]:
    """What an `$orderby` sorts by, each with: downwards? Raises as `parse_filter`."""
    if len(text) > MOST_CHARACTERS:
        raise ExpressionUnreadable(f"it is longer than {MOST_CHARACTERS} characters")
    found = []
    for part in text.split(","):
        name, *given = part.split() or [""]
        direction = [each.lower() for each in given]
        match = _TOKEN.fullmatch(name)
        if match is None or match["word"] is None or direction not in ([], ["asc"], ["desc"]):
            raise ExpressionUnreadable("sort by names of properties, each followed by asc or desc")
        found.append((Name(name), direction == ["desc"]))
    return tuple(found)


class _Parser:
    """Reads a filter from left to right. Each method reads what binds closer than the one before it."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_CHARACTERS:
            raise ExpressionUnreadable(f"it is longer than {MOST_CHARACTERS} characters")
        self._tokens = [*_tokens(text), ("end", "")]
        self._at = 0
        self._depth = 0
        self._comparisons = 0

    def either(self) -> Condition:
        left = self._both()
        while self._takes("or"):
            left = Logic("or", left, self._both())
        return left

    def _both(self) -> Condition:
        left = self._one()
        while self._takes("and"):
            left = Logic("and", left, self._one())
        return left

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise ExpressionUnreadable(f"it is nested more than {MOST_NESTED} times")
        if self._takes("not"):
            condition: Condition = Not(self._one())
        elif self._next == ("mark", "("):
            self._at += 1
            condition = self.either()
            self._expect(")")
        else:
            condition = self._comparison()
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        self._counts()
        left = self._operand()
        kind, word = self._next
        if kind == "word" and word in COMPARISONS:
            self._at += 1
            return Comparison(word, left, self._operand())
        if self._takes("in"):
            return self._any_of(left)
        if kind == "word" and _KNOWN_TO_ODATA.fullmatch(word):
            raise ExpressionUnsupported(word)
        if isinstance(left, Call):
            return left
        if isinstance(left, Name):
            return Comparison("eq", left, Literal(value=True))
        raise self._fault()

    def _any_of(self, left: Operand) -> Condition:
        self._expect("(")
        condition: Condition = Comparison("eq", left, self._operand())
        while self._next == ("mark", ","):
            self._at += 1
            self._counts()
            condition = Logic("or", condition, Comparison("eq", left, self._operand()))
        self._expect(")")
        return condition

    def _counts(self) -> None:
        # Whoever walks the tree goes one step deeper for each.
        self._comparisons += 1
        if self._comparisons > MOST_COMPARISONS:
            raise ExpressionUnreadable(f"it compares more than {MOST_COMPARISONS} times")

    def _operand(self) -> Operand:
        kind, text = self._next
        self._at += 1
        if kind == "word":
            return self._word(text)
        if kind not in _LITERALS:
            self._at -= 1
            raise self._fault()
        return Literal(_literal(kind, text))

    def _word(self, word: str) -> Operand:
        if word in _CONSTANTS:
            return Literal(_CONSTANTS[word])
        if self._next != ("mark", "("):
            return Name(word)
        if word not in FUNCTIONS:
            raise (
                ExpressionUnsupported(word)
                if _KNOWN_TO_ODATA.fullmatch(word)
                else ExpressionUnreadable(f"there is no function {word}")
            )
        self._at += 1
        arguments: list[Operand] = []
        for number in range(FUNCTIONS[word]):
            if number:
                self._expect(",")
            arguments.append(self._operand())
        self._expect(")")
        return Call(word, tuple(arguments))

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _takes(self, word: str) -> bool:
        if self._next != ("word", word):
            return False
        self._at += 1
        return True

    def _expect(self, mark: str) -> None:
        if self._next != ("mark", mark):
            raise self._fault()
        self._at += 1

    def end(self) -> None:
        if self._next[0] != "end":
            raise self._fault()

    def _fault(self) -> ExpressionUnreadable:
        kind, _ = self._next
        where = "at its end" if kind == "end" else f"at its part {self._at + 1}"
        return ExpressionUnreadable(f"something is missing or too much {where}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionUnreadable(f"what begins at character {len(text[:at].rstrip()) + 1} is not understood")
        kind = match.lastgroup or ""
        yield kind, match[kind]
        at = match.end()


_LITERALS = frozenset({"moment", "date", "number", "text"})


def _literal(kind: str, text: str) -> int | Decimal | str | date | datetime:
    if kind == "text":
        return text.replace("''", "'")
    if kind == "number":
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)
    try:
        if kind == "date":
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ExpressionUnreadable("it has a day or a time that does not exist") from None
