"""Handing a submission or a case over moves the right to see it, and leaves a trace."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, kept_aside, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import AppUser, Backend, Person, instance

UUID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
SUBMISSION = "/projects/1/forms/intake/submissions/uuid:1"
CASE = f"/projects/1/datasets/cases/entities/{UUID}"
REASON = "Drita moves to Vlora"
TO_VLORA = {"office": "vl-02", "reason": REASON}


@pytest.fixture
def cases(backend: Backend) -> Backend:
    for code in ("tr-01", "vl-02", "sh-03"):
        backend.office(code)
    backend.admin.publish(CASES)
    return backend


def sent(backend: Backend, office: str = "tr-01", custodian: str = "") -> AppUser:
    """A phone of the office sends the submission `uuid:1`, which opens the case."""
    phone = backend.phone(office=office)
    answers = f"<code>C1</code><person>Drita</person><office>{custodian}</office>"
    meta = entity(f'id="{UUID}" create="1"', "C1")
    assert phone.send(instance("intake", answers, instance_id="uuid:1", meta=meta)).status_code == 201
    return phone


def manager(backend: Backend, office: str) -> Person:
    grants = (Grant("manager", 1), Grant("case-reader", 1))
    return backend.person(*grants, office=office, name=f"Manager {office}")


def steps(person: Person, at: str) -> list[tuple[Any, ...]]:
    answer = person.get(f"{at}/hand-overs")
    assert answer.status_code == 200
    return [(each["from"], each["to"], each["reason"], each["bySubmission"]) for each in answer.json]


@pytest.mark.parametrize("at", [SUBMISSION, CASE], ids=["submission", "case"])
def test_a_hand_over_moves_the_right_to_see(cases: Backend, at: str) -> None:
    sent(cases)
    tirana, vlora = manager(cases, "tr-01"), manager(cases, "vl-02")
    assert (tirana.get(at).status_code, vlora.get(at).status_code) == (200, 404)
    assert tirana.post(f"{at}/hand-over", json=TO_VLORA).json["success"] is True
    assert (tirana.get(at).status_code, vlora.get(at).status_code) == (404, 200)
    nowhere = tirana.get(at.replace("uuid:1", "uuid:9").replace(UUID, OTHER))
    for answer in (tirana.get(at), tirana.get(f"{at}/hand-overs"), tirana.post(f"{at}/hand-over", json=TO_VLORA)):
        assert answer.json == nowhere.json
    assert steps(vlora, at) == steps(cases.admin, at) == [("tr-01", "vl-02", REASON, False)]
    assert vlora.get(f"{at}/hand-overs").json[0]["actor"]["displayName"] == "Manager tr-01"


@pytest.mark.parametrize("at", [SUBMISSION, CASE], ids=["submission", "case"])
def test_why_is_masked_for_who_does_not_read_what_identifies(cases: Backend, at: str) -> None:
    sent(cases)
    manager(cases, "tr-01").post(f"{at}/hand-over", json=TO_VLORA)
    viewer = cases.person(Grant("viewer", 1), office="vl-02")
    (step,) = viewer.get(f"{at}/hand-overs").json
    assert (step["reason"], step["reason@sportel.masked"], step["to"]) == (None, "identifying", "vl-02")


def test_a_submission_is_gone_from_every_list_of_the_old_office(cases: Backend) -> None:
    sent(cases)
    tirana, vlora = manager(cases, "tr-01"), manager(cases, "vl-02")
    tirana.post(f"{SUBMISSION}/hand-over", json=TO_VLORA)
    form = "/projects/1/forms/intake"
    for path in (f"{form}/submissions", f"{form}/submissions.csv", f"{form}.svc/Submissions"):
        assert "uuid:1" not in tirana.get(path).text
        assert "uuid:1" in vlora.get(path).text
    assert tirana.get(f"{SUBMISSION}.xml").status_code == 404
    assert vlora.get(f"{SUBMISSION}.xml").status_code == 200


@pytest.mark.parametrize("at", [SUBMISSION, CASE], ids=["submission", "case"])
def test_the_audit_says_from_where_to_where_and_not_why(cases: Backend, at: str) -> None:
    sent(cases)
    tirana = manager(cases, "tr-01")
    tirana.post(f"{at}/hand-over", json=TO_VLORA)
    (line,) = [row for row in rows(cases, models.Audit) if row.action.endswith(".hand_over")]
    offices = {row.code: row.id for row in rows(cases, models.Office)}
    assert line.actor_id == tirana.actor_id
    assert line.details["fromOfficeId"] == offices["tr-01"]
    assert line.details["toOfficeId"] == offices["vl-02"]
    assert line.details["hasReason"] is True
    assert (line.submission_id is not None, line.entity_id is not None) == (at == SUBMISSION, at == CASE)
    assert "Drita" not in str([vars(row) for row in rows(cases, models.Audit)])
    assert "Drita" not in str([vars(row) for row in rows(cases, models.HandOver)])


def test_a_case_says_itself_whose_it_is_and_phones_of_the_new_office_get_it(cases: Backend) -> None:
    cases.admin.publish(FOLLOW_UP)
    tirana_phone, vlora_phone = sent(cases), cases.phone(office="vl-02")
    manager(cases, "tr-01").post(f"{CASE}/hand-over", json=TO_VLORA)
    says = cases.admin.get(CASE).json
    assert says["currentVersion"]["data"]["custodian"] == "vl-02"
    assert (says["currentVersion"]["version"], says["conflict"]) == (2, None)
    listed = "/forms/follow_up/attachments/cases.csv"
    assert UUID not in tirana_phone.get(listed).text
    assert f"{UUID},C1,2,C1,vl-02" in vlora_phone.get(listed).text
    assert actions(cases, "entity.update") == ["entity.update.version"]


def test_a_submission_stays_when_its_case_goes_and_goes_along_if_asked(cases: Backend) -> None:
    sent(cases)
    tirana, vlora = manager(cases, "tr-01"), manager(cases, "vl-02")
    assert tirana.post(f"{CASE}/hand-over", json=TO_VLORA).json == {"success": True, "submissions": 0}
    assert (tirana.get(SUBMISSION).status_code, vlora.get(SUBMISSION).status_code) == (200, 404)
    back = {"office": "tr-01", "reason": "A mistake"}
    assert vlora.post(f"{CASE}/hand-over", json=back).json["submissions"] == 0
    along = TO_VLORA | {"submissions": True}
    assert tirana.post(f"{CASE}/hand-over", json=along).json == {"success": True, "submissions": 1}
    assert (tirana.get(SUBMISSION).status_code, vlora.get(SUBMISSION).status_code) == (404, 200)
    assert steps(vlora, SUBMISSION) == [("tr-01", "vl-02", REASON, False)]
    assert [step[:2] for step in steps(vlora, CASE)] == [("tr-01", "vl-02"), ("vl-02", "tr-01"), ("tr-01", "vl-02")]


def test_another_offices_submissions_of_a_case_do_not_go_along(cases: Backend) -> None:
    cases.admin.publish(FOLLOW_UP)
    sent(cases, custodian="vl-02")
    meta = entity(f'id="{UUID}" update="1" baseVersion="1"')
    later = instance("follow_up", f"<case>{UUID}</case><code>C2</code>", instance_id="uuid:2", meta=meta)
    assert cases.phone(office="vl-02").send(later).status_code == 201
    to_shelter = {"office": "sh-03", "reason": "A bed", "submissions": True}
    assert manager(cases, "vl-02").post(f"{CASE}/hand-over", json=to_shelter).json["submissions"] == 1
    assert manager(cases, "tr-01").get(SUBMISSION).status_code == 200
    assert manager(cases, "sh-03").get("/projects/1/forms/follow_up/submissions/uuid:2").status_code == 200


def test_an_answer_that_names_the_custodian_leaves_the_same_trace(cases: Backend) -> None:
    cases.admin.publish(FOLLOW_UP)
    phone = sent(cases, custodian="vl-02")
    meta = entity(f'id="{UUID}" update="1" baseVersion="1"')
    vlora = cases.phone(office="vl-02")
    assert vlora.send(instance("follow_up", f"<case>{UUID}</case><office>sh-03</office>", meta=meta)).status_code == 201
    assert steps(cases.admin, CASE) == [("tr-01", "vl-02", None, True), ("vl-02", "sh-03", None, True)]
    lines = rows(cases, models.Audit, models.Audit.action == "entity.hand_over")
    assert [line.actor_id for line in lines] == [phone.actor_id, vlora.actor_id]
    assert [line.details["hasReason"] for line in lines] == [False, False]
    assert all(line.submission_id is not None for line in lines)


def test_a_case_that_stays_leaves_no_trace(cases: Backend) -> None:
    sent(cases, custodian="tr-01")
    assert steps(cases.admin, CASE) == []


@pytest.mark.parametrize("at", [SUBMISSION, CASE], ids=["submission", "case"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.3),
        ({"office": "vl-02"}, 400.2),
        ({"office": "vl-02", "reason": ""}, 400.8),
        ({"office": "vl-02", "reason": "  "}, 400.8),
        ({"office": "nowhere", "reason": "x"}, 400.8),
        ({"office": "tr-01", "reason": "x"}, 400.8),
        ({"office": "vl-02", "reason": "x" * 1001}, 400.8),
    ],
)
def test_a_hand_over_needs_another_office_and_a_reason(
    backend: Backend, at: str, body: dict[str, str], code: float
) -> None:
    for office in ("tr-01", "vl-02"):
        backend.office(office)
    backend.admin.publish(CASES)
    sent(backend)
    assert backend.admin.post(f"{at}/hand-over", json=body).json["code"] == code
    assert rows(backend, models.HandOver) == []


def test_who_only_reads_hands_nothing_over(cases: Backend) -> None:
    phone = sent(cases)
    viewer = cases.person(Grant("viewer", 1, all_offices=True), office="tr-01")
    for at in (SUBMISSION, CASE):
        assert viewer.post(f"{at}/hand-over", json=TO_VLORA).json["code"] == 403.1
        assert cases.client.post(f"/v1{at}/hand-over", json=TO_VLORA).json["code"] == 401.2
        through_phone = cases.client.post(f"/v1/key/{phone.token}{at}/hand-over", json=TO_VLORA)
        assert through_phone.status_code == 403


def test_what_the_senders_phone_edits_after_the_hand_over_is_kept_aside(cases: Backend) -> None:
    phone = sent(cases)
    manager(cases, "tr-01").post(f"{SUBMISSION}/hand-over", json=TO_VLORA)
    more = "<orx:deprecatedID>uuid:1</orx:deprecatedID>"
    assert phone.send(instance("intake", "<code>C2</code>", instance_id="uuid:2", meta=more)).status_code == 404
    assert len(kept_aside(cases)) == 1
    again = phone.send(instance("intake", "<code>C3</code>", instance_id="uuid:1"))
    assert again.status_code == 409


def test_a_case_that_is_made_after_the_hand_over_is_whose_submission_it_is_by_then(cases: Backend) -> None:
    # An answer that names the sender's own office was overtaken; one that names a third office is a wish of its own.
    assert cases.admin.patch("/projects/1/datasets/cases", json={"approvalRequired": True}).status_code == 200
    for number, (custodian, owner) in enumerate((("", "vl-02"), ("tr-01", "vl-02"), ("sh-03", "sh-03")), 1):
        uuid, at = (
            f"{number}" * 8 + "-1111-4111-8111-111111111111",
            f"/projects/1/forms/intake/submissions/uuid:{number}",
        )
        answers = f"<code>C1</code><person>Drita</person><office>{custodian}</office>"
        meta = entity(f'id="{uuid}" create="1"', "C1")
        cases.phone(office="tr-01").send(instance("intake", answers, instance_id=f"uuid:{number}", meta=meta))
        assert manager(cases, "tr-01").post(f"{at}/hand-over", json=TO_VLORA).status_code == 200
        assert manager(cases, "vl-02").patch(at, json={"reviewState": "approved"}).status_code == 200
        cases.work()
        case = f"/projects/1/datasets/cases/entities/{uuid}"
        found = {office: manager(cases, office).get(case) for office in ("tr-01", "vl-02", "sh-03")}
        assert [office for office, answer in found.items() if answer.status_code == 200] == [owner]
        assert found[owner].json["currentVersion"]["data"]["custodian"] in ("", owner)
        assert [step[:2] for step in steps(cases.admin, case)] == ([] if owner == "vl-02" else [("vl-02", "sh-03")])


def test_a_change_of_a_case_that_waits_is_made_as_by_the_office_that_sent(cases: Backend) -> None:
    cases.admin.publish(FOLLOW_UP)
    phone = sent(cases)
    meta = entity(f'id="{UUID}" update="1" baseVersion="1"')
    for name, code in (("uuid:2", "C2"), ("uuid:3", "C3")):
        phone.only_send(instance("follow_up", f"<case>{UUID}</case><code>{code}</code>", instance_id=name, meta=meta))
    change = "/projects/1/forms/follow_up/submissions/uuid:2"
    assert manager(cases, "tr-01").post(f"{change}/hand-over", json=TO_VLORA).status_code == 200
    cases.work()
    assert manager(cases, "tr-01").get(CASE).json["currentVersion"]["version"] == 3
    # The paper of its own case is not enough to write into the other office's.
    again = entity(f'id="{UUID}" update="1" baseVersion="3"')
    phone.only_send(
        instance("follow_up", f"<case>{UUID}</case><office>tr-01</office>", instance_id="uuid:4", meta=again)
    )
    for at in (CASE, change.replace("uuid:2", "uuid:4")):
        assert manager(cases, "tr-01").post(f"{at}/hand-over", json=TO_VLORA).status_code == 200
    cases.work()
    assert manager(cases, "vl-02").get(CASE).json["currentVersion"]["version"] == 4
    assert actions(cases, "entity.error") == ["entity.error"]


def test_what_was_erased_is_handed_to_nobody(cases: Backend) -> None:
    from app.permissions import ANONYMOUS
    from app.services.erase_submission import erase_submission, forms_called

    sent(cases)
    tirana = manager(cases, "tr-01")
    tirana.post(f"{SUBMISSION}/hand-over", json=TO_VLORA)
    with cases.app.app_context():
        erase_submission(ANONYMOUS, forms_called(1, "intake")[0], "uuid:1", "asked for")
    admin = cases.admin
    assert admin.post(f"{SUBMISSION}/hand-over", json=TO_VLORA).status_code == 404
    assert admin.get(f"{SUBMISSION}/hand-overs").status_code == 404
