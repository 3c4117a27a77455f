"""Rows of the root and of each repeat have stable keys; trees survive JSON and sealing by class."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from forms.errors import XFormInvalid
from forms.schema import FormSchema
from forms.submission import (
    CleanRecord,
    Row,
    Tree,
    class_of,
    merge,
    rows,
    split,
    tree_from_json,
    tree_to_json,
)

SchemaOf = Callable[[str], FormSchema]
Cleaned = Callable[[str, str], CleanRecord]

FAMILY = """
| settings |
|          | form_id | namespaces                   |
|          | family  | sportel="urn:sportel:xforms" |
| survey   |
|          | type         | name   | label  | bind::sportel:class |
|          | text         | office | Office | operational         |
|          | text         | name   | Name   | identifying         |
|          | integer      | size   | Size   | quasi               |
|          | text         | plain  | Plain  |                     |
|          | begin group  | g      | G      | open                |
|          | begin repeat | kid    | Kid    |                     |
|          | integer      | age    | Age    | quasi               |
|          | text         | given  | Given  | identifying         |
|          | begin repeat | ill    | Ill    |                     |
|          | text         | what   | What   | special:health      |
|          | date         | since  | Since  | open                |
|          | end repeat   |        |        |                     |
|          | end repeat   |        |        |                     |
|          | end group    |        |        |                     |
"""
TREE: Tree = {
    "/office": "NRC",
    "/name": "Ana",
    "/size": 3,
    "/plain": "x",
    "/g/kid": [
        {"/g/kid/age": 4, "/g/kid/given": "B", "/g/kid/ill": [{"/g/kid/ill/what": "flu"}, {}]},
        {},
        {"/g/kid/age": 6},
    ],
}


@pytest.fixture
def family(schema_of: SchemaOf) -> FormSchema:
    return schema_of(FAMILY)


def test_each_repeat_has_its_rows_with_the_key_of_their_parent(family: FormSchema) -> None:
    tables = rows("uuid:1", TREE, family)
    assert [(row.key, row.parent_key) for row in tables["Submissions"]] == [("uuid:1", None)]
    assert [(row.key, row.parent_key) for row in tables["Submissions.g.kid"]] == [
        ("uuid:1/kid[1]", "uuid:1"),
        ("uuid:1/kid[2]", "uuid:1"),
        ("uuid:1/kid[3]", "uuid:1"),
    ]
    assert tables["Submissions.g.kid.ill"] == [
        Row("uuid:1/kid[1]/ill[1]", "uuid:1/kid[1]", {"/g/kid/ill/what": "flu"}),
        Row("uuid:1/kid[1]/ill[2]", "uuid:1/kid[1]", {}),
    ]


def test_a_row_has_its_own_answers_only(family: FormSchema) -> None:
    (root,) = rows("uuid:1", TREE, family)["Submissions"]
    assert root.values == {"/office": "NRC", "/name": "Ana", "/size": 3, "/plain": "x"}


def test_every_table_is_there_also_without_rows(family: FormSchema) -> None:
    assert rows("uuid:1", {}, family) == {
        "Submissions": [Row("uuid:1", None, {})],
        "Submissions.g.kid": [],
        "Submissions.g.kid.ill": [],
    }


def test_a_tree_survives_json(family: FormSchema) -> None:
    assert tree_from_json(json.loads(json.dumps(tree_to_json(TREE))), family) == TREE


def test_a_stored_path_that_the_form_does_not_have_is_refused(family: FormSchema) -> None:
    with pytest.raises(XFormInvalid):
        tree_from_json({"/nowhere": 1}, family)


def test_open_operational_and_quasi_stay_clear_and_the_rest_is_sealed(family: FormSchema) -> None:
    clear, sealed = split(TREE, family)
    assert clear == {
        "/office": "NRC",
        "/size": 3,
        "/g/kid": [{"/g/kid/age": 4, "/g/kid/ill": [{}, {}]}, {}, {"/g/kid/age": 6}],
    }
    assert sealed == {
        "/name": "Ana",
        "/plain": "x",
        "/g/kid": [{"/g/kid/given": "B", "/g/kid/ill": [{"/g/kid/ill/what": "flu"}, {}]}, {}, {}],
    }


def test_clear_and_sealed_together_are_the_tree(family: FormSchema) -> None:
    assert merge(*split(TREE, family)) == TREE


def test_a_project_may_take_another_class_for_undeclared_questions(family: FormSchema) -> None:
    clear, _ = split(TREE, family, default="operational")
    assert clear["/plain"] == "x"


def test_a_group_hands_no_class_down(family: FormSchema) -> None:
    assert class_of("/g", family) == "open"
    assert class_of("/g/kid", family) == "identifying"


def test_an_undeclared_or_unknown_question_is_identifying(family: FormSchema) -> None:
    assert class_of("/plain", family) == "identifying"
    assert class_of("/nowhere", family) == "identifying"


def test_the_instance_id_lies_in_clear_and_the_instance_name_does_not(family: FormSchema) -> None:
    clear, sealed = split({"/meta/instanceID": "uuid:1", "/meta/instanceName": "Ana"}, family)
    assert (clear, sealed) == ({"/meta/instanceID": "uuid:1"}, {"/meta/instanceName": "Ana"})


def test_text_where_a_number_should_be_is_sealed_whatever_the_class(cleaned: Cleaned, family: FormSchema) -> None:
    record = cleaned(FAMILY, "<size>call Ana at 069</size><g><kid><ill><since>in spring</since></ill></kid></g>")
    clear, sealed = split(record.values, family)
    assert clear == {"/meta/instanceID": "uuid:1", "/g/kid": [{"/g/kid/ill": [{}]}]}
    assert sealed == {
        "/size": "call Ana at 069",
        "/g/kid": [{"/g/kid/ill": [{"/g/kid/ill/since": "in spring"}]}],
    }
