"""Lists whose cases need an approval: what comes waits until its review says so, or until the list asks no more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update as sql_update

from app.db import db, models
from app.permissions import Grant
from app.services.transaction import transaction
from tests.app.looking import actions, count, rows
from tests.app.operations.test_outbox_backlog import five_days_pass
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import AppUser, Backend, instance

UUID = "11111111-1111-4111-8111-111111111111"
LISTS = "/projects/1/datasets"
AT = f"{LISTS}/cases"
SENT = "/projects/1/forms/intake/submissions"


@pytest.fixture
def careful(backend: Backend) -> Backend:
    """A list whose cases need an approval."""
    backend.office("tr-01")
    backend.admin.publish(CASES)
    backend.admin.publish(FOLLOW_UP)
    assert backend.admin.patch(AT, json={"approvalRequired": True}).json["approvalRequired"] is True
    return backend


def send(phone: AppUser, name: str, code: str, uuid: str = UUID, *, edits: str | None = None) -> None:
    more = f"<orx:deprecatedID>{edits}</orx:deprecatedID>" if edits is not None else ""
    meta = more + entity(f'id="{uuid}" create="1"', code)
    answers = f"<code>{code}</code><person>Drita</person><office/>"
    assert phone.send(instance("intake", answers, instance_id=name, meta=meta)).status_code == 201


def update(phone: AppUser, code: str, base: str, attributes: str = "") -> None:
    meta = entity(f'id="{UUID}" update="1" baseVersion="{base}" {attributes}')
    answers = f"<case>{UUID}</case><code>{code}</code>"
    assert phone.send(instance("follow_up", answers, meta=meta)).status_code == 201


def review(backend: Backend, name: str, state: str | None) -> None:
    assert backend.admin.patch(f"{SENT}/{name}", json={"reviewState": state}).status_code == 200
    backend.work()


def codes(backend: Backend) -> list[str]:
    """What the cases say, the newest first."""
    found = backend.admin.get(f"{AT}/entities").json
    return [each["currentVersion"]["data"]["code"] for each in found]


def test_a_case_is_made_when_its_submission_is_approved_from_what_it_says_then(careful: Backend) -> None:
    phone = careful.phone(office="tr-01")
    send(phone, "uuid:1", "C-1")
    send(phone, "uuid:2", "C-2", edits="uuid:1")
    for state in ("hasIssues", "rejected", "edited", None):
        review(careful, "uuid:1", state)
        assert codes(careful) == []
    review(careful, "uuid:1", "approved")
    assert codes(careful) == ["C-2"]
    (case,) = careful.admin.get(f"{AT}/entities").json
    assert case["creatorId"] == phone.actor_id
    (source,) = [each["source"] for each in careful.admin.get(f"{AT}/entities/{UUID}/versions").json]
    assert source == {"submission": {"instanceId": "uuid:1", "xmlFormId": "intake"}}
    # It was made once, whatever is edited and approved after that.
    review(careful, "uuid:1", "rejected")
    review(careful, "uuid:1", "approved")
    send(phone, "uuid:3", "C-3", "22222222-2222-4222-8222-222222222222", edits="uuid:2")
    review(careful, "uuid:1", "approved")
    assert codes(careful) == ["C-2"]
    assert count(careful, models.EntityVersion) == 1
    assert actions(careful, "entity.error") == []


def test_an_update_of_a_case_needs_no_approval_and_waits_for_the_case(careful: Backend) -> None:
    phone = careful.phone(office="tr-01")
    branch = f'branchId="{UUID}" trunkVersion=""'
    update(phone, "C-2", "1", branch)
    send(phone, "uuid:1", "C-1")
    five_days_pass(careful)
    assert codes(careful) == []
    assert count(careful, models.EntityBacklog) == 1
    review(careful, "uuid:1", "approved")
    assert codes(careful) == ["C-2"]
    update(phone, "C-3", "2")
    assert codes(careful) == ["C-3"]
    assert count(careful, models.EntityBacklog) == 0


def pending(backend: Backend, **query: str) -> Any:
    answer = backend.admin.patch(AT, json={"approvalRequired": False}, query_string=query)
    backend.work()
    return answer.json


def in_a_while(backend: Backend) -> None:
    """What was put off is looked at again."""
    with backend.app.app_context(), transaction():
        db.session.execute(sql_update(models.Outbox).values(due_at=None))
    backend.work()


def test_whoever_ends_the_approvals_says_what_becomes_of_what_waits(careful: Backend) -> None:
    phone = careful.phone(office="tr-01")
    for number, state in enumerate((None, "edited", "hasIssues", "rejected", "approved"), 1):
        send(phone, f"uuid:{number}", f"C-{number}", f"{number}" * 8 + "-1111-4111-8111-111111111111")
        review(careful, f"uuid:{number}", state)
    send(phone, "uuid:6", " ")
    send(phone, "uuid:7", "C-7", "77777777-1111-4111-8111-111111111111")
    assert careful.admin.delete(f"{SENT}/uuid:7").status_code == 200
    assert codes(careful) == ["C-5"]
    asked = pending(careful)
    assert (asked["code"], asked["details"]) == (400.29, {"count": 4})
    assert careful.admin.get(AT).json["approvalRequired"] is True
    assert pending(careful, convert="perhaps")["code"] == 400.8
    assert pending(careful, convert="false")["approvalRequired"] is False
    assert codes(careful) == ["C-5"]
    assert pending(careful, convert="true")["approvalRequired"] is False
    assert codes(careful) == ["C-3", "C-2", "C-1", "C-5"]
    # The one without a label has failed by now, and counts no more.
    assert pending(careful, convert="true")["approvalRequired"] is False
    assert actions(careful, "entity.error") == ["entity.error"]
    # What was in the trash then does, if it comes back, what it would have done.
    assert careful.admin.post(f"{SENT}/uuid:7/restore").status_code == 200
    in_a_while(careful)
    assert codes(careful) == ["C-7", "C-3", "C-2", "C-1", "C-5"]
    changes = rows(careful, models.Audit, models.Audit.action == "dataset.update")
    assert [each.details.get("autoConvert") for each in changes] == [None, False, True, True]


def test_a_list_tells_phones_that_it_needs_approvals_and_who_sees_all_offices_decides_on_them(lite: Backend) -> None:
    lite.office("tr-01")
    lite.admin.publish(CASES)
    lite.admin.publish(FOLLOW_UP)
    phone, own = lite.phone(office="tr-01"), lite.person(Grant("manager", 1), office="tr-01")
    everywhere = lite.person(Grant("manager", 1, all_offices=True), office="tr-01")
    for wanted, kind in ((True, "approvalEntityList"), (False, "entityList")):
        body = {"approvalRequired": wanted, "ownerOnly": wanted}
        assert own.patch(AT, json=body).json["code"] == 403.1
        assert own.get(AT).json["ownerOnly"] is not wanted
        assert everywhere.patch(AT, json=body).json["approvalRequired"] is wanted
        assert own.patch(AT, json=body).json["approvalRequired"] is wanted
        assert f'<mediaFile type="{kind}">' in phone.get("/forms/follow_up/manifest").text
    made = own.post(LISTS, json={"name": "shelters", "approvalRequired": True}).json
    assert (made["name"], made["approvalRequired"]) == ("shelters", True)
