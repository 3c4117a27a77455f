"""Rules about which cases of its office a phone gets: by what is noted of the phone, and never by what lies sealed."""

from __future__ import annotations

from typing import Any

import pytest

from app.permissions import Grant
from app.services import change_list
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.app.web.test_managed_encryption_races import meet
from tests.support.backend import AppUser, Backend, Person, instance

LISTS = "/projects/1/datasets"
AT = f"{LISTS}/cases"
UUIDS = {code: f"{code[-1] * 8}-1111-4111-8111-111111111111" for code in ("C-1", "C-2", "C-3")}


def prepare(backend: Backend) -> Backend:
    """Three cases of one office, and two names under which something is noted of phones."""
    backend.office("tr-01")
    backend.office("vl-02")
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    sender = backend.phone(office="tr-01")
    for code, uuid in UUIDS.items():
        meta = entity(f'id="{uuid}" create="1"', code)
        xml = instance("intake", f"<code>{code}</code><person>Drita</person><office/>", meta=meta)
        assert sender.send(xml).status_code == 201
    for name in ("area", "second"):
        assert admin.post("/projects/1/actor-properties", json={"name": name}).status_code == 200
    return backend


def by(*rules: tuple[str, str]) -> dict[str, Any]:
    return {"type": "property", "rules": [{"datasetProperty": a, "actorProperty": b} for a, b in rules]}


def note(admin: Person, phone: AppUser, **values: str | None) -> None:
    at = f"/projects/1/app-users/{phone.actor_id}"
    assert admin.patch(at, json={"properties": values}).status_code == 200


def got(who: AppUser | Person) -> list[str]:
    """The codes of the cases that somebody gets with a form."""
    at = "/forms/follow_up/attachments/cases.csv"
    answer = who.get(at if isinstance(who, AppUser) else f"/projects/1{at}")
    assert answer.status_code == 200
    return [line.split(",")[1] for line in answer.text.splitlines()[1:]]


def gone(who: AppUser | Person) -> list[bool]:
    at = f"/datasets/cases/integrity?id={','.join(UUIDS.values())}"
    text = who.get(at if isinstance(who, AppUser) else f"/projects/1{at}").text
    return [part.startswith("true") for part in text.split("<deleted>")[1:]]


def test_a_phone_gets_the_cases_that_any_rule_leaves_and_forgets_the_others(backend: Backend) -> None:
    ruled = prepare(backend)
    admin, phone = ruled.admin, ruled.phone(office="tr-01")
    collector = ruled.person(Grant("formfill", 1), office="tr-01")
    elsewhere = ruled.phone(office="vl-02")
    wanted = by(("code", "area"), ("code", "second"))
    assert got(phone) == got(collector) == ["C-3", "C-2", "C-1"]
    shown = admin.patch(AT, json={"accessFilter": wanted}).json
    assert (shown["ownerOnly"], shown["accessFilter"]) == (False, wanted)
    assert [each["accessFilter"] for each in admin.get(LISTS).json] == [wanted]
    # Of whom nothing is noted, they get nothing.
    assert got(phone) == got(collector) == []
    assert gone(phone) == gone(collector) == [True, True, True]
    # Who only looks forgets nothing.
    looks = ruled.person(Grant("manager", 1), office="tr-01")
    assert (len(got(looks)), gone(looks)) == (3, [False, False, False])
    before = phone.get("/forms/follow_up/manifest").text
    for each in (phone, elsewhere):
        note(admin, each, area="C-1", second="C-3")
    assert phone.get("/forms/follow_up/manifest").text != before
    assert (got(phone), gone(phone), got(elsewhere)) == (["C-3", "C-1"], [False, True, False], [])
    change = {"data": {"code": "C-2"}}
    assert admin.patch(f"{AT}/entities/{UUIDS['C-1']}?force=true", json=change).status_code == 200
    note(admin, phone, second=None, area="C-2")
    assert (got(phone), gone(phone)) == (["C-2", "C-1"], [False, False, True])
    # Who reads the list without being there to fill sees their own rows as ever.
    assert len(admin.get(f"{AT}/entities").json) == 3
    # One way or the other, and the last word counts.
    assert admin.patch(AT, json={"ownerOnly": False}).json["accessFilter"] == wanted
    assert admin.patch(AT, json={"ownerOnly": True}).json["accessFilter"] == {"type": "ownerOnly"}
    assert got(phone) == []
    assert admin.patch(AT, json={"accessFilter": by(("code", "area"))}).json["ownerOnly"] is False
    assert got(phone) == ["C-2", "C-1"]
    assert admin.patch(AT, json={"accessFilter": None}).json["accessFilter"] is None
    assert got(phone) == ["C-3", "C-2", "C-1"]


BAD: list[Any] = [
    {"type": "property"},
    {"type": "property", "rules": []},
    {"type": "property", "rules": "code"},
    {"type": "property", "rules": [{"datasetProperty": "code"}]},
    {"type": "ownerOnly", "rules": [{"datasetProperty": "code", "actorProperty": "area"}]},
    by(*[("code", "area")] * 51),
    by(("nothing", "area")),
    by(("code", "nothing")),
    by(("label", "area")),
    # It would tell whoever may make rules and phones who a case is about.
    by(("code", "area"), ("person", "area")),
]


def test_what_makes_no_rule_is_refused_and_what_sits_in_one_stays_closed(lite: Backend) -> None:
    ruled = prepare(lite)
    admin, phone = ruled.admin, ruled.phone(office="tr-01")
    note(admin, phone, area="C-1")
    for wanted in BAD:
        answer = admin.patch(AT, json={"accessFilter": wanted, "approvalRequired": True})
        assert answer.json["code"] in (400.2, 400.8, 400.11), wanted
    assert admin.post(LISTS, json={"name": "shelters", "accessFilter": by(("code", "area"))}).json["code"] == 400.8
    assert [each["name"] for each in admin.get(LISTS).json] == ["cases"]
    assert (admin.get(AT).json["accessFilter"], admin.get(AT).json["approvalRequired"]) == (None, False)
    # Without the property everybody would get what the rule keeps from them.
    assert admin.post(f"{AT}/properties", json={"name": "town", "sensitivity": "operational"}).status_code == 200
    assert admin.patch(AT, json={"accessFilter": by(("town", "area"), ("town", "area"))}).status_code == 200
    assert admin.delete(f"{AT}/properties/town").json["code"] == 409.22
    # A version that makes the property stricter does not open it to the rule.
    assert admin.patch(AT, json={"accessFilter": by(("code", "area"))}).status_code == 200
    assert got(phone) == ["C-1"]
    stricter = CASES.replace("operational         |              |", "identifying         |              |", 1)
    admin.publish_version("intake", stricter.replace("| intake  | 1 ", "| intake  | 2 "))
    assert (got(phone), gone(phone)) == ([], [True, True, True])
    assert admin.patch(AT, json={"accessFilter": None}).status_code == 200
    assert admin.delete(f"{AT}/properties/town").json == {"success": True}


def test_of_two_who_make_rules_at_once_one_has_the_last_word(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    ruled = prepare(backend)
    one, other = (Person(ruled.app.test_client(), ruled.admin.token, 1) for _ in "12")
    first, then = by(("code", "area")), by(("code", "second"))
    statuses = meet(
        monkeypatch,
        (change_list, "record"),
        lambda: one.patch(AT, json={"accessFilter": first}),
        lambda: other.patch(AT, json={"accessFilter": then}),
    )
    assert statuses == (200, 200)
    # Both together would give a phone what neither of them does.
    assert ruled.admin.get(AT).json["accessFilter"] == then


def test_which_cases_all_offices_phones_get_is_decided_by_who_may_change_those_of_all_offices(lite: Backend) -> None:
    ruled = prepare(lite)
    own = ruled.person(Grant("manager", 1), office="tr-01")
    rules = by(("code", "area"))
    assert ruled.admin.patch(AT, json={"accessFilter": rules}).status_code == 200
    for body in ({"accessFilter": None}, {"accessFilter": by(("code", "second"))}, {"ownerOnly": True}):
        assert own.patch(AT, json=body).json["code"] == 403.1
        assert own.get(AT).json["accessFilter"] == rules
    assert own.patch(AT, json={"accessFilter": rules}).status_code == 200  # as it is already
