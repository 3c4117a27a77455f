"""Reading what was sent: whose rows, in which shape, and the same however often it is cleaned."""

from __future__ import annotations

import csv
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from app.db import db, models
from app.permissions import Grant
from app.services.reclean import Recleaned, reclean
from tests.app.looking import blobs, rows
from tests.app.shown_forms import VISIT, simple
from tests.support.backend import Backend, Person, instance

AT = "/projects/1/forms/visit"
SUBMISSIONS = f"{AT}/submissions"

FAMILY = """
| survey |                   |          |          |                     |                |
|        | type              | name     | label    | bind::sportel:class | constraint     |
|        | begin_group       | home     | Home     |                     |                |
|        | geopoint          | place    | Place    | identifying         |                |
|        | text              | town     | Town     | quasi               |                |
|        | end_group         |          |          |                     |                |
|        | date              | day      | Day      | operational         |                |
|        | decimal           | income   | Income   | quasi               |                |
|        | select_multiple l | needs    | Needs    | special:health      |                |
|        | begin_repeat      | child    | Child    |                     |                |
|        | text              | name     | Name     | identifying         |                |
|        | begin_repeat      | toy      | Toy      |                     |                |
|        | text              | colour   | Colour   | open                |                |
|        | end_repeat        |          |          |                     |                |
|        | end_repeat        |          |          |                     |                |
| choices | list_name | name | label |
|         | l         | food | Food  |
|         | l         | roof | Roof  |
| settings |         |         |          |                              |
|          | form_id | version | title    | namespaces                   |
|          | family  | 1       | A family | sportel="urn:sportel:xforms" |
"""
FILLED = (
    '<home><place>41.33 19.82 110.5 4</place><town>Tiranë, "qendër"\nrruga 1</town></home><day>2026-01-31</day>'
    "<income>0.10</income><needs>food roof</needs>"
    "<child><name>Ana</name><toy><colour>red</colour></toy><toy><colour>blue</colour></toy></child>"
    "<child><name>Ben</name></child>"
)


@pytest.fixture
def three(backend: Backend) -> Backend:
    """One submission of each of two offices and one of none."""
    backend.admin.publish(VISIT)
    for code, office in (("t", "tr-01"), ("v", "vl-02"), ("n", None)):
        if office:
            backend.office(office)
        xml = instance("visit", f"<who>Who {code}</who><age>3</age><pic>a.jpg</pic>", instance_id=f"uuid:{code}")
        assert backend.phone(office=office).send(xml, {"a.jpg": code.encode()}).status_code == 201
    return backend


def seen(person: Person) -> list[list[str]]:
    """The instance IDs that each door shows."""
    archive = zipfile.ZipFile(io.BytesIO(person.get(f"{SUBMISSIONS}.csv.zip").data))
    return [
        [each["instanceId"] for each in person.get(SUBMISSIONS).json],
        [row["__id"] for row in person.rows("visit")],
        [row["KEY"] for row in csv.DictReader(io.StringIO(person.get(f"{SUBMISSIONS}.csv").text))],
        [row["KEY"] for row in csv.DictReader(io.StringIO(archive.read("visit.csv").decode()))],
    ]


@pytest.mark.parametrize(
    ("grant", "office", "ids"),
    [
        (Grant("viewer", 1), "tr-01", ["uuid:t"]),
        (Grant("manager", 1), "vl-02", ["uuid:v"]),
        (Grant("viewer", 1), None, []),
        (Grant("viewer", 1, all_offices=True), None, ["uuid:n", "uuid:v", "uuid:t"]),
        (Grant("admin"), "tr-01", ["uuid:n", "uuid:v", "uuid:t"]),
    ],
)
def test_every_door_shows_the_rows_of_the_same_offices(
    three: Backend, grant: Grant, office: str | None, ids: list[str]
) -> None:
    assert seen(three.person(grant, office=office)) == [ids] * 4


def test_another_offices_submission_is_not_there(three: Backend) -> None:
    person = three.person(Grant("manager", 1), Grant("case-reader", 1), office="tr-01")
    for tail in ("", ".xml", "/attachments", "/attachments/a.jpg", "/versions", "/versions/uuid:v.xml"):
        own, foreign = (
            person.get(f"{SUBMISSIONS}/uuid:t{tail.replace('uuid:v', 'uuid:t')}"),
            person.get(f"{SUBMISSIONS}/uuid:v{tail}"),
        )
        absent = person.get(f"{SUBMISSIONS}/uuid:x{tail.replace('uuid:v', 'uuid:x')}")
        assert own.status_code == 200, tail
        assert (foreign.status_code, foreign.json) == (absent.status_code, absent.json) == (404, absent.json)
    assert person.post(f"{SUBMISSIONS}/uuid:v/attachments/a.jpg", data=b"x").json["code"] == 404.1


@pytest.mark.parametrize("role", ["formfill"])
def test_a_role_that_reads_no_answers_reads_none(three: Backend, role: str) -> None:
    person = three.person(Grant(role, 1, all_offices=True))
    for path in (
        SUBMISSIONS,
        f"{SUBMISSIONS}/uuid:t",
        f"{SUBMISSIONS}.csv",
        f"{SUBMISSIONS}.csv.zip",
        f"{AT}.svc/Submissions",
    ):
        assert person.get(path).json["code"] == 403.1


def test_one_submission_is_shown_with_its_version(three: Backend) -> None:
    shown = three.admin.get(f"{SUBMISSIONS}/uuid:t").json
    assert {
        name: shown[name] for name in ("instanceId", "deviceId", "reviewState", "edits", "updatedAt", "deletedAt")
    } == {
        "instanceId": "uuid:t",
        "deviceId": "test-device",
        "reviewState": None,
        "edits": 0,
        "updatedAt": None,
        "deletedAt": None,
    }
    assert isinstance(shown["submitterId"], int)
    assert shown["currentVersion"]["instanceId"] == "uuid:t"
    assert three.admin.get(f"{SUBMISSIONS}/uuid:t/attachments").json == [{"name": "a.jpg", "exists": True}]


def test_the_list_is_paged(three: Backend) -> None:
    admin = three.admin
    assert [each["instanceId"] for each in admin.get(f"{SUBMISSIONS}?offset=1&limit=1").json] == ["uuid:v"]
    assert [each["instanceId"] for each in admin.get(f"{SUBMISSIONS}?offset=2").json] == ["uuid:t"]
    assert admin.get(f"{SUBMISSIONS}?limit=0").json == []
    assert admin.get(f"{SUBMISSIONS}?limit=-1").json["code"] == 400.8
    assert admin.get(f"{SUBMISSIONS}?offset=x").json["code"] == 400.8


def test_an_attachment_is_a_download_that_no_browser_shows(three: Backend) -> None:
    answer = three.admin.get(f"{SUBMISSIONS}/uuid:t/attachments/a.jpg")
    assert (answer.data, answer.mimetype) == (b"t", "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["Content-Length"] == "1"
    assert three.admin.get(f"{SUBMISSIONS}/uuid:t/attachments/b.jpg").json["code"] == 404.1


def test_a_file_that_the_storage_lost_is_a_fault_with_a_reference_and_no_half_answer(three: Backend) -> None:
    with three.app.app_context():
        for key in blobs(three):
            three.app.extensions["sportel"].store.delete(key)
    answer = three.admin.get(f"{SUBMISSIONS}/uuid:t/attachments/a.jpg")
    assert (answer.status_code, answer.json["code"]) == (500, 500.1)
    assert "reference" in answer.json["details"]


def test_sending_and_completing_by_api(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    xml = instance("visit", "<who>Mira</who><pic>a.jpg</pic>", instance_id="uuid:api")
    made = admin.post(f"{SUBMISSIONS}?deviceID=laptop", data=xml, content_type="application/xml")
    assert (made.status_code, made.json["instanceId"], made.json["deviceId"]) == (200, "uuid:api", "laptop")
    again = admin.post(SUBMISSIONS, data=xml, content_type="text/xml")
    assert again.json["createdAt"] == made.json["createdAt"]
    assert admin.post(SUBMISSIONS, data=xml.replace("Mira", "x"), content_type="text/xml").json["code"] == 409.1
    assert admin.post(SUBMISSIONS, data=xml, content_type="text/plain").json["code"] == 415.1
    other = xml.replace('id="visit"', 'id="other"')
    assert admin.post(SUBMISSIONS, data=other, content_type="text/xml").json["code"] == 400.8
    at = f"{SUBMISSIONS}/uuid:api/attachments"
    assert admin.post(f"{at}/a.jpg", data=b"photo").status_code == 200
    assert admin.post(f"{at}/a.jpg", data=b"photo").status_code == 200
    assert admin.post(f"{at}/a.jpg", data=b"other").json["code"] == 409.3
    assert admin.post(f"{at}/b.jpg", data=b"x").json["code"] == 404.1
    assert admin.get(f"{at}/a.jpg").data == b"photo"


@pytest.fixture
def family(backend: Backend) -> Backend:
    backend.admin.publish(FAMILY)
    xml = instance("family", FILLED, instance_id="uuid:1")
    assert backend.phone(name="Tablet").send(xml).status_code == 201
    return backend


def test_a_row_has_typed_values_groups_as_objects_and_links_to_repeats(family: Backend) -> None:
    (row,) = family.admin.rows("family")
    assert row["home"]["town"] == 'Tiranë, "qendër"\nrruga 1'
    assert row["home"]["place"]["coordinates"] == [19.82, 41.33, 110.5]
    assert (row["day"], row["income"], row["needs"]) == ("2026-01-31", 0.1, "food roof")
    assert row["child@odata.navigationLink"] == "Submissions('uuid:1')/child"
    assert row["__system"]["submitterName"] == "Tablet"
    assert row["__system"]["submitterId"].isdigit()


def test_nested_repeats_have_tables_of_their_own_with_keys_to_their_parents(family: Backend) -> None:
    children = family.admin.rows("family", "Submissions.child")
    assert [(row["__id"], row["__Submissions-id"], row["name"]) for row in children] == [
        ("uuid:1/child[1]", "uuid:1", "Ana"),
        ("uuid:1/child[2]", "uuid:1", "Ben"),
    ]
    toys = family.admin.rows("family", "Submissions.child.toy")
    assert [(row["__id"], row["__Submissions-child-id"], row["colour"]) for row in toys] == [
        ("uuid:1/child[1]/toy[1]", "uuid:1/child[1]", "red"),
        ("uuid:1/child[1]/toy[2]", "uuid:1/child[1]", "blue"),
    ]


def test_the_csv_has_centrals_columns_and_the_values_as_cells(family: Backend) -> None:
    answer = family.admin.get("/projects/1/forms/family/submissions.csv")
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert list(row) == [
        "SubmissionDate",
        *(f"home-place-{part}" for part in ("Latitude", "Longitude", "Altitude", "Accuracy")),
        "home-town",
        "day",
        "income",
        "needs",
        *(name for name in row if name.startswith("meta-")),
        "KEY",
        "SubmitterID",
        "SubmitterName",
        "AttachmentsPresent",
        "AttachmentsExpected",
        "Status",
        "ReviewState",
        "DeviceID",
        "Edits",
        "FormVersion",
    ]
    place = [Decimal(row[f"home-place-{part}"]) for part in ("Latitude", "Longitude", "Altitude", "Accuracy")]
    assert place == [Decimal("41.33"), Decimal("19.82"), Decimal("110.5"), 4]
    assert (row["home-town"], row["needs"]) == ('Tiranë, "qendër"\nrruga 1', "food roof")
    assert Decimal(row["income"]) == Decimal("0.10")
    assert (row["KEY"], row["FormVersion"], row["Edits"]) == ("uuid:1", "1", "0")
    short = family.admin.get("/projects/1/forms/family/submissions.csv?groupPaths=false").text.splitlines()[0]
    assert "town" in short.split(",")


def test_the_zip_has_a_file_for_each_table_and_the_photos(three: Backend, family: Backend) -> None:
    archive = zipfile.ZipFile(io.BytesIO(three.admin.get("/projects/1/forms/family/submissions.csv.zip").data))
    assert archive.namelist() == ["family.csv", "family-child.csv", "family-toy.csv"]
    lines = list(csv.DictReader(io.StringIO(archive.read("family-child.csv").decode())))
    assert [(line["name"], line["PARENT_KEY"], line["KEY"]) for line in lines] == [
        ("Ana", "uuid:1", "uuid:1/child[1]"),
        ("Ben", "uuid:1", "uuid:1/child[2]"),
    ]
    archive = zipfile.ZipFile(io.BytesIO(three.admin.get(f"{SUBMISSIONS}.csv.zip").data))
    media = {name: archive.read(name) for name in archive.namelist() if name.startswith("media/")}
    assert sorted(media.values()) == [b"n", b"t", b"v"]
    assert "media/a.jpg" in media
    assert archive.testzip() is None
    without = three.admin.get(f"{SUBMISSIONS}.csv.zip?attachments=false")
    assert zipfile.ZipFile(io.BytesIO(without.data)).namelist() == ["visit.csv"]


OPTIONS: list[tuple[str, Any]] = [
    ("$top=2", ["uuid:n", "uuid:v"]),
    ("$top=0", []),
    ("$skip=1", ["uuid:v", "uuid:t"]),
    ("$top=1&$skip=1", ["uuid:v"]),
    ("$skip=9", []),
    ("$format=json", ["uuid:n", "uuid:v", "uuid:t"]),
]


def test_the_table_can_be_cut_and_counted(three: Backend) -> None:
    admin = three.admin
    for query, ids in OPTIONS:
        answer = admin.get(f"{AT}.svc/Submissions?{query}")
        assert [row["__id"] for row in answer.json["value"]] == ids, query
    counted = admin.get(f"{AT}.svc/Submissions?$count=true&$top=1")
    assert counted.json["@odata.count"] == 3
    assert counted.headers["OData-Version"] == "4.0"
    assert counted.json["@odata.context"].endswith("/v1/projects/1/forms/visit.svc/$metadata#Submissions")
    tables = admin.get(f"{AT}.svc").json["value"]
    assert tables == [{"name": "Submissions", "kind": "EntitySet", "url": "Submissions"}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$search=x", 501.1),
        ("$expand=child", 501.6),
        ("$expand=*&$select=age", 501.11),
        ("$select=nothing", 400.23),
        ("$skiptoken=x", 400.35),
        ("$top=-1", 400.8),
        ("$top=x", 400.8),
        ("$skip=99999999999", 400.8),
        ("$count=maybe", 400.8),
        ("$format=xml", 406.1),
    ],
)
def test_an_option_that_is_not_applied_is_refused(lite: Backend, query: str, code: float) -> None:
    lite.admin.publish(VISIT)
    assert lite.admin.get(f"{AT}.svc/Submissions?{query}").json["code"] == code
    assert lite.admin.get(f"{AT}.svc/Nothing").json["code"] == 404.1


def test_rows_of_several_versions_stand_in_one_table(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("family"))
    phone = backend.phone()
    assert phone.send(instance("family", "<who>old</who>", instance_id="uuid:0")).status_code == 201
    newer = FAMILY.replace("| family  | 1       |", "| family  | 2       |")
    admin.publish_version("family", newer)
    assert phone.send(instance("family", FILLED, version="2", instance_id="uuid:1")).status_code == 201
    new, old = admin.rows("family")
    assert (new["day"], old["day"]) == ("2026-01-31", None)
    assert [row["__system"]["formVersion"] for row in (new, old)] == ["2", "1"]
    for table, count in (("Submissions.child", 2), ("Submissions.child.toy", 2)):
        answer = admin.get(f"/projects/1/forms/family.svc/{table}?$count=true")
        assert (answer.json["@odata.count"], len(answer.json["value"])) == (count, count)
    archive = zipfile.ZipFile(io.BytesIO(admin.get("/projects/1/forms/family/submissions.csv.zip").data))
    assert len(archive.read("family-child.csv").splitlines()) == 3
    assert admin.get("/projects/1/forms/family/submissions/uuid:0.xml").status_code == 200


def clean_again(backend: Backend) -> tuple[Recleaned, list[str]]:
    told: list[str] = []
    with backend.app.app_context():
        return reclean(told.append), told


def test_cleaning_again_changes_nothing(family: Backend) -> None:
    before = family.admin.rows("family"), rows(family, models.SubmissionVersion)[0].sealed
    assert clean_again(family) == (Recleaned(1, 0, 0), [])
    assert (family.admin.rows("family"), rows(family, models.SubmissionVersion)[0].sealed) == before


FAMILY_FEED = "/projects/1/forms/family.svc/Submissions"
DAMAGE: dict[str, Any] = {
    "nothing left": {},
    "another value": {"/day": "1999-01-01"},
    "a value of another type": {"/day": ["x"], "/income": {"a": 1}},
    "an unknown question": {"/nothing": "x"},
    "a repeat cut": {"/child": []},
    "a repeat that is none": {"/child": "x"},
    "a list": [],
}


def test_a_damaged_record_is_drawn_again_from_its_xml(family: Backend) -> None:
    tables = ("Submissions", "Submissions.child", "Submissions.child.toy")
    before = [family.admin.rows("family", table) for table in tables]
    etag = family.admin.get(FAMILY_FEED).headers["ETag"]
    for kind, damage in DAMAGE.items():
        with family.app.app_context():
            db.session.query(models.SubmissionVersion).update({"clear": damage})
            db.session.commit()
        assert clean_again(family) == (Recleaned(1, 1, 0), []), kind
        # Who was sent the rows as they were before is not told that they are the same.
        known, etag = {"If-None-Match": etag}, family.admin.get(FAMILY_FEED).headers["ETag"]
        assert family.admin.get(FAMILY_FEED, headers=known).status_code == 200, kind
        assert [family.admin.rows("family", table) for table in tables] == before, kind


FINDINGS = (
    "<home><place>canary here</place><town>T</town></home><day>canary</day><needs>food canary</needs><odd>canary</odd>"
)


def test_findings_name_the_question_and_the_rule_and_never_the_answer(backend: Backend) -> None:
    backend.admin.publish(FAMILY)
    assert backend.phone().send(instance("family", FINDINGS, instance_id="uuid:1")).status_code == 201
    version = backend.admin.get("/projects/1/forms/family/submissions/uuid:1").json["currentVersion"]
    found = {(each["field"], each["rule"]) for each in version["findings"]}
    assert found == {
        ("/home/place", "unreadable"),
        ("/day", "unreadable"),
        ("/needs", "choice"),
        ("/odd", "unknown-field"),
    }
    assert "canary" not in str(version["findings"])
    assert backend.admin.rows("family")[0]["day"] == "canary"  # what was entered is kept as it is
