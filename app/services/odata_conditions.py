"""By which properties may this reader filter and sort, and what does a filter then mean?

Who filters by an answer learns of it. So only answers that the reader sees in every row that the view reaches can be
asked for, whichever version they were given in, and only those that lie in clear. The others are refused for what they
are, before any row is looked at: no count and no time tells of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app import problems_odata
from app.clock import now
from app.db.queries import feed as queries
from app.db.queries.conditions import Conditions, Term, answer_term, key_term, order_by, system_term
from app.services.schemas import schema_of
from app.services.views import View
from forms.errors import ExpressionUnreadable, ExpressionUnsupported
from forms.odata.expression import Call, Comparison, Condition, Logic, Name, Not, Operand, parse_filter, parse_order
from forms.odata.search import Search
from forms.schema import CLEAR, Field, FormSchema, Table, odata_name
from forms.submission import class_of, needed

_ROOT = "$root/Submissions/"


@dataclass(frozen=True)
class Asked:
    """What a filter and an order come to.

    `names`: of the properties that they ask for, for the audit. `changes_with_time`: other rows may be asked for a
    moment later, though none of them changed. `search`: what is searched for in the cases of a list.
    """

    condition: ColumnElement[bool] | None = None
    order: tuple[ColumnElement[object], ...] = ()
    names: tuple[str, ...] = ()
    changes_with_time: bool = False
    search: Search | None = None

    @property
    def on_record(self) -> dict[str, list[str]]:
        """What the audit's line of a read says: by which questions somebody searched; not what for."""
        names = [*self.names, *(["$search"] if self.search is not None else [])]
        return {"asked": names} if names else {}


def asked(
    view: View, schema: FormSchema, table: Table, *, filter: str | None, order: str | None, is_draft: bool = False
) -> Asked:
    """Read a filter and an order of a table. Raises Problem 400.18, 501.4 and 501.5."""
    if filter is None and order is None:
        return Asked()
    if view.recipient is not None:
        raise problems_odata.unsupported_field(
            "A table without people", "what is left in it would be told by the filter"
        )
    properties = _Properties(view, schema, table, is_draft=is_draft)
    return understood(properties.term, filter=filter, order=order)


def understood(term: Callable[[str], Term], *, filter: str | None, order: str | None) -> Asked:
    """Read a filter and an order. `term`: what stands for a property, or raises Problem 501.5.

    Raises Problem 400.18, 501.4 and 501.5.
    """
    try:
        condition = None if filter is None else parse_filter(filter)
        sorts = () if order is None else parse_order(order)
        parts = () if condition is None else tuple(_parts(condition))
        in_filter = (each for each in parts if isinstance(each, Name))
        names = list(dict.fromkeys([*in_filter, *(name for name, _ in sorts)]))
        terms = {name.text: term(name.text) for name in names}
        return Asked(
            None if condition is None else Conditions(terms, now()).condition(condition),
            tuple(order_by(terms[name.text], downwards=downwards) for name, downwards in sorts),
            tuple(name.text for name in names),
            any(isinstance(each, Call) and each.function == "now" for each in parts),
        )
    except ExpressionUnreadable as unreadable:
        raise problems_odata.unparseable_expression(unreadable.message) from None
    except ExpressionUnsupported as unsupported:
        raise problems_odata.unsupported_expression(unsupported.message) from None


def why_hidden(view: View, classes: Iterable[str]) -> str | None:
    """Why who has this view may not ask by answers of these classes; None if they may.

    They must read them in every row that the view reaches.
    """
    hidden = sorted(each for each in set(classes) - {"open"} if not _reads_everywhere(view, each))
    return f"it is of the class {hidden[0]}, which you may not read in every row" if hidden else None


def why_sealed(classes: Iterable[str]) -> str | None:
    """Why answers that are kept under these classes cannot be asked for; None if they can."""
    sealed = set(classes) - CLEAR
    return f"it is of the class {min(sealed)}, whose answers lie sealed" if sealed else None


def _reads_everywhere(view: View, sensitivity: str) -> bool:
    """Does the reader read the class in every row that the view reaches?"""
    reach, offices = view.reach.get(sensitivity, False), view.offices
    return reach is True or (reach is not False and offices is not True and reach == offices)


def _parts(node: Condition | Operand) -> Iterator[Name | Call]:
    """The names and the calls of a filter, from left to right."""
    if isinstance(node, Name | Call):
        yield node
    if isinstance(node, Comparison | Logic):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, Not):
        yield from _parts(node.inner)
    elif isinstance(node, Call):
        for each in node.arguments:
            yield from _parts(each)


class _Properties:
    """The properties of a table by OData's names, and which of them may be asked for."""

    def __init__(self, view: View, schema: FormSchema, table: Table, *, is_draft: bool) -> None:
        self._view, self._is_root = view, table.path == ""
        self._fields = {_odata_path(each.path): each for each in schema.tables()[0].fields}
        versions = queries.versions_of_form(view.scope(is_draft=is_draft))
        self._schemas = [schema, *(schema_of(*each) for each in versions)]

    def term(self, name: str) -> Term:
        """What stands for a property in SQL. Raises Problem 501.5."""
        if not self._is_root and not name.startswith(_ROOT):
            raise problems_odata.unsupported_field(name, f"here only what begins with {_ROOT} can be asked for")
        path = name.removeprefix(_ROOT)
        if path == "__id":
            return key_term()
        found = system_term(path.removeprefix("__system/")) if path.startswith("__system/") else self._answer(path)
        if found is None:
            raise problems_odata.unsupported_field(name, "it is no property with an order, or none of this table")
        return found

    def _answer(self, path: str) -> Term | None:
        field = self._fields.get(path)
        if field is None:
            return None
        why = self._why_not(field)
        if why is not None:
            raise problems_odata.unsupported_field(path, why)
        return answer_term(
            field.path, field.data_type, is_selection=field.select_multiple or field.data_type == "odk:rank"
        )

    def _why_not(self, field: Field) -> str | None:
        """Why an answer cannot be asked for; None if it can."""
        having = [each for each in self._schemas if field.path in each.by_path]
        classes = frozenset().union(*(needed(field.path, each, self._view.default) for each in having))
        kept = {class_of(field.path, each, self._view.default) for each in having} | classes
        why = why_hidden(self._view, classes) or why_sealed(kept)
        if why is not None:
            return why
        shapes = {(each.by_path[field.path].data_type, each.by_path[field.path].select_multiple) for each in having}
        places = {each.by_path[field.path].repeat for each in having}
        if len(shapes) > 1 or places != {None}:
            return "it was of another type in an earlier version"
        return None


def _odata_path(path: str) -> str:
    return "/".join(odata_name(part) for part in path.strip("/").split("/"))
