"""May a new version replace an old one?"""

from __future__ import annotations

import pytest

from forms.schema import Field, FieldTypeConflict, FormSchema, removed_fields, type_conflict


def schema(**types: str) -> FormSchema:
    fields = tuple(
        Field(path=f"/{name}", name=name, kind="field", data_type=data_type, order=order)
        for order, (name, data_type) in enumerate(types.items())
    )
    return FormSchema(xml_form_id="f", version="1", title="F", root_name="data", fields=fields)


@pytest.mark.parametrize(
    ("old", "new", "conflicts"),
    [
        ("int", "int", False),
        ("int", "string", False),
        ("date", "string", False),
        ("binary", "string", False),
        ("string", "int", True),
        ("int", "decimal", True),
        ("decimal", "int", True),
        ("date", "dateTime", True),
        ("geopoint", "geotrace", True),
        ("structure", "string", True),
        ("repeat", "string", True),
        ("structure", "repeat", True),
        ("repeat", "structure", True),
        ("string", "structure", True),
    ],
)
def test_a_question_may_become_text_and_nothing_else(old: str, new: str, conflicts: bool) -> None:
    expected = FieldTypeConflict("/q", old) if conflicts else None
    assert type_conflict(schema(q=old), schema(q=new)) == expected


def test_the_first_conflict_in_the_new_form_is_named() -> None:
    assert type_conflict(schema(a="int", b="int"), schema(x="int", b="date", a="date")) == FieldTypeConflict(
        "/b", "int"
    )


def test_questions_may_come_and_go() -> None:
    old, new = schema(a="int", b="int"), schema(b="int", c="date")
    assert type_conflict(old, new) is None
    assert removed_fields(old, new) == ("/a",)
    assert removed_fields(new, old) == ("/c",)
