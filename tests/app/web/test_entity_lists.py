"""Entity lists by hand: added, given properties, shown with the forms that use them; phones and readers follow."""

from __future__ import annotations

from typing import Any

from app.db import models
from app.permissions import Grant
from tests.app.looking import actions, count, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity, simple
from tests.support.backend import Backend, instance

LISTS = "/projects/1/datasets"
UUID = "11111111-1111-4111-8111-111111111111"


def properties(backend: Backend, name: str) -> dict[str, str]:
    found = backend.admin.get(f"{LISTS}/{name}").json["properties"]
    return {each["name"]: each["sensitivity"] for each in found}


def test_a_list_is_added_with_properties_of_the_strictest_class_unless_another_is_given(backend: Backend) -> None:
    admin = backend.admin
    made = admin.post(LISTS, json={"name": "shelters", "approvalRequired": False})
    assert (made.status_code, made.json["name"], made.json["properties"]) == (200, "shelters", [])
    assert admin.post(f"{LISTS}/shelters/properties", json={"name": "town"}).json == {"success": True}
    more = {"name": "beds", "sensitivity": "operational"}
    assert admin.post(f"{LISTS}/shelters/properties", json=more).status_code == 200
    assert properties(backend, "shelters") == {"town": "identifying", "beds": "operational"}
    assert actions(backend, "dataset") == ["dataset.create", "dataset.update", "dataset.update"]
    assert [each["name"] for each in admin.get(LISTS).json] == ["shelters"]


REFUSED: list[tuple[str, dict[str, Any], float]] = [
    ("", {}, 400.2),
    ("", {"name": "a.b"}, 400.8),
    ("", {"name": "__a"}, 400.8),
    ("", {"name": "7a"}, 400.8),
    ("", {"name": "a b"}, 400.8),
    ("", {"name": "a" * 256}, 400.8),
    ("", {"name": 7}, 400.8),
    ("", {"name": "cases"}, 409.3),
    ("", {"name": "Cases"}, 409.16),
    ("/cases/properties", {}, 400.2),
    ("/cases/properties", {"name": "Label"}, 400.8),
    ("/cases/properties", {"name": "a.b"}, 400.8),
    ("/cases/properties", {"name": "a", "sensitivity": "secret"}, 400.8),
    ("/cases/properties", {"name": "code"}, 409.3),
    ("/cases/properties", {"name": "Code"}, 409.17),
    ("/nothing/properties", {"name": "code"}, 404.1),
]


def test_what_cannot_be_added_is_refused_and_leaves_nothing(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(CASES)
    before = count(backend, models.Dataset), count(backend, models.DatasetProperty)
    assert [admin.post(LISTS + path, json=body).json["code"] for path, body, _ in REFUSED] == [
        code for _, _, code in REFUSED
    ]
    assert (count(backend, models.Dataset), count(backend, models.DatasetProperty)) == before


def test_what_only_a_draft_has_named_is_published_by_adding_it(backend: Backend) -> None:
    admin = backend.admin
    answer = admin.post("/projects/1/forms", data=CASES.encode(), content_type="text/markdown")
    assert answer.status_code == 200
    assert admin.get(LISTS).json == []
    shown = admin.post(LISTS, json={"name": "cases"}).json
    assert (shown["draftSourceForms"], shown["sourceForms"]) == ([{"xmlFormId": "intake", "name": "Intake"}], [])
    body = {"name": "code", "sensitivity": "open"}
    assert admin.post(f"{LISTS}/cases/properties", json=body).status_code == 200
    assert properties(backend, "cases") == {"code": "operational"}
    assert count(backend, models.Dataset) == 1


def test_a_list_says_which_forms_read_and_write_it_now(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    intake = {"xmlFormId": "intake", "name": "Intake"}
    follow_up = {"xmlFormId": "follow_up", "name": "Follow up"}
    shown = admin.get(f"{LISTS}/cases").json
    assert (shown["linkedForms"], shown["sourceForms"]) == ([follow_up], [follow_up, intake])
    forms = {each["name"]: each["forms"] for each in shown["properties"]}
    assert forms == {name: [follow_up, intake] for name in ("code", "person", "custodian")}
    admin.publish_version(
        "intake", CASES.replace("| 1       |", "| 2       |").replace("| code       |", "|            |")
    )
    assert admin.delete("/projects/1/forms/follow_up").status_code == 200
    shown = admin.get(f"{LISTS}/cases").json
    assert (shown["linkedForms"], shown["sourceForms"]) == ([], [intake])
    assert {each["name"]: each["forms"] for each in shown["properties"]}["code"] == []


def test_a_property_is_deleted_once_no_form_writes_it_and_no_case_has_a_value(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(CASES)
    admin.post(f"{LISTS}/cases/properties", json={"name": "extra"})
    at = f"{LISTS}/cases/properties"
    by_form = admin.delete(f"{at}/code").json
    dependent = {"details": {"forms": [{"xmlFormId": "intake", "formName": "Intake"}]}}
    needed = {"dependentForms": dependent, "nonEmptyEntities": None}
    assert (by_form["code"], by_form["details"]["prerequisites"]) == (409.22, needed)
    case = admin.post(f"{LISTS}/cases/entities", json={"label": "x", "data": {"extra": "value-of-it"}}).json
    by_value = admin.delete(f"{at}/extra")
    needed = {"dependentForms": None, "nonEmptyEntities": {"details": {"totalCount": 1, "entities": []}}}
    assert (by_value.json["code"], by_value.json["details"]["prerequisites"]) == (409.22, needed)
    assert "value-of-it" not in by_value.text
    assert admin.delete(f"{LISTS}/cases/entities/{case['uuid']}").status_code == 200
    assert admin.delete(f"{at}/extra").json == {"success": True}
    assert "extra" not in properties(backend, "cases")
    assert admin.delete(f"{at}/extra").json["code"] == 404.1


def test_a_form_in_the_trash_keeps_its_properties_and_an_older_version_its_list(lite: Backend) -> None:
    admin, intake = lite.admin, "/projects/1/forms/intake"
    admin.publish(CASES)
    assert admin.delete(intake).status_code == 200
    by_trash = admin.delete(f"{LISTS}/cases/properties/code").json
    (form,) = by_trash["details"]["prerequisites"]["dependentForms"]["details"]["forms"]
    assert (by_trash["code"], form["xmlFormId"]) == (409.22, "intake")
    (trashed,) = admin.get("/projects/1/forms?deleted=true").json
    assert admin.post(f"/projects/1/forms/{trashed['id']}/restore").status_code == 200
    admin.publish_version("intake", simple("intake", "2"))
    # Phones may hold the older version still; of a form that takes nothing nobody sends it.
    by_older = admin.delete(f"{LISTS}/cases").json
    assert (by_older["code"], by_older["details"]["sourceForms"]) == (409.43, [])
    assert [each["xmlFormId"] for each in by_older["details"]["olderSourceForms"]] == ["intake"]
    assert admin.patch(intake, json={"state": "closed"}).status_code == 200
    assert admin.delete(f"{LISTS}/cases").json == {"success": True}


def test_whether_a_property_has_values_is_told_to_nobody_who_does_not_read_its_class_everywhere(lite: Backend) -> None:
    lite.office("tr-01")
    lite.admin.publish(CASES)
    lite.admin.post(f"{LISTS}/cases/properties", json={"name": "extra"})
    at = f"{LISTS}/cases/properties/extra"
    own = lite.person(Grant("manager", 1), Grant("case-reader", 1), office="tr-01")
    blind = lite.person(Grant("manager", 1, all_offices=True))
    for _ in range(2):
        assert (own.delete(at).json["code"], blind.delete(at).json["code"]) == (403.1, 403.11)
        lite.admin.post(f"{LISTS}/cases/entities", json={"label": "x", "data": {"extra": "1"}})


def test_a_reader_without_all_offices_counts_only_the_own_offices_cases(lite: Backend) -> None:
    for code in ("tr-01", "vl-02"):
        lite.office(code)
    lite.admin.publish(CASES)
    meta = entity(f'id="{UUID}" create="1"', "C-1")
    assert lite.phone(office="tr-01").send(instance("intake", "<code>1</code>", meta=meta)).status_code == 201
    extended = {"X-Extended-Metadata": "true"}
    for office, entities in (("tr-01", 1), ("vl-02", 0)):
        reader = lite.person(Grant("viewer", 1), office=office)
        one, listed = (reader.get(path, headers=extended).json for path in (f"{LISTS}/cases", LISTS))
        assert (one["entities"], listed[0]["entities"], one["lastEntity"] is None) == (entities, entities, not entities)
        assert "entities" not in reader.get(f"{LISTS}/cases").json


def test_who_may_not_change_lists_changes_nothing(lite: Backend) -> None:
    lite.admin.publish(CASES)
    viewer = lite.person(Grant("viewer", 1, all_offices=True))
    answers = [
        viewer.post(LISTS, json={"name": "x"}),
        viewer.post(f"{LISTS}/cases/properties", json={"name": "x"}),
        viewer.delete(f"{LISTS}/cases/properties/code"),
    ]
    assert [each.json["code"] for each in answers] == [403.1] * 3
    assert [row.name for row in rows(lite, models.Dataset)] == ["cases"]
