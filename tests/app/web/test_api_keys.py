"""A key for a script or a spreadsheet: shown once, narrower than its person, out at the next request."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services.add_user import add_user
from app.services.api_keys import PREFIX
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.app.shown_forms import VISIT
from tests.support.backend import PASSWORD, Backend, Person, instance

EMAIL = "drita@example.org"
VIEWER = (Grant("viewer", 1, all_offices=True),)


def make(person: Person, **wanted: Any) -> dict[str, Any]:
    answer = person.post(f"/users/{person.actor_id}/api-keys", json={"label": "Excel"} | wanted)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json
    return made


def ask(backend: Backend, token: str, path: str, method: str = "GET", **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return backend.client.open(f"/v1{path}", method=method, headers=headers, **options)


def test_a_key_is_shown_once_and_kept_as_its_hash(backend: Backend) -> None:
    person = backend.person(*VIEWER)
    made = make(person, projectId=1, days=30)
    assert made["token"].startswith(PREFIX)
    assert {name: made[name] for name in ("label", "projectId", "forms", "office", "writes", "revokedAt")} == {
        "label": "Excel",
        "projectId": 1,
        "forms": None,
        "office": None,
        "writes": False,
        "revokedAt": None,
    }
    (listed,) = person.get(f"/users/{person.actor_id}/api-keys").json
    assert listed == made | {"token": None}
    (row,) = rows(backend, models.ApiKey)
    assert row.expires_at - row.created_at == timedelta(days=30)
    assert made["token"].encode() not in row.token_hash
    assert actions(backend, "api_key") == ["api_key.create"]


def test_a_key_reads_the_table_as_bearer_and_as_the_password_of_its_persons_address(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    backend.phone().send(instance("visit", "<who>x</who>"))
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=VIEWER)
    signed = backend.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json["token"]
    me = ask(backend, signed, "/users/current").json["id"]
    token = make(Person(backend.client, signed, me), projectId=1)["token"]
    path = "/projects/1/forms/visit.svc/Submissions"
    assert len(ask(backend, token, path).json["value"]) == 1
    for address, status in ((EMAIL, 200), (EMAIL.upper(), 200), ("other@example.org", 401)):
        basic = b64encode(f"{address}:{token}".encode()).decode()
        answer = backend.client.get(f"/v1{path}", headers={"Authorization": f"Basic {basic}"})
        assert (answer.status_code, bool(answer.data)) == (status, True)
    assert ask(backend, signed, "/users/current").status_code == 200
    # pyODK signs in with address and password, and goes on with the token that it is answered.
    session = backend.client.post("/v1/sessions", json={"email": EMAIL, "password": token})
    assert (session.status_code, session.json["token"]) == (200, token)
    assert "Set-Cookie" not in session.headers
    assert ask(backend, session.json["token"], "/users/current").json["email"] == EMAIL
    for email, password in (("other@example.org", token), (EMAIL, token[:-1])):
        answer = backend.client.post("/v1/sessions", json={"email": email, "password": password})
        assert answer.json["code"] == 401.2
    assert ask(backend, session.json["token"], f"/users/{me}/api-keys").json["code"] == 403.1


def test_a_key_goes_no_further_than_its_project_form_and_reading(backend: Backend) -> None:
    admin = backend.admin
    admin.post("/projects", json={"name": "Other"})
    admin.publish(VISIT)
    admin.publish(VISIT.replace("visit", "other"))
    admin.publish(VISIT, project=2)
    one_form = make(admin, projectId=1, forms=["visit"])
    assert one_form["forms"] == ["visit"]
    project = make(admin, projectId=1, writes=True)["token"]
    allowed = {
        ("GET", "/projects/1/forms/visit.svc/Submissions"): (200, 200),
        ("GET", "/projects/1/forms/other.svc/Submissions"): (403, 200),
        ("GET", "/projects/2/forms/visit.svc/Submissions"): (403, 403),
        ("GET", "/projects/1/app-users"): (403, 200),
        ("POST", "/projects/1/app-users"): (403, 200),
        ("POST", "/projects"): (403, 403),
        ("GET", "/users"): (403, 403),
        ("GET", "/audits"): (403, 403),
    }
    for (method, path), statuses in allowed.items():
        body = {"json": {"displayName": "P", "name": "P"}} if method == "POST" else {}
        found = tuple(ask(backend, token, path, method, **body).status_code for token in (one_form["token"], project))
        assert found == statuses, (method, path)
    assert [each["id"] for each in ask(backend, project, "/projects").json] == [1]


def test_a_key_for_an_office_shows_that_offices_rows_only(backend: Backend) -> None:
    ours, theirs, admin = backend.office("ours"), backend.office("theirs"), backend.admin
    admin.publish(VISIT)
    for office in (ours, theirs):
        backend.phone(office=office).send(instance("visit", f"<who>{office}</who>"))
    path = "/projects/1/forms/visit.svc/Submissions"

    def seen(person: Person) -> list[str]:
        token = make(person, projectId=1, classes=None, office=theirs)["token"]
        answer = ask(backend, token, path)
        return [row["who"] for row in answer.json["value"]] if answer.status_code == 200 else []

    assert seen(backend.person(Grant("case-reader", 1, all_offices=True), office=ours)) == ["theirs"]
    # Who reaches the own office only gets nothing of another with a key either.
    assert seen(backend.person(Grant("viewer", 1), office=ours)) == []
    assert seen(backend.person(Grant("case-reader", 1), office=theirs)) == ["theirs"]


def test_a_key_shows_what_may_lie_in_clear_unless_more_was_asked_for(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    xml = instance("visit", "<who>Lule</who><age>31</age>", instance_id="uuid:1")
    assert backend.phone(office=backend.office("tr-01")).send(xml).status_code == 201
    reader = backend.person(Grant("case-reader", 1, all_offices=True))

    def shown(**wanted: Any) -> str:
        answer = ask(backend, make(reader, **wanted)["token"], "/projects/1/forms/visit/submissions/uuid:1.xml")
        assert answer.status_code == 200
        return answer.text

    assert make(reader)["classes"] == ["operational", "quasi"]
    assert "Lule" not in shown()
    assert '<who sportel:masked="identifying"/>' in shown()
    assert "Lule" in shown(classes=["identifying"])
    assert "Lule" in shown(classes=None)
    # Naming a class gives nobody what they do not read themselves.
    viewer = backend.person(*VIEWER)
    token = make(viewer, classes=["identifying"])["token"]
    assert "Lule" not in ask(backend, token, "/projects/1/forms/visit/submissions/uuid:1.xml").text


def test_what_its_person_loses_the_key_loses_at_once(backend: Backend) -> None:
    admin, person = backend.admin, backend.person(Grant("viewer", 1, all_offices=True))
    token = make(person)["token"]
    assert ask(backend, token, "/projects/1").status_code == 200
    assert admin.delete(f"/projects/1/assignments/viewer/{person.actor_id}").status_code == 200
    assert ask(backend, token, "/projects/1").status_code == 403
    assert admin.delete(f"/users/{person.actor_id}").status_code == 200
    assert ask(backend, token, "/projects/1").json["code"] == 401.2


@pytest.mark.parametrize("who", ["owner", "administrator"])
def test_a_revoked_key_is_refused_at_its_next_request(backend: Backend, who: str) -> None:
    person = backend.person(*VIEWER)
    made = make(person)
    at = f"/users/{person.actor_id}/api-keys/{made['id']}"
    revoker = person if who == "owner" else backend.admin
    assert ask(backend, made["token"], "/projects/1").status_code == 200
    assert revoker.delete(at).json == {"success": True}
    assert ask(backend, made["token"], "/projects/1").json["code"] == 401.2
    assert revoker.delete(at).json["code"] == 404.1
    assert person.get(f"/users/{person.actor_id}/api-keys").json[0]["revokedAt"] is not None
    assert actions(backend, "api_key") == ["api_key.create", "api_key.delete"]


def test_a_key_ends_with_its_days(backend: Backend) -> None:
    token = make(backend.person(*VIEWER))["token"]
    with backend.app.app_context():
        db.session.query(models.ApiKey).update({"expires_at": now()})
        db.session.commit()
    assert ask(backend, token, "/projects/1").json["code"] == 401.2


def test_a_key_makes_no_key_and_touches_no_account_and_no_session(lite: Backend) -> None:
    admin = lite.admin
    token, own = make(admin, writes=True)["token"], f"/users/{admin.actor_id}"
    for method, path in (
        ("GET", f"{own}/api-keys"),
        ("POST", f"{own}/api-keys"),
        ("DELETE", f"{own}/api-keys/1"),
        ("PATCH", own),
        ("DELETE", own),
        ("PUT", f"{own}/password"),
        ("POST", "/users"),
        ("POST", f"/assignments/viewer/{admin.actor_id}"),
        ("DELETE", f"/assignments/admin/{admin.actor_id}"),
    ):
        body = {"json": {"label": "x", "old": PASSWORD, "new": PASSWORD, "email": "x@example.org"}}
        assert ask(lite, token, path, method, **body).json["code"] == 403.1, (method, path)
    assert ask(lite, token, "/sessions/restore").json["code"] == 404.1
    assert ask(lite, token, "/sessions/current", "DELETE").json["code"] == 403.1
    extended = {"X-Extended-Metadata": "true", "Authorization": f"Bearer {token}"}
    assert "user.create" not in lite.client.get("/v1/users/current", headers=extended).json["verbs"]


def test_nobody_makes_sees_or_revokes_anothers_key(lite: Backend) -> None:
    person, other, admin = lite.person(*VIEWER), lite.person(*VIEWER), lite.admin
    at = f"/users/{person.actor_id}/api-keys"
    number = make(person)["id"]
    assert other.get(at).json["code"] == other.delete(f"{at}/{number}").json["code"] == 403.1
    assert other.post(at, json={"label": "x"}).json["code"] == admin.post(at, json={"label": "x"}).json["code"] == 403.1
    assert other.delete(f"/users/{other.actor_id}/api-keys/{number}").json["code"] == 404.1
    assert len(admin.get(at).json) == 1
    assert admin.get("/users/999/api-keys").json["code"] == 404.1


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"days": 367}, 400.8),
        ({"days": 0}, 400.8),
        ({"label": ""}, 400.8),
        ({"forms": ["visit"]}, 400.8),
        ({"office": "ours"}, 400.8),
        ({"projectId": 2}, 400.8),
        ({"projectId": 1, "forms": ["nowhere"]}, 400.8),
        ({"projectId": 1, "office": "nowhere"}, 400.8),
    ],
)
def test_a_key_that_cannot_be_made_is_refused(lite: Backend, wanted: dict[str, Any], code: float) -> None:
    person = lite.person(*VIEWER)
    answer = person.post(f"/users/{person.actor_id}/api-keys", json={"label": "Excel"} | wanted)
    assert answer.json["code"] == code
    assert rows(lite, models.ApiKey) == []


def test_what_a_key_does_is_on_record_with_the_keys_number(backend: Backend) -> None:
    admin = backend.admin
    made = make(admin, writes=True)
    assert ask(backend, made["token"], "/projects", "POST", json={"name": "By a script"}).status_code == 200
    (line,) = rows(backend, models.Audit, models.Audit.action == "project.create", models.Audit.actor_id.is_not(None))
    assert (line.actor_id, line.details["apiKeyId"]) == (admin.actor_id, made["id"])


def test_the_use_of_a_key_is_noted_to_the_hour(make_lite: MakeBackend) -> None:
    backend = make_lite()
    token = make(backend.person(*VIEWER))["token"]

    def noted() -> Any:
        return rows(backend, models.ApiKey)[0].last_used_at

    assert noted() is None
    ask(backend, token, "/projects")
    first = noted()
    assert now() - first < timedelta(minutes=1)
    ask(backend, token, "/projects")
    assert noted() == first
    with backend.app.app_context():
        db.session.query(models.ApiKey).update({"last_used_at": first - timedelta(hours=2)})
        db.session.commit()
    ask(backend, token, "/projects")
    assert now() - noted() < timedelta(minutes=1)
