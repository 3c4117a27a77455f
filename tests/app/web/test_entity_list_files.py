"""An entity list as a file for people, in the trash, and kept to those who made its cases."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services.change_form import KEPT_FOR
from app.services.purge_forms import purge_forms
from tests.app.looking import actions, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import AppUser, Backend, Person, instance

LISTS = "/projects/1/datasets"
AT = f"{LISTS}/cases"
UUIDS = {code: f"{digit * 8}-1111-4111-8111-111111111111" for digit, code in (("1", "tr-01"), ("2", "vl-02"))}


@pytest.fixture
def cases(backend: Backend) -> Backend:
    """One case of each of two offices."""
    backend.admin.publish(CASES)
    backend.admin.publish(FOLLOW_UP)
    for code in UUIDS:
        send(backend.phone(office=backend.office(code), name=f"Phone of {code}"), UUIDS[code], code)
    return backend


def send(phone: AppUser, uuid: str, code: str) -> None:
    meta = entity(f'id="{uuid}" create="1"', "=1+1")
    answers = f"<code>{code}</code><person>Drita</person><office/>"
    assert phone.send(instance("intake", answers, meta=meta)).status_code == 201


def cases_asked(backend: Backend) -> list[list[str]]:
    """By which properties files were searched."""
    lines = rows(backend, models.Audit, models.Audit.action == "entity.export")
    return [each.details["asked"] for each in lines if "asked" in each.details]


def table(person: Person, path: str = f"{AT}/entities.csv") -> list[dict[str, str]]:
    answer = person.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_file_has_centrals_columns_and_no_formula(cases: Backend) -> None:
    cases.admin.patch(f"{AT}/entities/{UUIDS['tr-01']}?force=true", json={"data": {"code": "C-9"}})
    newest, first = table(cases.admin)
    assert list(first) == [
        *("__id", "label", "code", "person", "custodian"),
        *("__createdAt", "__creatorId", "__creatorName", "__updates", "__updatedAt", "__version"),
    ]
    assert (newest["__id"], first["__id"]) == (UUIDS["vl-02"], UUIDS["tr-01"])
    assert (first["label"], first["code"], first["person"]) == ("'=1+1", "C-9", "Drita")
    assert (first["__creatorName"], first["__updates"], first["__version"]) == ("Phone of tr-01", "1", "2")
    assert (newest["__updates"], newest["__updatedAt"]) == ("0", "")


def test_a_reader_gets_the_own_offices_cases_with_masks_and_once(cases: Backend) -> None:
    own = cases.person(Grant("viewer", 1), office="tr-01")
    (row,) = table(own)
    assert (row["__id"], row["code"], row["person"]) == (UUIDS["tr-01"], "tr-01", "[masked: identifying]")
    etag = own.get(f"{AT}/entities.csv").headers["ETag"]
    assert not etag.startswith("W/")
    assert own.get(f"{AT}/entities.csv", headers={"If-None-Match": etag}).status_code == 304
    assert cases.admin.get(f"{AT}/entities.csv", headers={"If-None-Match": etag}).status_code == 200
    everything = cases.admin
    (row,) = table(everything, f"{AT}/entities.csv?$filter=code eq 'vl-02' and __system/updatedAt eq null")
    assert row["__id"] == UUIDS["vl-02"]
    assert table(own, f"{AT}/entities.csv?$filter=code eq 'vl-02'") == []
    assert actions(cases, "entity.export") == ["entity.export"] * 6
    assert cases_asked(cases) == [["code", "__system/updatedAt"], ["code"]]
    for query, code in (("$filter=x eq 1", 501.5), ("$filter=person eq 'Drita'", 501.5), ("$filter=", 400.18)):
        assert everything.get(f"{AT}/entities.csv?{query}").json["code"] == code
    assert own.get(f"{LISTS}/nothing/entities.csv").json["code"] == 404.1
    assert cases.person(Grant("analyst", 1)).get(f"{AT}/entities.csv").json["code"] == 403.1


def test_a_list_goes_into_the_trash_once_no_form_uses_it_and_leaves_its_name(cases: Backend) -> None:
    admin, phone = cases.admin, cases.phone(office="tr-01")
    refused = admin.delete(AT).json
    assert refused["code"] == 409.43
    assert [each["xmlFormId"] for each in refused["details"]["linkedForms"]] == ["follow_up"]
    for form in ("intake", "follow_up"):
        assert admin.delete(f"/projects/1/forms/{form}").status_code == 200
    # Restored, they would write and read a list that is gone.
    refused = admin.delete(AT).json
    assert (refused["code"], refused["details"]["sourceForms"]) == (409.43, [])
    assert [each["xmlFormId"] for each in refused["details"]["deletedForms"]] == ["follow_up", "intake"]
    with cases.app.app_context():
        db.session.execute(update(models.Form).values(deleted_at=now() - KEPT_FOR))
        db.session.commit()
        assert purge_forms() == 2
    own = cases.person(Grant("manager", 1), office="tr-01")
    assert own.delete(AT).json["code"] == 403.1
    assert admin.delete(AT).json == {"success": True}
    assert admin.delete(AT).json["code"] == admin.get(f"{AT}/entities").json["code"] == 404.1
    assert phone.get(f"/datasets/cases/integrity?id={UUIDS['tr-01']}").status_code == 404
    assert admin.get(LISTS).json == []
    (gone,) = admin.get(f"{LISTS}?deleted=true").json
    assert (gone["name"], gone["deletedAt"] is None) == ("cases", False)
    trash = f"/projects/1/trash/datasets/{gone['id']}/entities.csv"
    assert len(table(admin, trash)) == 2
    assert [row["__id"] for row in table(own, trash)] == [UUIDS["tr-01"]]
    assert 'filename="cases-deleted.csv"' in admin.get(trash).headers["Content-Disposition"]
    made = admin.post(LISTS, json={"name": "cases"})
    assert (made.status_code, made.json["properties"]) == (200, [])
    (alive,) = admin.get(LISTS).json
    assert "id" not in alive
    assert actions(cases, "dataset.delete") == ["dataset.delete"]


def test_phones_get_only_what_they_made_where_the_list_says_so(cases: Backend) -> None:
    admin = cases.admin
    made = cases.phone(office="tr-01")
    other = "33333333-3333-4333-8333-333333333333"
    send(made, other, "C-3")

    def on(phone: AppUser) -> list[str]:
        return [line[:36] for line in phone.get("/forms/follow_up/attachments/cases.csv").text.splitlines()[1:]]

    assert on(made) == [other, UUIDS["tr-01"]]
    manifest = made.get("/forms/follow_up/manifest").text
    for body in ({"ownerOnly": True}, {"accessFilter": {"type": "ownerOnly"}, "ownerOnly": False}):
        changed = admin.patch(AT, json=body).json
        assert (changed["ownerOnly"], changed["accessFilter"]) == (True, {"type": "ownerOnly"})
        assert on(made) == [other]
    assert made.get("/forms/follow_up/manifest").text != manifest
    gone = made.get(f"/datasets/cases/integrity?id={other},{UUIDS['tr-01']}").text
    assert (gone.count("<deleted>false"), gone.count("<deleted>true")) == (1, 1)
    assert admin.patch(AT, json={"accessFilter": None}).json["ownerOnly"] is False
    assert made.get("/forms/follow_up/manifest").text == manifest
    for body in (
        {"accessFilter": {}},
        {"ownerOnly": "perhaps"},
    ):
        assert admin.patch(AT, json=body).json["code"] == 400.8
    assert admin.patch(AT, json={"approvalRequired": False}).status_code == 200
    assert admin.patch(f"{LISTS}/nothing", json={}).json["code"] == 404.1
