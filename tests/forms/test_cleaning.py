"""Answers become a typed tree; what is odd is noted and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from forms.schema import FormSchema
from forms.submission import CleanRecord, UnknownNode, clean, parse_submission

Cleaned = Callable[[str, str], CleanRecord]

PEOPLE = """
| survey  |
|         | type               | name   | label  |
|         | text               | note   | Note   |
|         | integer            | age    | Age    |
|         | decimal            | weight | Weight |
|         | date               | born   | Born   |
|         | datetime           | seen   | Seen   |
|         | select_one sex     | sex    | Sex    |
|         | select_multiple nd | needs  | Needs  |
|         | rank nd            | order  | Order  |
|         | begin group        | g      | G      |
|         | text               | inner  | Inner  |
|         | begin repeat       | kid    | Kid    |
|         | text               | name   | Name   |
|         | begin repeat       | doc    | Doc    |
|         | image              | scan   | Scan   |
|         | end repeat         |        |        |
|         | end repeat         |        |        |
|         | end group          |        |        |
| choices |
|         | list_name | name | label |
|         | sex       | f    | F     |
|         | sex       | m    | M     |
|         | nd        | food | Food  |
|         | nd        | bed  | Bed   |
"""


def test_answers_are_typed_and_keyed_by_path(cleaned: Cleaned) -> None:
    record = cleaned(
        PEOPLE,
        "<note>two  words</note><age>7</age><weight>12.50</weight><born>2019-02-03</born><sex>f</sex>"
        "<needs>food bed</needs><order>bed food</order><g><inner>x</inner></g>",
    )
    assert record.values == {
        "/note": "two  words",
        "/age": 7,
        "/weight": Decimal("12.5"),
        "/born": date(2019, 2, 3),
        "/sex": "f",
        "/needs": ("food", "bed"),
        "/order": ("bed", "food"),
        "/g/inner": "x",
        "/meta/instanceID": "uuid:1",
    }
    assert record.findings == ()
    assert record.unknown == ()


def test_blank_and_absent_answers_are_left_out(cleaned: Cleaned) -> None:
    assert cleaned(PEOPLE, "<note/><age> </age><g><inner>\n</inner></g>").values == {"/meta/instanceID": "uuid:1"}


def test_nested_repeats_are_lists_of_trees(cleaned: Cleaned) -> None:
    record = cleaned(
        PEOPLE,
        "<g><kid><name>A</name><doc><scan>1.jpg</scan></doc><doc/></kid><kid><name>B</name></kid><kid/></g>",
    )
    assert record.values["/g/kid"] == [
        {"/g/kid/name": "A", "/g/kid/doc": [{"/g/kid/doc/scan": "1.jpg"}, {}]},
        {"/g/kid/name": "B"},
        {},
    ]


def test_repeats_that_are_not_side_by_side_keep_their_order(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<g><kid><name>A</name></kid><inner>x</inner><kid><name>B</name></kid></g>")
    assert record.values["/g/kid"] == [{"/g/kid/name": "A"}, {"/g/kid/name": "B"}]


def test_a_repeats_template_is_no_instance(cleaned: Cleaned) -> None:
    template = '<kid xmlns:jr="http://openrosa.org/javarosa" jr:template=""><name/></kid>'
    assert cleaned(PEOPLE, f"<g>{template}<kid><name>A</name></kid></g>").values["/g/kid"] == [{"/g/kid/name": "A"}]


@pytest.mark.parametrize(
    ("answers", "path", "text"),
    [
        ("<age>seven</age>", "/age", "seven"),
        ("<weight>1,5</weight>", "/weight", "1,5"),
        ("<born>3.2.2019</born>", "/born", "3.2.2019"),
        ("<seen>yesterday</seen>", "/seen", "yesterday"),
    ],
)
def test_unreadable_text_is_kept_with_a_finding(cleaned: Cleaned, answers: str, path: str, text: str) -> None:
    record = cleaned(PEOPLE, answers)
    assert record.values[path] == text
    (finding,) = record.findings
    assert (finding.field, finding.rule) == (path, "unreadable")
    assert text not in finding.message


@pytest.mark.parametrize(
    ("answers", "path", "value"),
    [
        ("<sex>x</sex>", "/sex", "x"),
        ("<needs>food gold</needs>", "/needs", ("food", "gold")),
        ("<order>bed gold</order>", "/order", ("bed", "gold")),
    ],
)
def test_a_choice_that_is_not_in_the_list_is_kept_with_a_finding(
    cleaned: Cleaned, answers: str, path: str, value: object
) -> None:
    record = cleaned(PEOPLE, answers)
    assert record.values[path] == value
    assert [(finding.field, finding.rule) for finding in record.findings] == [(path, "choice")]


def test_a_date_time_without_offset_is_kept_with_a_finding(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<seen>2026-11-22T10:00:00</seen>")
    assert [(finding.field, finding.rule) for finding in record.findings] == [("/seen", "no-offset")]


def test_unknown_nodes_are_kept_with_all_below_them(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<old>gone</old><g><was><a>1</a><b>2</b></was></g>")
    assert record.unknown == (
        UnknownNode("/old", "gone"),
        UnknownNode("/g/was/a", "1"),
        UnknownNode("/g/was/b", "2"),
    )
    assert [(finding.field, finding.rule) for finding in record.findings] == [
        ("/old", "unknown-field"),
        ("/g/was", "unknown-field"),
    ]


def test_nodes_inside_of_an_answer_are_unknown_and_the_answer_stays(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<note>one <b>two</b> three</note>")
    assert record.values["/note"] == "one  three"
    assert record.unknown == (UnknownNode("/note/b", "two"),)


def test_a_second_answer_to_one_question_is_kept_beside_the_first(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<age>1</age><age>2</age>")
    assert record.values["/age"] == 1
    assert record.unknown == (UnknownNode("/age", "2"),)
    assert [finding.rule for finding in record.findings] == ["duplicate"]


def test_a_second_group_of_one_name_does_not_overwrite_the_first(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<g><inner>a</inner></g><g><inner>b</inner></g>")
    assert record.values["/g/inner"] == "a"
    assert record.unknown == (UnknownNode("/g/inner", "b"),)


def test_the_id_of_an_edited_instance_is_nothing_odd(
    submit: Callable[[str], bytes], schema_of: Callable[[str], FormSchema]
) -> None:
    content = submit("").replace(b"</instanceID>", b"</instanceID><deprecatedID>uuid:0</deprecatedID>")
    record = clean(parse_submission(content), schema_of(PEOPLE))
    assert (record.findings, record.unknown) == ((), ())


def test_an_encrypted_submission_has_no_answers_to_clean(schema_of: Callable[[str], FormSchema]) -> None:
    content = b'<data id="f" encrypted="yes"><x/><meta><instanceID>1</instanceID></meta></data>'
    assert clean(parse_submission(content), schema_of(PEOPLE)) == CleanRecord({}, (), ())


def test_meta_in_any_namespace_is_understood(schema_of: Callable[[str], FormSchema]) -> None:
    content = (
        b'<data id="f" xmlns:o="http://openrosa.org/xforms"><age>7</age>'
        b"<o:meta><o:instanceID>uuid:1</o:instanceID></o:meta></data>"
    )
    record = clean(parse_submission(content), schema_of(PEOPLE))
    assert record.values == {"/age": 7, "/meta/instanceID": "uuid:1"}
    assert record.findings == ()


def test_choices_from_a_file_are_not_judged(cleaned: Cleaned) -> None:
    form = """
    | survey |
    |        | type                           | name | label |
    |        | select_one_from_file cases.csv | c    | C     |
    """
    assert cleaned(form, "<c>anything</c>").findings == ()


def test_one_version_reads_what_another_wrote(cleaned: Cleaned) -> None:
    newer = PEOPLE.replace("| integer            | age ", "| text               | age ")
    assert cleaned(newer, "<age>7</age>").values["/age"] == "7"


def test_an_entity_that_the_form_does_not_declare_is_noted(schema_of: Callable[[str], FormSchema]) -> None:
    form = """
    | survey   |
    |          | type | name | label | save_to |
    |          | text | code | Code  | code    |
    | entities |
    |          | list_name | label   |
    |          | cases     | ${code} |
    """
    content = (
        b'<data id="f"><code>x</code><meta><entity dataset="others" create="1" id="1"/>'
        b"<instanceID>uuid:1</instanceID></meta></data>"
    )
    (finding,) = clean(parse_submission(content), schema_of(form)).findings
    assert (finding.field, finding.rule) == ("/meta/entity", "entity")


def test_fifty_thousand_repeats_are_cleaned_in_one_pass(cleaned: Cleaned) -> None:
    record = cleaned(PEOPLE, "<g>" + "<kid/>" * 49_000 + "</g>")
    kids = record.values["/g/kid"]
    assert isinstance(kids, list)
    assert len(kids) == 49_000
