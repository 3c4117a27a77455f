"""What a form declares is read from its compiled XForm alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forms.errors import XFormInvalid
from forms.schema import Choice, FormSchema, Itemset, Media, read_schema
from forms.schema.read import MOST_NODES

SchemaOf = Callable[[str], FormSchema]

ALL_TYPES = """
| settings |
|          | form_id | form_title | version | default_language | namespaces                  | instance_name     |
|          | all     | All types  | 7       | Shqip (sq)       | sportel="urn:sportel:xforms" | concat(${t}, 'x') |
| survey   |
|          | type                         | name  | label::English (en) | label::Shqip (sq) | appearance | parameters           | bind::sportel:class | calculation |
|          | start                        | start |                     |                   |            |                      | operational         |             |
|          | today                        | today |                     |                   |            |                      |                     |             |
|          | username                     | user  |                     |                   |            |                      | operational         |             |
|          | start-geopoint               | sg    |                     |                   |            |                      |                     |             |
|          | audit                        | audit |                     |                   |            |                      |                     |             |
|          | text                         | t     | Text                | Tekst             | multiline  |                      | identifying         |             |
|          | integer                      | i     | Int                 | Numër             |            |                      | quasi               |             |
|          | decimal                      | d     | Dec                 | Dec               |            |                      |                     |             |
|          | date                         | da    | Date                | Data              |            |                      |                     |             |
|          | time                         | ti    | Time                | Ora               |            |                      |                     |             |
|          | datetime                     | dt    | When                | Kur               |            |                      |                     |             |
|          | note                         | n     | Dear ${t} hello     | I dashur ${t}     |            |                      |                     |             |
|          | geopoint                     | gp    | P                   | P                 |            |                      | special:criminal    |             |
|          | geotrace                     | gt    | T                   | T                 |            |                      |                     |             |
|          | geoshape                     | gs    | S                   | S                 |            |                      |                     |             |
|          | image                        | im    | Image               | Foto              |            | max-pixels=1024      |                     |             |
|          | audio                        | au    | Audio               | Audio             |            |                      |                     |             |
|          | video                        | vi    | Video               | Video             |            |                      |                     |             |
|          | file                         | fi    | File                | Skedar            |            |                      |                     |             |
|          | barcode                      | bc    | Code                | Kodi              |            |                      |                     |             |
|          | acknowledge                  | ak    | OK?                 | OK?               |            |                      |                     |             |
|          | range                        | rg    | Range               | Shkalla           |            | start=0 end=10 step=1 |                     |             |
|          | range                        | rgd   | Range               | Shkalla           |            | start=0 end=1 step=0.1 |                     |             |
|          | select_one yn                | so    | One                 | Një               | minimal    |                      | open                |             |
|          | select_multiple yn           | sm    | Many                | Shumë             |            |                      |                     |             |
|          | rank yn                      | rk    | Rank                | Rendit            |            |                      |                     |             |
|          | select_one_from_file c.csv   | ff    | File                | Skedar            |            |                      |                     |             |
|          | calculate                    | ca    |                     |                   |            |                      |                     | 1 + ${i}    |
|          | begin group                  | g     | Group               | Grupi             | field-list |                      |                     |             |
|          | begin repeat                 | r     | Rep                 | Përs              |            |                      |                     |             |
|          | text                         | rt    | In repeat           | Brenda            |            |                      |                     |             |
|          | begin repeat                 | r2    | Inner               | Brenda            |            |                      |                     |             |
|          | integer                      | ri    | Deep                | Thellë            |            |                      |                     |             |
|          | end repeat                   |       |                     |                   |            |                      |                     |             |
|          | end repeat                   |       |                     |                   |            |                      |                     |             |
|          | end group                    |       |                     |                   |            |                      |                     |             |
| choices  |
|          | list_name | name | label::English (en) | label::Shqip (sq) | media::image::English (en) |
|          | yn        | y    | Yes                 | Po                | yes.png                    |
|          | yn        | n    | No                  | Jo                |                            |
"""


@pytest.fixture(scope="module")
def all_types(schema_of: SchemaOf) -> FormSchema:
    return schema_of(ALL_TYPES)


def test_the_form_names_itself(all_types: FormSchema) -> None:
    assert (all_types.xml_form_id, all_types.version, all_types.title) == ("all", "7", "All types")
    assert all_types.root_name == "data"


def test_languages_are_in_order_with_the_default_one(all_types: FormSchema) -> None:
    assert all_types.languages == ("English (en)", "Shqip (sq)")
    assert all_types.default_language == "Shqip (sq)"


@pytest.mark.parametrize(
    ("path", "data_type", "control"),
    [
        ("/start", "dateTime", None),
        ("/today", "date", None),
        ("/user", "string", None),
        ("/sg", "geopoint", None),
        ("/t", "string", "input"),
        ("/i", "int", "input"),
        ("/d", "decimal", "input"),
        ("/da", "date", "input"),
        ("/ti", "time", "input"),
        ("/dt", "dateTime", "input"),
        ("/n", "string", "input"),
        ("/gp", "geopoint", "input"),
        ("/gt", "geotrace", "input"),
        ("/gs", "geoshape", "input"),
        ("/im", "binary", "upload"),
        ("/au", "binary", "upload"),
        ("/vi", "binary", "upload"),
        ("/fi", "binary", "upload"),
        ("/bc", "barcode", "input"),
        ("/ak", "string", "trigger"),
        ("/rg", "int", "range"),
        ("/rgd", "decimal", "range"),
        ("/so", "string", "select1"),
        ("/sm", "string", "select"),
        ("/rk", "odk:rank", "rank"),
        ("/ff", "string", "select1"),
        ("/ca", "string", None),
        ("/g", "structure", None),
        ("/g/r", "repeat", None),
        ("/g/r/rt", "string", "input"),
        ("/g/r/r2", "repeat", None),
        ("/g/r/r2/ri", "int", "input"),
        ("/meta", "structure", None),
        ("/meta/audit", "binary", None),
        ("/meta/instanceID", "string", None),
        ("/meta/instanceName", "string", None),
    ],
)
def test_every_question_type_has_its_data_type_and_control(
    all_types: FormSchema, path: str, data_type: str, control: str | None
) -> None:
    field = all_types.field(path)
    assert (field.data_type, field.control) == (data_type, control)


def test_fields_are_in_document_order_and_each_once(all_types: FormSchema) -> None:
    paths = [field.path for field in all_types.fields]
    assert len(paths) == len(set(paths))
    assert [field.order for field in all_types.fields] == list(range(len(paths)))
    inner = [path for path in paths if path.startswith("/g/")]
    assert inner == ["/g/r", "/g/r/rt", "/g/r/r2", "/g/r/r2/ri"]


def test_a_field_knows_the_repeat_around_it(all_types: FormSchema) -> None:
    repeats = {path: all_types.field(path).repeat for path in ("/t", "/g", "/g/r", "/g/r/rt", "/g/r/r2/ri")}
    assert repeats == {"/t": None, "/g": None, "/g/r": None, "/g/r/rt": "/g/r", "/g/r/r2/ri": "/g/r/r2"}


def test_tables_are_the_root_and_each_repeat_as_central_names_them(all_types: FormSchema) -> None:
    tables = {table.name: (table.path, table.parent) for table in all_types.tables()}
    assert tables == {
        "Submissions": ("", None),
        "Submissions.g.r": ("/g/r", "Submissions"),
        "Submissions.g.r.r2": ("/g/r/r2", "Submissions.g.r"),
    }


def test_a_table_has_the_questions_outside_of_inner_repeats(all_types: FormSchema) -> None:
    by_name = {table.name: [field.path for field in table.fields] for table in all_types.tables()}
    assert by_name["Submissions.g.r"] == ["/g/r/rt"]
    assert by_name["Submissions.g.r.r2"] == ["/g/r/r2/ri"]
    assert "/t" in by_name["Submissions"]
    assert "/meta/instanceID" in by_name["Submissions"]
    assert not any(path.startswith("/g/") for path in by_name["Submissions"])


def test_labels_and_hints_are_in_all_languages(all_types: FormSchema) -> None:
    assert all_types.field("/i").labels == {"English (en)": "Int", "Shqip (sq)": "Numër"}
    assert all_types.field("/g").labels == {"English (en)": "Group", "Shqip (sq)": "Grupi"}
    assert all_types.field("/g/r").labels["Shqip (sq)"] == "Përs"


def test_a_label_shows_a_reference_as_the_author_wrote_it(all_types: FormSchema) -> None:
    assert " ".join(all_types.field("/n").labels["English (en)"].split()) == "Dear ${t} hello"


def test_choices_are_in_all_languages(all_types: FormSchema) -> None:
    yes, no = (
        Choice("y", {"English (en)": "Yes", "Shqip (sq)": "Po"}),
        Choice("n", {"English (en)": "No", "Shqip (sq)": "Jo"}),
    )
    assert all_types.field("/so").choices == (yes, no)
    assert all_types.field("/rk").choice_names == {"y", "n"}


def test_choices_from_a_file_are_named_and_not_known(all_types: FormSchema) -> None:
    field = all_types.field("/ff")
    assert field.choices is None
    assert field.itemset == Itemset("c", "instance('c')/root/item")


def test_media_are_the_files_that_a_phone_needs(all_types: FormSchema) -> None:
    assert all_types.media == (Media("c.csv", "file"), Media("yes.png", "image"))


def test_declared_classes_are_read_and_others_are_undeclared(all_types: FormSchema) -> None:
    declared = {field.path: field.sensitivity for field in all_types.fields if field.sensitivity}
    assert declared == {
        "/start": "operational", "/user": "operational", "/t": "identifying", "/i": "quasi",
        "/gp": "special:criminal", "/so": "open",
    }  # fmt: skip


def test_other_properties_of_questions_are_read(all_types: FormSchema) -> None:
    assert all_types.field("/t").appearance == "multiline"
    assert all_types.field("/g").appearance == "field-list"
    assert all_types.field("/im").media_type == "image/*"
    assert all_types.field("/im").binary
    assert all_types.field("/sm").select_multiple
    assert not all_types.field("/so").select_multiple
    assert all_types.field("/start").preload == "timestamp"
    assert all_types.field("/n").readonly == "true()"
    assert all_types.has_client_audit
    assert not all_types.encrypted


def test_asking_for_a_path_that_is_not_there_names_it(all_types: FormSchema) -> None:
    with pytest.raises(XFormInvalid) as error:
        all_types.field("/nowhere")
    assert error.value.path == "/nowhere"


def test_expressions_and_messages_are_read(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey |
        |        | type    | name | label | hint  | relevant | constraint | constraint_message | required | required_message | calculation | readonly |
        |        | integer | age  | Age   | Years |          | . < 120    | Too old            | yes      | Needed           |             |          |
        |        | text    | why  | Why   |       | ${age} > 17 |         |                    |          |                  |             | yes      |
        |        | calculate | c  |       |       |          |            |                    |          |                  | ${age} + 1  |          |
        """
    )
    age, why, total = schema.field("/age"), schema.field("/why"), schema.field("/c")
    assert (age.constraint, age.required) == (". < 120", "true()")
    assert (age.constraint_message, age.required_message) == ({"": "Too old"}, {"": "Needed"})
    assert (age.labels, age.hints) == ({"": "Age"}, {"": "Years"})
    assert why.relevant is not None
    assert why.relevant.split() == ["/data/age", ">", "17"]
    assert why.readonly == "true()"
    assert total.calculate is not None
    assert total.calculate.split() == ["/data/age", "+", "1"]
    assert (schema.languages, schema.default_language) == ((), None)


def test_a_filtered_list_keeps_all_its_choices_and_the_filter(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey  |
        |         | type            | name | label | choice_filter     |
        |         | select_one qark | q    | Q     |                   |
        |         | select_one town | t    | T     | qark = ${q}       |
        | choices |
        |         | list_name | name | label | qark |
        |         | qark      | al01 | Berat |      |
        |         | town      | b1   | Berat | al01 |
        |         | town      | b2   | Kuçovë | al01 |
        """
    )
    field = schema.field("/t")
    assert field.choice_names == {"b1", "b2"}
    assert field.choices is not None
    assert field.choices[0].labels == {"": "Berat"}
    assert field.itemset is not None
    assert field.itemset.instance_id == "town"
    assert "qark" in field.itemset.nodeset


def test_choices_that_are_answers_of_a_repeat_come_from_the_form_itself(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey |
        |        | type              | name  | label |
        |        | begin repeat      | p     | P     |
        |        | text              | name  | Name  |
        |        | end repeat        |       |       |
        |        | select_one ${name} | chief | Chief |
        """
    )
    field = schema.field("/chief")
    assert field.choices is None
    assert field.itemset is not None
    assert field.itemset.instance_id is None


def test_specify_other_adds_its_choice_and_its_question(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey  |
        |         | type                  | name | label |
        |         | select_one a or_other | s    | S     |
        | choices |
        |         | list_name | name | label |
        |         | a         | x    | X     |
        """
    )
    assert schema.field("/s").choice_names == {"x", "other"}
    assert schema.field("/s_other").data_type == "string"


def test_a_repeat_count_is_read(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey |
        |        | type         | name | label | repeat_count |
        |        | integer      | n    | N     |              |
        |        | begin repeat | r    | R     | ${n}         |
        |        | text         | t    | T     |              |
        |        | end repeat   |      |       |              |
        """
    )
    assert schema.field("/r").count == "/data/n"


def test_encryption_and_the_submission_address_are_read(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | settings |
        |          | form_id | public_key | submission_url      |
        |          | enc     | MIIBIjAN   | https://example.org |
        | survey   |
        |          | type | name | label |
        |          | text | t    | T     |
        """
    )
    assert schema.encrypted
    assert schema.submission_public_key == "MIIBIjAN"
    assert schema.submission_url == "https://example.org"


def test_a_list_from_the_last_saved_record_is_no_file(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey |
        |        | type | name | label | default           |
        |        | text | t    | T     | ${last-saved#t}   |
        """
    )
    assert schema.media == ()
    assert schema.secondary_instances[0].source == "jr://instance/last-saved"


def test_a_form_with_more_nodes_than_any_author_writes_is_refused_with_the_remedy() -> None:
    questions = "".join(f"<q{number}/>" for number in range(MOST_NODES))
    xform = (
        '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><model><instance>'
        f'<data id="a">{questions}<meta><instanceID/></meta></data></instance></model></h:head><h:body/></h:html>'
    )
    with pytest.raises(XFormInvalid, match="split it into several forms"):
        read_schema(xform.encode())
