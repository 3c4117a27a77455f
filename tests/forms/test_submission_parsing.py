"""What a submission says of itself, however the client writes it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.errors import FormsError, SubmissionInvalid, XMLUnsafe
from forms.submission import parse_submission


def submission(meta: str, root: str = 'id="f" version="2"', answers: str = "") -> bytes:
    return f"<data {root}>{answers}<meta>{meta}</meta></data>".encode()


def test_form_version_and_instance_are_read() -> None:
    parsed = parse_submission(
        submission(
            "<instanceID> uuid:1 </instanceID><deprecatedID>uuid:0</deprecatedID><instanceName>Case 7</instanceName>"
        )
    )
    assert (parsed.xml_form_id, parsed.version, parsed.instance_id) == ("f", "2", "uuid:1")
    assert (parsed.deprecated_id, parsed.instance_name) == ("uuid:0", "Case 7")
    assert not parsed.is_encrypted
    assert parsed.entities == ()


def test_a_submission_without_version_has_the_empty_version() -> None:
    assert parse_submission(submission("<instanceID>1</instanceID>", 'id="f"')).version == ""


@pytest.mark.parametrize(
    "document",
    [
        '<data id="f" xmlns:orx="http://openrosa.org/xforms"><orx:meta><orx:instanceID>1</orx:instanceID></orx:meta></data>',
        '<data id="f"><n0:meta xmlns:n0="http://openrosa.org/xforms"><n0:instanceID>1</n0:instanceID></n0:meta></data>',
        '<data id="f"><meta xmlns="http://openrosa.org/xforms"><instanceID>1</instanceID></meta></data>',
        '<x:f x:id="f" xmlns:x="urn:x"><x:meta><x:instanceID>1</x:instanceID></x:meta></x:f>',
        '<f xmlns="urn:x" id="f" orx:version="3" xmlns:orx="http://openrosa.org/xforms"><meta><instanceID>1</instanceID></meta></f>',
        '<?xml version="1.0" ?>\n<data id="f"><!-- c --><meta><instanceID><![CDATA[1]]></instanceID></meta></data>\n',
    ],
)
def test_namespaces_and_prefixes_do_not_matter(document: str) -> None:
    parsed = parse_submission(document.encode())
    assert (parsed.xml_form_id, parsed.instance_id) == ("f", "1")


@pytest.mark.parametrize(
    "content",
    [
        b'<data id="f"/>',
        b'<data id="f"><meta/></data>',
        b'<data id="f"><instanceID>1</instanceID></data>',
        b'<data id="f"><g><meta><instanceID>1</instanceID></meta></g></data>',
        b"<data><meta><instanceID>1</instanceID></meta></data>",
        b'<data id=""><meta><instanceID>1</instanceID></meta></data>',
        submission("<instanceID/>"),
        submission("<instanceID>  \n </instanceID>"),
        submission("<instanceID>" + "x" * 256 + "</instanceID>"),
        submission("<instanceID>" + "x" * 4096 + "</instanceID>"),
        submission("<instanceID>a\tb</instanceID>"),
        submission("<instanceID>a\nb</instanceID>"),
        submission("<instanceID>a\x85b</instanceID>"),
        submission("<instanceID>1</instanceID><deprecatedID>a\tb</deprecatedID>"),
        submission("<instanceID>1</instanceID><deprecatedID>" + "x" * 256 + "</deprecatedID>"),
        submission("<instanceID>1</instanceID>", f'id="{"f" * 256}"'),
    ],
)
def test_a_submission_that_cannot_be_filed_is_refused(content: bytes) -> None:
    with pytest.raises(SubmissionInvalid):
        parse_submission(content)


def test_a_nul_in_the_instance_id_is_not_xml() -> None:
    with pytest.raises(XMLUnsafe):
        parse_submission(submission("<instanceID>a\x00b</instanceID>"))


@pytest.mark.parametrize(
    "instance_id",
    ["../../etc/passwd", "uuid:1' or '1'='1", "ｕｕｉｄ:1", "C:\\x", "%2e%2e", "x" * 255, "=1+1", "😀"],
)
def test_any_other_instance_id_is_opaque_text(instance_id: str) -> None:
    assert parse_submission(submission(f"<instanceID>{instance_id}</instanceID>")).instance_id == instance_id


@pytest.mark.parametrize(
    "document",
    [
        (
            '<data id="f" version="1" encrypted="yes" xmlns="http://www.opendatakit.org/xforms/encrypted">'
            "<base64EncryptedKey>k</base64EncryptedKey>"
            '<n0:meta xmlns:n0="http://openrosa.org/xforms"><n0:instanceID>1</n0:instanceID></n0:meta>'
            "<media><file>1.jpg.enc</file></media><encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
        ),
        '<data id="f" encrypted="yes"><meta><instanceID>1</instanceID></meta></data>',
    ],
)
def test_an_encrypted_envelope_is_known_as_such(document: str) -> None:
    assert parse_submission(document.encode()).is_encrypted


def test_a_question_called_like_the_envelope_is_no_envelope() -> None:
    content = submission("<instanceID>1</instanceID>", answers="<encryptedXmlFile>x</encryptedXmlFile>")
    assert not parse_submission(content).is_encrypted


def test_entities_are_mentioned_with_their_places() -> None:
    entity = '<entity dataset="kids" create="1" id="uuid:{n}"><label> Kid {n} </label></entity>'
    kid = f"<kid><who><meta>{entity}</meta></who></kid>"
    content = submission(
        '<instanceID>1</instanceID><entity dataset="cases" update="true" id="c" baseVersion="3" trunkVersion="" '
        'branchId="b"><label/></entity>',
        answers=kid.format(n=1) + "<kid/>" + kid.format(n=2),
    )
    first, second, root = parse_submission(content).entities
    assert (first.dataset, first.id, first.create, first.update, first.label) == (
        "kids",
        "uuid:1",
        True,
        False,
        "Kid 1",
    )
    assert (first.element_path, first.positions) == ("/kid/who", (1, 1))
    assert (second.element_path, second.positions) == ("/kid/who", (3, 1))
    assert (root.dataset, root.create, root.update, root.label) == ("cases", False, True, None)
    assert (root.base_version, root.trunk_version, root.branch_id) == ("3", None, "b")
    assert (root.element_path, root.positions) == ("", ())


@pytest.mark.parametrize(
    ("text", "creates"),
    [("1", True), ("true", True), ("0", False), ("", False), ("false", False), ("yes", False)],
)
def test_an_entity_is_created_by_one_or_true(text: str, creates: bool) -> None:
    content = submission(f'<instanceID>1</instanceID><entity dataset="c" id="x" create="{text}"/>')
    assert parse_submission(content).entities[0].create is creates


@given(content=st.binary(max_size=200))
def test_no_bytes_make_parsing_fail_otherwise(content: bytes) -> None:
    with contextlib.suppress(FormsError):
        parse_submission(content)


@given(instance_id=st.text(min_size=1, max_size=300))
def test_no_instance_id_makes_parsing_fail_otherwise(instance_id: str) -> None:
    escaped = instance_id.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    try:
        parsed = parse_submission(submission(f"<instanceID>{escaped}</instanceID>"))
    except (FormsError, UnicodeEncodeError):
        return
    assert 0 < len(parsed.instance_id) <= 255
