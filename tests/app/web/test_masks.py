"""What somebody sees who reads some classes and not others: whose rows, which files, and that they edit nothing blindly."""

from __future__ import annotations

import csv
import io
import zipfile
from unittest import mock

import pytest

from app.permissions import Grant
from app.services import walk_records
from tests.app.looking import blobs
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, Person, instance

AT = "/projects/1/forms/visit"
S = f"{AT}/submissions"


@pytest.fixture
def visits(backend: Backend) -> Backend:
    """A visit of each of two offices, with a photo."""
    backend.admin.publish(VISIT)
    for code, office in (("t", "tr-01"), ("v", "vl-02")):
        backend.office(office)
        xml = instance("visit", f"<who>Who {code}</who><age>3</age><pic>a.jpg</pic>", instance_id=f"uuid:{code}")
        assert backend.phone(office=office).send(xml, {"a.jpg": b"photo"}).status_code == 201
    return backend


def test_a_class_held_for_the_own_office_is_masked_in_the_others_rows(visits: Backend) -> None:
    person = visits.person(Grant("viewer", 1, all_offices=True), Grant("case-reader", 1), office="tr-01")
    shown = {row["__id"]: (row["who"], row.get("who@sportel.masked")) for row in person.rows("visit")}
    assert shown == {"uuid:t": ("Who t", None), "uuid:v": (None, "identifying")}
    assert "Who t" in person.get(f"{S}/uuid:t.xml").text
    assert '<who sportel:masked="identifying"/>' in person.get(f"{S}/uuid:v.xml").text


@pytest.mark.parametrize(("name", "there"), [("a.jpg", True), ("b.jpg", False)])
def test_a_file_has_the_class_of_the_question_that_names_it(visits: Backend, name: str, there: bool) -> None:
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    answer = viewer.get(f"{S}/uuid:t/attachments/{name}")
    assert answer.json["code"] == (403.11 if there else 404.1)
    assert answer.json.get("details") == ({"class": "identifying"} if there else None)
    assert viewer.get(f"{S}/uuid:t/attachments").json == [
        {"name": None, "name@sportel.masked": "identifying", "exists": True}
    ]
    archive = zipfile.ZipFile(io.BytesIO(viewer.get(f"{S}.csv.zip").data))
    assert archive.namelist() == ["visit.csv"]


def test_what_a_viewer_may_not_see_is_not_even_opened(visits: Backend) -> None:
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    with mock.patch.object(walk_records, "open_answers", side_effect=AssertionError("it was opened")):
        assert viewer.rows("visit")[0]["age"] == 3
        assert viewer.get(f"{S}.csv").status_code == 200


def test_a_stricter_class_in_a_new_version_covers_what_was_sent_before(visits: Backend) -> None:
    stricter = VISIT.replace("| quasi  ", "| identifying").replace("| visit   | 1 ", "| visit   | 2 ")
    visits.admin.publish_version("visit", stricter)
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    (row,) = viewer.rows("visit")
    assert (row["age"], row["age@sportel.masked"]) == (None, "identifying")
    assert '<age sportel:masked="identifying"/>' in viewer.get(f"{S}/uuid:t.xml").text


def test_a_stricter_class_stays_when_a_still_later_version_drops_the_question(visits: Backend) -> None:
    stricter = VISIT.replace("| quasi  ", "| identifying").replace("| visit   | 1 ", "| visit   | 2 ")
    dropped = "".join(line for line in VISIT.splitlines(keepends=True) if "| age " not in line)
    visits.admin.publish_version("visit", stricter)
    for version in ("3", "4"):
        visits.admin.publish_version("visit", dropped.replace("| visit   | 1 ", f"| visit   | {version} "))
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    (row,) = csv.DictReader(io.StringIO(viewer.get(f"{S}.csv?deletedFields=true").text))
    assert row["age"] == "[masked: identifying]"
    assert '<age sportel:masked="identifying"/>' in viewer.get(f"{S}/uuid:t.xml").text
    assert "<age>3</age>" in visits.admin.get(f"{S}/uuid:t.xml").text


def test_text_where_a_number_should_be_is_masked_and_its_finding_stays(visits: Backend) -> None:
    xml = instance("visit", "<who>W</who><age>Mira Hoxha</age>", instance_id="uuid:odd")
    assert visits.phone(office="tr-01").send(xml).status_code == 201
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    row = next(row for row in viewer.rows("visit") if row["__id"] == "uuid:odd")
    assert (row["age"], row["age@sportel.masked"]) == (None, "identifying")
    assert "Mira" not in viewer.get(f"{S}/uuid:odd.xml").text
    (finding,) = viewer.get(f"{S}/uuid:odd").json["currentVersion"]["findings"]
    assert (finding["field"], finding["rule"]) == ("/age", "unreadable")


def test_a_finding_in_a_hidden_question_is_hidden_with_it(visits: Backend) -> None:
    xml = instance("visit", "<who>W</who><Mira>x</Mira>", instance_id="uuid:odd")
    assert visits.phone(office="tr-01").send(xml).status_code == 201
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    assert viewer.get(f"{S}/uuid:odd").json["currentVersion"]["findings"] == []
    assert "Mira" in str(visits.admin.get(f"{S}/uuid:odd").json["currentVersion"]["findings"])


def edit(text: str) -> str:
    deprecated = "<orx:deprecatedID>uuid:t</orx:deprecatedID>"
    return instance("visit", text, instance_id="uuid:t2", meta=deprecated)


def send(person: Person, xml: str) -> float | None:
    answer = person.post(S, data=xml, content_type="text/xml")
    return answer.json.get("code") if answer.status_code != 200 else None


def test_what_was_masked_is_never_taken_for_an_answer(visits: Backend) -> None:
    viewer = visits.person(Grant("viewer", 1), office="tr-01")
    holes = viewer.get(f"{S}/uuid:t.xml").text.replace("uuid:t", "uuid:new")
    assert send(visits.admin, holes) == 400.8


def test_nobody_edits_answers_that_they_do_not_see(visits: Backend) -> None:
    blind = visits.person(Grant("manager", 1), office="tr-01")
    assert send(blind, edit("<who>Other</who>")) == 403.11
    assert "Who t" in visits.admin.get(f"{S}/uuid:t.xml").text
    seeing = visits.person(Grant("manager", 1), Grant("case-reader", 1), office="tr-01")
    assert send(seeing, edit("<who>Other</who>")) is None


def send_as_a_phone_does(person: Person, xml: str) -> tuple[int, str]:
    files = {name: (io.BytesIO(content), name) for name, content in (("a.jpg", b"another photo"),)}
    data = {"xml_submission_file": (io.BytesIO(xml.encode()), "submission.xml", "text/xml")} | files
    answer = person.post("/projects/1/submission", data=data)
    return answer.status_code, answer.text


def test_nor_by_the_door_of_the_phones(visits: Backend) -> None:
    blind = visits.person(Grant("manager", 1), office="tr-01")
    before = blobs(visits)
    assert send_as_a_phone_does(blind, edit("<who>Other</who><pic>a.jpg</pic>"))[0] == 403
    holes = blind.get(f"{S}/uuid:t.xml").text.replace("uuid:t", "uuid:new")
    status, told = send_as_a_phone_does(visits.admin, holes)
    assert status == 400
    assert "sportel:masked" in told
    assert blobs(visits) == before
    assert "Who t" in visits.admin.get(f"{S}/uuid:t.xml").text
    seeing = visits.person(Grant("manager", 1), Grant("case-reader", 1), office="tr-01")
    assert send_as_a_phone_does(seeing, edit("<who>Other</who>"))[0] == 201


def test_a_phone_edits_what_was_filled_on_it(visits: Backend) -> None:
    assert visits.phone(office="tr-01").send(edit("<who>Other</who>")).status_code == 201
