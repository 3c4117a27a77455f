"""Updates made offline come in any order: each waits for the one before it, and none for ever."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.services.outbox import enqueue
from app.services.outbox_work import enqueue_what_waits_too_long
from app.services.transaction import transaction
from tests.app.looking import actions, rows
from tests.app.operations.test_outbox import FIRST, cases, creation
from tests.app.shown_forms import entity, simple
from tests.support.backend import AppUser, Backend, instance

__all__ = ["cases"]  # the fixture of the work's own tests

BRANCH = "33333333-3333-4333-8333-333333333333"
ANOTHER = "44444444-4444-4444-8444-444444444444"


def step(base: int, answers: str, *, trunk: int | str = "", branch: str = BRANCH) -> str:
    """An update that a phone made offline: the `base`th state that it knew of the case."""
    meta = entity(f'id="{FIRST}" update="1" baseVersion="{base}" branchId="{branch}" trunkVersion="{trunk}"')
    return instance("follow_up", f"<case>{FIRST}</case>{answers}", meta=meta)


def online(base: int, answers: str) -> str:
    meta = entity(f'id="{FIRST}" update="1" baseVersion="{base}"')
    return instance("follow_up", f"<case>{FIRST}</case>{answers}", meta=meta)


def send(phone: AppUser, *sent: str) -> None:
    for xml in sent:
        assert phone.send(xml).status_code == 201


def held(backend: Backend) -> list[int]:
    return [row.branch_base_version for row in rows(backend, models.EntityBacklog)]


def case(backend: Backend) -> dict[str, Any]:
    found: dict[str, Any] = backend.admin.get(f"/projects/1/datasets/cases/entities/{FIRST}").json
    return found


def history(backend: Backend) -> list[tuple[int, int | None, int | None]]:
    """Of each version of the case: its number, the one it builds on, and the step of its branch that it builds on."""
    found = rows(backend, models.EntityVersion)
    return [(row.version, row.base_version, row.branch_base_version) for row in found]


def five_days_pass(backend: Backend) -> None:
    with backend.app.app_context():
        with transaction():
            passed = now() - timedelta(days=5, minutes=1)
            db.session.execute(update(models.EntityBacklog).values(created_at=passed))
        enqueue_what_waits_too_long()
    backend.work()


CREATED_OFFLINE = (
    creation,
    lambda: step(1, "<code>C-2</code>"),
    lambda: step(2, "<code>C-3</code>"),
    lambda: step(3, "<person>Mira</person>"),
)


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5], ids=str)
def test_a_case_made_and_changed_offline_comes_out_the_same_in_whatever_order_it_is_sent(
    cases: Backend, order: tuple[int, ...]
) -> None:
    phone = cases.phone(office="tr-01")
    send(phone, *(CREATED_OFFLINE[number]() for number in order))
    assert held(cases) == []
    assert history(cases) == [(1, None, None), (2, 1, 1), (3, 2, 2), (4, 3, 3)]
    found = case(cases)
    assert (found["conflict"], found["currentVersion"]["version"]) == (None, 4)
    assert found["currentVersion"]["data"] == {"code": "C-3", "person": "Mira", "custodian": ""}
    done = actions(cases, "submission.backlog")
    assert done.count("submission.backlog.hold") == done.count("submission.backlog.reprocess")
    assert actions(cases, "entity.error") == []


def test_the_steps_of_a_branch_follow_each_other_also_when_others_change_the_case_meanwhile(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    send(phone, creation(), online(1, "<code>C-5</code>"))
    # The phone knew version 1 and went offline: its second step comes first.
    send(phone, step(2, "<person>Mira</person>", trunk=1))
    assert held(cases) == [2]
    send(phone, step(1, "<person>Teuta</person>", trunk=1))
    assert held(cases) == []
    # Its second step builds on its first (version 3), not on the version 2 that it never saw.
    assert history(cases)[2:] == [(3, 1, 1), (4, 3, 2)]
    found = case(cases)
    assert (found["conflict"], found["currentVersion"]["data"]["person"]) == ("soft", "Mira")
    assert actions(cases, "submission.backlog") == ["submission.backlog.hold", "submission.backlog.reprocess"]


def test_a_step_between_which_somebody_else_changed_the_case_is_a_conflict(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    send(phone, creation(), step(1, "<code>C-2</code>", trunk=1), online(2, "<code>C-7</code>"))
    send(phone, step(2, "<code>C-3</code>", trunk=1))
    assert history(cases)[3] == (4, 2, 2)
    assert case(cases)["conflict"] == "hard"


def test_two_phones_branches_do_not_take_each_others_steps(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    send(phone, creation(), step(2, "<code>C-3</code>", trunk=1), step(1, "<code>C-8</code>", trunk=1, branch=ANOTHER))
    assert held(cases) == [2]
    send(phone, step(1, "<code>C-2</code>", trunk=1))
    assert held(cases) == []
    assert [row.branch_id for row in rows(cases, models.EntityVersion)] == [None, ANOTHER, BRANCH, BRANCH]


def test_a_case_added_by_hand_frees_what_waited_for_it(cases: Backend) -> None:
    send(cases.phone(office="tr-01"), step(1, "<code>C-2</code>"))
    assert held(cases) == [1]
    body = {"uuid": FIRST, "label": "By hand", "data": {"code": "C-1"}}
    assert cases.admin.post("/projects/1/datasets/cases/entities", json=body).status_code == 200
    cases.work()
    # It belongs to nobody's office, so the phone may not change it: written down, and not held for ever.
    assert held(cases) == []
    (error,) = rows(cases, models.Audit, models.Audit.action == "entity.error")
    assert error.details["reason"] == "the entity belongs to another office"


def test_before_five_days_nothing_is_forced(cases: Backend) -> None:
    send(cases.phone(office="tr-01"), creation(), step(3, "<code>C-4</code>"))
    with cases.app.app_context():
        enqueue_what_waits_too_long()
    cases.work()
    assert held(cases) == [3]


def test_after_five_days_an_update_is_applied_onto_what_the_case_says(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    send(phone, creation(), step(4, "<code>C-5</code>"), step(3, "<code>C-4</code>"))
    five_days_pass(cases)
    assert held(cases) == []
    # In the order of the branch, whichever came first.
    assert history(cases) == [(1, None, None), (2, 1, 3), (3, 2, 4)]
    assert case(cases)["currentVersion"]["data"]["code"] == "C-5"
    assert actions(cases, "submission.backlog")[2:] == ["submission.backlog.force"] * 2
    five_days_pass(cases)
    assert len(history(cases)) == 3


def test_after_five_days_without_a_creation_the_update_makes_the_case(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    send(phone, step(1, "<code>C-2</code>"), step(2, "<code>C-3</code>"))
    five_days_pass(cases)
    found = case(cases)
    assert (found["currentVersion"]["label"], found["currentVersion"]["data"]["code"]) == ("auto generated", "C-3")
    (made,) = rows(cases, models.Entity)
    assert made.office_id is not None
    # The creation comes in the end: it is kept too, and marked for somebody to look at.
    send(phone, creation())
    found = case(cases)
    assert (found["conflict"], found["currentVersion"]["label"], found["currentVersion"]["version"]) == (
        "hard",
        "C-1",
        3,
    )
    assert found["currentVersion"]["conflictingProperties"] == ["code"]


def test_what_is_held_is_not_held_twice_when_its_work_is_done_again(cases: Backend) -> None:
    send(cases.phone(office="tr-01"), step(2, "<code>C-3</code>"))
    with cases.app.app_context(), transaction():
        enqueue("entities", db.session.query(models.SubmissionVersion.id).scalar())
    cases.work()
    assert held(cases) == [2]
    assert actions(cases, "submission.backlog") == ["submission.backlog.hold"]


def test_what_waits_for_a_list_that_was_deleted_is_given_up_and_makes_no_case_in_another(cases: Backend) -> None:
    send(cases.phone(), step(1, "<code>C-2</code>"))
    assert held(cases) == [1]
    for form in ("intake", "follow_up"):
        cases.admin.publish_version(form, simple(form, "2"))
        # Otherwise what its older version sends would still need the list.
        assert cases.admin.patch(f"/projects/1/forms/{form}", json={"state": "closed"}).status_code == 200
    assert cases.admin.delete("/projects/1/datasets/cases").status_code == 200
    assert cases.admin.post("/projects/1/datasets", json={"name": "cases"}).status_code == 200
    five_days_pass(cases)
    assert (held(cases), rows(cases, models.Outbox), rows(cases, models.Entity)) == ([], [], [])
    (refused,) = rows(cases, models.Audit, models.Audit.action == "entity.error")
    assert refused.details == {"dataset": "cases", "reason": "the list was deleted"}
