"""What a request may look like: whole, within limits, or refused with nothing stored."""

from __future__ import annotations

import pytest

from app.db import models
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, assert_no_orphans, blobs, count, kept_aside
from tests.app.shown_forms import VISIT
from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, part, post, post_chunked, xml_part
from tests.support.backend import AppUser, Backend, instance

XML = instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:1")


@pytest.fixture
def phone(lite: Backend) -> AppUser:
    lite.admin.publish(VISIT)
    return lite.phone()


def assert_nothing_taken(backend: Backend) -> None:
    assert blobs(backend) == set()
    assert count(backend, models.Submission) == count(backend, models.Quarantine) == 0
    assert actions(backend, "submission") == []


@pytest.mark.parametrize("way", ["honest length", "disconnect", "chunked"])
def test_a_body_cut_at_any_byte_is_refused_and_nothing_is_stored(lite: Backend, phone: AppUser, way: str) -> None:
    whole = body(xml_part(XML), file_part("a.jpg", b"\xff\xd8jpeg"))
    enough = whole.rindex(b"--")  # the closing boundary is whole with its last two dashes
    for length in range(enough + 1):
        cut = whole[:length]
        if way == "honest length":
            answer = post(phone, cut)
        elif way == "disconnect":
            answer = post(phone, cut, environ_overrides={"CONTENT_LENGTH": str(len(whole))})
        else:
            answer = post_chunked(phone, cut)
        assert answer.status_code == 400, f"cut after {length} of {len(whole)} bytes"
    assert_nothing_taken(lite)
    assert post(phone, whole).status_code == 201


def test_a_chunked_body_is_taken(lite: Backend, phone: AppUser) -> None:
    whole = body(xml_part(XML), file_part("a.jpg", b"x" * 300_000))
    assert post_chunked(phone, whole).status_code == 201
    sent = lite.admin.get("/projects/1/forms/visit/submissions/uuid:1/attachments/a.jpg")
    assert sent.data == b"x" * 300_000


@pytest.mark.parametrize("filename", [None, "", "s.xml", "submission"])
def test_the_xml_part_is_taken_with_and_without_a_file_name(phone: AppUser, filename: str | None) -> None:
    assert post(phone, body(xml_part(XML, filename))).status_code == 201


def test_a_large_xml_part_without_a_file_name_is_taken(phone: AppUser) -> None:
    xml = instance("visit", "<who>" + "x" * 900_000 + "</who>")
    assert post(phone, body(xml_part(xml, None))).status_code == 201


def test_the_xml_may_come_after_the_files(lite: Backend, phone: AppUser) -> None:
    assert post(phone, body(file_part("a.jpg", b"x"), xml_part(XML))).status_code == 201
    assert_no_orphans(lite)


MANY = b"".join(part(f'Content-Disposition: form-data; name="f{number}"', b"") for number in range(10_000))
REFUSED = {
    "twice the xml": (body(xml_part(XML), xml_part(XML)), 400, "twice"),
    "another xml": (body(file_part("a.jpg", b"x"), xml_part(XML), xml_part(XML.replace("a.jpg", "b"))), 400, "twice"),
    "no xml": (body(file_part("a.jpg", b"x")), 400, "xml_submission_file is missing"),
    "nothing": (b"", 400, ""),
    "no part": (f"--{BOUNDARY}--\r\n".encode(), 400, "is missing"),
    "text before the parts only": (b"hello", 400, "cut or malformed"),
    "ten thousand parts": (body(xml_part(XML), file_part("a.jpg", b"x"), MANY), 400, "more than 120 parts"),
    "a name of a megabyte": (body(xml_part(XML), file_part("n" * 2**20, b"x")), 400, "255 characters"),
    "a name of 256": (body(xml_part(XML), file_part("n" * 256, b"x")), 400, "255 characters"),
    "a name with NUL": (body(file_part("a\0.jpg", b"x"), xml_part(XML)), 400, ""),
    "a name with a bell": (body(file_part("a\x07.jpg", b"x"), xml_part(XML)), 400, "control characters"),
    "a header that never ends": (f"--{BOUNDARY}\r\nX: ".encode() + b"y" * 2**20, 400, ""),
    "a part without a name": (body(part("Content-Type: text/plain", b"x"), xml_part(XML)), 400, "malformed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_body_that_is_not_as_it_should_be_is_refused_and_nothing_is_stored(
    lite: Backend, phone: AppUser, case: str
) -> None:
    content, status, words = REFUSED[case]
    answer = post(phone, content)
    assert (answer.status_code, answer.mimetype) == (status, "text/xml")
    assert words in answer.text
    assert len(answer.text) < 500
    assert_nothing_taken(lite)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 201,
        "multipart/form-data; boundary=ë",
        "multipart/mixed; boundary=" + BOUNDARY,
    ],
)
def test_another_content_type_is_refused(lite: Backend, phone: AppUser, content_type: str | None) -> None:
    answer = phone.client.post(f"{phone.at}/submission", data=body(xml_part(XML)), content_type=content_type)
    assert answer.status_code == 400
    assert_nothing_taken(lite)


@pytest.mark.parametrize(
    "disposition",
    [
        "filename*=UTF-8''foto%20%C3%AB.jpg",
        'filename="foto ë.jpg"',
    ],
)
def test_a_file_name_in_any_script_names_its_row(lite: Backend, phone: AppUser, disposition: str) -> None:
    xml = instance("visit", "<pic>foto ë.jpg</pic>", instance_id="uuid:2")
    photo = part(f'Content-Disposition: form-data; name="p"; {disposition}\r\nContent-Type: image/jpeg', b"jpeg")
    assert post(phone, body(xml_part(xml), photo)).status_code == 201
    files = lite.admin.get("/projects/1/forms/visit/submissions/uuid:2/attachments")
    assert files.json == [{"name": "foto ë.jpg", "exists": True}]


HOSTILE_NAMES = ["../../etc/passwd", "..", "/etc/passwd", "C:\\evil.exe", "%2e%2e", "CON", "-rf", "a/b.jpg", "~"]


def test_a_hostile_file_name_is_data_and_never_a_path(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    files = [file_part(name.replace("\\", "\\\\"), name.encode()) for name in HOSTILE_NAMES]
    assert post(phone, body(xml_part(XML), *files)).status_code == 201
    kept = kept_aside(backend)
    assert {content.decode() for _, _, content in kept} == set(HOSTILE_NAMES)
    assert {reason for reason, _, _ in kept} == {"unnamed-file"}
    assert_no_orphans(backend)


def test_a_part_with_odd_headers_is_taken(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    odd = part(
        'Content-Disposition: form-data; name="a.jpg"; filename="a.jpg"\r\nContent-Type: a\0b/' + "c" * 999, b"x"
    )
    assert post(phone, body(xml_part(XML), odd)).status_code == 201
    assert_no_orphans(backend)


LIMITS = {"max_xml_bytes": 1024, "max_file_bytes": 2048, "max_request_bytes": 5000, "max_request_parts": 4}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("xml_bytes", "files", "status"),
    [
        (1024, [2048], 201),
        (1025, [], 413),
        (300, [2049], 413),
        (300, [10, 2049], 413),
        (300, [2000, 2000, 2000], 413),
        (300, [1, 1, 1], 201),
        (300, [1, 1, 1, 1], 400),
    ],
)
def test_the_limits_that_were_set_are_kept_and_nothing_is_left(
    make_lite: MakeBackend, xml_bytes: int, files: list[int], status: int, chunked: bool
) -> None:
    backend = make_lite(**LIMITS)
    backend.admin.post("/projects/1/forms?publish=true&ignoreWarnings=true", data=VISIT_XFORM, content_type="text/xml")
    phone = backend.phone()
    empty = instance("visit", "<who></who>", instance_id="uuid:3")
    xml = empty.replace("<who>", "<who>" + "x" * (xml_bytes - len(empty)))
    whole = body(xml_part(xml), *(file_part(f"{number}.jpg", b"x" * size) for number, size in enumerate(files)))
    answer = (post_chunked if chunked else post)(phone, whole)
    assert answer.status_code == status, answer.text
    if status != 201:
        assert_nothing_taken(backend)


VISIT_XFORM = (
    b'<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>V</h:title>'
    b'<model><instance><data id="visit" version="1"><who/><meta><instanceID/></meta></data></instance>'
    b'<bind nodeset="/data/who" type="string"/></model></h:head><h:body/></h:html>'
)
