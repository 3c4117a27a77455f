"""Forms that other tools wrote, by hand or long ago, are read as far as they can be, or refused with a reason."""

from __future__ import annotations

import pytest

from forms.errors import XFormInvalid, XMLUnsafe
from forms.schema import SENSITIVITIES, Choice, odata_name, read_schema


def xform(model: str = "", body: str = "", *, root: str = '<data id="f"><q/>{meta}</data>') -> bytes:
    """A small hand-written XForm, for what the compiler of today never writes."""
    instance = root.replace("{meta}", "<meta><instanceID/></meta>")
    return f"""<?xml version="1.0"?>
    <h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
        xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"
        xmlns:s="urn:sportel:xforms" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
      <h:head><h:title/><model><instance>{instance}</instance>{model}</model></h:head>
      <h:body>{body}</h:body>
    </h:html>""".strip().encode()


def test_the_form_id_stands_in_for_a_missing_title() -> None:
    assert read_schema(xform()).title == "f"


def test_a_form_without_version_has_the_empty_version() -> None:
    assert read_schema(xform()).version == ""


def test_relative_and_prefixed_nodesets_of_older_forms_are_understood() -> None:
    root = '<form id="f"><q/><orx:meta><orx:instanceID/></orx:meta></form>'
    model = '<bind nodeset="q" type="xsd:int"/><bind nodeset="/form/orx:meta/orx:instanceID" jr:preload="uid"/>'
    schema = read_schema(xform(model, '<input ref="q"><label>Q</label></input>', root=root))
    assert (schema.field("/q").data_type, schema.field("/q").control) == ("int", "input")
    assert schema.field("/meta/instanceID").preload == "uid"


@pytest.mark.parametrize(("bind_type", "data_type"), [("select1", "string"), ("select", "string"), ("integer", "int")])
def test_bind_types_of_older_forms_are_translated(bind_type: str, data_type: str) -> None:
    schema = read_schema(xform(f'<bind nodeset="/data/q" type="{bind_type}"/>'))
    assert schema.field("/q").data_type == data_type
    assert schema.field("/q").select_multiple is (bind_type == "select")


def test_items_written_in_the_body_are_choices() -> None:
    body = '<select1 ref="/data/q"><item><label>A</label><value>a</value></item></select1>'
    assert read_schema(xform(body=body)).field("/q").choices == (Choice("a", {"": "A"}),)


def test_a_node_without_bind_is_of_unknown_type() -> None:
    assert read_schema(xform()).field("/q").data_type == "unknown"


@pytest.mark.parametrize(
    "root",
    [
        "<data><q/><meta><instanceID/></meta></data>",
        '<data id=" "><q/><meta><instanceID/></meta></data>',
        '<data id="f"><q/></data>',
        '<data id="f"><q/><meta/></data>',
        "",
    ],
)
def test_a_form_that_cannot_be_served_is_refused(root: str) -> None:
    with pytest.raises(XFormInvalid):
        read_schema(xform(root=root))


@pytest.mark.parametrize(
    "content", [b"<html/>", b"<data id='f'/>", b'<h:html xmlns:h="http://www.w3.org/1999/xhtml"/>']
)
def test_xml_that_is_not_an_xform_is_refused(content: bytes) -> None:
    with pytest.raises(XFormInvalid):
        read_schema(content)


OTHER = b'<model><instance><data id="g"><q/><meta><instanceID/></meta></data></instance></model>'


@pytest.mark.parametrize(
    ("place", "with_other"),
    [
        (b"<h:head>", OTHER + b"<h:head>"),
        (b"<h:head>", b"<h:head>" + OTHER + b"</h:head><h:head>"),
        (b"<h:head>", b"<x><y>" + OTHER.replace(b"model>", b"h:model>") + b"</y></x><h:head>"),
        (b"</model>", b"</model>" + OTHER),
        (b"</h:body>", b"<group>" + OTHER + b"</group></h:body>"),
    ],
    ids=["before-head", "in-another-head", "in-something-unknown", "behind", "in-the-body"],
)
def test_a_second_model_that_a_phone_might_take_for_the_form_is_refused(place: bytes, with_other: bytes) -> None:
    with pytest.raises(XFormInvalid, match="more than one model; keep one"):
        read_schema(xform().replace(place, with_other))


def test_a_question_may_be_called_model() -> None:
    root = '<data id="f"><model/><g><model/></g>{meta}</data>'
    assert read_schema(xform('<instance id="x"><model/></instance>', root=root)).field("/g/model").name == "model"


def test_an_xform_with_a_doctype_is_refused() -> None:
    with pytest.raises(XMLUnsafe):
        read_schema(b"<!DOCTYPE h><h/>")


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("age", "age"),
        ("a-b", "a_b"),
        ("a.b-.c", "a_b_c"),
        ("1st", "_1st"),
        ("emër", "em_r"),
        ("-x", "__x"),
        ("_a", "_a"),
    ],
)
def test_names_become_odata_identifiers_by_centrals_rule(name: str, identifier: str) -> None:
    assert odata_name(name) == identifier


@pytest.mark.parametrize("name", SENSITIVITIES)
def test_every_class_may_be_declared(name: str) -> None:
    schema = read_schema(xform('<bind nodeset="/data/q" type="string" s:class=" ' + name + ' "/>'))
    assert schema.field("/q").sensitivity == name


@pytest.mark.parametrize("name", ["secret", "Identifying", "special", "special:", "open identifying"])
def test_a_class_that_does_not_exist_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(XFormInvalid) as error:
        read_schema(xform(f'<bind nodeset="/data/q" type="string" s:class="{name}"/>'))
    assert error.value.path == "/q"
    assert "special:health" in error.value.message
