"""What ODK Web Forms and Central's pages around it ask, in their order: by a link, signed in, for a draft, for an edit.

Their addresses are made by `encodeURIComponent`, which leaves `*'()` as they are; other clients escape them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from app.permissions import Grant
from tests.app.looking import kept_aside
from tests.support.backend import Backend, Person, instance

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FORMS = "/v1/projects/1/forms"
FORM_ID = "it's-(a)-form"
PHOTO = "photo (1)*'.jpg"
INSTANCE_ID = "uuid:it's*(1)"
XFORM = f"""<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
    xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"
    xmlns:sportel="urn:sportel:xforms"><h:head><h:title>Form</h:title><model>
  <instance><data id="{FORM_ID}" version="1"><town/><pic/><orx:meta><orx:instanceID/></orx:meta></data></instance>
  <instance id="towns" src="jr://file-csv/towns.csv"/>
  <bind nodeset="/data/town" type="string" sportel:class="open"/>
  <bind nodeset="/data/pic" type="binary" sportel:class="open"/>
  <bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/>
</model></h:head><h:body>
  <select1 ref="/data/town"><label>Town</label><itemset nodeset="instance('towns')/root/item">
    <value ref="name"/><label ref="label"/></itemset></select1>
  <upload mediatype="image/*" ref="/data/pic"><label>Pic</label></upload>
</h:body></h:html>"""
TOWNS = b"name,label\nkukes,Kuk\xc3\xabs\n"
encode_uri_component = partial(quote, safe="-_.!~*'()")
escape_all = partial(quote, safe="")


@pytest.fixture
def published(backend: Backend) -> Backend:
    at = f"/projects/1/forms/{escape_all(FORM_ID)}"
    admin = backend.admin
    assert admin.post("/projects/1/forms", data=XFORM.encode(), content_type="application/xml").status_code == 200
    assert admin.post(f"{at}/draft/attachments/towns.csv", data=TOWNS, content_type="text/csv").status_code == 200
    assert admin.post(f"{at}/draft/publish").status_code == 200
    return backend


class SlowFile(io.BytesIO):
    """A photo, in the midst of whose arrival something else happens."""

    def __init__(self, meanwhile: Callable[[], TestResponse]) -> None:
        super().__init__(b"photo")
        self._meanwhile: Callable[[], TestResponse] | None = meanwhile

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._meanwhile is not None:
            with ThreadPoolExecutor(1) as elsewhere:  # a request has its thread to itself
                assert elsewhere.submit(self._meanwhile).result().status_code == 200
            self._meanwhile = None
        return super().readinto(buffer)


class Browser:
    """A page that fills a form; with the link's token in each address, or signed in."""

    def __init__(
        self, backend: Backend, *, st: str | None = None, person: Person | None = None, escape: Callable[[str], str]
    ) -> None:
        self._client, self._escape = backend.client, escape
        self._query = f"?{urlencode({'st': st})}" if st else ""
        self._headers = {"Authorization": f"Bearer {person.token}"} if person else {}

    def ask(self, method: str, *path: str, at: str = FORMS, **options: Any) -> TestResponse:
        """`path`: its parts, which are escaped; `.xml` and the like stay with the part before."""
        whole = "/".join([at, *map(self._escape, path)]) + self._query
        return self._client.open(whole, method=method, headers=self._headers, **options)

    def download(self, form: dict[str, Any], *draft: str) -> bytes:
        """The XForm, with the files that it names."""
        last = draft[-1] if draft else form["xmlFormId"]
        xml = self.ask("GET", *[form["xmlFormId"], *draft][:-1], f"{last}.xml")
        assert (xml.status_code, xml.mimetype) == (200, "text/xml")
        for name in re.findall(r"jr://file-csv/([^\"]+)", xml.text):
            file = self.ask("GET", form["xmlFormId"], *draft, "attachments", name)
            assert (file.data, file.mimetype) == (TOWNS, "text/csv")
        return xml.data

    def send(self, *path: str, xml: str, method: str = "POST", photo: bytes = b"photo") -> list[TestResponse]:
        """First the answers, then each file; as often as it takes, so the file goes twice."""
        sent = self.ask(method, *path, data=xml.encode(), content_type="text/xml")
        submissions = [each for each in path if each != INSTANCE_ID]
        at = [*submissions, sent.json.get("instanceId", INSTANCE_ID), "attachments", PHOTO]
        return [sent, *(self.ask("POST", *at, data=photo, content_type="image/jpeg") for _ in range(2))]


def answers(town: str = "kukes", new: str = INSTANCE_ID, meta: str = "") -> str:
    return instance(FORM_ID, f"<town>{town}</town><pic>{PHOTO}</pic>", instance_id=new, meta=meta)


@pytest.mark.parametrize(
    ("once", "escape"), [(True, encode_uri_component), (False, escape_all)], ids=["once, as it is", "many, escaped"]
)
def test_whoever_has_a_link_fills_its_form_with_a_file(
    published: Backend, once: bool, escape: Callable[[str], str]
) -> None:
    admin = published.admin
    at = f"/projects/1/forms/{escape(FORM_ID)}"
    made = admin.post(f"{at}/public-links", json={"displayName": "Poster", "once": once}).json
    link_id = admin.get(at).json["enketoOnceId" if once else "enketoId"]
    browser = Browser(published, st=made["token"], escape=escape)
    form = browser.ask("GET", link_id, "form", at="/v1/form-links").json
    assert (form["projectId"], form["xmlFormId"], form["draftToken"]) == (1, FORM_ID, None)
    assert form["publishedAt"]
    assert browser.download(form) == XFORM.encode()
    sent = browser.send(FORM_ID, "submissions", xml=answers())
    assert [each.status_code for each in sent] == [200] * 3
    assert sent[0].json["instanceId"] == INSTANCE_ID
    one = f"{at}/submissions/{escape(INSTANCE_ID)}"
    assert admin.get(one).json["submitterId"] == made["id"]
    assert admin.get(f"{one}/attachments").json == [{"name": PHOTO, "exists": True}]
    assert admin.get(f"{one}/attachments/{escape(PHOTO)}").data == b"photo"
    # It cannot be read back, nor be replaced: what is different is kept aside.
    assert browser.ask("GET", FORM_ID, "submissions", INSTANCE_ID).json["code"] == 403.1
    other = browser.ask("POST", FORM_ID, "submissions", INSTANCE_ID, "attachments", PHOTO, data=b"another")
    assert other.json["code"] == 409.3
    assert [reason for reason, _, _ in kept_aside(published)] == ["file-conflict"]


def test_who_only_sends_adds_files_to_nothing_that_others_sent(published: Backend) -> None:
    theirs = Browser(published, person=published.person(Grant("formfill", 1)), escape=escape_all)
    mine = Browser(published, person=published.person(Grant("formfill", 1)), escape=escape_all)
    assert theirs.ask("POST", FORM_ID, "submissions", data=answers(), content_type="text/xml").status_code == 200
    codes = {
        mine.ask("POST", FORM_ID, "submissions", each, "attachments", PHOTO, data=b"photo").json["code"]
        for each in (INSTANCE_ID, "uuid:that is nowhere")
    }
    assert codes == {403.1}
    at = f"/projects/1/forms/{FORM_ID}/submissions/{INSTANCE_ID}"
    assert published.admin.get(f"{at}/attachments").json == [{"name": PHOTO, "exists": False}]
    assert published.admin.delete(at).status_code == 200
    gone = theirs.ask("POST", FORM_ID, "submissions", INSTANCE_ID, "attachments", PHOTO, data=b"photo")
    assert gone.json["code"] == 403.1


def test_a_photo_that_comes_after_an_edit_belongs_to_the_edit_too(published: Backend) -> None:
    admin = published.admin
    at = f"/projects/1/forms/{escape_all(FORM_ID)}"
    made = admin.post(f"{at}/public-links", json={"displayName": "Poster", "once": False}).json
    browser = Browser(published, st=made["token"], escape=escape_all)
    office = Browser(published, person=admin, escape=escape_all)
    one = (FORM_ID, "submissions", INSTANCE_ID)
    assert browser.ask("POST", *one[:-1], data=answers(), content_type="text/xml").status_code == 200
    new = answers("has", "uuid:new", f"<orx:deprecatedID>{INSTANCE_ID}</orx:deprecatedID>")
    assert office.ask("PUT", *one, data=new, content_type="text/xml").status_code == 200
    assert browser.ask("POST", *one, "attachments", PHOTO, data=b"photo").status_code == 200
    for version in (one, (*one, "versions", INSTANCE_ID)):
        assert office.ask("GET", *version, "attachments").json == [{"name": PHOTO, "exists": True}]


def test_a_photo_that_is_still_coming_is_put_where_the_answers_are_by_then(published: Backend) -> None:
    browser = Browser(published, person=published.admin, escape=escape_all)

    def send(*path: str, meanwhile: Callable[[], TestResponse]) -> TestResponse:
        return browser.ask(
            "POST", *path, INSTANCE_ID, "attachments", PHOTO, input_stream=SlowFile(meanwhile), content_length=5
        )

    one = (FORM_ID, "submissions", INSTANCE_ID)
    new = answers("has", "uuid:new", f"<orx:deprecatedID>{INSTANCE_ID}</orx:deprecatedID>")
    assert browser.ask("POST", *one[:-1], data=answers(), content_type="text/xml").status_code == 200
    edit = partial(browser.ask, "PUT", *one, data=new, content_type="text/xml")
    assert send(*one[:-1], meanwhile=edit).status_code == 200
    assert browser.ask("GET", *one, "attachments").json == [{"name": PHOTO, "exists": True}]
    draft = (FORM_ID, "draft", "submissions")
    assert browser.ask("POST", *draft[:-1]).status_code == 200
    assert browser.ask("POST", *draft, data=answers(), content_type="text/xml").status_code == 200
    gone = send(*draft, meanwhile=partial(browser.ask, "DELETE", *draft[:-1]))
    assert gone.json.get("code") == 404.1, gone.json


def test_a_signed_in_person_tries_a_draft_fills_the_form_and_edits(published: Backend) -> None:
    person = published.person(Grant("manager", 1, all_offices=True), Grant("case-reader", 1, all_offices=True))
    browser = Browser(published, person=person, escape=encode_uri_component)
    assert browser.ask("POST", FORM_ID, "draft").status_code == 200
    draft = browser.ask("GET", FORM_ID, "draft").json
    assert (draft["publishedAt"], bool(draft["draftToken"])) == (None, True)
    assert browser.download(draft, "draft") == XFORM.encode()
    tried = browser.send(FORM_ID, "draft", "submissions", xml=answers())
    assert [each.status_code for each in tried] == [200] * 3
    filled = browser.send(FORM_ID, "submissions", xml=answers())
    assert [each.status_code for each in filled] == [200] * 3
    one = (FORM_ID, "submissions", INSTANCE_ID)
    listed = browser.ask("GET", *one, "attachments").json
    assert [each["name"] for each in listed if each["exists"]] == [PHOTO]
    assert browser.ask("GET", *one[:-1], f"{INSTANCE_ID}.xml").data == answers().encode()
    assert browser.ask("GET", *one, "attachments", PHOTO).data == b"photo"
    new = answers("has", "uuid:new (2)", f"<orx:deprecatedID>{INSTANCE_ID}</orx:deprecatedID>")
    edited = browser.send(*one, xml=new, method="PUT")
    assert [each.status_code for each in edited] == [200] * 3
    assert edited[0].json["instanceId"] == INSTANCE_ID
    assert edited[0].json["currentVersion"]["instanceId"] == "uuid:new (2)"
