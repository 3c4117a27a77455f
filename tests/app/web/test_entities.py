"""Cases: made and changed by what phones send, once each; conflicts and faults are kept, and each office has its own."""

from __future__ import annotations

from typing import Any

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, assert_no_orphans, count, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import AppUser, Backend, instance

UUID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
LIST = "/projects/1/datasets/cases"
ENTITIES = f"{LIST}/entities"


@pytest.fixture
def cases(backend: Backend) -> Backend:
    for code in ("tr-01", "vl-02"):
        backend.office(code)
    backend.admin.publish(CASES)
    backend.admin.publish(FOLLOW_UP)
    return backend


def create(phone: AppUser, uuid: str = UUID, code: str = "C-1", **options: Any) -> str:
    """Send an intake; its XML."""
    label = options.pop("label", code)
    meta = options.pop("more", "") + entity(f'id="{uuid}" create="1"', label)
    xml = instance("intake", f"<code>{code}</code><person>Drita</person><office/>", meta=meta, **options)
    assert phone.send(xml).status_code == 201
    return xml


def update(phone: AppUser, answers: str, base: str = "1", attributes: str = "", uuid: str = UUID) -> None:
    meta = entity(f'id="{uuid}" update="1" baseVersion="{base}" {attributes}')
    assert phone.send(instance("follow_up", f"<case>{uuid}</case>{answers}", meta=meta)).status_code == 201


def now_says(backend: Backend, uuid: str = UUID) -> dict[str, Any]:
    found: dict[str, Any] = backend.admin.get(f"{ENTITIES}/{uuid}").json
    return found


def resolve(backend: Backend, query: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = backend.admin.patch(f"{ENTITIES}/{UUID}{query}&resolve=true", json=body).json
    return found


def errors(backend: Backend) -> list[str]:
    found = rows(backend, models.Audit, models.Audit.action == "entity.error")
    return [row.details["reason"] for row in found]


def csv_of(phone: AppUser) -> list[str]:
    answer = phone.get("/forms/follow_up/attachments/cases.csv")
    assert answer.status_code == 200
    return answer.text.splitlines()


def test_a_submission_creates_its_case(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    create(phone)
    case = now_says(cases)
    assert (case["uuid"], case["conflict"], case["creatorId"]) == (UUID, None, phone.actor_id)
    version = case["currentVersion"]
    assert (version["version"], version["label"], version["baseVersion"]) == (1, "C-1", None)
    assert version["data"] == {"code": "C-1", "person": "Drita", "custodian": ""}
    assert isinstance(version["userAgent"], str)
    assert actions(cases, "entity.create") == ["entity.create"]


def test_a_resend_and_an_edit_never_create_twice(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    xml = create(phone, instance_id="uuid:1")
    assert phone.send(xml).status_code == 201
    more = "<orx:deprecatedID>uuid:1</orx:deprecatedID>"
    create(phone, instance_id="uuid:2", code="C-2", more=more)
    create(phone, OTHER, instance_id="uuid:3", code="C-3", more=more.replace("uuid:1", "uuid:2"))
    assert count(cases, models.Entity) == count(cases, models.EntityVersion) == 1
    assert now_says(cases)["currentVersion"]["data"]["code"] == "C-1"


def test_a_submission_updates_its_case(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    create(phone)
    update(phone, "<code>C-9</code>")
    case = now_says(cases)
    version = case["currentVersion"]
    assert (version["version"], version["baseVersion"], case["conflict"]) == (2, 1, None)
    assert version["data"] == {"code": "C-9", "person": "Drita", "custodian": ""}
    assert version["label"] == "C-1"
    assert count(cases, models.EntityVersion) == 2


@pytest.mark.parametrize(
    ("answers", "conflict", "properties"),
    [("<person>Mira</person>", "soft", []), ("<code>C-8</code>", "hard", ["code"]), ("<code>C-9</code>", "soft", [])],
    ids=["another property", "the same property", "the same value"],
)
def test_an_update_from_an_old_version_is_applied_and_marked(
    cases: Backend, answers: str, conflict: str, properties: list[str]
) -> None:
    phone = cases.phone(office="tr-01")
    create(phone)
    update(phone, "<code>C-9</code>")
    update(phone, answers)
    case = now_says(cases)
    assert case["conflict"] == conflict
    assert case["currentVersion"]["version"] == 3
    assert case["currentVersion"]["conflictingProperties"] == properties
    assert count(cases, models.EntityVersion) == 3
    listed = cases.admin.get("/projects/1/datasets", headers={"X-Extended-Metadata": "true"}).json
    assert (listed[0]["entities"], listed[0]["conflicts"]) == (1, 1)


def test_a_hard_conflict_does_not_become_soft(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    create(phone)
    for answers in ("<code>C-2</code>", "<code>C-3</code>", "<person>Mira</person>"):
        update(phone, answers)
    assert now_says(cases)["conflict"] == "hard"


def test_the_versions_that_a_conflict_is_about_are_told_until_it_is_resolved(cases: Backend) -> None:
    def told(query: str = "") -> list[tuple[int, bool, bool]]:
        found = cases.admin.get(f"{ENTITIES}/{UUID}/versions{query}").json
        return [(each["version"], each["relevantToConflict"], each["lastGoodVersion"]) for each in found]

    phone = cases.phone(office="tr-01")
    create(phone)
    update(phone, "<code>C-2</code>")
    update(phone, "<code>C-3</code>", base="2")
    assert told() == [(1, False, False), (2, False, False), (3, False, True)]
    assert told("?relevantToConflict=true") == []
    update(phone, "<code>C-4</code>", base="2")
    everything = [(1, False, False), (2, True, False), (3, True, True), (4, True, False)]
    assert told() == everything
    assert told("?relevantToConflict=true") == everything[1:]
    # Resolved by what it says already, and in conflict anew: only what came since is about that.
    assert resolve(cases, "?baseVersion=3")["code"] == 409.15
    assert now_says(cases)["conflict"] == "hard"
    resolved = resolve(cases, "?baseVersion=4")
    assert (resolved["conflict"], resolved["currentVersion"]["version"]) == (None, 4)
    assert resolved == now_says(cases)
    assert told("?relevantToConflict=true") == []
    assert told()[-1] == (4, False, True)
    update(phone, "<person>Mira</person>", base="3")
    assert now_says(cases)["conflict"] == "soft"
    assert told("?relevantToConflict=true") == [(3, True, False), (4, True, True), (5, True, False)]
    # Or by a change of the case.
    resolved = resolve(cases, "?force=true", {"data": {"code": "C-9"}})
    assert (resolved["conflict"], resolved["currentVersion"]["data"]["code"]) == (None, "C-9")
    assert told("?relevantToConflict=true") == []
    assert actions(cases, "entity.update")[-4:] == [
        *("entity.update.resolve", "entity.update.version"),
        *("entity.update.version", "entity.update.resolve"),
    ]
    listed = cases.admin.get("/projects/1/datasets", headers={"X-Extended-Metadata": "true"}).json
    assert listed[0]["conflicts"] == 0


def test_a_version_names_the_submission_that_made_it_to_who_may_see_that(cases: Backend) -> None:
    admin = cases.admin
    create(cases.phone(office="tr-01"))
    assert admin.patch(f"{ENTITIES}/{UUID}?force=true", json={"data": {"code": "C-5"}}).status_code == 200
    (sent,) = admin.rows("intake")
    made_by = {"submission": {"instanceId": sent["__id"], "xmlFormId": "intake"}}

    def told() -> list[dict[str, Any]]:
        return [each["source"] for each in admin.get(f"{ENTITIES}/{UUID}/versions").json]

    assert told() == [made_by, {}]
    here = f"/projects/1/forms/intake/submissions/{sent['__id']}"
    assert admin.delete(here).status_code == 200
    assert told() == [{}, {}]
    assert admin.post(f"{here}/restore").status_code == 200
    # The case goes to another office, and the submission does not.
    handed = {"office": "vl-02", "reason": "she has moved there"}
    assert admin.post(f"{ENTITIES}/{UUID}/hand-over", json=handed).status_code == 200
    other = cases.person(Grant("viewer", 1), office="vl-02")
    seen = other.get(f"{ENTITIES}/{UUID}/versions").json
    assert seen
    assert not [each for each in seen if each["source"]]
    assert told()[0] == made_by


FAULTS = {
    "unknown case": (OTHER, "1", "", "the entity to update does not exist, or was deleted"),
    "no base": (UUID, "", "", "the update does not say which version it builds on"),
    "odd base": (UUID, "one", "", "the update does not say which version it builds on"),
    "future base": (UUID, "7", "", "the update builds on a version that does not exist"),
    "no UUID": ("case-7", "1", "", "the entity's id is not a UUID of version 4"),
    "UUID of version 1": (
        "11111111-1111-1111-8111-111111111111",
        "1",
        "",
        "the entity's id is not a UUID of version 4",
    ),
}


def test_a_fault_in_the_case_never_costs_the_submission(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    create(phone)
    for uuid, base, attributes, _ in FAULTS.values():
        update(phone, "<code>C-9</code>", base, attributes, uuid)
    assert errors(cases) == [reason for _, _, _, reason in FAULTS.values()]
    assert len(cases.admin.rows("follow_up")) == len(FAULTS)
    assert now_says(cases)["currentVersion"]["version"] == 1


def test_a_case_without_a_label_or_created_twice_is_written_down(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    create(phone, label=" ")
    create(phone)
    create(phone)
    assert errors(cases) == [
        "the entity has no label",
        "an entity with this id was already created by another submission",
    ]
    assert count(cases, models.Entity) == 1
    assert count(cases, models.DataKey, models.DataKey.purpose == "entity") == 1
    assert_no_orphans(cases)


def test_an_offline_update_that_comes_before_what_it_builds_on_is_held(cases: Backend) -> None:
    phone = cases.phone(office="tr-01")
    branch = f'branchId="{OTHER}"'
    update(phone, "<code>C-2</code>", "1", f'{branch} trunkVersion=""', uuid=OTHER)
    create(phone)
    update(phone, "<code>C-4</code>", "3", f'{branch} trunkVersion="1"')
    held = rows(cases, models.EntityBacklog)
    assert [(row.entity_uuid, row.branch_id, row.branch_base_version) for row in held] == [
        (OTHER, OTHER, 1),
        (UUID, OTHER, 3),
    ]
    assert len(cases.admin.rows("follow_up")) == 2
    assert errors(cases) == []
    assert actions(cases, "submission.backlog") == ["submission.backlog.hold"] * 2


def test_a_phone_gets_the_cases_of_its_office_and_of_them_only_what_may_lie_in_clear(cases: Backend) -> None:
    tirana, vlora = cases.phone(office="tr-01"), cases.phone(office="vl-02")
    create(tirana, UUID, "C-1")
    create(vlora, OTHER, "C-2")
    assert csv_of(tirana) == ["name,label,__version,code,custodian", f"{UUID},C-1,1,C-1,"]
    assert csv_of(vlora) == ["name,label,__version,code,custodian", f"{OTHER},C-2,1,C-2,"]


def test_a_phone_without_an_office_gets_an_empty_list(cases: Backend) -> None:
    phone = cases.phone()
    create(phone)
    create(cases.phone(office="tr-01"), OTHER)
    assert csv_of(phone) == ["name,label,__version,code,custodian"]


def test_a_hand_over_moves_the_case_to_the_other_offices_phones(cases: Backend) -> None:
    tirana, vlora = cases.phone(office="tr-01"), cases.phone(office="vl-02")
    create(tirana)
    integrity = f"/datasets/cases/integrity?id={UUID}"
    assert "<deleted>false</deleted>" in tirana.get(integrity).text
    assert "<deleted>true</deleted>" in vlora.get(integrity).text
    update(tirana, "<office>vl-02</office>")
    assert csv_of(tirana) == ["name,label,__version,code,custodian"]
    assert csv_of(vlora)[1:] == [f"{UUID},C-1,2,C-1,vl-02"]
    assert "<deleted>true</deleted>" in tirana.get(integrity).text
    assert "<deleted>false</deleted>" in vlora.get(integrity).text


def test_a_hand_over_to_an_office_that_is_not_there_changes_nothing(cases: Backend) -> None:
    tirana = cases.phone(office="tr-01")
    create(tirana)
    update(tirana, "<office>nowhere</office>")
    assert len(csv_of(tirana)) == 2


def test_an_office_that_gave_a_case_away_cannot_change_it_any_more(cases: Backend) -> None:
    tirana = cases.phone(office="tr-01")
    create(tirana)
    update(tirana, "<office>vl-02</office>")
    update(tirana, "<office>tr-01</office>", "2")
    assert errors(cases) == ["the entity belongs to another office"]
    assert now_says(cases)["currentVersion"]["version"] == 2


def test_a_person_sees_the_cases_of_their_office_and_no_sign_of_others(cases: Backend) -> None:
    create(cases.phone(office="tr-01"), UUID)
    create(cases.phone(office="vl-02"), OTHER, "C-2")
    own = cases.person(Grant("viewer", 1), office="tr-01")
    assert [each["uuid"] for each in own.get(ENTITIES).json] == [UUID]
    assert own.get(f"{ENTITIES}/{UUID}").status_code == 200
    foreign, absent = own.get(f"{ENTITIES}/{OTHER}"), own.get(f"{ENTITIES}/{'3' * 36}")
    assert (foreign.status_code, foreign.json) == (absent.status_code, absent.json)
    assert foreign.json["code"] == 404.1
    assert len(cases.person(Grant("viewer", 1, all_offices=True)).get(ENTITIES).json) == 2
    assert cases.person(Grant("viewer", 1)).get(ENTITIES).json == []
    assert cases.person(Grant("analyst", 1, all_offices=True)).get(ENTITIES).json["code"] == 403.1


def test_a_list_shows_its_properties_with_their_classes(cases: Backend) -> None:
    found = cases.admin.get(LIST).json
    assert (found["name"], found["projectId"], found["approvalRequired"]) == ("cases", 1, False)
    assert {each["name"]: each["sensitivity"] for each in found["properties"]} == {
        "code": "operational",
        "person": "identifying",
        "custodian": "operational",
    }
    assert cases.admin.get("/projects/1/datasets/nothing").json["code"] == 404.1


def test_two_forms_that_save_to_one_property_give_it_the_stricter_class(cases: Backend) -> None:
    cases.admin.publish_version(
        "follow_up",
        FOLLOW_UP.replace("| 1       |", "| 2       |").replace(
            "| code       | operational         |", "| code       | special:health      |"
        ),
    )
    properties = cases.admin.get(LIST).json["properties"]
    assert {each["name"]: each["sensitivity"] for each in properties}["code"] == "special:health"
    phone = cases.phone(office="tr-01")
    create(phone)
    assert csv_of(phone)[0] == "name,label,__version,custodian"


def test_a_case_is_added_by_hand(cases: Backend) -> None:
    admin = cases.admin
    made = admin.post(ENTITIES, json={"uuid": UUID.upper(), "label": "By hand", "data": {"code": "C-5"}})
    assert made.status_code == 200
    assert (made.json["uuid"], made.json["currentVersion"]["data"]) == (UUID, {"code": "C-5"})
    assert len(admin.post(ENTITIES, json={"label": "No uuid"}).json["uuid"]) == 36
    assert actions(cases, "entity") == ["entity.create", "entity.create"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.2),
        ({"label": ""}, 400.8),
        ({"label": " "}, 400.28),
        ({"label": "x", "uuid": "7"}, 400.8),
        ({"label": "x", "uuid": OTHER}, 409.3),
        ({"label": "x", "data": {"nothing": "1"}}, 400.28),
        ({"label": "x", "data": {"code": 7}}, 400.8),
        ({"label": "x", "data": []}, 400.8),
        ({"label": "x", "data": {"code": "a\0b"}}, 400.1),
        ({"label": "x\ud800"}, 400.1),
    ],
)
def test_a_case_that_cannot_be_added_is_refused_and_leaves_nothing(
    cases: Backend, body: dict[str, Any], code: float
) -> None:
    admin = cases.admin
    admin.post(ENTITIES, json={"label": "there", "uuid": OTHER})
    assert admin.post(ENTITIES, json=body).json["code"] == code
    assert count(cases, models.Entity) == 1
    assert count(cases, models.DataKey, models.DataKey.purpose == "entity") == 1


@pytest.mark.parametrize("name", ["name", "label", "Name", "__x", "a.b"])
def test_a_property_name_that_odk_keeps_for_itself_is_refused(lite: Backend, name: str) -> None:
    content = CASES.replace("| person     |", f"| {name} |").encode()
    answer = lite.admin.post("/projects/1/forms", data=content, content_type="text/markdown")
    assert answer.status_code == 400
    assert answer.json["code"] in (400.15, 400.25)
