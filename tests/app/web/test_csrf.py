"""A page of somebody else, open in the browser of a person who is signed in, can do nothing in their name."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.permissions import Grant
from app.services.add_user import add_user
from tests.app.looking import actions
from tests.app.shown_forms import simple
from tests.app.web.test_routes import FOR_ANYBODY, WITHOUT_DOOR, verbs
from tests.support.backend import PASSWORD, Backend, Person

HTTPS = "https://forms.example.org"
EMAIL = "drita@example.org"
OURS = {"X-Requested-With": "XMLHttpRequest"}


@pytest.fixture
def signed_in(lite: Backend) -> Person:
    with lite.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=(Grant("admin", all_offices=True),))
    session = lite.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json
    return Person(lite.client, session["token"], 0)


def ask(lite: Backend, person: Person, method: str, path: str, **options: Any) -> TestResponse:
    headers = {"Cookie": f"__Host-session={person.token}"} | options.pop("headers", {})
    return lite.client.open(path, method=method, base_url=HTTPS, headers=headers, **options)


def test_no_route_writes_for_a_cookie_alone(lite: Backend, signed_in: Person) -> None:
    before = actions(lite)
    for rule in lite.app.url_map.iter_rules():
        for method in verbs(rule) - {"GET"}:
            if rule.endpoint in WITHOUT_DOOR or (method, str(rule)) in FOR_ANYBODY:
                continue
            path = str(rule).replace("<int:", "<")
            for name in rule.arguments:
                path = path.replace(f"<{name}>", "1")
            for body in ({}, {"data": {"a": "b"}}, {"json": {}}, {"data": "{}", "content_type": "text/plain"}):
                answer = ask(lite, signed_in, method, path, **body)
                assert answer.status_code == 401, f"{method} {rule}"
    assert actions(lite) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_that_spells_json_is_no_json(lite: Backend, signed_in: Person, kind: str) -> None:
    """The last defence, and the only one of the sign-in, which asks for no cookie."""
    sent = {"data": json.dumps({"email": EMAIL, "password": PASSWORD}), "content_type": kind}
    answer = lite.client.post("/v1/sessions", **sent)
    assert (answer.status_code, answer.json["code"]) == (415, 415.1)
    assert "application/json" in answer.json["message"]
    assert "Set-Cookie" not in answer.headers
    new = {"data": json.dumps({"name": "New"}), "content_type": kind}
    assert ask(lite, signed_in, "POST", "/v1/projects", headers=OURS, **new).status_code == 415


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", None])
def test_a_program_that_names_no_type_is_understood(lite: Backend, signed_in: Person, kind: str | None) -> None:
    new = {"data": json.dumps({"name": "New"}), "content_type": kind}
    assert ask(lite, signed_in, "POST", "/v1/projects", headers=OURS, **new).status_code == 200


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 401), ("same-site", 401), ("same-origin", 200), ("none", 200)]
)
def test_what_a_browser_says_of_where_it_was_asked_counts(
    lite: Backend, signed_in: Person, site: str, status: int
) -> None:
    said = {"Sec-Fetch-Site": site}
    password = {"Authorization": "Basic " + b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()}
    assert ask(lite, signed_in, "GET", "/v1/users/current", headers=said).status_code == status
    assert ask(lite, signed_in, "POST", "/v1/projects", headers=said | OURS, json={"name": "N"}).status_code == status
    assert lite.client.get("/v1/users/current", headers=said | password).status_code == status
    # A link on another page leads here all the same.
    assert ask(lite, signed_in, "GET", "/docs", headers=said).status_code == 200
    # Nothing sends a Bearer token by itself.
    bearer = {"Authorization": f"Bearer {signed_in.token}"}
    assert lite.client.get("/v1/users/current", headers=said | bearer).status_code == 200


@pytest.mark.parametrize("given", ["", "x" * 64, "ë", "__csrf"])
def test_the_second_secret_must_be_the_sessions_own(lite: Backend, signed_in: Person, given: str) -> None:
    path = "/v1/projects/1/forms/x/draft/publish"
    assert ask(lite, signed_in, "POST", path, data={"__csrf": given}).json["code"] == 401.2
    in_the_address = ask(lite, signed_in, "POST", f"{path}?__csrf={given}")
    assert in_the_address.json["code"] == 401.2


def test_a_form_of_ours_with_the_sessions_secret_is_let_in(lite: Backend) -> None:
    with lite.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=(Grant("admin", all_offices=True),))
    session = lite.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json
    person = Person(lite.client, session["token"], 0)
    path = "/v1/projects/1/forms/nowhere/draft/publish"
    assert ask(lite, person, "POST", path, data={"__csrf": session["csrf"]}).json["code"] == 404.1
    # What else the form says arrives too: the passphrases of an export, by the number of their key.
    lite.admin.publish(simple("visit"))
    lite.admin.post("/projects/1/key", json={"passphrase": "correct horse battery"})
    exported = "/v1/projects/1/forms/visit/submissions.csv"
    answer = ask(lite, person, "POST", exported, data={"__csrf": session["csrf"], "1": "wrong"})
    assert answer.json["code"] == 400.12
