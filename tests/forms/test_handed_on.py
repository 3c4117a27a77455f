"""A question that is made of a more protected one hands it on, however it reads it."""

from __future__ import annotations

import pytest

from forms.schema import FormSchema, read_schema
from forms.submission import handed_on
from forms.xlsform import compile_xlsform
from forms.xpath.reads import paths_read

FORM = """
| survey |
|        | type         | name   | label | calculation   | trigger   | default   | bind::sportel:class |
|        | text         | name   | Name  |               |           |           | identifying         |
|        | begin_group  | g      | G     |               |           |           |                     |
|        | integer      | age    | Age   |               |           |           | quasi               |
|        | end_group    |        |       |               |           |           |                     |
|        | begin_repeat | child  | Child |               |           |           |                     |
|        | text         | first  | First |               |           |           | identifying         |
|        | text         | inner  | Inner | {inner}       |           |           | open                |
|        | end_repeat   |        |       |               |           |           |                     |
|        | text         | copy   | Copy  | {calculation} | {trigger} | {default} | {sensitivity}       |
| choices |
|         | list_name | name | label |
|         | l         | a    | A     |
| settings |
|          | form_id | version | namespaces                   |
|          | visit   | 1       | sportel="urn:sportel:xforms" |
"""


def schema(calculation: str = "", sensitivity: str = "open", **more: str) -> FormSchema:
    given = {"trigger": "", "default": "", "inner": ""} | more
    text = FORM.format(calculation=calculation, sensitivity=sensitivity, **given)
    return read_schema(compile_xlsform(text.encode(), ".md").xform)


@pytest.mark.parametrize(
    ("calculation", "sensitivity", "read"),
    [
        ("${name}", "open", {"/name"}),
        ("${name}", "identifying", set()),
        ("${name}", "special:health", set()),
        ("${age} + 1", "open", {"/g/age"}),
        ("${age} + 1", "contact", set()),
        ("concat('x', string-length(${name}))", "quasi", {"/name"}),
        ("if(${name} = 'Drita', 1, 0)", "quasi", {"/name"}),
        ("today()", "open", set()),
        ("'/data/name'", "open", set()),
        ("count(${child})", "open", set()),
        ("count(${child}) + string-length(${first})", "open", {"/child/first"}),
        ("count(/data/child[first = 'Drita'])", "open", {"/child/first"}),
        ("indexed-repeat(${first}, ${child}, 1)", "open", {"/child/first"}),
        ("string(/data/child)", "open", {"/child/first"}),
        ("string(/data/*)", "open", {"/name", "/g/age", "/child/first"}),
        ("instance('l')/root/item[name = /data/g/age]/label", "open", {"/g/age"}),
        ("instance('l')/root/item[name = current()/../g/age]/label", "open", {"/g/age"}),
        ("instance('l')/root/item[name = 'a']/label", "open", set()),
    ],
)
def test_a_calculation_hands_on_what_it_reads(calculation: str, sensitivity: str, read: set[str]) -> None:
    found = handed_on(schema(calculation, sensitivity), "identifying")
    hidden = {path for reader, path in found if reader == "/copy" and not path.startswith("/meta")}
    assert hidden == read


def test_a_neighbour_in_a_repeat_is_found_by_its_name() -> None:
    assert ("/child/inner", "/child/first") in handed_on(schema(inner="${first}"), "identifying")


@pytest.mark.parametrize("more", [{"trigger": "${age}", "calculation": "${name}"}, {"default": "${name}"}])
def test_a_value_that_is_set_at_an_event_is_handed_on_too(more: dict[str, str]) -> None:
    assert ("/copy", "/name") in handed_on(schema(**more), "identifying")


def test_what_cannot_be_read_may_read_everything() -> None:
    form = schema()
    everything = {each.path for each in form.fields if each.kind == "field"}
    for expression in ("concat(", "'" + "x" * 20_001 + "'", ".."):
        assert paths_read(expression, form) == everything
    assert paths_read(".", form) == frozenset()
