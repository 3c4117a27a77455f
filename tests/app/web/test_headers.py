"""Headers that protect, on every answer: of every route and method, of every kind of status, and of no route at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from werkzeug.test import TestResponse

from app.web.headers import POLICIES, install_headers, protecting_headers
from tests.app.conftest import MakeBackend
from tests.support.backend import Backend

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
SOME = {"project_id": "1", "xml_form_id": "visit", "filename": "sportel.css", "name": "../a b.csv", "code": "x"}


def faults(answer: TestResponse) -> Iterator[str]:
    """What is wrong with the headers of an answer."""
    headers = answer.headers
    for name, value in protecting_headers(None, secure=False):
        if name not in ("Content-Security-Policy", "Cache-Control") and headers.getlist(name) != [value]:
            yield f"{name}: {headers.getlist(name)}"
    policy = headers.get("Content-Security-Policy", "")
    if not policy.startswith("default-src 'none'") or "frame-ancestors 'none'" not in policy or "unsafe" in policy:
        yield f"Content-Security-Policy: {policy}"
    cached = headers.get("Cache-Control")
    if cached not in ("no-store", "private, must-revalidate", "no-cache"):
        yield f"Cache-Control: {cached}"
    if any(name.startswith("Access-Control-") for name in headers.keys()):  # noqa: SIM118
        yield "another origin is let in"
    kind = headers.get("Content-Type", "")
    if answer.data and not kind:
        yield "a body of no type"
    if (kind.startswith("text/") or "xml" in kind) and "officedocument" not in kind and "charset=utf-8" not in kind:
        yield f"Content-Type without its charset: {kind}"


def paths(backend: Backend) -> list[str]:
    """Every address, with a value for each of its parts; and some that no route has."""
    known = {
        re.sub(
            r"<(?:(?P<type>\w+):)?(?P<name>\w+)>",
            lambda part: SOME.get(part["name"], "1" if part["type"] == "int" else "uuid:t"),
            str(rule),
        )
        for rule in backend.app.url_map.iter_rules()
    }
    unknown = ("/nothing", "/v1/nothing", "/v2/projects", "/v1/projects/x", "//", "/static/nothing", "/static/../app")
    return [*sorted(known), *unknown, "/static/icon.svg"]


def test_every_answer_of_every_route_and_method_is_protected(lite: Backend) -> None:
    admin = lite.admin
    found, seen, kinds = {}, set(), set()
    for path in paths(lite):
        for method in METHODS:
            for headers in ({}, {"Authorization": f"Bearer {admin.token}"}):
                with lite.client.open(
                    path, method=method, headers={"Origin": "https://evil.example"} | headers
                ) as answer:
                    found[f"{method} {path}: {answer.status}"] = list(faults(answer))
                    if answer.status_code != 501:  # said on purpose, of what this server does not do
                        seen.add(answer.status_code // 100)
                    kinds.add(answer.mimetype)
                    if path == "/v1/sessions/current":
                        admin = lite.admin  # that ended the session
    assert {each: wrong for each, wrong in found.items() if wrong} == {}
    assert seen == {2, 3, 4}
    assert {"application/json", "text/html", "text/xml", "text/css", "image/svg+xml", "text/plain"} <= kinds


def test_what_is_there_is_protected_as_what_is_not(lite: Backend) -> None:
    lite.admin.publish("""
        | survey   |       |      |       |
        |          | type  | name | label |
        |          | image | pic  | Photo |
        |          | file  | doc  | Paper |
        | settings |       |      |       |
        |          | form_id | version |
        |          | visit   | 1       |
    """)
    phone = lite.phone()
    sent = '<data xmlns:orx="http://openrosa.org/xforms" id="visit" version="1"><pic>a.jpg</pic>'
    sent += "<orx:meta><orx:instanceID>uuid:t</orx:instanceID></orx:meta></data>"
    assert phone.send(sent, {"a.jpg": b"jpeg"}).status_code == 201
    form = "/projects/1/forms/visit"
    for path in (
        form,
        f"{form}.xml",
        f"{form}.svc/Submissions",
        f"{form}/submissions/uuid:t.xml",
        f"{form}/submissions/uuid:t/attachments/a.jpg",
        f"{form}/submissions.csv",
        f"{form}/submissions.csv.zip",
        "/projects/1/quarantine",
    ):
        with lite.admin.get(path) as answer:
            assert answer.status_code == 200, path
            assert list(faults(answer)) == [], path
            kept = "private, must-revalidate" if path == f"{form}.xml" else "no-store"
            assert answer.headers["Cache-Control"] == kept, path
            assert "sandbox" in answer.headers["Content-Security-Policy"]
    for path in ("/formList", "/submission", "/forms/visit/manifest"):
        assert list(faults(phone.get(path))) == []


def test_a_fault_of_ours_is_protected_too(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setitem(lite.app.view_functions, "health.live", broken)
    answer = lite.client.get("/live")
    assert answer.status_code == 500
    assert list(faults(answer)) == []


def test_a_page_gets_only_its_own_styles_and_pictures_and_a_script_runs_nowhere(lite: Backend) -> None:
    for path in ("/", "/docs"):
        answer = lite.client.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICIES["home"]
        # Nothing that this policy would stop.
        assert re.search(r"<script|\sstyle=|\son\w+=|javascript:|src=\"data:|<form", answer.text) is None
        assert set(re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', answer.text)) <= {
            "/static/sportel.css",
            "/static/icon.svg",
        }


def test_what_a_view_says_of_its_cache_stays_and_nothing_is_said_twice() -> None:
    app = Flask(__name__)
    install_headers(app)
    app.add_url_rule("/", view_func=lambda: Response(headers={"cache-control": "private"}))
    headers = app.test_client().get("/").headers
    assert headers.getlist("Cache-Control") == ["private"]
    assert len({name.lower() for name in headers.keys()}) == len(list(headers))  # noqa: SIM118


def test_over_https_the_browser_is_told_to_stay_there(lite: Backend) -> None:
    headers = lite.client.get("/", base_url="https://forms.example.org").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Strict-Transport-Security" not in lite.client.get("/").headers


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "forms.example.org", "X-Forwarded-For": "192.0.2.7"}


@pytest.mark.parametrize(("proxies", "address"), [(0, "http://localhost"), (1, "https://forms.example.org")])
def test_a_proxys_word_counts_only_if_proxies_are_trusted(make_lite: MakeBackend, proxies: int, address: str) -> None:
    backend = make_lite(trusted_proxies=proxies)
    answer = backend.client.get("/", headers=FORWARDED)
    assert address in answer.text
    assert ("Strict-Transport-Security" in answer.headers) is bool(proxies)


def test_the_public_address_is_the_one_that_was_set(make_lite: MakeBackend) -> None:
    backend = make_lite(public_url="https://forms.example.org")
    assert "https://forms.example.org" in backend.client.get("/").text
