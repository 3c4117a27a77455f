"""Expressions that a phone would refuse are named with their question and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.schema import FormSchema
from forms.xpath import check_expressions
from forms.xpath.check import LONGEST_EXPRESSION, MOST_CHARACTERS
from forms.xpath.functions import FUNCTIONS
from forms.xpath.syntax import ExpressionInvalid, parse_expression

VALID = [
    "1",
    "1.5 + .5",
    "'a'",
    '"it\'s"',
    ". > 0 and . < 120",
    ". >= -1",
    "- -1",
    "../age != ''",
    " /data/g/age  > 17",
    "/data/r[position() = 1]/age",
    "/data/r[1]/age",
    "sum(/data/r/age)",
    "(1 + 2) * 3 div 4 mod 5",
    "a-b - c",
    "not(selected(., 'none') and count-selected(.) > 1)",
    "if(/data/a = 'x', concat('a', \"b\"), '')",
    "instance('cases')/root/item[name = /data/case]/label",
    "instance('cases')/root/item[stage = 'a'][qark = current()/../qark]",
    "current()/../a",
    "randomize(instance('cases')/root/item)",
    "randomize(instance('cases')/root/item, 3)",
    "jr:choice-name(/data/a, '/data/a')",
    "pulldata('cases', 'label', 'name', /data/case)",
    "indexed-repeat(/data/r/x, /data/r, 2)",
    "format-date-time(date-time(decimal-date-time(/data/d) + 1), '%Y-%m-%d')",
    "regex(., '^[0-9]{3}$')",
    "string-length(.) <= 120",
    "string-length()",
    "position(..)",
    "../../r[./t != '']",
    "*",
    "2 * 3",
    "count(../*)",
    "div div div",
    "/data/and and /data/or",
    "@id = 1",
    "../@id",
    "self::node()",
    "child::age",
    "/data/x:meta/x:y",
    "weighted-checklist(1, 2, 'a', 1)",
    "once(uuid())",
    "((((((((((1))))))))))",
    "/data/ç_e",
    ". > 0 and.< 9",
    "'a'or'b'",
    "1 = /",
    "count(*) = 1 or * = 2",
    "* * *",
]
INVALID = [
    "",
    "1 +",
    "+ 1",
    "(1",
    "1)",
    "((1)",
    "a b",
    "1 2",
    "'open",
    '"open',
    "if(1, 2",
    "if(1, , 2)",
    "if(1,, 2)",
    "concat('a',)",
    "concat(,'a')",
    "/data/",
    "/data//age",
    "//age",
    "a//b",
    "a | b",
    "a[1",
    "a]",
    "a[]",
    ".[1]",
    "${age}",
    "$age",
    "a = = b",
    "a == b",
    "a && b",
    "a || b",
    "a <> b",
    "a => b",
    "!a",
    "a !b",
    "a; b",
    "a # b",
    "‘a’",
    "1 = 'a' 'b'",
    ". and",
    "and .",
    "not .",
    "selected(., 'a') or or true()",
    "preceding-sibling::r",
    "descendant::x",
    "concat('a')/b",
    "today()[1]",
    "a/1",
    "@",
    "a::b",
    "(" * 61 + "1" + ")" * 61,
    "(" * 100_000,
    "a[" * 100_000,
    "-" * 10,
]


@pytest.mark.parametrize("text", VALID)
def test_what_phones_understand_is_valid(text: str) -> None:
    parse_expression(text)


@pytest.mark.parametrize("text", INVALID, ids=lambda text: text[:20])
def test_what_phones_refuse_is_invalid(text: str) -> None:
    with pytest.raises(ExpressionInvalid) as error:
        parse_expression(text)
    assert 1 <= error.value.position <= len(text) + 1
    assert error.value.message


@pytest.mark.parametrize(
    ("text", "position"),
    [("1 + ", 4), ("a b", 3), ("concat('a'", 11), (". > 'x", 5), ("  a ; b", 5), ("a[1", 4)],
)
def test_the_place_of_a_fault_is_counted_in_characters(text: str, position: int) -> None:
    with pytest.raises(ExpressionInvalid) as error:
        parse_expression(text)
    assert error.value.position == position


def test_a_long_expression_takes_time_in_proportion_to_its_length() -> None:
    assert len(parse_expression(" + ".join(["/data/a"] * 50_000)).absolute_paths) == 50_000


@given(text=st.text(st.sampled_from("()[]/.,'\"+-*=<>!@$:| abdivor1&"), max_size=60))
def test_no_text_makes_parsing_fail_otherwise(text: str) -> None:
    try:
        parse_expression(text)
    except ExpressionInvalid as error:
        assert 1 <= error.position <= len(text) + 1  # noqa: PT017  (either outcome is right, this one has a form)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_bounds_its_arguments(name: str) -> None:
    arity = FUNCTIONS[name]
    assert arity.allows(arity.least)
    assert not arity.allows(arity.least - 1)
    assert arity.most is None or not arity.allows(arity.most + 1)
    assert str(arity.least) in str(arity)


def form(column: str, expression: str) -> str:
    return f"""
    | survey  |
    |         | type             | name | label | {column} |
    |         | integer          | age  | Age   |          |
    |         | begin group      | g    | G     |          |
    |         | select_one yn    | q    | Q     | {expression} |
    |         | end group        |      |       |          |
    | choices |
    |         | list_name | name | label | k |
    |         | yn        | y    | Y     | 1 |
    """


@pytest.mark.parametrize(
    ("column", "expression", "part", "word"),
    [
        ("relevant", "foo(1)", "relevant", "foo()"),
        ("relevant", "${age} > ", "relevant", "character"),
        ("relevant", "/data/agee > 3", "relevant", "/data/agee"),
        ("relevant", "/daten/age > 3", "relevant", "/daten/age"),
        ("constraint", "selected(.)", "constraint", "2 arguments and not 1"),
        ("constraint", "indexed-repeat(., ., ., .)", "constraint", "3, 5, up to 11"),
        ("calculation", "if(${age}, 1)", "calculation", "if()"),
        ("calculation", "floor(${age})", "calculation", "floor()"),
        ("calculation", "last()", "calculation", "last()"),
        ("required", "fals()", "required", "fals()"),
        ("readonly", "(true()", "readonly", "missing"),
        ("choice_filter", "k = foo(1)", "choice_filter", "foo()"),
        ("choice_filter", "k = ", "choice_filter", "]"),
        ("calculation", "instance('nothing')/root/item/name", "calculation", "nothing"),
        ("calculation", "instance(${age})/root/item/name", "calculation", "quotation"),
    ],
)
def test_a_broken_expression_is_named_with_its_column(
    schema_of: Callable[[str], FormSchema], column: str, expression: str, part: str, word: str
) -> None:
    (problem, *_) = check_expressions(schema_of(form(column, expression)))
    assert (problem.path, problem.part) == ("/g/q", part)
    assert word in problem.message


@pytest.mark.parametrize(
    ("column", "expression"),
    [
        ("relevant", "${age} > 3"),
        ("constraint", "selected(., 'y')"),
        ("calculation", "instance('yn')/root/item[name='y']/label"),
        ("choice_filter", "k = ${age}"),
        ("required", "yes"),
    ],
)
def test_a_good_form_has_no_problem(schema_of: Callable[[str], FormSchema], column: str, expression: str) -> None:
    assert check_expressions(schema_of(form(column, expression))) == ()


def test_a_repeat_count_is_checked(schema_of: Callable[[str], FormSchema]) -> None:
    schema = schema_of(
        """
        | survey |
        |        | type         | name | label | repeat_count |
        |        | begin repeat | r    | R     | foo(3)       |
        |        | text         | t    | T     |              |
        |        | end repeat   |      |       |              |
        """
    )
    assert any("foo()" in problem.message for problem in check_expressions(schema))


def calculations(schema_of: Callable[[str], FormSchema], *expressions: str) -> FormSchema:
    schema = schema_of(form("calculation", "1"))
    question = schema.field("/g/q")
    fields = [replace(question, path=f"/g/q{number}", calculate=text) for number, text in enumerate(expressions)]
    return replace(schema, fields=tuple(fields))


def test_an_expression_that_is_too_long_is_said_to_be_unchecked_and_the_others_are_checked(
    schema_of: Callable[[str], FormSchema],
) -> None:
    long = "1" + "+1" * LONGEST_EXPRESSION
    found = check_expressions(calculations(schema_of, long, "foo()"))
    assert [each.path for each in found] == ["/g/q0", "/g/q1"]
    assert f"longer than {LONGEST_EXPRESSION} characters" in found[0].message


def test_more_expressions_than_are_read_in_a_second_are_said_to_be_unchecked(
    schema_of: Callable[[str], FormSchema],
) -> None:
    part = "foo(" + "1+" * (LONGEST_EXPRESSION // 2 - 5) + "1)"
    most = MOST_CHARACTERS // len(part)
    *checked, last = check_expressions(calculations(schema_of, *[part] * (most + 5)))
    assert most - 2 <= len(checked) <= most
    assert last.path == f"/g/q{len(checked)}"
    assert "nothing was checked" in last.message
