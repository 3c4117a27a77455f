"""A phone that is lost is out at once, and a phone's next token ends the one before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from tests.app.looking import actions, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity, simple
from tests.support.backend import AppUser, Backend, instance

UUID = "11111111-1111-4111-8111-111111111111"
NOTE = "canary: taken at the border from D."


def listed(phone: AppUser) -> list[str]:
    answer = phone.get("/formList")
    assert answer.status_code == 200, answer.text
    return [part.split("<")[0] for part in answer.text.split("<formID>")[1:]]


def test_a_lost_phone_is_out_at_once_and_what_it_sent_and_fetched_is_told(backend: Backend) -> None:
    office, admin = backend.office("tr-01"), backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    phone = backend.phone(office=office, name="Tablet 4")
    meta = entity(f'id="{UUID}" create="1"', "C1")
    assert phone.send(instance("intake", "<code>C1</code>", meta=meta, instance_id="uuid:1")).status_code == 201
    assert phone.send(instance("intake", "<code>C2</code>", instance_id="uuid:1")).status_code == 409
    assert phone.get("/forms/follow_up/attachments/cases.csv").status_code == 200
    assert set(listed(phone)) == {"intake", "follow_up"}

    at = f"/projects/1/app-users/{phone.actor_id}/lost"
    told = admin.post(at, json={"note": NOTE})
    assert told.status_code == 200, told.text
    (sent,), (fetched,) = told.json["sent"], told.json["fetched"]
    assert (sent["xmlFormId"], sent["count"], sent["instanceIds"]) == ("intake", 1, ["uuid:1"])
    assert (fetched["dataset"], fetched["times"], fetched["mostCases"]) == ("cases", 1, 1)
    assert {name: told.json[name] for name in ("id", "displayName", "office", "note", "keptAside")} == {
        "id": phone.actor_id,
        "displayName": "Tablet 4",
        "office": "tr-01",
        "note": NOTE,
        "keptAside": 1,
    }
    assert told.json["lastContactAt"] == fetched["lastAt"]

    # Its list is empty, so Collect throws forms and case lists away; everything else is refused.
    assert listed(phone) == []
    assert phone.send(instance("intake", "<code>C3</code>")).status_code == 403
    for path in ("/forms/intake.xml", "/forms/follow_up/manifest", "/forms/follow_up/attachments/cases.csv"):
        assert phone.get(path).status_code == 403, path
    assert backend.client.get(f"/v1/key/{phone.token}/projects").status_code == 403
    assert admin.get("/projects/1/app-users").json == []
    assert admin.get(at).json == told.json
    assert admin.post(at, json={"note": "again"}).json["code"] == 404.1

    (line,) = rows(backend, models.Audit, models.Audit.action == "field_key.lost")
    assert line.details == {"actorId": phone.actor_id, "sent": 1, "fetched": 1}
    assert actions(backend, "field_key.lost") == ["field_key.lost", "field_key.lost.read"]
    (kept,) = rows(backend, models.Incident)
    assert b"canary" not in kept.note_sealed


def test_a_lost_phones_list_is_empty_in_its_own_project_only(lite: Backend) -> None:
    admin = lite.admin
    admin.post("/projects", json={"name": "Other"})
    phone = lite.phone()
    assert admin.post(f"/projects/1/app-users/{phone.actor_id}/lost", json={"note": "x"}).status_code == 200
    assert AppUser(lite.client, phone.token, phone.actor_id, 2).get("/formList").status_code == 403


def test_a_phone_that_was_only_revoked_is_refused_its_list(lite: Backend) -> None:
    phone = lite.phone()
    lite.admin.delete(f"/projects/1/app-users/{phone.actor_id}")
    assert phone.get("/formList").status_code == 403


def test_who_manages_another_office_neither_reports_nor_reads_the_loss(backend: Backend) -> None:
    ours, theirs = backend.office("ours"), backend.office("theirs")
    phone = backend.phone(office=ours)
    at = f"/projects/1/app-users/{phone.actor_id}/lost"
    stranger, manager = (
        backend.person(Grant("manager", 1), office=theirs),
        backend.person(Grant("manager", 1), office=ours),
    )
    assert stranger.post(at, json={"note": "x"}).json["code"] == 404.1
    assert manager.post(at, json={"note": "x"}).status_code == 200
    assert stranger.get(at).json["code"] == 404.1
    assert manager.get(at).status_code == 200


def test_a_report_needs_a_note(lite: Backend) -> None:
    phone = lite.phone()
    at = f"/projects/1/app-users/{phone.actor_id}/lost"
    assert [lite.admin.post(at, json=body).json["code"] for body in ({}, {"note": ""})] == [400.2, 400.8]
    assert phone.get("/formList").status_code == 200


def test_what_a_lost_phone_had_sent_still_makes_its_case(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(CASES)
    phone = backend.phone()
    meta = entity(f'id="{UUID}" create="1"', "C1")
    assert phone.only_send(instance("intake", "<code>C1</code>", meta=meta)).status_code == 201
    admin.post(f"/projects/1/app-users/{phone.actor_id}/lost", json={"note": "x"})
    backend.work()
    assert [each["uuid"] for each in admin.get("/projects/1/datasets/cases/entities").json] == [UUID]


def rotated(backend: Backend, phone: AppUser) -> AppUser:
    answer = backend.admin.post(f"/projects/1/app-users/{phone.actor_id}/rotate", json={"language": "en"})
    assert answer.status_code == 200, answer.text
    assert answer.json["settingsQr"]["payload"]
    return AppUser(backend.client, answer.json["token"], phone.actor_id, 1)


def test_the_old_token_goes_on_until_the_new_one_is_used(backend: Backend) -> None:
    backend.admin.publish(simple("a"))
    old = backend.phone()
    new = rotated(backend, old)
    assert old.send(instance("a", "<who>x</who>")).status_code == 201
    assert new.send(instance("a", "<who>x</who>")).status_code == 201
    assert old.send(instance("a", "<who>x</who>")).status_code == 403
    assert new.get("/formList").status_code == 200
    assert actions(backend, "field_key") == ["field_key.create", "field_key.rotate"]
    assert not any(row.supersedes for row in rows(backend, models.AccessToken))


def test_the_old_token_ends_after_a_day_anyway(backend: Backend) -> None:
    old = backend.phone()
    rotated(backend, old)
    row, new = rows(backend, models.AccessToken, models.AccessToken.actor_id == old.actor_id)
    assert timedelta(hours=23) < row.expires_at - now() <= timedelta(hours=24)
    assert new.expires_at - now() > timedelta(days=179)
    with backend.app.app_context():
        db.session.query(models.AccessToken).filter_by(id=row.id).update({"expires_at": now()})
        db.session.commit()
    assert old.get("/formList").status_code == 403


def test_a_code_that_was_never_scanned_is_ended_by_the_one_after_it(lite: Backend) -> None:
    first = lite.phone()
    second = rotated(lite, first)
    third = rotated(lite, first)
    assert third.get("/formList").status_code == 200
    assert [each.get("/formList").status_code for each in (first, second, third)] == [403, 403, 200]


def test_a_revoked_phone_gets_no_next_token(lite: Backend) -> None:
    phone = lite.phone()
    lite.admin.delete(f"/projects/1/app-users/{phone.actor_id}")
    assert lite.admin.post(f"/projects/1/app-users/{phone.actor_id}/rotate", json={}).json["code"] == 404.1


@pytest.mark.parametrize("after_lost", [False, True])
def test_both_tokens_of_a_phone_that_changes_over_end_with_it(lite: Backend, after_lost: bool) -> None:
    old = lite.phone()
    new = rotated(lite, old)
    at = f"/projects/1/app-users/{old.actor_id}"
    assert (
        lite.admin.post(f"{at}/lost", json={"note": "x"}) if after_lost else lite.admin.delete(at)
    ).status_code == 200
    for phone in (old, new):
        assert phone.get("/forms/a.xml").status_code == 403
