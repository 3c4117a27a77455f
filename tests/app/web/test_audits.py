"""The audit by API: as Central's, filtered, paged, and for each only what they may know."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import to_iso
from app.db import models
from app.permissions import Grant
from tests.app.looking import rows
from tests.app.shown_forms import CASES, VISIT, entity
from tests.support.backend import Backend, Person, instance

CASE = "11111111-1111-4111-8111-111111111111"
VISITS = "/projects/1/forms/visit/submissions"
CASE_AT = f"/projects/1/datasets/cases/entities/{CASE}"


@pytest.fixture
def filled(backend: Backend) -> Backend:
    """A visit and a case of the office tr-01."""
    admin = backend.admin
    admin.publish(VISIT)
    admin.publish(CASES)
    phone = backend.phone(office=backend.office("tr-01"))
    backend.office("tr-02")
    phone.send(instance("visit", "<who>Drita-4711</who>", instance_id="uuid:1"))
    phone.send(instance("intake", "<code>C1</code>", meta=entity(f'id="{CASE}" create="1"', "Arben-4711")))
    return backend


def audits(person: Person, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = person.get(f"/audits{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json
    return found


def actions(found: list[dict[str, Any]]) -> list[str]:
    return [each["action"] for each in found]


def test_a_line_looks_as_in_central(filled: Backend) -> None:
    admin = filled.admin
    (line,) = audits(admin, "?action=form.create&limit=1&offset=1")
    assert set(line) == {"actorId", "action", "acteeId", "details", "notes", "loggedAt"}
    (row, _) = rows(filled, models.Audit, models.Audit.action == "form.create")
    assert line == {
        "actorId": row.actor_id,
        "action": "form.create",
        "acteeId": f"form:{row.form_id}",
        "details": {},
        "notes": None,
        "loggedAt": to_iso(row.logged_at),
    }


def test_who_acted_and_on_what_are_told_if_asked_for(filled: Backend) -> None:
    admin = filled.admin
    extended = {"X-Extended-Metadata": "true"}
    form = audits(admin, "?action=form.create&limit=1", **extended)[0]
    assert (form["actor"]["displayName"], form["actor"]["type"]) == ("Administrator", "user")
    assert (form["actee"]["xmlFormId"], form["actee"]["projectId"]) == ("intake", 1)
    phone = audits(admin, "?action=field_key.create", **extended)[0]
    assert (phone["actee"]["displayName"], phone["actee"]["type"]) == ("Phone", "field_key")
    project = audits(admin, "?action=project", **extended)[0]
    assert (project["actor"], project["actee"]["name"]) == (None, "Test project")


def test_the_newest_come_first_and_pages_do_not_overlap(filled: Backend) -> None:
    admin = filled.admin
    everything = audits(admin)
    assert [each["loggedAt"] for each in everything] == sorted((each["loggedAt"] for each in everything), reverse=True)
    assert audits(admin, "?limit=2&offset=1") == everything[1:3]
    assert audits(admin, "?limit=0") == []
    assert admin.get("/audits?limit=10001").json["code"] == 400.8


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("project", ["project.create"]),
        ("field_key", ["field_key.create"]),
        ("form.create", ["form.create", "form.create"]),
        ("submission", ["submission.create", "submission.create"]),
        ("entity", ["entity.create"]),
        ("nonsense", []),
    ],
)
def test_a_filter_is_an_action_or_one_of_centrals_groups(filled: Backend, action: str, expected: list[str]) -> None:
    assert actions(audits(filled.admin, f"?action={action}")) == expected


def test_nonverbose_leaves_out_submissions_cases_and_looks(filled: Backend) -> None:
    admin = filled.admin
    admin.get(VISITS)
    found = actions(audits(admin, "?action=nonverbose"))
    assert "form.create" in found
    assert not {"submission.create", "entity.create", "submission.list"} & set(found)
    assert actions(audits(admin, "?action=read")) == ["submission.list"]


def test_a_span_of_time_is_asked_for_by_moments_or_days(filled: Backend) -> None:
    admin = filled.admin
    moments = [each["loggedAt"] for each in audits(admin, "?action=form")]
    first, last = moments[-1], moments[0]
    assert audits(admin, f"?action=form&end={first}") == audits(admin, "?action=form")[-moments.count(first) :]
    assert len(audits(admin, f"?action=form&start={first}&end={last}")) == len(moments)
    assert audits(admin, f"?action=form&start={first.replace('Z', '%2B00:00')}") == audits(admin, "?action=form")
    assert audits(admin, "?end=2020-01-31") == []
    assert audits(admin, "?start=2020-01-31") != []
    problem = admin.get("/audits?start=yesterday").json
    assert (problem["code"], problem["details"]["field"]) == (400.8, "start")


@pytest.mark.parametrize("role", ["manager", "viewer", "formfill", "analyst"])
def test_only_who_looks_after_the_site_reads_all_of_it(filled: Backend, role: str) -> None:
    assert filled.person(Grant(role, 1, all_offices=True)).get("/audits").json["code"] == 403.1


def test_the_audit_of_one_submission_is_there_for_who_may_read_it(filled: Backend) -> None:
    own = filled.person(Grant("viewer", 1), office="tr-01")
    found = own.get(f"{VISITS}/uuid:1/audits")
    assert found.status_code == 200
    assert actions(found.json) == ["submission.create"]
    assert found.json[0]["details"]["instanceId"] == "uuid:1"
    other = filled.person(Grant("viewer", 1), office="tr-02")
    assert other.get(f"{VISITS}/uuid:1/audits").json == other.get(f"{VISITS}/uuid:none/audits").json
    assert other.get(f"{VISITS}/uuid:1/audits").json["code"] == 404.1
    assert filled.person(Grant("formfill", 1), office="tr-01").get(f"{VISITS}/uuid:1/audits").status_code == 403


def test_who_looked_at_a_record_is_for_those_who_watch_over_the_readers(filled: Backend) -> None:
    own = filled.person(Grant("manager", 1), office="tr-01")
    own.get(f"{VISITS}/uuid:1")
    own.get(CASE_AT)
    assert actions(own.get(f"{VISITS}/uuid:1/audits").json) == ["submission.create"]
    assert actions(own.get(f"{CASE_AT}/audits").json) == ["entity.create"]
    admin = filled.admin
    looked = admin.get(f"{VISITS}/uuid:1/audits").json
    assert actions(looked) == ["submission.read", "submission.create"]
    assert looked[0]["actorId"] == own.actor_id
    assert actions(admin.get(f"{CASE_AT}/audits?limit=1").json) == ["entity.read"]


def test_the_audit_of_one_case_is_for_its_office(filled: Backend) -> None:
    with filled.database() as session:
        office = session.query(models.Office).filter_by(code="tr-01").one().id
        session.query(models.Entity).update({"office_id": office})
        session.commit()
    own = filled.person(Grant("viewer", 1), office="tr-01")
    found = own.get(f"{CASE_AT}/audits", headers={"X-Extended-Metadata": "true"}).json
    assert (found[0]["details"]["uuid"], found[0]["actor"]["type"]) == (CASE, "field_key")
    other = filled.person(Grant("viewer", 1), office="tr-02")
    nobodys = CASE_AT.replace("1111", "2222")
    assert other.get(f"{CASE_AT}/audits").json == other.get(f"{nobodys}/audits").json
    assert other.get(f"{CASE_AT}/audits").json["code"] == 404.1
    assert own.get(f"/projects/1/datasets/none/entities/{CASE}/audits").json["code"] == 404.1
