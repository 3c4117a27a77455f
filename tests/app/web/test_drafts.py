"""The version that is not published yet: replaced, given files, tried on a phone, published or taken away."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree
from werkzeug.test import TestResponse

from app.db import models
from app.permissions import Grant
from tests.app.looking import assert_no_orphans, count
from tests.app.shown_forms import CASES, VISIT, entity, simple, xform
from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, xml_part
from tests.support.backend import Backend, Person, instance

AT = "/projects/1/forms/visit"
DRAFT = f"{AT}/draft"


def draft(person: Person, content: bytes | None, query: str = "", kind: str = "text/xml") -> TestResponse:
    return person.post(f"{DRAFT}{query}", data=content, content_type=kind if content else None)


@pytest.fixture
def admin(backend: Backend) -> Person:
    admin = backend.admin
    admin.publish(simple("visit"))
    return admin


def versions(admin: Person) -> list[str]:
    return [each["version"] for each in admin.get(f"{AT}/versions").json]


def test_a_draft_is_replaced_and_published_and_every_version_stays(admin: Person) -> None:
    assert draft(admin, xform("visit", "2")).json == {"success": True}
    assert draft(admin, xform("visit", "3")).json == {"success": True}
    assert admin.get(DRAFT).json["version"] == "3"
    assert admin.get(f"{DRAFT}.xml").data == xform("visit", "3")
    assert versions(admin) == ["1"]
    answer = admin.post(f"{DRAFT}/publish", json={"publishNotes": "More questions"})
    assert answer.json == {"success": True}
    assert versions(admin) == ["3", "1"]
    assert admin.get(AT).json["version"] == "3"
    assert admin.get(f"{AT}/versions/3").json["publishNotes"] == "More questions"
    assert admin.get(f"{AT}/versions/3.xml").data == xform("visit", "3")
    assert admin.get(f"{AT}/versions/1.xml").status_code == 200
    assert admin.get(f"{AT}/versions/2").json["code"] == 404.1
    assert admin.get(DRAFT).json["code"] == 404.1
    assert admin.post(f"{DRAFT}/publish").json["code"] == 404.1


def test_a_draft_without_a_body_is_a_copy_of_the_published_version(admin: Person) -> None:
    before = admin.get(f"{AT}.xml").data
    assert draft(admin, None).json == {"success": True}
    assert admin.get(f"{DRAFT}.xml").data == before
    assert admin.post(f"{DRAFT}/publish").json["code"] == 409.6
    assert admin.post(f"{DRAFT}/publish?version=2").json == {"success": True}
    after = admin.get(f"{AT}.xml").data
    renamed = before.replace(b'id="visit" version="1"', b'id="visit" version="2"')
    assert etree.canonicalize(after.decode()) == etree.canonicalize(renamed.decode())
    assert admin.get(f"{AT}/versions/1.xml").data == before


@pytest.mark.parametrize(
    ("query", "code"),
    [("?version=1", 409.6), ("?version=" + "x" * 256, 400.8), ("?version=%0A", 400.8)],
)
def test_a_version_name_that_cannot_be_used_is_refused(admin: Person, query: str, code: float) -> None:
    draft(admin, xform("visit", "2"))
    assert admin.post(f"{DRAFT}/publish{query}").json["code"] == code
    assert versions(admin) == ["1"]


@pytest.mark.parametrize("notes", [7, "x" * 10_001, "\0", ["a"]])
def test_publish_notes_that_cannot_be_kept_are_refused(admin: Person, notes: Any) -> None:
    draft(admin, xform("visit", "2"))
    assert admin.post(f"{DRAFT}/publish", json={"publishNotes": notes}).status_code == 400
    assert versions(admin) == ["1"]


def test_a_version_without_a_name_is_asked_for_with_three_underscores(lite: Backend) -> None:
    admin = lite.admin
    admin.post("/projects/1/forms?publish=true", data=xform("visit", ""), content_type="text/xml")
    assert admin.get(f"{AT}/versions/___").json["version"] == ""
    assert admin.get(f"{AT}/versions/___.xml").data == xform("visit", "")


def test_a_draft_of_another_form_is_refused(admin: Person) -> None:
    answer = draft(admin, xform("other"))
    assert (answer.json["code"], answer.json["details"]["field"]) == (400.8, "xmlFormId")


def test_a_question_may_not_change_its_type(admin: Person) -> None:
    changed = xform("visit", "2").replace(b'type="string"/>', b'type="int"/>', 1)
    answer = draft(admin, changed, "?ignoreWarnings=true")
    assert (answer.json["code"], answer.json["details"]) == (400.17, {"path": "/who", "type": "string"})


def test_a_question_that_is_left_out_is_a_warning(admin: Person) -> None:
    renamed = xform("visit", "2").replace(b"<who/>", b"<name/>").replace(b"/data/who", b"/data/name")
    answer = draft(admin, renamed)
    assert answer.json["code"] == 400.16
    (warning,) = answer.json["details"]["warnings"]["workflowWarnings"]
    assert (warning["type"], warning["details"]) == ("structureChanged", ["/who"])
    assert draft(admin, renamed, "?ignoreWarnings=true").json == {"success": True}


def test_a_draft_is_taken_away_and_the_published_version_stays(admin: Person) -> None:
    draft(admin, xform("visit", "2"))
    assert admin.delete(DRAFT).json == {"success": True}
    assert admin.get(DRAFT).json["code"] == 404.1
    assert admin.delete(DRAFT).json["code"] == 404.1
    assert versions(admin) == ["1"]


def test_the_only_draft_of_a_form_that_was_never_published_stays(lite: Backend) -> None:
    admin = lite.admin
    admin.post("/projects/1/forms", data=xform("visit"), content_type="text/xml")
    assert admin.delete(DRAFT).json["code"] == 409.7
    assert admin.get(DRAFT).status_code == 200


def test_files_are_put_into_their_slots_and_taken_over_by_the_next_version(admin: Person) -> None:
    admin.publish("""
    | survey |      |      |       |              |
    |        | type | name | label | media::image |
    |        | note | n    | N     | logo.png     |
    | settings |         |         |
    |          | form_id | version |
    |          | with_logo | 1     |
    """)
    at = "/projects/1/forms/with_logo"
    empty = {"name": "logo.png", "type": "image", "exists": False, "blobExists": False, "datasetExists": False}
    assert {name: admin.get(f"{at}/attachments").json[0][name] for name in empty} == empty
    assert admin.get(f"{at}/attachments/logo.png").json["code"] == 404.1
    admin.post(f"{at}/draft")
    logo = f"{at}/draft/attachments/logo.png"
    assert admin.post(logo, data=b"PNG", content_type="image/png").json["success"] is True
    assert admin.post(f"{at}/draft/attachments/other.png", data=b"PNG").json["code"] == 404.1
    assert (admin.get(logo).data, admin.get(logo).mimetype) == (b"PNG", "image/png")
    assert admin.delete(logo).json == {"success": True}
    assert admin.delete(logo).json["code"] == 404.1
    admin.post(logo, data=b"PNG 2", content_type="image/png")
    admin.post(f"{at}/draft/publish?version=2")
    admin.post(f"{at}/draft")
    assert admin.get(logo).data == b"PNG 2"
    assert admin.get(f"{at}/attachments/logo.png").data == b"PNG 2"


def trial(backend: Backend, token: str, path: str) -> str:
    return f"/v1/test/{token}/projects/1/forms/visit/draft{path}"


def send_trial(backend: Backend, token: str, xml: str, *files: bytes) -> TestResponse:
    return backend.client.post(
        trial(backend, token, "/submission"),
        data=body(xml_part(xml), *files),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )


def test_a_draft_is_tried_on_a_phone_with_its_own_token(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    newer = VISIT.replace("| 1       |", "| 2       |").encode()
    draft(admin, newer, "?ignoreWarnings=true", "text/markdown")
    token = admin.get(DRAFT).json["draftToken"]
    assert re.fullmatch(r"[A-Za-z0-9!$_-]{64}", token)
    assert admin.get(DRAFT).json["draftToken"] == token
    client = backend.client
    assert client.head(trial(backend, token, "/submission")).status_code == 204
    listed = client.get(trial(backend, token, "/formList"))
    assert listed.headers["X-OpenRosa-Version"] == "1.0"
    assert f"<downloadUrl>http://localhost{trial(backend, token, '.xml')}</downloadUrl>" in listed.text
    assert client.get(trial(backend, token, ".xml")).data == admin.get(f"{DRAFT}.xml").data
    xml = instance("visit", "<who>x</who><pic>a.jpg</pic>", version="2")
    assert send_trial(backend, token, xml, file_part("a.jpg", b"x")).status_code == 201
    assert send_trial(backend, token, xml).status_code == 201
    assert send_trial(backend, token, xml.replace("<who>x", "<who>y")).status_code == 409
    other = instance("visit", "<who>x</who>", version="an earlier draft of it")
    assert send_trial(backend, token, other).status_code == 201
    assert send_trial(backend, token, instance("other", "<who>x</who>", version="2")).status_code == 404
    assert count(backend, models.Submission, models.Submission.is_draft) == 2
    assert admin.get(f"{AT}/submissions").json == []
    assert admin.rows("visit") == []


def test_a_draft_is_tried_by_api_with_its_own_token(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    draft(admin, VISIT.replace("| 1       |", "| 2       |").encode(), "?ignoreWarnings=true", "text/markdown")
    at = trial(backend, admin.get(DRAFT).json["draftToken"], "/submissions?deviceID=browser")

    def send(form: str, who: str) -> Any:
        xml = instance(form, f"<who>{who}</who>", version="2", instance_id="uuid:1")
        return backend.client.post(at, data=xml, content_type="text/xml").json

    sent = send("visit", "x")
    shown = (sent["instanceId"], sent["deviceId"], sent["submitterId"], sent["currentVersion"]["instanceId"])
    assert shown == ("uuid:1", "browser", None, "uuid:1")
    assert (send("visit", "y")["code"], send("other", "x")["code"]) == (409.1, 400.8)
    assert [each["instanceId"] for each in admin.get(f"{DRAFT}/submissions").json] == ["uuid:1"]
    assert backend.client.post(at, json={}).json["code"] == 415.1


def test_whoever_has_a_drafts_token_changes_no_test_and_sends_no_masks(lite: Backend) -> None:
    admin = lite.admin  # of no office, as whoever has the token
    admin.publish(VISIT)
    draft(admin, VISIT.replace("| 1       |", "| 2       |").encode(), "?ignoreWarnings=true", "text/markdown")
    token = admin.get(DRAFT).json["draftToken"]
    sent = instance("visit", "<who>Drita</who>", version="2", instance_id="uuid:1")
    assert admin.post(f"{DRAFT}/submissions", data=sent, content_type="text/xml").status_code == 200
    deprecated = "<orx:deprecatedID>uuid:1</orx:deprecatedID>"
    edit = instance("visit", "<who>Mira</who>", version="2", instance_id="uuid:2", meta=deprecated)
    masked = lite.person(Grant("viewer", 1, all_offices=True)).get(f"{DRAFT}/submissions/uuid:1.xml").text
    by_api = trial(lite, token, "/submissions")
    for xml, code in ((edit, 404.5), (masked, 400.8)):
        assert lite.client.post(by_api, data=xml, content_type="text/xml").json["code"] == code
        assert send_trial(lite, token, xml).status_code == int(code)
    assert_no_orphans(lite)
    (test,) = admin.get(f"{DRAFT}/submissions").json
    assert (test["currentVersion"]["instanceId"], test["edits"]) == ("uuid:1", 0)


def test_what_was_sent_to_try_a_draft_vanishes_when_it_is_published(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    draft(admin, VISIT.replace("| 1       |", "| 2       |").encode(), "?ignoreWarnings=true", "text/markdown")
    token = admin.get(DRAFT).json["draftToken"]
    xml = instance("visit", "<pic>a.jpg</pic>", version="2")
    send_trial(backend, token, xml, file_part("a.jpg", b"x"), file_part("extra.jpg", b"y"))
    assert admin.post(f"{DRAFT}/publish").status_code == 200
    assert count(backend, models.Submission) == count(backend, models.SubmissionVersion) == 0
    assert count(backend, models.SubmissionAttachment) == 0
    assert count(backend, models.DataKey, models.DataKey.purpose == "submission") == 0
    assert_no_orphans(backend)
    for path in ("/formList", ".xml", "/submission", "/manifest", "/attachments/a"):
        assert backend.client.get(trial(backend, token, path)).status_code == 404
    assert backend.phone().send(xml).status_code == 201


def test_a_try_of_a_draft_makes_no_case(backend: Backend) -> None:
    admin = backend.admin
    content = CASES.replace("| intake  |", "| visit   |").encode()
    admin.post("/projects/1/forms", data=content, content_type="text/markdown")
    assert admin.get("/projects/1/datasets").json == []  # the list counts once the form is published
    token = admin.get(DRAFT).json["draftToken"]
    meta = entity('id="11111111-1111-4111-8111-111111111111" create="1"', "C-1")
    xml = instance("visit", "<code>C-1</code>", meta=meta)
    assert send_trial(backend, token, xml).status_code == 201
    assert count(backend, models.Entity) == 0
    assert admin.post(f"{DRAFT}/publish").status_code == 200
    assert [each["name"] for each in admin.get("/projects/1/datasets").json] == ["cases"]
    assert count(backend, models.Entity) == 0


def test_a_replaced_draft_has_a_new_token(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("visit"))
    draft(admin, xform("visit", "2"))
    old = admin.get(DRAFT).json["draftToken"]
    draft(admin, xform("visit", "3"))
    assert admin.get(DRAFT).json["draftToken"] != old
    answer = lite.client.get(trial(lite, old, "/formList"))
    assert (answer.status_code, answer.mimetype) == (404, "text/xml")
    assert "scan its code" in answer.text


@pytest.mark.parametrize("token", ["x", "A" * 64, "%00", "ë" * 64])
def test_a_wrong_token_opens_no_draft(lite: Backend, token: str) -> None:
    admin = lite.admin
    admin.publish(simple("visit"))
    draft(admin, xform("visit", "2"))
    for path in ("/formList", ".xml", "/manifest", "/submission", "/attachments/x"):
        assert lite.client.get(trial(lite, token, path)).status_code == 404
    xml = instance("visit", "<who>x</who>", version="2")
    assert send_trial(lite, token, xml).status_code == 404
    by_api = lite.client.post(trial(lite, token, "/submissions"), data=xml, content_type="text/xml")
    assert by_api.json["code"] == 404.4
    assert lite.client.get("/v1/test/projects/1/forms/visit/draft/formList").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "formfill", "analyst"])
def test_only_who_changes_forms_sees_drafts(lite: Backend, role: str) -> None:
    admin = lite.admin
    admin.publish(simple("visit"))
    draft(admin, xform("visit", "2"))
    person = lite.person(Grant(role, 1, all_offices=True))
    for path in (DRAFT, f"{DRAFT}.xml", f"{DRAFT}/fields", f"{DRAFT}/attachments"):
        assert person.get(path).json["code"] == 403.1
    assert person.post(f"{DRAFT}/publish").json["code"] == 403.1
