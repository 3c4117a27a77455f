"""What a phone is told of forms and files: exact hashes, addresses that open, and never more queries for more forms."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree
from sqlalchemy import event

from app.db import db
from app.permissions import Grant
from tests.app.shown_forms import CASES, FOLLOW_UP, entity, simple, xform
from tests.support.backend import AppUser, Backend, instance

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
UUID = "11111111-1111-4111-8111-111111111111"

WITH_FILE = """
| survey |                                |      |       |                 |
|        | type                           | name | label | media::image    |
|        | note                           | n    | N     | logo.png        |
|        | select_one_from_file towns.csv | town | Town  |                 |
| settings |           |
|          | form_id   |
|          | with_file |
"""


def md5(content: bytes) -> str:
    return "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()


def items(document: bytes, namespace: str) -> list[dict[str, str]]:
    """The entries of a list or manifest: element name to text, `type` with them."""
    return [
        {child.tag.removeprefix(namespace): child.text or "" for child in entry} | dict(entry.attrib)
        for entry in etree.fromstring(document)
    ]


def listed(phone: AppUser) -> list[dict[str, str]]:
    answer = phone.get("/formList?deviceID=x")
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert "Date" in answer.headers
    return items(answer.data, LIST)


def follow(phone: AppUser, url: str) -> bytes:
    """GET an address from a list, as the phone does, with nothing but what it says."""
    parts = urlsplit(url)
    answer = phone.client.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    assert answer.status_code == 200, url
    return answer.data


@contextmanager
def statements(backend: Backend) -> Iterator[list[str]]:
    """The SQL that runs inside of the block."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with backend.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_form_is_listed_with_the_md5_of_the_exact_bytes_behind_its_address(backend: Backend) -> None:
    backend.admin.publish(simple("visit", "2", "A visit"))
    phone = backend.phone()
    (form,) = listed(phone)
    xml = follow(phone, form["downloadUrl"])
    assert form == {
        "formID": "visit",
        "name": "A visit",
        "version": "2",
        "hash": md5(xml),
        "downloadUrl": f"http://localhost/v1/key/{phone.token}/projects/1/forms/visit.xml",
    }


@pytest.mark.parametrize("title", ['Fletë & <pyetje> "ë"', "]]>"])
@pytest.mark.parametrize("form_id", ["a b", "nr. 5 & 'më' tej", "100%", "a?b#c", "ë.xml.x", "a+b"])
def test_a_form_of_any_name_can_be_fetched_where_the_list_says(lite: Backend, form_id: str, title: str) -> None:
    escaped = form_id.replace("&", "&amp;")
    safe_title = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    content = xform(escaped, title=safe_title)
    admin = lite.admin
    answer = admin.post("/projects/1/forms?publish=true", data=content, content_type="application/xml")
    assert answer.status_code == 200, answer.text
    phone = lite.phone()
    (form,) = listed(phone)
    assert (form["formID"], form["name"]) == (form_id, title)
    assert follow(phone, form["downloadUrl"]) == content
    assert form["hash"] == md5(content)
    assert phone.send(instance(escaped, "<who>x</who>")).status_code == 201


def test_an_uploaded_xform_is_served_byte_for_byte(lite: Backend) -> None:
    content = b"\xef\xbb\xbf" + xform("odd").replace(b"<who/>", b"<who  />\r\n\t<!-- kept -->")
    answer = lite.admin.post("/projects/1/forms?publish=true", data=content, content_type="text/xml")
    assert answer.status_code == 200, answer.text
    phone = lite.phone()
    assert follow(phone, listed(phone)[0]["downloadUrl"]) == content


def test_the_token_in_the_query_stays_in_every_address(lite: Backend) -> None:
    lite.admin.publish(simple("visit"))
    phone = lite.phone()
    answer = lite.client.get(f"/v1/projects/1/formList?st={phone.token}")
    (form,) = items(answer.data, LIST)
    assert form["downloadUrl"] == f"http://localhost/v1/projects/1/forms/visit.xml?st={phone.token}"
    follow(phone, form["downloadUrl"])


def test_only_a_form_with_files_has_a_manifest(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("plain"))
    admin.publish(WITH_FILE)
    phone = lite.phone()
    assert ["manifestUrl" in form for form in listed(phone)] == [False, False]  # no file has come yet
    admin.post("/projects/1/forms/with_file/draft")
    assert admin.post("/projects/1/forms/with_file/draft/attachments/logo.png", data=b"png").status_code == 200
    assert admin.post("/projects/1/forms/with_file/draft/publish?version=2").status_code == 200
    assert {form["formID"]: "manifestUrl" in form for form in listed(phone)} == {"plain": False, "with_file": True}


def test_the_manifest_names_the_files_that_are_there_with_their_md5(backend: Backend) -> None:
    admin = backend.admin
    admin.post("/projects/1/forms?ignoreWarnings=true", data=WITH_FILE.encode(), content_type="text/markdown")
    at = "/projects/1/forms/with_file/draft"
    admin.post(f"{at}/attachments/towns.csv", data=b"name,label\ntr,Tirana\n", content_type="text/csv")
    (draft,) = items(admin.get(f"{at}/manifest").data, MANIFEST)
    admin.post(f"{at}/publish")
    assert admin.get(f"{at}/manifest").status_code == 404
    phone = backend.phone()
    (form,) = listed(phone)
    answer = phone.client.get(urlsplit(form["manifestUrl"]).path)
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    (file,) = items(answer.data, MANIFEST)
    assert set(file) == {"filename", "hash", "downloadUrl"}
    assert follow(phone, file["downloadUrl"]) == b"name,label\ntr,Tirana\n"
    assert (file["filename"], file["hash"]) == ("towns.csv", md5(b"name,label\ntr,Tirana\n"))
    in_draft = file["downloadUrl"].replace(f"/key/{phone.token}", "").replace("with_file/", "with_file/draft/")
    assert draft == file | {"downloadUrl": in_draft}


def test_the_manifest_gives_an_entity_list_with_hash_and_integrity_address(backend: Backend) -> None:
    office = backend.office("tr-01")
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    phone = backend.phone(office=office)
    meta = entity(f'id="{UUID}" create="1"', "C-1")
    assert phone.send(instance("intake", "<code>C-1</code><person>Drita</person>", meta=meta)).status_code == 201
    form = next(each for each in listed(phone) if each["formID"] == "follow_up")
    (file,) = items(follow(phone, form["manifestUrl"]), MANIFEST)
    content = follow(phone, file["downloadUrl"])
    assert content == f"name,label,__version,code,custodian\n{UUID},C-1,1,C-1,\n".encode()
    assert (file["type"], file["filename"], file["hash"]) == ("entityList", "cases.csv", md5(content))
    integrity = urlsplit(file["integrityUrl"]).path
    other = "22222222-2222-4222-8222-222222222222"
    answer = phone.client.get(f"{integrity}?id={UUID},{other}")
    # The other one may have been made on the phone and not been sent yet: nothing is said of it.
    assert answer.text == f'<data><entities><entity id="{UUID}"><deleted>false</deleted></entity></entities></data>'


def shape(statement: str) -> str:
    """The statement without the number of its parameters."""
    return re.sub(r"IN \(.*?\)(?!s)", "IN (…)", statement)


def test_the_list_takes_the_same_few_queries_for_one_form_and_for_thirty(backend: Backend) -> None:
    admin, phone = backend.admin, backend.phone()

    def publish(number: int) -> None:
        content = xform(f"form_{number}")
        assert admin.post("/projects/1/forms?publish=true", data=content, content_type="text/xml").status_code == 200

    publish(0)
    with statements(backend) as for_one:
        assert len(listed(phone)) == 1
    for number in range(1, 30):
        publish(number)
    with statements(backend) as for_thirty:
        assert len(listed(phone)) == 30
    assert [shape(each) for each in for_thirty] == [shape(each) for each in for_one]
    assert len(for_one) <= 6


def test_only_open_forms_are_listed_and_a_closing_one_is_still_there_for_phones_that_have_it(lite: Backend) -> None:
    admin = lite.admin
    for form_id, state in (("open_", "open"), ("closing_", "closing"), ("closed_", "closed"), ("gone_", None)):
        admin.publish(simple(form_id))
        if state is None:
            admin.delete(f"/projects/1/forms/{form_id}")
        else:
            admin.patch(f"/projects/1/forms/{form_id}", json={"state": state})
    admin.post("/projects/1/forms", data=xform("draft_"), content_type="text/xml")
    phone = lite.phone()
    assert {form["formID"] for form in listed(phone)} == {"open_"}
    assert phone.get("/forms/closing_.xml").status_code == 200
    assert phone.get("/forms/closed_.xml").status_code == 404
    assert phone.get("/forms/draft_.xml").status_code == 404
    assert phone.get("/forms/gone_.xml").status_code == 404


def test_the_published_version_is_listed_and_not_the_draft_on_top_of_it(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("a", "1"))
    admin.post("/projects/1/forms/a/draft", data=xform("a", "2"), content_type="text/xml")
    phone = lite.phone()
    assert [form["version"] for form in listed(phone)] == ["1"]
    admin.post("/projects/1/forms/a/draft/publish")
    assert [form["version"] for form in listed(phone)] == ["2"]


def test_who_holds_no_role_in_a_project_gets_no_list(lite: Backend) -> None:
    assert lite.person().get("/projects/1/formList").status_code == 403
    assert lite.person(Grant("formfill", 1)).get("/projects/1/formList").status_code == 200


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_a_phone_that_has_the_bytes_gets_304_for_strong_and_weak_tags(lite: Backend, tag: str) -> None:
    lite.admin.publish(simple("a"))
    phone = lite.phone()
    first = phone.get("/forms/a.xml")
    etag = first.headers["ETag"].strip('"')
    again = phone.get("/forms/a.xml", headers={"If-None-Match": tag.format(etag)})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, must-revalidate"
    assert phone.get("/forms/a.xml", headers={"If-None-Match": '"other"'}).data == first.data
