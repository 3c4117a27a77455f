"""Cases in people's hands: changed from the version that was fetched, deleted, brought back; phones follow at once."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, count, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import AppUser, Backend, Person, instance

UUID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
NOBODYS = "33333333-3333-4333-8333-333333333333"
AT = "/projects/1/datasets/cases/entities"
ONE = f"{AT}/{UUID}"


@pytest.fixture
def cases(backend: Backend) -> Backend:
    """One case of each of two offices, opened by their phones."""
    backend.admin.publish(CASES)
    backend.admin.publish(FOLLOW_UP)
    for code, uuid in (("tr-01", UUID), ("vl-02", OTHER)):
        phone = backend.phone(office=backend.office(code), name=f"Phone of {code}")
        meta = entity(f'id="{uuid}" create="1"', f"C {code}")
        answers = f"<code>{code}</code><person>Drita</person><office>{code}</office>"
        assert phone.send(instance("intake", answers, meta=meta)).status_code == 201
    return backend


def manager(backend: Backend, *more: Grant) -> Person:
    return backend.person(Grant("manager", 1), *more, office="tr-01")


def on_phone(phone: AppUser) -> list[str]:
    return phone.get("/forms/follow_up/attachments/cases.csv").text.splitlines()[1:]


def test_a_change_is_a_new_version_and_leaves_what_was_not_sent(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    manifest = phone.get("/forms/follow_up/manifest").text
    body = {"label": "Renamed", "data": {"code": "C-9"}}
    changed = cases.admin.patch(f"{ONE}?baseVersion=1", json=body)
    assert changed.status_code == 200
    version = changed.json["currentVersion"]
    assert (version["version"], version["baseVersion"], version["label"]) == (2, 1, "Renamed")
    assert version["data"] == {"code": "C-9", "person": "Drita", "custodian": "tr-01"}
    assert cases.admin.get(ONE).json == changed.json
    assert on_phone(phone) == [f"{UUID},Renamed,2,C-9,tr-01"]
    assert phone.get("/forms/follow_up/manifest").text != manifest
    assert actions(cases, "entity.update") == ["entity.update.version"]


REFUSED: list[tuple[str, dict[str, Any], float]] = [
    ("", {"label": "x"}, 409.15),
    ("?baseVersion=2", {"label": "x"}, 409.15),
    ("?baseVersion=one", {"label": "x"}, 409.15),
    ("?force=maybe", {"label": "x"}, 400.8),
    ("?force=true&resolve=true", {"label": "x"}, 400.32),
    ("?resolve=true", {}, 400.32),
    ("?force=true", {}, 400.28),
    ("?force=true", {"label": " "}, 400.28),
    ("?force=true", {"label": ""}, 400.8),
    ("?force=true", {"data": {"nothing": "x"}}, 400.28),
    ("?force=true", {"data": {"code": None}}, 400.8),
    ("?force=true", {"data": {"custodian": "vl-02"}}, 400.8),
    ("?force=true", {"data": {"custodian": "nowhere"}}, 400.8),
]


def test_a_change_that_cannot_be_made_is_refused_and_leaves_nothing(cases: Backend) -> None:
    admin = cases.admin
    assert [admin.patch(ONE + query, json=body).json["code"] for query, body, _ in REFUSED] == [
        code for _, _, code in REFUSED
    ]
    assert admin.get(ONE).json["currentVersion"]["version"] == 1


def test_nobody_changes_what_they_see_masked(cases: Backend) -> None:
    blind = manager(cases)
    for body in ({"data": {"person": "Mira"}}, {"data": {"code": "C-9", "person": ""}}):
        refused = blind.patch(f"{ONE}?force=true", json=body).json
        assert (refused["code"], refused["details"]) == (403.11, {"class": "identifying"})
    done = blind.patch(f"{ONE}?baseVersion=1", json={"label": "Seen", "data": {"code": "C-9"}}).json["currentVersion"]
    # The label was made of an operational answer; now that a person typed it, it may be anything.
    assert (done["label"], done["label@sportel.masked"]) == (None, "identifying")
    assert (done["data"]["person"], done["data"]["person@sportel.masked"]) == (None, "identifying")
    assert blind.patch(f"{ONE}?force=true", json={"label": "Again"}).json["code"] == 403.11
    assert cases.admin.get(ONE).json["currentVersion"]["data"]["person"] == "Drita"


def test_what_is_deleted_leaves_phones_and_lists_and_comes_back_as_it_was(cases: Backend) -> None:
    phone, own = cases.phone(office="tr-01"), manager(cases)
    before = own.get(ONE).json
    assert own.delete(ONE).json == {"success": True}
    assert on_phone(phone) == []
    assert "<deleted>true</deleted>" in phone.get(f"/datasets/cases/integrity?id={UUID}").text
    assert own.get(AT).json == []
    for refused in (own.get(ONE), own.delete(ONE), own.patch(f"{ONE}?force=true", json={"label": "x"})):
        assert refused.json["code"] == 404.1
    (gone,) = own.get(f"{AT}?deleted=true").json
    assert (gone["uuid"], gone["deletedAt"] is None) == (UUID, False)
    assert own.post(f"{ONE}/restore").json == {"success": True}
    assert own.post(f"{ONE}/restore").json["code"] == 404.1
    after = own.get(ONE).json
    assert after.pop("updatedAt") is not None
    assert after.items() <= before.items()
    assert len(on_phone(phone)) == 1
    assert [each for each in actions(cases) if each in ("entity.delete", "entity.restore")] == [
        "entity.delete",
        "entity.restore",
    ]


def test_many_are_deleted_all_or_none_and_only_the_own_offices(cases: Backend) -> None:
    own, at = manager(cases), f"{AT}/bulk-delete"
    for body, code in (
        ({"ids": [UUID, OTHER]}, 404.1),
        ({"ids": [UUID, NOBODYS]}, 404.1),
        ({"ids": []}, 400.8),
        ({"ids": [7]}, 400.8),
        ({}, 400.2),
    ):
        assert own.post(at, json=body).json["code"] == code
    assert len(cases.admin.get(AT).json) == 2


def test_many_are_deleted_and_brought_back_together(cases: Backend) -> None:
    body = {"ids": [UUID, OTHER, UUID]}
    assert cases.admin.post(f"{AT}/bulk-delete", json=body).json == {"success": True}
    assert cases.admin.get(AT).json == []
    own = manager(cases)
    assert own.post(f"{AT}/bulk-restore", json=body).json["code"] == 404.1
    assert [each["uuid"] for each in own.get(f"{AT}?deleted=true").json] == [UUID]
    assert cases.admin.post(f"{AT}/bulk-restore", json=body).json == {"success": True}
    assert len(cases.admin.get(AT).json) == 2


def test_many_are_added_all_or_none(cases: Backend) -> None:
    admin = cases.admin
    new = [{"label": f"Case {number}", "data": {"code": f"N-{number}"}} for number in range(3)]
    source = {"name": "people of Drita.csv", "size": 120}
    assert admin.post(AT, json={"entities": new, "source": source}).json == {"success": True}
    assert sorted(each["currentVersion"]["label"] for each in admin.get(AT).json)[-3:] == ["Case 0", "Case 1", "Case 2"]
    (line,) = rows(cases, models.Audit, models.Audit.action == "entity.bulk.create")
    assert line.details == {"dataset": "cases", "count": 3, "size": 120}
    before = count(cases, models.Entity)
    for entities, code in (
        ([*new, {"label": "x", "uuid": UUID}], 409.3),
        ([*new, {"label": "x", "data": {"nothing": "1"}}], 400.28),
        ([*new, {"data": {}}], 400.8),
        ([], 400.8),
        ("many", 400.8),
    ):
        assert admin.post(AT, json={"entities": entities, "source": source}).json["code"] == code
    assert admin.post(AT, json={"entities": new}).json["code"] == 400.2
    assert count(cases, models.Entity) == before


def test_versions_and_what_changed_between_them_are_shown_as_far_as_they_may_be_read(cases: Backend) -> None:
    admin = cases.admin
    for number, body in ((1, {"data": {"person": "Mira"}}), (2, {"data": {"code": "C-9"}})):
        assert admin.patch(f"{ONE}?baseVersion={number}", json=body).status_code == 200
    versions = admin.get(f"{ONE}/versions").json
    assert [(each["version"], each["current"]) for each in versions] == [(1, False), (2, False), (3, True)]
    assert [each["data"]["person"] for each in versions] == ["Drita", "Mira", "Mira"]
    assert admin.get(f"{ONE}/diffs").json == [
        [{"propertyName": "person", "old": "Drita", "new": "Mira"}],
        [{"propertyName": "code", "old": "tr-01", "new": "C-9"}],
    ]
    own = manager(cases)
    assert own.get(f"{ONE}/diffs").json == [[], [{"propertyName": "code", "old": "tr-01", "new": "C-9"}]]
    assert "Mira" not in own.get(f"{ONE}/versions").text
    for what in ("versions", "diffs"):
        assert own.get(f"{AT}/{OTHER}/{what}").json["code"] == 404.1
        assert own.get(f"{AT}/{NOBODYS}/{what}").json["code"] == 404.1
    assert actions(cases, "entity.read") == ["entity.read"] * 4


def test_who_added_cases_is_shown_of_the_own_office(cases: Backend) -> None:
    cases.admin.post(AT, json={"label": "By hand"})
    names = [each["displayName"] for each in cases.admin.get(f"{AT}/creators").json]
    assert names == ["Administrator", "Phone of tr-01", "Phone of vl-02"]
    assert [each["displayName"] for each in manager(cases).get(f"{AT}/creators").json] == ["Phone of tr-01"]
