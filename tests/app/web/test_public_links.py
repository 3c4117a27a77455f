"""A link with which anybody fills one form: it opens that form and sends to it, and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db import models
from app.permissions import Grant
from app.web.routes import PREFIXES, operations
from tests.app.looking import actions, kept_aside, rows
from tests.app.shown_forms import CASES, FOLLOW_UP, entity, simple
from tests.support.backend import AppUser, Backend, Person, instance

FORMS = "/projects/1/forms"
CASE = "11111111-1111-4111-8111-111111111111"


def link_to(person: Person, form: str, **body: Any) -> Any:
    return person.post(f"{FORMS}/{form}/public-links", json={"displayName": "Poster"} | body)


def opened(backend: Backend, made: Any) -> AppUser:
    """Whoever has the link, as bytes on the wire."""
    return AppUser(backend.client, made["token"], made["id"], 1)


def test_whoever_has_the_link_fills_its_form_for_its_office(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    admin.publish(simple("other"))
    backend.office("one")
    made = link_to(admin, "visit", office="one", once=True, days=2).json
    shown = {name: made[name] for name in ("type", "displayName", "once", "office")}
    assert shown == {"type": "public_link", "displayName": "Poster", "once": True, "office": "one"}
    link = opened(backend, made)
    listed = link.get("/formList").text
    assert "visit" in listed and "other" not in listed
    assert link.get("/forms/visit.xml").status_code == 200
    assert link.send(instance("visit", "<who>x</who>", instance_id="uuid:1")).status_code == 201
    for whoever in (link, backend.phone()):
        assert whoever.client.delete(f"/v1/key/{whoever.token}/sessions/{whoever.token}").json["code"] == 403.1
        assert whoever.get("/formList").status_code == 200
    by_query = f"/v1{FORMS}/visit/submissions?st={made['token']}"
    xml = instance("visit", "<who>y</who>", instance_id="uuid:2")
    assert link.client.post(by_query, data=xml, content_type="text/xml").status_code == 200
    assert link.only_send(instance("other", "<who>x</who>")).status_code == 403
    sent = rows(backend, models.Submission)
    assert {(row.submitter_id, row.office_id) for row in sent} == {(made["id"], 1)}
    assert len(backend.person(Grant("viewer", 1), office="one").get(f"{FORMS}/visit/submissions").json) == 2


def test_the_token_is_shown_once_and_the_link_is_listed_without_it(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    made = link_to(admin, "visit").json
    at = f"{FORMS}/visit/public-links"
    (listed,) = admin.get(at).json
    assert listed == admin.get(f"{at}/{made['id']}").json == made | {"token": None}
    assert listed["createdBy"]["displayName"] == "Administrator"
    assert admin.get(f"{FORMS}/visit", headers={"X-Extended-Metadata": "true"}).json["publicLinks"] == 1
    admin.post("/projects/1/actor-properties", json={"name": "place"})
    assert admin.patch(f"{at}/{made['id']}", json={"properties": {"place": "door"}}).status_code == 200
    noted = admin.get(f"{at}/{made['id']}", headers={"X-Extended-Metadata": "true"}).json["properties"]
    assert noted == {"place": "door"}
    assert actions(backend, "public_link") == ["public_link.create", "public_link.property.set"]


@pytest.mark.parametrize("end", ["deleted", "by its token", "revoked", "expired", "form deleted", "form closed"])
def test_a_link_ends(lite: Backend, end: str) -> None:
    admin = lite.admin
    admin.publish(simple("visit"))
    made = link_to(admin, "visit").json
    link = opened(lite, made)
    assert link.get("/forms/visit.xml").status_code == 200
    if end == "deleted":
        assert admin.delete(f"{FORMS}/visit/public-links/{made['id']}").json == {"success": True}
        assert admin.get(f"{FORMS}/visit/public-links").json == []
    elif end == "by its token":
        assert admin.delete(f"/sessions/{made['token']}").json == {"success": True}
        assert admin.get(f"{FORMS}/visit/public-links").json == []
    elif end == "revoked":
        with lite.database() as session:
            session.query(models.AccessToken).filter_by(actor_id=made["id"]).update({"revoked_at": now()})
            session.commit()
        assert admin.get(f"{FORMS}/visit/public-links").json == []
    elif end == "expired":
        with lite.database() as session:
            mine = session.query(models.AccessToken).filter_by(actor_id=made["id"])
            mine.update({"expires_at": now() - timedelta(seconds=1)})
            session.commit()
    elif end == "form deleted":
        admin.delete(f"{FORMS}/visit")
    else:
        admin.patch(f"{FORMS}/visit", json={"state": "closed"})
    assert link.get("/forms/visit.xml").status_code == (404 if end == "form closed" else 403)
    assert link.send(instance("visit", "<who>x</who>")).status_code in (403, 409)
    assert rows(lite, models.Submission) == []


OPEN_TO_A_LINK = {
    "/v1/roles",  # what roles there are is no secret of anybody who may ask something
    "/v1/roles/<role>",
    "/v1/projects",  # those that it may read: none
    "/v1/projects/<int:project_id>/formList",
    "/v1/projects/<int:project_id>/submission",
    "/v1/projects/<int:project_id>/forms/<xml_form_id>.xml",
    "/v1/projects/<int:project_id>/forms/<xml_form_id>/attachments",
    "/v1/projects/<int:project_id>/forms/<xml_form_id>/attachments/<name>",
    "/v1/projects/<int:project_id>/forms/<xml_form_id>/versions/<version>/attachments/<name>",
    "/v1/projects/<int:project_id>/forms/<xml_form_id>/manifest",
    "/v1/projects/<int:project_id>/datasets/<name>/integrity",  # every case is gone, for it
    "/v1/form-links/<form_link_id>/form",
}
NAMED = {"project_id": "1", "xml_form_id": "follow_up", "name": "cases.csv", "version": "1", "instance_id": "uuid:1"}


def test_a_link_reads_its_blank_form_and_nothing_else(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    office = lite.office("one")
    phone = lite.phone(office=office)
    meta = entity(f'id="{CASE}" create="1"', "canary")
    assert phone.send(instance("intake", "<code>canary</code>", meta=meta, instance_id="uuid:1")).status_code == 201
    made = link_to(admin, "follow_up", office=office).json
    form_link = admin.get(f"{FORMS}/follow_up").json["enketoId"]
    named = NAMED | {"uuid": CASE, "actor_id": str(made["id"]), "link_id": str(made["id"]), "form_link_id": form_link}
    let_in = set()
    for each in operations():
        rule = PREFIXES.get(each.endpoint.split(".")[0], "") + each.rule
        if each.method != "GET" or each.verb == "anybody":
            continue
        for list_name in ("cases.csv", "cases"):
            given = named | {"name": list_name}
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name, given=given: given.get(name[1], "viewer"), rule)
            answer = lite.client.get(f"{path}?st={made['token']}&id={CASE}")
            assert b"canary" not in answer.data
            if answer.status_code < 300:
                let_in.add(rule)
    assert let_in == OPEN_TO_A_LINK
    rows_of_list = opened(lite, made).get("/forms/follow_up/attachments/cases.csv").text.splitlines()
    assert len(rows_of_list) == 1
    integrity = opened(lite, made).get(f"/datasets/cases/integrity?id={CASE}").text
    assert "<deleted>true</deleted>" in integrity


def test_what_a_link_sends_replaces_nothing_and_changes_no_case(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    office = backend.office("one")
    phone = backend.phone(office=office)
    meta = entity(f'id="{CASE}" create="1"', "A case")
    assert phone.send(instance("intake", "<code>c</code>", meta=meta)).status_code == 201
    first = instance("follow_up", f"<case>{CASE}</case>", instance_id="uuid:1")
    assert phone.send(first).status_code == 201
    link = opened(backend, link_to(admin, "follow_up", office=office).json)
    edit = instance(
        "follow_up", "<code>z</code>", instance_id="uuid:2", meta="<orx:deprecatedID>uuid:1</orx:deprecatedID>"
    )
    assert link.send(edit).status_code == 404
    assert [reason for reason, _, _ in kept_aside(backend)] == ["foreign-office"]
    update = entity(f'id="{CASE}" update="1" baseVersion="1"')
    assert link.send(instance("follow_up", f"<case>{CASE}</case><code>z</code>", meta=update)).status_code == 201
    case = admin.get(f"/projects/1/datasets/cases/entities/{CASE}").json
    assert (case["currentVersion"]["version"], case["currentVersion"]["data"]["code"]) == (1, "c")
    assert "entity.error" in actions(backend)


def test_a_link_opens_no_session_and_gets_no_other_role(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("visit"))
    made = link_to(admin, "visit").json
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert lite.client.get("/v1/projects", headers=bearer).status_code == 401
    for role in ("manager", "app-user", "pub-link"):
        assert admin.post(f"{FORMS}/visit/assignments/{role}/{made['id']}").json["code"] == 400.8
    assert admin.post(f"{FORMS}/visit/assignments/pub-link/{admin.actor_id}").json["code"] == 400.8


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.2),
        ({"displayName": ""}, 400.8),
        ({"displayName": "P", "days": 0}, 400.8),
        ({"displayName": "P", "days": 400}, 400.8),
        ({"displayName": "P", "office": "nowhere"}, 400.8),
        ({"displayName": "P"}, 400.2),  # there are offices, and the administrator is of none
    ],
)
def test_a_link_that_cannot_be_added(lite: Backend, body: dict[str, Any], code: float) -> None:
    lite.admin.publish(simple("visit"))
    lite.office("one")
    assert lite.admin.post(f"{FORMS}/visit/public-links", json=body).json["code"] == code
    assert lite.admin.post(f"{FORMS}/nowhere/public-links", json={"displayName": "P"}).json["code"] == 404.1


def test_a_manager_adds_links_for_the_own_office_only(lite: Backend) -> None:
    lite.admin.publish(simple("visit"))
    for office in ("one", "two"):
        lite.office(office)
    manager = lite.person(Grant("manager", 1), office="one")
    assert link_to(manager, "visit").json["office"] == "one"
    assert link_to(manager, "visit", office="two").json["code"] == 403.1
    link = link_to(lite.admin, "visit", office="two").json
    theirs = link["id"]
    assert manager.delete(f"/sessions/{link['token']}").json["code"] == 403.1
    assert [each["office"] for each in manager.get(f"{FORMS}/visit/public-links").json] == ["one"]
    assert manager.delete(f"{FORMS}/visit/public-links/{theirs}").json["code"] == 404.1
    assert lite.person(Grant("viewer", 1), office="one").get(f"{FORMS}/visit/public-links").json["code"] == 403.1


def test_a_browsers_address_names_the_form_for_who_may_fill_or_read_it(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    admin.publish(simple("other"))
    at = admin.get(f"{FORMS}/visit").json
    link = opened(backend, link_to(admin, "visit").json)
    for name in (at["enketoId"], at["enketoOnceId"]):
        path = f"/form-links/{name}/form"
        for answer in (admin.get(path), link.client.get(f"/v1{path}?st={link.token}")):
            assert (answer.json["xmlFormId"], answer.json["projectId"]) == ("visit", 1)
        extended = {"X-Extended-Metadata": "true"}
        assert "createdBy" in admin.get(path, headers=extended).json
        seen = link.client.get(f"/v1{path}?st={link.token}", headers=extended).json
        assert not {"createdBy", "submissions", "publicLinks"} & set(seen)
        assert backend.person().get(path).json["code"] == 403.1
    other = admin.get(f"{FORMS}/other").json["enketoId"]
    assert link.client.get(f"/v1/form-links/{other}/form?st={link.token}").json["code"] == 403.1
    assert admin.get("/form-links/nothing/form").json["code"] == 404.1
    admin.patch(f"{FORMS}/visit", json={"state": "closed"})
    assert link.client.get(f"/v1/form-links/{at['enketoId']}/form?st={link.token}").json["code"] == 404.1
    assert admin.get(f"/form-links/{at['enketoId']}/form").status_code == 200
    admin.delete(f"{FORMS}/visit")
    assert admin.get(f"/form-links/{at['enketoId']}/form").json["code"] == 404.1
