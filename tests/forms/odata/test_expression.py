"""What a filter says, what is none, and what OData has and we do not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from forms.errors import ExpressionUnreadable, ExpressionUnsupported
from forms.odata.expression import Call, Comparison, Literal, Logic, Name, Not, parse_filter, parse_order

A_IS_1, B_IS_2, C_IS_3 = (
    Comparison("eq", Name(name), Literal(value)) for name, value in (("a", 1), ("b", 2), ("c", 3))
)

FILTERS = {
    "a eq 1": A_IS_1,
    "a eq 1 or b eq 2 and c eq 3": Logic("or", A_IS_1, Logic("and", B_IS_2, C_IS_3)),
    "(a eq 1 or b eq 2) and c eq 3": Logic("and", Logic("or", A_IS_1, B_IS_2), C_IS_3),
    "not a eq 1 and b eq 2": Logic("and", Not(A_IS_1), B_IS_2),
    "a in (1, 2)": Logic("or", A_IS_1, Comparison("eq", Name("a"), Literal(2))),
    "g/a ne 'it''s'": Comparison("ne", Name("g/a"), Literal("it's")),
    "a gt -1.50": Comparison("gt", Name("a"), Literal(Decimal("-1.50"))),
    "null ne a": Comparison("ne", Literal(None), Name("a")),
    "a": Comparison("eq", Name("a"), Literal(value=True)),
    "a lt 2026-01-31": Comparison("lt", Name("a"), Literal(date(2026, 1, 31))),
    "a lt 2026-01-31T01:00:00+01:00": Comparison("lt", Name("a"), Literal(datetime(2026, 1, 31, tzinfo=UTC))),
    "year(a) eq 1": Comparison("eq", Call("year", (Name("a"),)), Literal(1)),
    "contains(a,'b')": Call("contains", (Name("a"), Literal("b"))),
    "a le now()": Comparison("le", Name("a"), Call("now", ())),
    "s eq org.x.State'approved'": Comparison("eq", Name("s"), Literal("approved")),
    "$root/Submissions/__id eq 'x'": Comparison("eq", Name("$root/Submissions/__id"), Literal("x")),
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_is_a_tree(text: str) -> None:
    assert parse_filter(text) == FILTERS[text]


UNREADABLE = [
    *("", "a eq", "eq 1", "a eq 1)", "(a eq 1", "a eq 1 b eq 2", "a = 1", "a eq 'b", "contains(a)", "nothing(a) eq 1"),
    *(
        "a eq 2026-02-30",
        "a in ()",
        "1",
        "a eq 1x",
        "not",
        "a eq 1;",
        "(" * 60 + "a" + ")" * 60,
        "a eq 1 or " * 999 + "a",
        "a in (" + ",".join("1" * 201) + ")",
        " or ".join("a" * 201),
        "a in (" + ",".join("1" * 150) + ") and b in (" + ",".join("1" * 51) + ")",
    ),
]


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ExpressionUnreadable):
        parse_filter(text)


@pytest.mark.parametrize("text", ["tolower(a) eq 'x'", "a add 1 eq 2", "length(a) gt 1", "a has 1"])
def test_what_odata_has_and_we_do_not_is_named(text: str) -> None:
    with pytest.raises(ExpressionUnsupported):
        parse_filter(text)


def test_an_order_is_names_and_directions() -> None:
    assert parse_order("a, g/b desc,c asc") == ((Name("a"), False), (Name("g/b"), True), (Name("c"), False))
    assert parse_order("a DESC, b Asc") == ((Name("a"), True), (Name("b"), False))
    for text in ("", "a,", "a down", "a desc asc", "1", "year(a)"):
        with pytest.raises(ExpressionUnreadable):
            parse_order(text)
