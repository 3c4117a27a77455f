"""The page where a mailed code becomes a password: with and without a script, in two languages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from app.config import ROOT
from app.db import models
from app.web.headers import POLICIES
from tests.app.looking import count
from tests.app.web.test_password_reset import EMAIL, NEW, STRANGER, code_of, sign_in, with_person
from tests.support.backend import Backend
from tests.support.mail import MailServer, send_mail, use


def choose(backend: Backend, code: str, new: str = NEW, again: str | None = None, **options: Any) -> TestResponse:
    fields = {"code": code, "new": new, "again": new if again is None else again}
    return backend.client.post("/password", data=fields, **options)


def test_a_mailed_code_becomes_a_password_without_any_script(lite: Backend, mail_server: MailServer) -> None:
    with_person(use(lite, **mail_server.settings))
    asked = lite.client.post("/password/forgotten", data={"email": EMAIL})
    assert asked.status_code == 200
    assert "nisur me e-mail" in asked.text
    send_mail(lite)
    page = lite.client.get("/password")
    assert 'action="/password"' in page.text and 'lang="en"' in page.text
    done = choose(lite, mail_server.arrived[0].code)
    assert (done.status_code, "u ndryshua" in done.text, "<form" in done.text) == (200, True, False)
    assert sign_in(lite, NEW).status_code == 200


def test_the_link_asks_the_server_for_nothing_but_the_page(lite: Backend, mail_server: MailServer) -> None:
    """What is behind the # stays in the browser; the script, which is ours, puts it into the form."""
    with_person(use(lite, **mail_server.settings))
    lite.client.post("/password/forgotten", data={"email": EMAIL})
    send_mail(lite)
    (link,) = set(re.findall(r"https://\S+#\S+", mail_server.arrived[0].text))
    parts = urlsplit(link)
    assert (parts.path, parts.query, parts.fragment) == ("/password", "", mail_server.arrived[0].code)
    script = (ROOT / "app/web/static/password.js").read_text(encoding="utf-8")
    assert "location.hash" in script and "replaceState" in script
    assert re.search(r"fetch|XMLHttpRequest|sendBeacon|import|innerHTML|eval", script) is None


def test_the_page_runs_no_script_but_ours_and_sends_its_forms_nowhere_else(lite: Backend) -> None:
    page = lite.client.get("/password")
    assert page.headers["Content-Security-Policy"] == POLICIES["password_page"]
    assert "script-src 'self';" in POLICIES["password_page"] and "form-action 'self';" in POLICIES["password_page"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert re.findall(r"<script[^>]*>", page.text) == ['<script src="/static/password.js" defer>']
    assert re.search(r"\sstyle=|\son\w+=|javascript:", page.text) is None
    with lite.client.get("/static/password.js") as script:
        assert (script.status_code, script.mimetype) == (200, "text/javascript")


@pytest.mark.parametrize(
    ("code", "new", "again", "status", "said", "kept"),
    [
        ("AAAA", NEW, None, 401, "Kodi nuk vlen", False),
        ("{code}", "too few", None, 400, "i shkurtër", True),
        ("{code}", NEW, "another", 400, "nuk janë njësoj", True),
        ('"><script>alert(1)</script>', NEW, "another", 400, "nuk janë njësoj", False),
    ],
)
def test_what_is_wrong_is_said_on_the_page(
    lite: Backend, code: str, new: str, again: str | None, status: int, said: str, kept: bool
) -> None:
    with_person(lite)
    good = code_of(lite)
    answer = choose(lite, code.format(code=good), new, again)
    assert (answer.status_code, said in answer.text, good in answer.text) == (status, True, kept)
    assert new not in answer.text and "<script>" not in answer.text
    assert answer.mimetype == "text/html"
    assert choose(lite, good).status_code == 200


@pytest.mark.parametrize("email", [EMAIL, STRANGER])
def test_the_page_tells_nobody_who_has_an_account(lite: Backend, mail_server: MailServer, email: str) -> None:
    with_person(use(lite, **mail_server.settings))
    pages = [lite.client.post("/password/forgotten", data={"email": email}) for _ in range(4)]
    assert [page.status_code for page in pages] == [200, 200, 200, 429]
    assert email not in "".join(page.text for page in pages)
    assert "Retry-After" in pages[3].headers


def test_without_a_mail_server_the_page_says_so(lite: Backend) -> None:
    answer = lite.client.post("/password/forgotten", data={"email": EMAIL})
    assert (answer.status_code, "nuk dërgon e-mail" in answer.text) == (501, True)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_cannot_send_these_forms(lite: Backend, mail_server: MailServer, site: str) -> None:
    with_person(use(lite, **mail_server.settings))
    said = {"Sec-Fetch-Site": site}
    assert lite.client.post("/password/forgotten", data={"email": EMAIL}, headers=said).status_code == 403
    assert choose(lite, code_of(lite), headers=said).status_code == 403
    assert count(lite, models.Mail) == 0


@pytest.mark.parametrize(
    ("path", "sent", "code"),
    [
        ("/password", {"data": {"code": "A"}}, 400.2),
        ("/password", {"json": {"code": "A", "new": NEW, "again": NEW}}, 415.1),
        ("/password", {"data": {"code": "A" * 65, "new": NEW, "again": NEW}}, 400.8),
        ("/password/forgotten", {"data": {"email": "a\0@example.org"}}, 400.8),
        ("/password/forgotten", {"data": b"\xff=\xff", "content_type": "application/x-www-form-urlencoded"}, 400.1),
    ],
)
def test_what_is_no_form_of_this_page_is_refused(lite: Backend, path: str, sent: dict[str, Any], code: float) -> None:
    assert lite.client.post(path, **sent).json["code"] == code
