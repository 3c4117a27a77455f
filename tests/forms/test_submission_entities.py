"""What a submission does to entities, and which files belong to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forms.schema import FormSchema
from forms.submission import entity_uuid, entity_values, expected_attachments, parse_submission

SchemaOf = Callable[[str], FormSchema]

CASES = """
| survey   |
|          | type                           | name  | label | save_to |
|          | select_one_from_file cases.csv | case  | Case  |         |
|          | begin group                    | g     | G     |         |
|          | text                           | stage | Stage | stage   |
|          | end group                      |       |       |         |
|          | text                           | qark  | Qark  | qark    |
| entities |
|          | list_name | label    | entity_id | create_if  | update_if   |
|          | cases     | ${stage} | ${case}   | ${case}='' | ${case}!='' |
"""
CHILDREN = """
| survey   |
|          | type         | name   | label  | save_to        |
|          | text         | code   | Code   | families#code  |
|          | begin group  | home   | Home   |                |
|          | begin repeat | kid    | Child  |                |
|          | begin group  | who    | Who    |                |
|          | text         | n      | Name   | children#given |
|          | integer      | age    | Age    | children#age   |
|          | end group    |        |        |                |
|          | end repeat   |        |        |                |
|          | end group    |        |        |                |
| entities |
|          | list_name | label   |
|          | families  | ${code} |
|          | children  | ${n}    |
"""


def submission(answers: str, entity: str) -> bytes:
    return f'<data id="f">{answers}<meta>{entity}<instanceID>uuid:1</instanceID></meta></data>'.encode()


def test_a_new_entity_has_the_answers_that_are_saved_to_it(schema_of: SchemaOf) -> None:
    content = submission(
        "<case/><g><stage>new</stage></g><qark>AL01</qark>",
        '<entity dataset="cases" create="1" update="" id="uuid:7"><label>New case</label></entity>',
    )
    (change,) = entity_values(parse_submission(content), schema_of(CASES))
    assert (change.dataset, change.id, change.action, change.label) == (
        "cases",
        "uuid:7",
        "create",
        "New case",
    )
    assert change.data == {"stage": "new", "qark": "AL01"}
    assert change.row_key == "uuid:1"


def test_an_update_carries_the_versions_that_the_phone_saw(schema_of: SchemaOf) -> None:
    content = submission(
        "<case>7</case><g><stage>left</stage></g>",
        '<entity dataset="cases" create="0" update="1" id="7" baseVersion="4" trunkVersion="3" branchId="b"/>',
    )
    (change,) = entity_values(parse_submission(content), schema_of(CASES))
    assert (change.action, change.create, change.update) == ("update", False, True)
    assert (change.base_version, change.trunk_version, change.branch_id) == ("4", "3", "b")


def test_a_blank_answer_clears_a_property_and_an_absent_one_does_not_touch_it(schema_of: SchemaOf) -> None:
    content = submission("<g><stage/></g>", '<entity dataset="cases" update="1" id="7"/>')
    (change,) = entity_values(parse_submission(content), schema_of(CASES))
    assert change.data == {"stage": ""}


@pytest.mark.parametrize(
    "entity",
    [
        '<entity dataset="cases" create="" update="" id="7"/>',
        '<entity dataset="cases" id="7"/>',
        '<entity dataset="others" create="1" id="7"/>',
        '<entity create="1" id="7"/>',
        "",
    ],
)
def test_nothing_happens_without_an_action_on_a_declared_list(schema_of: SchemaOf, entity: str) -> None:
    assert entity_values(parse_submission(submission("<qark>x</qark>", entity)), schema_of(CASES)) == ()


def test_a_form_that_only_creates_cannot_be_made_to_update(schema_of: SchemaOf) -> None:
    content = submission("<code>x</code>", '<entity dataset="families" update="1" id="7"/>')
    assert entity_values(parse_submission(content), schema_of(CHILDREN)) == ()


def test_each_instance_of_a_repeat_makes_its_own_entity(schema_of: SchemaOf) -> None:
    kid = (
        "<kid><who><n>{name}</n>{age}<meta><entity dataset='children' create='1' id='{name}-id'>"
        "<label>{name}</label></entity></meta></who></kid>"
    )
    content = submission(
        "<code>F1</code><home>" + kid.format(name="A", age="<age>4</age>") + kid.format(name="B", age="") + "</home>",
        '<entity dataset="families" create="1" id="fam"><label>F1</label></entity>',
    )
    first, second, family = entity_values(parse_submission(content), schema_of(CHILDREN))
    assert (first.id, first.data, first.row_key) == ("A-id", {"given": "A", "age": "4"}, "uuid:1/kid[1]")
    assert (second.id, second.data, second.row_key) == ("B-id", {"given": "B"}, "uuid:1/kid[2]")
    assert (family.dataset, family.data, family.row_key) == ("families", {"code": "F1"}, "uuid:1")


@pytest.mark.parametrize(
    ("identifier", "uuid"),
    [
        ("uuid:6BC1F3A0-0000-4000-8000-0123456789AB", "6bc1f3a0-0000-4000-8000-0123456789ab"),
        (" 6bc1f3a0-0000-4000-b000-0123456789ab ", "6bc1f3a0-0000-4000-b000-0123456789ab"),
        ("6bc1f3a0-0000-1000-8000-0123456789ab", None),
        ("6bc1f3a0-0000-4000-c000-0123456789ab", None),
        ("uuid:uuid:6bc1f3a0-0000-4000-8000-0123456789ab", None),
        ("6bc1f3a0", None),
        ("", None),
    ],
)
def test_an_entity_id_is_a_uuid_of_version_four(identifier: str, uuid: str | None) -> None:
    assert entity_uuid(identifier) == uuid


FILES = """
| survey |
|        | type         | name  | label |
|        | audit        | audit |       |
|        | image        | face  | Face  |
|        | text         | note  | Note  |
|        | begin repeat | doc   | Doc   |
|        | begin group  | g     | G     |
|        | file         | scan  | Scan  |
|        | end group    |       |       |
|        | end repeat   |       |       |
"""


def test_files_of_binary_questions_repeats_and_the_audit_log_are_expected(schema_of: SchemaOf) -> None:
    content = submission(
        "<face> 1.jpg </face><note>not-a-file.jpg</note><doc><g><scan>2.pdf</scan></g></doc><doc><g><scan/></g></doc>"
        "<doc><g><scan>1.jpg</scan></g></doc><gone>3.jpg</gone>",
        "<audit>audit.csv</audit>",
    )
    assert expected_attachments(parse_submission(content), schema_of(FILES)) == (
        "1.jpg",
        "2.pdf",
        "audit.csv",
    )


def test_an_encrypted_submission_expects_its_encrypted_files(schema_of: SchemaOf) -> None:
    content = (
        b'<data id="f" encrypted="yes" xmlns="http://www.opendatakit.org/xforms/encrypted"><base64EncryptedKey>k'
        b'</base64EncryptedKey><o:meta xmlns:o="http://openrosa.org/xforms"><o:instanceID>1</o:instanceID></o:meta>'
        b"<media><file>1.jpg.enc</file><file>2.jpg.enc</file></media>"
        b"<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    assert expected_attachments(parse_submission(content), schema_of(FILES)) == (
        "1.jpg.enc",
        "2.jpg.enc",
        "submission.xml.enc",
    )
