"""Who gets the tables without people gets them in the same shapes, and can lead nothing in them back to anybody."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any
from uuid import UUID

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import rows
from tests.support.backend import Backend, Person, instance

FORM = """
| survey  |                 |      |       |                     |
|         | type            | name | label | bind::sportel:class |
|         | text            | who  | L     | identifying         |
|         | select_one sex  | sex  | L     | quasi               |
|         | select_one ill  | ill  | L     | special:health      |
|         | integer         | age  | L     | quasi               |
|         | image           | pic  | L     | open                |
|         | begin_repeat    | child | L    |                     |
|         | select_one sex  | s    | L     | quasi               |
|         | select_one ill  | i    | L     | special:health      |
|         | end_repeat      |      |       |                     |
| choices |           |        |       |
|         | list_name | name   | label |
|         | sex       | f      | F     |
|         | ill       | asthma | A     |
|         | ill       | cough  | C     |
| settings |         |         |               |                              |
|          | form_id | version | instance_name | namespaces                   |
|          | visit   | 1       | ${sex}        | sportel="urn:sportel:xforms" |
"""
AT = "/projects/1/forms/visit"
MOST, FEW = 11, 3


@pytest.fixture
def visits(backend: Backend) -> Backend:
    """Eleven people with one illness and three with another, all of one office, and one of another office."""
    backend.admin.publish(FORM)
    for office in ("tr-01", "vl-02"):
        backend.office(office)
    phone, other = backend.phone(office="tr-01", name="Tablet of Drita"), backend.phone(office="vl-02")
    for number in range(MOST + FEW):
        ill = "asthma" if number < MOST else "cough"
        xml = filled(number, ill)
        assert phone.send(xml, {"canary.jpg": b"photo"}).status_code == 201
    assert other.send(filled(99, "asthma")).status_code == 201
    return backend


def filled(number: int, ill: str) -> str:
    answers = f"<who>Drita</who><sex>f</sex><ill>{ill}</ill><age>17</age><pic>canary.jpg</pic>"
    return instance("visit", f"{answers}<child><s>f</s><i>{ill}</i></child>", instance_id=f"uuid:real-{number}")


def analyst(backend: Backend, *, all_offices: bool = False) -> Person:
    return backend.person(Grant("analyst", 1, all_offices=all_offices), office="tr-01")


def table(person: Person, query: str = "", name: str = "Submissions") -> list[dict[str, Any]]:
    answer = person.get(f"{AT}.svc/{name}{query}")
    assert answer.status_code == 200, answer.text
    assert not [word for word in ("Drita", "real-", "canary", "Tablet", "test-device") if word in answer.text]
    found: list[dict[str, Any]] = answer.json["value"]
    return found


def test_an_analyst_reads_tables_and_nothing_else(visits: Backend) -> None:
    person = analyst(visits)
    for path in (f"{AT}/submissions", f"{AT}/submissions.csv", f"{AT}/submissions.csv.zip", f"{AT}.svc"):
        assert person.get(path).status_code == 200, path
    for path in ("", ".xml", "/attachments", "/attachments/canary.jpg", "/versions", "/audits", "/hand-overs"):
        assert person.get(f"{AT}/submissions/uuid:real-1{path}").status_code == 403, path
    name = table(person)[0]["__id"]
    assert person.get(f"{AT}/submissions/{name}.xml").status_code == 403


def test_a_row_has_the_shape_of_the_full_one(visits: Backend) -> None:
    full, bare = visits.admin.rows("visit")[1], table(analyst(visits))[0]
    # A single row of theirs is at no address, so no link leads to its repeats: their own table has them.
    assert {name for name in bare if "@sportel" not in name} == set(full) - {"child@odata.navigationLink"}
    assert (bare["sex"], bare["age"], bare["who"]) == ("f", "14-17", None)
    assert (bare["who@sportel.masked"], bare["pic@sportel.masked"]) == ("de-identified", "de-identified")
    system = bare["__system"]
    assert set(system) == set(full["__system"])
    assert system["submissionDate"].endswith("-01T00:00:00.000Z")
    assert {name for name, value in system.items() if value is not None} == {"submissionDate", "formVersion"}


def test_a_name_is_the_same_for_one_recipient_and_another_one_for_the_next(visits: Backend) -> None:
    one, other = analyst(visits), analyst(visits)
    names = [row["__id"] for row in table(one)]
    assert names == [row["__id"] for row in table(one)]
    assert len({*names, *(row["__id"] for row in table(other))}) == 2 * (MOST + FEW)
    assert all(UUID(name.removeprefix("uuid:")) for name in names)
    children = table(one, name="Submissions.child")
    assert [row["__Submissions-id"] for row in children] == names
    assert children[0]["__id"] == f"{names[0]}/child[1]"


def test_a_special_value_is_shown_where_eleven_of_what_is_returned_have_it(visits: Backend) -> None:
    person = analyst(visits)
    assert [row["ill"] for row in table(person)] == [None] * FEW + ["asthma"] * MOST
    assert table(person)[0]["ill@sportel.masked"] == "fewer than 11"
    assert [row["i"] for row in table(person, name="Submissions.child")] == [None] * FEW + ["asthma"] * MOST
    for name, column in (("Submissions", "ill"), ("Submissions.child", "i")):
        assert {row[column] for row in table(person, "?$top=13", name)} == {None}
        assert {row[column] for row in table(person, "?$skip=4", name)} == {None}
        assert {row[column] for row in table(person, "?$skip=3", name)} == {"asthma"}


def test_csv_and_zip_say_the_same(visits: Backend) -> None:
    person = analyst(visits)
    lines = list(csv.DictReader(io.StringIO(person.get(f"{AT}/submissions.csv").text)))
    archive = zipfile.ZipFile(io.BytesIO(person.get(f"{AT}/submissions.csv.zip").data))
    assert archive.namelist() == ["visit.csv", "visit-child.csv"]
    assert lines == list(csv.DictReader(io.StringIO(archive.read("visit.csv").decode())))
    assert [line["KEY"] for line in lines] == [row["__id"] for row in table(person)]
    assert {line["ill"] for line in lines} == {"asthma", "[masked: fewer than 11]"}
    assert {line["who"] for line in lines} == {"[masked: de-identified]"}
    assert {line[name] for line in lines for name in ("SubmitterName", "DeviceID", "SubmitterID", "Edits")} == {""}
    children = list(csv.DictReader(io.StringIO(archive.read("visit-child.csv").decode())))
    assert [line["PARENT_KEY"] for line in children] == [line["KEY"] for line in lines]
    assert b"Drita" not in archive.read("visit.csv") + archive.read("visit-child.csv")


def test_the_list_names_no_sender_and_no_moment(visits: Backend) -> None:
    person = analyst(visits)
    answer = person.get(f"{AT}/submissions", headers={"X-Extended-Metadata": "true"})
    assert [each["instanceId"] for each in answer.json] == [row["__id"] for row in table(person)]
    assert set(answer.json[0]) == set(visits.admin.get(f"{AT}/submissions").json[0])
    assert answer.json[0]["createdAt"].endswith("-01T00:00:00.000Z")
    assert "test-device" not in answer.text and "real-" not in answer.text


def test_an_analyst_of_one_office_counts_its_rows(visits: Backend) -> None:
    assert len(table(analyst(visits))) == MOST + FEW
    assert len(table(analyst(visits, all_offices=True))) == MOST + FEW + 1
    own = analyst(visits).get(f"{AT}.svc/Submissions?$count=true&$top=1").json
    assert own["@odata.count"] == MOST + FEW


def test_who_reads_more_may_ask_for_the_same_view(visits: Backend) -> None:
    viewer = visits.person(Grant("case-reader", 1), office="tr-01")
    assert table(viewer, "?deidentified=true")[0]["who@sportel.masked"] == "de-identified"
    assert viewer.rows("visit")[0]["who"] == "Drita"
    for path in ("submissions.csv", "submissions"):
        assert "real-" not in viewer.get(f"{AT}/{path}?deidentified=true").text
        assert "real-" in viewer.get(f"{AT}/{path}").text


def test_which_view_it_was_is_on_record(visits: Backend) -> None:
    table(analyst(visits))
    visits.admin.rows("visit")
    lines = rows(visits, models.Audit, models.Audit.action == "form.table.read")
    assert [line.details.get("deidentified") for line in lines] == [True, None]
