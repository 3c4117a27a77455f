"""Which classes an answer needs, and what a reader without them gets."""

from __future__ import annotations

import pytest

from forms.schema import CLEAR, SENSITIVITIES, FormSchema, read_schema
from forms.submission import Mask, Masked, clean, is_looser, masked_rows, masked_xml, needed, parse_submission, rows
from forms.submission.masking import STRICTNESS
from forms.xlsform import compile_xlsform

VIEWER = frozenset({"operational", "quasi"})


def schema(markdown: str, instance_name: str = "") -> FormSchema:
    settings = f"""
    | settings |         |         |                 |                              |
    |          | form_id | version | instance_name   | namespaces                   |
    |          | visit   | 1       | {instance_name} | sportel="urn:sportel:xforms" |
    """
    text = "\n".join(line.strip() for line in (markdown + settings).splitlines())
    return read_schema(compile_xlsform(text.encode(), ".md").xform)


VISIT = """
    | survey |              |        |       |                     |
    |        | type         | name   | label | bind::sportel:class |
    |        | text         | code   | L     | operational         |
    |        | integer      | age    | L     | quasi               |
    |        | text         | phone  | L     | contact             |
    |        | text         | free   | L     |                     |
    |        | begin_group  | health | L     |                     |
    |        | text         | ill    | L     | special:health      |
    |        | end_group    |        |       |                     |
    |        | begin_repeat | child  | L     |                     |
    |        | text         | name   | L     | identifying         |
    |        | text         | toy    | L     | open                |
    |        | end_repeat   |        |       |                     |
"""
XML = (
    b'<data xmlns:orx="http://openrosa.org/xforms" id="visit" version="1" extra="Mira"><code>C1</code><age>7</age>'
    b"<phone>0691</phone><child><name>Mira</name><toy>ball</toy></child><child><toy>doll</toy></child>"
    b"<unknown>Mira</unknown><!-- Mira --><orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>"
)


def test_the_order_of_classes_knows_every_class() -> None:
    assert set(STRICTNESS) == set(SENSITIVITIES)
    assert sorted(CLEAR, key=STRICTNESS.__getitem__) == list(SENSITIVITIES[:3])


@pytest.mark.parametrize(
    ("new", "old", "looser"),
    [
        ("open", "operational", True),
        ("quasi", "identifying", True),
        ("identifying", "special:health", True),
        ("special:criminal", "special:health", True),
        ("special:health", "special:health", False),
        ("special:health", "identifying", False),
        ("identifying", "contact", False),
        ("open", "open", False),
    ],
)
def test_a_class_is_looser_if_somebody_reads_more_by_it(new: str, old: str, looser: bool) -> None:
    assert is_looser(new, old) == looser


@pytest.mark.parametrize(
    ("path", "classes"),
    [
        ("/code", {"operational"}),
        ("/free", {"identifying"}),
        ("/health/ill", {"special:health"}),
        ("/meta/instanceID", {"operational"}),
        ("/nowhere", {"identifying"}),
    ],
)
def test_a_question_needs_its_class_and_what_is_not_in_the_form_is_identifying(path: str, classes: set[str]) -> None:
    assert needed(path, schema(VISIT), "identifying") == classes


@pytest.mark.parametrize(
    ("made_of", "classes"),
    [
        ("${code}", {"operational"}),
        ("concat(${code}, ' / ', ${age})", {"operational", "quasi"}),
        ("concat(${code}, ${ill})", {"operational", "special:health"}),
        ("concat(${code}, ${free})", {"operational", "identifying"}),
        ("'a text'", {"identifying"}),
        ("concat(${code}, username())", {"identifying"}),
        ("instance('cases')/root/item[name=${code}]/label", {"identifying"}),
        ("concat(${code}, ../phone)", {"identifying"}),
    ],
)
def test_an_instance_name_needs_what_it_is_made_of(made_of: str, classes: set[str]) -> None:
    assert needed("/meta/instanceName", schema(VISIT, made_of), "identifying") == classes


def test_an_answer_needs_the_classes_of_its_own_version_and_of_the_newest() -> None:
    old = schema(VISIT)
    new = schema(VISIT.replace("| quasi  ", "| special:criminal").replace("| contact  ", "| quasi"))
    both = Mask((old, new), VIEWER, "identifying")
    assert both.needed("/age") == {"quasi", "special:criminal"}
    assert (both.of("/age"), both.of("/phone")) == (Masked("special:criminal"), Masked("contact"))
    assert Mask((old,), VIEWER, "identifying").of("/age") is None


def test_text_where_a_number_should_be_is_identifying_besides() -> None:
    doubtful = Mask((schema(VISIT),), VIEWER, "identifying", frozenset({"/age"}))
    assert (doubtful.of("/age"), doubtful.of("/code")) == (Masked("identifying"), None)


@pytest.mark.parametrize(
    ("readable", "opens"),
    [(VIEWER, False), (VIEWER | {"contact"}, True), (VIEWER | {"special:criminal"}, False), (frozenset(), False)],
)
def test_what_is_sealed_is_opened_only_for_who_reads_some_of_it(readable: frozenset[str], opens: bool) -> None:
    assert Mask((schema(VISIT),), readable, "identifying").opens_sealed == opens


def test_an_instance_name_that_may_be_read_lies_sealed_all_the_same() -> None:
    assert Mask((schema(VISIT, "${code}"),), VIEWER, "identifying").opens_sealed
    assert not Mask((schema(VISIT, "${free}"),), VIEWER, "identifying").opens_sealed


def test_rows_have_masks_in_every_column_that_is_hidden_answered_or_not() -> None:
    form = schema(VISIT)
    record = clean(parse_submission(XML), form)
    tables = masked_rows(rows("uuid:1", record.values, form), form, Mask((form,), VIEWER, "identifying"))
    (root,) = tables["Submissions"]
    assert root.values["/code"] == "C1" and root.values["/age"] == 7
    assert root.values["/phone"] == Masked("contact")
    assert root.values["/health/ill"] == Masked("special:health")
    children = [dict(row.values) for row in tables["Submissions.child"]]
    assert children == [
        {"/child/name": Masked("identifying"), "/child/toy": "ball"},
        {"/child/name": Masked("identifying"), "/child/toy": "doll"},
    ]


def test_the_xml_is_drawn_anew_without_what_the_form_does_not_have() -> None:
    form = schema(VISIT)
    drawn = masked_xml(XML, form, Mask((form,), VIEWER, "identifying")).decode()
    assert "Mira" not in drawn and "0691" not in drawn
    assert "<code>C1</code><age>7</age>" in drawn
    assert '<phone sportel:masked="contact"/><free sportel:masked="identifying"/>' in drawn
    assert '<health><ill sportel:masked="special:health"/></health>' in drawn
    assert '<child><name sportel:masked="identifying"/><toy>ball</toy></child>' in drawn
    assert "<orx:instanceID>uuid:1</orx:instanceID>" in drawn


def test_who_reads_every_class_gets_the_xml_byte_for_byte() -> None:
    form = schema(VISIT)
    everything = frozenset(SENSITIVITIES) - {"open"}
    assert masked_xml(XML, form, Mask((form,), everything, "identifying")) == XML
    assert masked_xml(XML, form, Mask((form,), everything - {"special:criminal"}, "identifying")) != XML
