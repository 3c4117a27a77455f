"""Every route says what right it needs, and the description of the API knows every route."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV30SpecValidator
from werkzeug.routing import Rule

from app import create_app
from app.permissions import ANYBODY, CLASS_VERBS, HALF_SIGNED_IN, SIGNED_IN, VERBS
from app.web import openapi
from app.web.door import Door
from app.web.routes import operations
from tests.support.backend import Backend

# Flask serves these files itself: they are in the repository and hold nothing of anybody.
WITHOUT_DOOR = {"static"}

# What everybody may ask without signing in; a new one is a decision, so it is written down here too.
FOR_ANYBODY = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/favicon.ico"),
    ("GET", "/password"),
    ("POST", "/password"),
    ("POST", "/password/forgotten"),
    ("GET", "/live"),
    ("GET", "/ready"),
    # Itself it lets in only this machine and who has the metrics token.
    ("GET", "/metrics"),
    ("GET", "/v1/openapi.json"),
    ("POST", "/v1/sessions"),
    # Out to the institution's sign-in, and back with what it says.
    ("GET", "/v1/oidc/login"),
    ("GET", "/v1/oidc/callback"),
    # Who forgot the password is nobody yet; a mailed code is checked by the service.
    ("POST", "/v1/users/reset/initiate"),
    ("POST", "/v1/users/reset/verify"),
    # What stands on the page where one signs in.
    ("GET", "/v1/config/public"),
    ("GET", "/v1/config/public/<key>"),
    # The draft's own token is checked by the views.
    ("GET", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft/formList"),
    ("GET", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft/manifest"),
    ("GET", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft.xml"),
    ("GET", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft/attachments/<name>"),
    ("GET", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft/submission"),
    ("POST", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft/submission"),
    ("POST", "/v1/test/projects/<int:project_id>/forms/<xml_form_id>/draft/submissions"),
}


def undeclared(app: Flask) -> list[str]:
    """Routes of the application that no door declares."""
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in WITHOUT_DOOR and not hasattr(app.view_functions[rule.endpoint], "declared")
    )


def test_every_route_is_declared_with_the_right_that_it_needs(lite: Backend) -> None:
    assert undeclared(lite.app) == []


def test_a_route_that_was_added_without_a_door_would_be_found(lite: Backend) -> None:
    app = create_app(lite.app.extensions["sportel"].settings)
    app.add_url_rule("/v1/back-door", "back_door", lambda: "come in")
    assert undeclared(app) == ["/v1/back-door"]


def test_a_door_refuses_a_verb_that_no_role_has() -> None:
    with pytest.raises(ValueError, match="asks for the verb submission.burn, which no role has"):
        Door("d", "T").route("GET", "/x", verb="submission.burn", summary="s")


def verbs(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def test_what_a_declaration_says_is_what_the_application_serves(lite: Backend) -> None:
    served = {
        (method, rule.endpoint)
        for rule in lite.app.url_map.iter_rules()
        if rule.endpoint not in WITHOUT_DOOR
        for method in verbs(rule)
    }
    assert served == {(each.method, each.endpoint) for each in operations()}


def test_only_these_routes_are_open_to_anybody(lite: Backend) -> None:
    rules = {rule.endpoint: str(rule) for rule in lite.app.url_map.iter_rules()}
    assert {(each.method, rules[each.endpoint]) for each in operations() if each.verb == ANYBODY} == FOR_ANYBODY


def test_every_other_route_refuses_who_does_not_sign_in(lite: Backend) -> None:
    client, numbers = lite.client, re.compile(r"<int:\w+>")
    for rule in lite.app.url_map.iter_rules():
        for method in verbs(rule):
            if rule.endpoint in WITHOUT_DOOR or (method, str(rule)) in FOR_ANYBODY:
                continue
            path = re.sub(r"<\w+>", "x", numbers.sub("1", str(rule)))
            answer = client.open(path, method=method)
            assert answer.status_code == 401, f"{method} {rule}"


def test_a_verb_that_a_role_has_is_asked_by_some_route_or_listed_as_one_to_come() -> None:
    to_come = {
        *CLASS_VERBS.values(),  # asked of every answer, not of a route
        "open_form.cases",  # asked of a list of cases among a form's files
        "open_form.list",  # the form list answers with what is left after open_form.read
    }
    assert VERBS - {each.verb for each in operations()} == to_come


def test_every_operation_has_a_summary_and_a_right_that_is_known() -> None:
    for each in operations():
        assert each.summary
        assert each.verb in VERBS | {ANYBODY, SIGNED_IN, HALF_SIGNED_IN}


def test_the_openapi_document_is_valid() -> None:
    OpenAPIV30SpecValidator(openapi.document()).validate()


def test_the_patterns_of_the_openapi_document_are_ecmascripts() -> None:
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(openapi.document()))
    assert patterns
    for each in patterns:
        assert each.startswith("^")
        assert each.endswith("$")
        assert r"\\Z" not in each


def test_the_openapi_document_has_every_route_and_no_other(lite: Backend) -> None:
    paths = openapi.document()["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item}
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)))
        for rule in lite.app.url_map.iter_rules()
        if rule.endpoint not in WITHOUT_DOOR
        for method in verbs(rule)
    }
    assert described == served


def test_the_openapi_document_names_each_path_parameter_and_each_operation_once() -> None:
    names: list[str] = []
    for path, item in openapi.document()["paths"].items():
        for operation in item.values():
            in_path = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert in_path == re.findall(r"{(\w+)}", path)
            names.append(operation["operationId"])
    assert len(names) == len(set(names))


def test_the_openapi_document_is_served_and_the_page_shows_every_operation(lite: Backend) -> None:
    document = lite.client.get("/v1/openapi.json")
    assert document.json == openapi.document()
    page = lite.client.get("/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    for operation in operations():
        assert operation.rule.replace("<int:project_id>", "{project_id}").split("<")[0] in page.text
    assert page.text.count('<details>\n<summary><span class="method') == len(operations())
    assert "<script" not in page.text


def test_the_home_page_says_in_both_languages_where_to_go(lite: Backend) -> None:
    page = lite.client.get("/")
    assert page.status_code == 200
    assert 'lang="sq"' in page.text
    assert 'lang="en"' in page.text
    assert "/docs" in page.text
    assert lite.client.get("/favicon.ico").location == "/static/icon.svg"
    for file in ("/static/icon.svg", "/static/sportel.css"):
        with lite.client.get(file) as answer:
            assert answer.status_code == 200
