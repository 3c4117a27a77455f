"""Which entity lists a form writes, in every version of the specification."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from forms.errors import XFormInvalid
from forms.schema import FormSchema, read_schema

SchemaOf = Callable[[str], FormSchema]


def test_a_form_that_creates_entities_declares_list_properties_and_label(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey   |
        |          | type        | name | label | save_to |
        |          | begin group | g    | G     |         |
        |          | text        | code | Code  | code    |
        |          | text        | free | Free  |         |
        |          | end group   |      |       |         |
        |          | integer     | age  | Age   | years   |
        | entities |
        |          | list_name | label   |
        |          | cases     | ${code} |
        """
    )
    (entity,) = schema.entities
    assert (entity.dataset, entity.element_path, entity.repeat) == ("cases", "", None)
    assert (entity.creates, entity.updates) == (True, False)
    assert entity.properties == {"code": "/g/code", "years": "/age"}
    assert entity.label_path == "/meta/entity/label"
    assert schema.field("/g/code").save_to == (("cases", "code"),)
    assert schema.field("/g/free").save_to == ()


def test_a_form_that_updates_entities_says_so_and_needs_the_list(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey   |
        |          | type                           | name  | label | save_to |
        |          | select_one_from_file cases.csv | case  | Case  |         |
        |          | text                           | stage | Stage | stage   |
        | entities |
        |          | list_name | entity_id |
        |          | cases     | ${case}   |
        """
    )
    (entity,) = schema.entities
    assert (entity.creates, entity.updates, entity.label_path) == (False, True, None)
    assert [media.name for media in schema.media] == ["cases.csv"]


def test_a_form_may_create_or_update_the_same_list(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey   |
        |          | type                           | name  | label | save_to |
        |          | select_one_from_file cases.csv | case  | Case  |         |
        |          | text                           | stage | Stage | stage   |
        | entities |
        |          | list_name | label    | entity_id | create_if  | update_if   |
        |          | cases     | ${stage} | ${case}   | ${case}='' | ${case}!='' |
        """
    )
    (entity,) = schema.entities
    assert (entity.creates, entity.updates) == (True, True)


def test_two_lists_one_of_them_from_a_repeat(schema_of: SchemaOf) -> None:
    schema = schema_of(
        """
        | survey   |
        |          | type         | name | label | save_to        |
        |          | text         | code | Code  | families#code  |
        |          | begin repeat | kid  | Child |                |
        |          | begin group  | who  | Who   |                |
        |          | text         | n    | Name  | children#given |
        |          | end group    |      |       |                |
        |          | end repeat   |      |       |                |
        | entities |
        |          | list_name | label   |
        |          | families  | ${code} |
        |          | children  | ${n}    |
        """
    )
    by_name = {entity.dataset: entity for entity in schema.entities}
    assert by_name["families"].repeat is None
    assert by_name["families"].properties == {"code": "/code"}
    assert by_name["children"].repeat == "/kid"
    assert by_name["children"].element_path == "/kid/who"
    assert by_name["children"].properties == {"given": "/kid/who/n"}


def form(entity: str, bind: str = "", version: str | None = "2024.1.0") -> bytes:
    declared = "" if version is None else f' e:entities-version="{version}"'
    return f"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
        xmlns:e="http://www.opendatakit.org/xforms/entities"><h:head><model{declared}><instance>
        <data id="f"><q/><meta><instanceID/>{entity}</meta></data></instance>
        <bind nodeset="/data/q" type="string" {bind}/></model></h:head><h:body/></h:html>""".encode()


@pytest.mark.parametrize("version", ["2022.1.0", "2023.1.0", "2024.1.0", "2024.1", "2025.1.0", "2025.1.7"])
def test_known_versions_of_the_specification_are_accepted(version: str) -> None:
    (entity,) = read_schema(form('<entity dataset="c" create="1" id=""/>', version=version)).entities
    assert entity.dataset == "c"


@pytest.mark.parametrize(
    ("entity", "bind", "version"),
    [
        ('<entity dataset="c" create="1"/>', "", None),
        ('<entity dataset="c" create="1"/>', "", "2030.1.0"),
        ('<entity dataset="c" create="1"/>', "", "2024.10"),
        ('<entity create="1"/>', "", "2024.1.0"),
        ('<entity dataset="" create="1"/>', "", "2024.1.0"),
        ('<entity dataset="a.b" create="1"/>', "", "2024.1.0"),
        ('<entity dataset="__c" create="1"/>', "", "2024.1.0"),
        ('<entity dataset="9c" create="1"/>', "", "2024.1.0"),
        ('<entity dataset="c"/>', "", "2024.1.0"),
        ('<entity dataset="c" create="1"/>', 'e:saveto="name"', "2024.1.0"),
        ('<entity dataset="c" create="1"/>', 'e:saveto="Label"', "2024.1.0"),
        ('<entity dataset="c" create="1"/>', 'e:saveto="__x"', "2024.1.0"),
        ('<entity dataset="c" create="1"/>', 'e:saveto="a b"', "2024.1.0"),
        ("", 'e:saveto="x"', "2024.1.0"),
    ],
)
def test_a_broken_declaration_is_refused(entity: str, bind: str, version: str | None) -> None:
    with pytest.raises(XFormInvalid):
        read_schema(form(entity, bind, version))


@pytest.mark.parametrize("name", ["names", "label_x", "qytet", "qyteti_ë", "a-b.c"])
def test_property_names_that_only_look_reserved_are_allowed(name: str) -> None:
    schema = read_schema(form('<entity dataset="c" create="1"/>', f'e:saveto="{name}"'))
    assert schema.entities[0].properties == {name: "/q"}
