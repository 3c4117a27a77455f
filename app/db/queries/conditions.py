"""How does a filter over answers become SQL that means the same on SQLite and on PostgreSQL?

Only the half of a record that lies in clear can be asked. A blank answer is null: it equals null, differs from every
value, and is neither less nor more than any (OASIS OData 4.01, 11.2.6.1.1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Numeric,
    String,
    and_,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.db import db, models
from forms.errors import ExpressionUnreadable
from forms.odata.expression import Comparison, Condition, Literal, Logic, Name, Not, Operand

Submission, Version = models.Submission, models.SubmissionVersion
Entity, EntityVersion = models.Entity, models.EntityVersion

NUMBER, TEXT, DATE, MOMENT, TRUTH, NOTHING = "a number", "text", "a date", "a moment", "true or false", "null"

SYSTEM: dict[str, tuple[Any, str]] = {
    "submissionDate": (Submission.created_at, MOMENT),
    "updatedAt": (Submission.updated_at, MOMENT),
    "deletedAt": (Submission.deleted_at, MOMENT),
    "submitterId": (Submission.submitter_id, NUMBER),
    "reviewState": (Submission.review_state, TEXT),
    "deviceId": (Submission.device_id, TEXT),
    "edits": (Submission.edits, NUMBER),
    "formVersion": (models.FormVersion.version, TEXT),
}
"""What is known of a submission besides its answers, by OData's name."""

SYSTEM_OF_CASES: dict[str, tuple[Any, str]] = {
    "createdAt": (Entity.created_at, MOMENT),
    "updatedAt": (Entity.updated_at, MOMENT),
    "deletedAt": (Entity.deleted_at, MOMENT),
    "creatorId": (Entity.creator_id, NUMBER),
    "conflict": (Entity.conflict, TEXT),
    "version": (EntityVersion.version, NUMBER),
    "updates": (EntityVersion.version - 1, NUMBER),
}
"""The same of a case."""

_KINDS = {"int": NUMBER, "decimal": NUMBER, "boolean": TRUTH, "date": DATE, "dateTime": MOMENT}
_PLACES = frozenset({"geopoint", "geotrace", "geoshape"})
_ISO_MOMENT = "%Y-%m-%dT%H:%M:%fZ"
_OFFSET = "(Z|[+-][0-9]{2}:[0-9]{2})$"
_DECIMAL = "^[+-]?[0-9]+(\\.[0-9]*)?([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True)
class Term:
    """A piece of SQL and what it is."""

    sql: ColumnElement[Any]
    kind: str


def system_term(name: str, known: Mapping[str, tuple[Any, str]] = SYSTEM) -> Term | None:
    """What is known of a submission (or of a case) under this name; None if it cannot be asked."""
    if name not in known:
        return None
    column, kind = known[name]
    return Term(_moment(column) if kind == MOMENT else _text(column) if kind == TEXT else column, kind)


def key_term(name: Any = Submission.instance_id) -> Term:
    """A submission's name, or a case's."""
    return Term(_text(name), TEXT)


def is_among(ids: Sequence[int]) -> ColumnElement[bool]:
    """Is a case one of these? As one value, however many they are: databases take some thousands of values at most."""
    text = literal(json.dumps(ids), String)
    if _is_postgresql():
        each = func.jsonb_array_elements_text(cast(text, JSONB)).table_valued("value")
        return Entity.id.in_(select(cast(each.c.value, Integer)))
    return Entity.id.in_(select(func.json_each(text).table_valued("value").c.value))


def property_term(name: str) -> Term:
    """A property of a case, which is a text; what it does not have is blank, as the feed shows it."""
    return Term(_text(func.coalesce(_reading(EntityVersion.clear, name).words(), "")), TEXT)


def answer_term(path: str, data_type: str, *, is_selection: bool) -> Term | None:
    """The answer at a path outside of repeats; None for a place on the map, which is neither less nor more."""
    if data_type in _PLACES:
        return None
    reading = _reading(Version.clear, path)
    if is_selection:
        return Term(_text(reading.names()), TEXT)
    kind = _KINDS.get(data_type, TEXT)
    if kind == NUMBER:
        return Term(reading.number(), kind)
    if kind == TRUTH:
        return Term(reading.truth(), kind)
    return Term(_moment(reading.moment()) if kind == MOMENT else _text(reading.words()), kind)


def _reading(clear: Any, path: str) -> _Sqlite | _Postgresql:
    return _Postgresql(clear, path) if _is_postgresql() else _Sqlite(clear, path)


class _Sqlite:
    """Answers in SQLite's JSON. `clear`: the column."""

    def __init__(self, clear: Any, path: str) -> None:
        # Names in XML have no quotation mark.
        self._clear, self._where = clear, f'$."{path}"'
        self._type = func.json_type(clear, self._where)
        self._value = func.json_extract(clear, self._where)

    def number(self) -> ColumnElement[Any]:
        is_number = self._type.in_(["integer", "real"])
        return case((is_number, self._value), (self._type == "text", cast(self._value, Float)), else_=null())

    def truth(self) -> ColumnElement[Any]:
        return case((self._type == "true", 1), (self._type == "false", 0), else_=null())

    def words(self) -> ColumnElement[Any]:
        return case((self._type == "text", self._value), else_=null())

    moment = words

    def names(self) -> ColumnElement[Any]:
        each = func.json_each(self._clear, self._where).table_valued("value")
        return select(func.group_concat(each.c.value, " ")).scalar_subquery()


class _Postgresql:
    """Answers in PostgreSQL's JSONB. `clear`: the column."""

    def __init__(self, clear: Any, path: str) -> None:
        self._value = func.jsonb_extract_path(clear, path)
        self._type = func.jsonb_typeof(self._value)
        self._words = func.jsonb_extract_path_text(clear, path)

    def number(self) -> ColumnElement[Any]:
        is_number = or_(self._type == "number", and_(self._type == "string", self._words.op("~")(_DECIMAL)))
        return cast(case((is_number, self._words), else_=null()), Numeric)

    def truth(self) -> ColumnElement[Any]:
        return case((self._words == "true", 1), (self._words == "false", 0), else_=null())

    def words(self) -> ColumnElement[Any]:
        return case((self._type == "string", self._words), else_=null())

    def moment(self) -> ColumnElement[Any]:
        # Without an offset it is taken for UTC, as SQLite does.
        whole = case((self._words.op("~")(_OFFSET), self._words), else_=self._words + "Z")
        return cast(case((self._type == "string", whole), else_=null()), TIMESTAMP(timezone=True))

    def names(self) -> ColumnElement[Any]:
        array = case((self._type == "array", self._value), else_=literal_column("'[]'::jsonb"))
        each = func.jsonb_array_elements_text(array).table_valued("value")
        return select(func.string_agg(each.c.value, literal(" ", String))).scalar_subquery()


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _text(sql: Any) -> ColumnElement[Any]:
    """Texts are compared by their characters' numbers, on both databases."""
    return cast(sql, String).collate("C") if _is_postgresql() else sql


def _moment(sql: Any) -> ColumnElement[Any]:
    """To the millisecond, in UTC: on SQLite as a text that sorts."""
    if _is_postgresql():
        return func.date_trunc("milliseconds", cast(sql, TIMESTAMP(timezone=True)))
    return func.strftime(_ISO_MOMENT, sql)


def _as_number(truth: ColumnElement[bool]) -> ColumnElement[Any]:
    """1, 0 or null, as answers that are true or false are read: PostgreSQL compares no boolean with a number."""
    return case((truth, 1), (not_(truth), 0), else_=null())


def _literal_term(value: Any) -> Term:
    if value is None:
        return Term(null(), NOTHING)
    if isinstance(value, bool):
        return Term(literal(int(value), Integer), TRUTH)
    if isinstance(value, int | Decimal):
        number = value if isinstance(value, int) and abs(value) < 2**63 else float(value)
        exact = Decimal(value) if _is_postgresql() else number
        return Term(literal(exact, Numeric if _is_postgresql() else Integer if number is value else Float), NUMBER)
    if isinstance(value, datetime):
        return Term(_moment(literal(value.isoformat(), String)), MOMENT)
    if isinstance(value, date):
        return Term(_text(literal(value.isoformat(), String)), DATE)
    return Term(_text(literal(value, String)), TEXT)


class Conditions:
    """Makes SQL of a filter. `terms`: by name, what may be asked; `now`: the moment that `now()` means."""

    def __init__(self, terms: Mapping[str, Term], now: datetime) -> None:
        self._terms, self._now = terms, now

    def condition(self, node: Condition) -> ColumnElement[bool]:
        """The filter. Raises ExpressionUnreadable for values that cannot be compared."""
        if isinstance(node, Logic):
            both = self.condition(node.left), self.condition(node.right)
            return and_(*both) if node.operator == "and" else or_(*both)
        if isinstance(node, Not):
            return not_(self.condition(node.inner))
        if isinstance(node, Comparison):
            return self._comparison(node)
        found = self._term(node)
        if found.kind != TRUTH:
            raise ExpressionUnreadable(
                f"{node.function}() is {found.kind}, and stands where something is true or false"
            )
        return found.sql == 1

    def _comparison(self, node: Comparison) -> ColumnElement[bool]:
        left, right = _alike(self._term(node.left), self._term(node.right))
        if node.operator == "eq":
            return left.sql.is_not_distinct_from(right.sql)
        if node.operator == "ne":
            return left.sql.is_distinct_from(right.sql)
        if NOTHING in (left.kind, right.kind):
            return false()
        return func.coalesce(_ORDER[node.operator](left.sql, right.sql), false())

    def _term(self, node: Operand) -> Term:
        if isinstance(node, Literal):
            return _literal_term(node.value)
        if isinstance(node, Name):
            return self._terms[node.text]
        if node.function == "now":
            return _literal_term(self._now.astimezone(UTC))
        arguments = [self._term(each) for each in node.arguments]
        if node.function in _TEXTS:
            if {each.kind for each in arguments} != {TEXT}:
                raise ExpressionUnreadable(f"{node.function}() takes two texts")
            return Term(_as_number(_TEXTS[node.function](*(each.sql for each in arguments))), TRUTH)
        return Term(_part(node.function, arguments[0]), NUMBER)


def _alike(left: Term, right: Term) -> tuple[Term, Term]:
    """Two terms that can be compared."""
    for one, other in ((left, right), (right, left)):
        if (one.kind, other.kind) == (DATE, MOMENT):
            # A day is its first moment.
            start = Term(_moment(one.sql + "T00:00:00Z"), MOMENT)
            return (start, right) if one is left else (left, start)
    if left.kind != right.kind and NOTHING not in (left.kind, right.kind):
        raise ExpressionUnreadable(f"{left.kind} cannot be compared with {right.kind}")
    return left, right


_ORDER: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
}


def _at(whole: Any, part: Any) -> ColumnElement[Any]:
    return func.strpos(whole, part) if _is_postgresql() else func.instr(whole, part)


def _ends(whole: Any, part: Any) -> Any:
    # Not from the right: SQLite takes a length of 0 for everything.
    return func.substr(whole, func.length(whole) - func.length(part) + 1) == part


_TEXTS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "contains": lambda whole, part: _at(whole, part) > 0,
    "startswith": lambda whole, part: func.substr(whole, 1, func.length(part)) == part,
    "endswith": lambda whole, part: and_(func.length(whole) >= func.length(part), _ends(whole, part)),
}
# Where each part stands in a moment as SQLite has it, and in a date as both have it.
_PARTS = {"year": (1, 4), "month": (6, 2), "day": (9, 2), "hour": (12, 2), "minute": (15, 2), "second": (18, 2)}


def _part(function: str, of: Term) -> ColumnElement[Any]:
    is_possible = of.kind == MOMENT or (of.kind == DATE and function in ("year", "month", "day"))
    if not is_possible:
        raise ExpressionUnreadable(f"{function}() cannot be taken of {of.kind}")
    if of.kind == MOMENT and _is_postgresql():
        return func.floor(extract(function, func.timezone("UTC", of.sql)))
    begin, length = _PARTS[function]
    return cast(func.substr(of.sql, begin, length), Integer)


def order_by(term: Term, *, downwards: bool) -> ColumnElement[Any]:
    """Null is less than every value."""
    return term.sql.desc().nulls_last() if downwards else term.sql.asc().nulls_first()
