"""Forms come in as workbooks or XForms, are published, opened, closed and taken away."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

import pytest
from openpyxl import Workbook
from werkzeug.test import TestResponse

from app.permissions import Grant
from tests.app.looking import actions, count
from tests.app.shown_forms import VISIT, simple, xform
from tests.support.backend import Backend, Person, instance

FORMS = "/projects/1/forms"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MD = "text/markdown"


def md(text: str) -> bytes:
    return "\n".join(line.strip() for line in text.splitlines()).encode()


def xlsx(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets."""
    book, target = Workbook(), io.BytesIO()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(target)
    return target.getvalue()


SURVEY = [["type", "name", "label"], ["text", "who", "Who"]]


def add(person: Person, content: bytes, kind: str = MD, query: str = "?publish=true", **headers: str) -> TestResponse:
    return person.post(f"{FORMS}{query}", data=content, content_type=kind, headers=headers)


def test_a_workbook_is_added_published_and_given_back(backend: Backend) -> None:
    admin = backend.admin
    content = xlsx(survey=SURVEY, settings=[["form_id", "version", "form_title"], ["visit", "7", "A visit"]])
    made = add(admin, content, XLSX).json
    required = ("projectId", "xmlFormId", "version", "hash", "state", "createdAt", "name", "enketoId", "keyId")
    assert {name: made[name] for name in required if name not in ("hash", "createdAt", "enketoId")} == {
        "projectId": 1,
        "xmlFormId": "visit",
        "version": "7",
        "state": "open",
        "name": "A visit",
        "keyId": None,
    }
    assert len(made["hash"]) == len(made["enketoId"]) == 32
    assert {"updatedAt", "publishedAt", "createdAt"} <= set(made)
    assert made["publishedAt"] is not None
    workbook = admin.get(f"{FORMS}/visit.xlsx")
    assert (workbook.data, workbook.mimetype) == (content, XLSX)
    assert 'filename="visit.xlsx"' in workbook.headers["Content-Disposition"]
    assert admin.get(f"{FORMS}/visit.xls").json["code"] == 404.1
    assert admin.get(f"{FORMS}/visit.xml").mimetype == "text/xml"
    assert admin.get(FORMS).json == [made]
    assert admin.get(f"{FORMS}/visit").json == made
    extended = admin.get(f"{FORMS}/visit", headers={"X-Extended-Metadata": "true"}).json
    assert (extended["submissions"], extended["lastSubmission"], extended["excelContentType"]) == (0, None, XLSX)
    assert actions(backend, "form") == ["form.create", "form.update.draft.set", "form.update.publish"]


@pytest.mark.parametrize("kind", ["application/xml", "text/xml"])
def test_an_xform_is_added_as_it_is(lite: Backend, kind: str) -> None:
    admin = lite.admin
    assert add(admin, xform("visit", "2"), kind).json["version"] == "2"
    assert admin.get(f"{FORMS}/visit.xml").data == xform("visit", "2")
    assert admin.get(f"{FORMS}/visit.xlsx").json["code"] == 404.1


def test_a_markdown_form_is_added(lite: Backend) -> None:
    assert add(lite.admin, md(simple("visit"))).json["xmlFormId"] == "visit"


def test_a_form_that_is_not_published_is_a_draft_only(lite: Backend) -> None:
    admin = lite.admin
    made = add(admin, md(simple("visit")), query="").json
    assert made["publishedAt"] is None
    assert admin.get(f"{FORMS}/visit.xml").json["code"] == 404.1
    assert admin.get(f"{FORMS}/visit/draft.xml").status_code == 200


FALLBACK = "X-XlsForm-FormId-Fallback"


@pytest.mark.parametrize(("header", "form_id"), [("my_form", "my_form"), (quote("Fletë 1"), "Fletë 1")])
def test_a_workbook_without_a_form_id_takes_the_fallback(lite: Backend, header: str, form_id: str) -> None:
    answer = add(lite.admin, xlsx(survey=SURVEY), XLSX, "?publish=true&ignoreWarnings=true", **{FALLBACK: header})
    assert answer.status_code in (200, 400)
    if " " not in form_id:
        assert answer.json["xmlFormId"] == form_id


@pytest.mark.parametrize("header", ["%00", "a%2Fb", "x" * 300, "a.xlsx"])
def test_a_fallback_that_cannot_be_a_form_id_is_refused(backend: Backend, header: str) -> None:
    answer = add(backend.admin, xlsx(survey=SURVEY), XLSX, "?publish=true&ignoreWarnings=true", **{FALLBACK: header})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("suffix", [".xls", ".xlsx", ".xml"])
def test_a_form_id_may_not_look_like_a_file(lite: Backend, suffix: str) -> None:
    assert add(lite.admin, xform("visit" + suffix), "text/xml").json["code"] == 400.8


def test_an_invalid_workbook_is_refused_with_sheet_and_row(lite: Backend) -> None:
    content = xlsx(survey=[*SURVEY, ["no_such_type", "x", "X"]], settings=[["form_id"], ["visit"]])
    answer = add(lite.admin, content, XLSX)
    assert (answer.status_code, answer.json["code"]) == (400, 400.15)
    details = answer.json["details"]
    assert (details["sheet"], details["row"]) == ("survey", 3)
    assert "no_such_type" in details["error"]
    assert isinstance(details["warnings"], list)
    assert "(sheet survey, row 3" in answer.json["message"]


UNREADABLE = {
    "no zip": (b"PK\x03\x04 broken", XLSX, 400.15),
    "no workbook": (b"hello", XLSX, 400.15),
    "no old workbook": (b"hello", "application/vnd.ms-excel", 400.15),
    "no XML": (b"hello", "text/xml", 400.1),
    "another XML": (b"<a/>", "text/xml", 400.1),
    "DOCTYPE": (b"<!DOCTYPE x>" + xform("visit"), "text/xml", 400.1),
    "no form ID": (xform("visit").replace(b'id="visit"', b""), "text/xml", 400),
    "nothing": (b"", XLSX, 400.2),
    "another type": (b"x", "application/pdf", 415.1),
    "no type": (b"x", None, 415.1),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_is_no_form_is_refused_and_leaves_nothing(lite: Backend, case: str) -> None:
    content, kind, code = UNREADABLE[case]
    answer = lite.admin.post(f"{FORMS}?publish=true", data=content, content_type=kind)
    assert answer.status_code == int(code), answer.text
    assert code == 400 or answer.json["code"] == code
    assert lite.admin.get(FORMS).json == []


def test_warnings_must_be_accepted(lite: Backend) -> None:
    content = xlsx(survey=[[*SURVEY[0], "lable"], [*SURVEY[1], "x"]], settings=[["form_id"], ["visit"]])
    answer = add(lite.admin, content, XLSX)
    assert (answer.status_code, answer.json["code"]) == (400, 400.16)
    assert answer.json["details"]["warnings"]["xlsFormWarnings"]
    assert lite.admin.get(FORMS).json == []
    assert add(lite.admin, content, XLSX, "?publish=true&ignoreWarnings=true").status_code == 200


REDIRECTED = '<submission action="https://evil.example.org/x" method="post"/>'
# A key that no phone can use, and one that a state can factor: of 1024 bits.
UNUSABLE = f'<submission base64RsaPublicKey="{"A" * 40}"/>'
WEAK = (
    '<submission base64RsaPublicKey="MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDYCQHal9lI1nqr5RRr+4oepGRzzGrdaxAbYeedJefPIwteXw5xV7'
    'FUe0zHn9KkH77OXJEfAD4Nasv4jrC4NAyNeK/gcbAfCjAFld6TGix6leUt6DtySqSsqjuII7kCIqpfp2yeeTdE+QLoD/80y0PgXMKSMgT5Ex2nECONunLn1wIDAQAB"/>'
)


@pytest.mark.parametrize(
    ("element", "field"), [(REDIRECTED, "submission_url"), (UNUSABLE, "public_key"), (WEAK, "public_key")]
)
def test_a_form_that_sends_the_answers_elsewhere_is_refused(lite: Backend, element: str, field: str) -> None:
    content = xform("visit").replace(b"</model>", f"{element}</model>".encode())
    answer = add(lite.admin, content, "text/xml")
    assert (answer.json["code"], answer.json["details"]["field"]) == (400.8, field)
    setting = "submission_url" if "action" in element else "public_key"
    book = xlsx(survey=SURVEY, settings=[["form_id", setting], ["visit", "https://evil.example.org/x"]])
    assert add(lite.admin, book, XLSX, "?ignoreWarnings=true").json["code"] == 400.8


@pytest.mark.parametrize(
    "elements",
    [
        f'<submission method="post"/>{REDIRECTED}',
        f'<submission method="post"/>{UNUSABLE}',
        REDIRECTED.replace("<submission", '<e:submission xmlns:e="urn:e"'),
        UNUSABLE.replace("base64", 'xmlns:e="urn:e" e:base64'),
        UNUSABLE.replace("/>", ' xmlns:e="urn:e" e:base64RsaPublicKey="x"/>'),
    ],
)
def test_no_place_that_only_phones_see_takes_the_answers(lite: Backend, elements: str) -> None:
    content = xform("visit").replace(b"</model>", f"{elements}</model>".encode())
    assert add(lite.admin, content, "text/xml").json["code"] in (400.1, 400.8)
    assert lite.admin.get(FORMS).json == []


def test_a_form_id_can_be_used_once_in_a_project(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    answer = add(admin, md(simple("visit", "2")))
    assert (answer.json["code"], answer.json["details"]["fields"]) == (409.3, ["projectId", "xmlFormId"])
    admin.post("/projects", json={"name": "Other"})
    admin.publish(simple("visit"), project=2)


def test_the_fields_are_listed_with_type_order_and_class(lite: Backend) -> None:
    admin = lite.admin
    admin.publish("""
    | survey |                |      |       |                     |
    |        | type           | name | label | bind::sportel:class |
    |        | begin_group    | g-1  | G     |                     |
    |        | integer        | a.b  | A     | quasi               |
    |        | end_group      |      |       |                     |
    |        | begin_repeat   | r    | R     |                     |
    |        | select_multiple l | s | S     |                     |
    |        | image          | p    | P     | special:health      |
    |        | end_repeat     |      |       |                     |
    | choices | list_name | name | label |
    |         | l         | x    | X     |
    | settings |         |                              |
    |          | form_id | namespaces                   |
    |          | shape   | sportel="urn:sportel:xforms" |
    """)
    fields = admin.get(f"{FORMS}/shape/fields").json
    shown = [
        (each["path"], each["type"], each["binary"], each["selectMultiple"], each.get("sensitivity")) for each in fields
    ]
    assert [each for each in shown if not each[0].startswith("/meta")] == [
        ("/g-1", "structure", None, None, None),
        ("/g-1/a.b", "int", None, None, "quasi"),
        ("/r", "repeat", None, None, None),
        ("/r/s", "string", None, True, "identifying"),
        ("/r/p", "binary", True, None, "special:health"),
    ]
    assert [each["order"] for each in fields] == sorted(each["order"] for each in fields)
    odata = admin.get(f"{FORMS}/shape/fields?odata=true").json
    assert [each["path"] for each in odata][:2] == ["/g_1", "/g_1/a_b"]


def test_closing_and_closing_for_good(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    for state in ("closing", "closed", "open"):
        assert admin.patch(f"{FORMS}/visit", json={"state": state}).json["state"] == state
    assert admin.patch(f"{FORMS}/visit", json={"state": "ajar"}).json["code"] == 400.8
    assert admin.patch(f"{FORMS}/visit", json={}).json["code"] == 400.2


def test_a_form_that_is_taken_away_frees_its_id_and_keeps_what_was_sent(backend: Backend) -> None:
    from app.db import models

    admin = backend.admin
    admin.publish(simple("visit"))
    backend.phone().send(instance("visit", "<who>x</who>"))
    assert admin.delete(f"{FORMS}/visit").json == {"success": True}
    assert admin.get(f"{FORMS}/visit").json["code"] == 404.1
    assert admin.get(FORMS).json == []
    assert count(backend, models.Submission) == 1
    admin.publish(simple("visit"))
    assert admin.get(f"{FORMS}/visit/submissions").json == []
    assert "form.delete" in actions(backend)


READERS = {"viewer": 200, "manager": 200, "formfill": 200, "analyst": 403}


@pytest.mark.parametrize("role", READERS)
def test_who_may_see_and_change_forms(lite: Backend, role: str) -> None:
    lite.admin.publish(simple("visit"))
    person = lite.person(Grant(role, 1))
    assert person.get(FORMS).status_code == READERS[role]
    may_change = 200 if role == "manager" else 403
    assert add(person, md(simple("more"))).status_code == may_change
    assert person.patch(f"{FORMS}/visit", json={"state": "closing"}).status_code == may_change
    assert person.delete(f"{FORMS}/visit").status_code == may_change
    assert person.get("/projects/2/forms").status_code == 403


def test_the_classes_of_the_visit_form_are_known(lite: Backend) -> None:
    lite.admin.publish(VISIT)
    fields = {each["name"]: each.get("sensitivity") for each in lite.admin.get(f"{FORMS}/visit/fields").json}
    assert (fields["who"], fields["age"]) == ("identifying", "quasi")
