"""What a false provider, a stolen answer or another browser could bring back, and that it opens nothing."""

from __future__ import annotations

import hmac
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from app.clock import now
from app.db import db, models
from app.services.limits import sweep_limits
from tests.app.conftest import close
from tests.app.looking import rows
from tests.app.web.key_holder import ORIGIN
from tests.app.web.oidc_browser import Browser, account, with_provider
from tests.support.backend import Backend, make_backend
from tests.support.oidc_provider import SECRET, Claims, Provider, signed_with_rsa
from tests.support.security_key import encoded

EMAIL = "drita@example.org"
NOW = int(time.time())


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Backend, Provider]]:
    folder = tmp_path_factory.mktemp("oidc")
    shutil.copytree(sqlite_template, folder / "data")
    provider = Provider()
    backend = make_backend(folder / "data", None, sign_in_tries_network=1000)
    account(with_provider(backend, provider, folder))
    with backend.app.app_context():
        gone = account(backend, email="gone@example.org")
        db.session.get_one(models.Actor, gone).deleted_at = now()
        db.session.commit()
    yield backend, provider
    provider.stop()
    close(backend)


@pytest.fixture
def browser(served: tuple[Backend, Provider]) -> Browser:
    backend, provider = served
    provider.claims, provider.sign, provider.user_info = {"email": EMAIL, "email_verified": True}, None, None
    provider.answers.clear()
    return Browser(backend, provider)


def lines(browser: Browser) -> list[Any]:
    return rows(browser.backend, models.Audit, models.Audit.action == "user.session.refuse")


def assert_refused(browser: Browser, answer: TestResponse) -> None:
    """With the page that all refusals have, and without a session."""
    assert answer.status_code == 401
    assert answer.mimetype == "text/html"
    assert "Hyrja nuk u krye" in answer.text and "You were not signed in" in answer.text
    given = [each.split(";", 1)[0] for each in answer.headers.getlist("Set-Cookie")]
    assert given == ["__Host-oidc="]
    assert EMAIL not in answer.text
    assert browser.client.get("/v1/users/current", base_url=ORIGIN).status_code in (401, 404)


def part(document: Claims) -> str:
    return encoded(json.dumps(document).encode())


def unsigned(provider: Provider, claims: Claims) -> str:
    return f"{part({'alg': 'none', 'kid': 'rsa'})}.{part(claims)}."


def signed_with_the_public_key(provider: Provider, claims: Claims) -> str:
    signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(claims)}"
    secret = provider.rsa.as_pem(private=False)
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def signed_by_a_stranger(provider: Provider, claims: Claims) -> str:
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, STRANGER, algorithms=["RS256"])


def with_a_key_inside(provider: Provider, claims: Claims) -> str:
    header = {"alg": "RS256", "jwk": STRANGER.as_dict(private=False)}
    return jwt.encode(header, claims, STRANGER, algorithms=["RS256"])


def changed(provider: Provider, claims: Claims) -> str:
    head, _, signature = signed_with_rsa(provider, claims).split(".")
    return f"{head}.{part(claims | {'sub': '8'})}.{signature}"


STRANGER = RSAKey.generate_key(2048)
TOKENS: dict[str, tuple[Claims, Callable[[Provider, Claims], str] | None]] = {
    "another nonce": ({"nonce": "x" * 43}, None),
    "no nonce": ({"nonce": None}, None),
    "another audience": ({"aud": "somebody else"}, None),
    "several audiences, without saying for whom": ({"aud": ["sportel", "somebody else"]}, None),
    "for another of its audiences": ({"aud": ["sportel", "other"], "azp": "other"}, None),
    "for somebody else, with our name as who may use it": ({"aud": "other", "azp": "sportel"}, None),
    "no audience": ({"aud": None}, None),
    "another issuer": ({"iss": "https://id.example.net"}, None),
    "the issuer with a slash": ({"iss": "http://127.0.0.1/"}, None),
    "expired": ({"exp": NOW - 120}, None),
    "without an end": ({"exp": None}, None),
    "an end that is no number": ({"exp": "tomorrow"}, None),
    "made tomorrow": ({"iat": NOW + 86_400}, None),
    "not good yet": ({"nbf": NOW + 86_400}, None),
    "of nobody": ({"sub": None}, None),
    "another access token's": ({"at_hash": "x" * 22}, None),
    "methods that are no list": ({"amr": "mfa"}, None),
    "unsigned": ({}, unsigned),
    "signed with the public key": ({}, signed_with_the_public_key),
    "signed by a stranger": ({}, signed_by_a_stranger),
    "with the key to check it inside": ({}, with_a_key_inside),
    "changed": ({}, changed),
    "no token": ({}, lambda provider, claims: "nothing"),
}


@pytest.mark.parametrize("lie", TOKENS)
def test_a_token_that_is_not_right_opens_nothing(browser: Browser, lie: str) -> None:
    claims, sign = TOKENS[lie]
    browser.provider.claims |= claims
    browser.provider.sign = sign
    assert_refused(browser, browser.sign_in())
    assert lines(browser)[-1].details == {"cause": "token"}


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"email_verified": False}, "email"),
        ({"email_verified": None}, "email"),
        ({"email_verified": "true"}, "email"),
        ({"email": None}, "email"),
        ({"email": ["drita@example.org"]}, "email"),
        # The Kelvin sign, which becomes a k when it is made small.
        ({"email": "\u212a@example.org"}, "email"),
        ({"email": "nobody@example.org"}, "account"),
        ({"email": "gone@example.org"}, "account"),
    ],
)
def test_who_is_not_known_here_by_a_verified_address_gets_the_same_page(
    browser: Browser, claims: Claims, cause: str
) -> None:
    browser.provider.claims |= claims
    assert_refused(browser, browser.sign_in())
    assert lines(browser)[-1].details == {"cause": cause}


def test_all_refusals_are_one_page(browser: Browser) -> None:
    browser.provider.claims["email"] = "nobody@example.org"
    unknown = browser.sign_in().text
    browser.provider.claims["nonce"] = "another"
    assert browser.sign_in().text == unknown


@pytest.mark.parametrize(
    "lie",
    [{"state": "x" * 43}, {"state": ""}, {"state": None}, {"state": "ë"}],
    ids=["another", "empty", "none", "odd"],
)
def test_another_state_opens_nothing_and_asks_the_provider_nothing(browser: Browser, lie: dict[str, Any]) -> None:
    before = len(lines(browser)), browser.provider.asked.count("/token")
    came: dict[str, Any] = browser.provider.authorize(browser.login().headers["Location"]) | lie
    assert_refused(browser, browser.back({name: each for name, each in came.items() if each is not None}))
    assert (len(lines(browser)), browser.provider.asked.count("/token")) == before


def test_what_came_back_opens_nothing_in_another_browser(browser: Browser) -> None:
    came = browser.provider.authorize(browser.login().headers["Location"])
    other = Browser(browser.backend, browser.provider)
    assert_refused(other, other.back(came))
    other.login()
    assert_refused(other, other.back(came))
    assert browser.back(came).status_code == 200


def test_what_came_back_works_once(browser: Browser) -> None:
    away = browser.login()
    cookie = away.headers["Set-Cookie"].split(";", 1)[0]
    came = browser.provider.authorize(away.headers["Location"])
    assert browser.back(came).status_code == 200
    again = Browser(browser.backend, browser.provider)
    again.client.set_cookie("__Host-oidc", cookie.split("=", 1)[1], domain="forms.example.org", secure=True)
    assert_refused(again, again.back(came))
    assert lines(browser)[-1].details == {"cause": "code"}


def test_a_code_of_somebody_elses_sign_in_does_not_fit(browser: Browser) -> None:
    thief = Browser(browser.backend, browser.provider)
    stolen = browser.provider.authorize(browser.login().headers["Location"])["code"]
    came = browser.provider.authorize(thief.login().headers["Location"])
    assert_refused(thief, thief.back(came | {"code": stolen}))


def test_a_state_is_good_for_ten_minutes(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from app.services import oidc_state

    came = browser.provider.authorize(browser.login().headers["Location"])
    later = now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(oidc_state, "now", lambda: later)
    assert_refused(browser, browser.back(came))


@pytest.mark.parametrize(
    ("lie", "cause"),
    [
        ({"error": "access_denied"}, "denied"),
        ({"code": ""}, "denied"),
        ({"code": "made up"}, "code"),
        ({"iss": "https://id.example.net"}, "issuer"),
    ],
)
def test_what_else_may_come_back_opens_nothing(browser: Browser, lie: dict[str, str], cause: str) -> None:
    came = browser.provider.authorize(browser.login().headers["Location"])
    assert_refused(browser, browser.back(came | lie))
    assert lines(browser)[-1].details == {"cause": cause}


@pytest.mark.parametrize("cookie", ["", "x", "AAAA" * 40, "ë"])
def test_a_cookie_of_ones_own_making_is_none(browser: Browser, cookie: str) -> None:
    headers = {"Cookie": f"__Host-oidc={cookie}"}
    answer = browser.backend.client.get("/v1/oidc/callback?code=x&state=y", base_url=ORIGIN, headers=headers)
    assert answer.status_code == 401


def test_who_fails_too_often_must_wait_and_the_provider_is_not_asked(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    runtime = browser.backend.app.extensions["sportel"]
    strict = replace(runtime, settings=replace(runtime.settings, sign_in_tries_network=2))
    monkeypatch.setitem(browser.backend.app.extensions, "sportel", strict)
    with browser.backend.app.app_context():
        db.session.query(models.Limit).delete()
        db.session.commit()
    browser.provider.claims["email"] = "nobody@example.org"
    assert [browser.sign_in().status_code for _ in range(2)] == [401, 401]
    before = browser.provider.asked.count("/token")
    answer = browser.sign_in()
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert int(answer.headers["Retry-After"]) > 0
    assert browser.provider.asked.count("/token") == before
    with browser.backend.app.app_context():
        sweep_limits()
        db.session.query(models.Limit).delete()
        db.session.commit()


@pytest.mark.parametrize(("path", "status"), [("/token", 500), ("/token", 302), ("/token", 200), ("/userinfo", 500)])
def test_a_provider_that_does_not_answer_as_one_loses_nothing(browser: Browser, path: str, status: int) -> None:
    browser.provider.answers[path] = status
    browser.provider.claims["email"] = None if path == "/userinfo" else EMAIL
    before = len(lines(browser))
    answer = browser.sign_in()
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "nuk përgjigjet" in answer.text and "Nothing was lost" in answer.text
    assert answer.headers["Retry-After"]
    assert len(lines(browser)) == before
    browser.provider.answers.clear()
    browser.provider.claims["email"] = EMAIL
    assert browser.sign_in().status_code == 200


def test_a_provider_that_is_away_is_said_at_once_and_left_alone_for_a_while(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.services import oidc_provider

    gone = Provider()
    gone.stop()
    monkeypatch.setitem(browser.backend.app.extensions, "sportel", browser.backend.app.extensions["sportel"])
    monkeypatch.setitem(browser.backend.app.extensions, "sportel-oidc", None)
    with_provider(browser.backend, gone, tmp_path)
    answer = browser.login(next="/docs")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "Set-Cookie" not in answer.headers
    assert 'href="/v1/oidc/login?next=/docs"' in answer.text
    made = browser.backend.app.extensions["sportel-oidc"]
    monkeypatch.setattr(made, "_http", None)  # whoever asked it now would fail otherwise
    assert browser.login().status_code == 503
    assert browser.backend.client.get("/live").status_code == 200
    assert oidc_provider.LEFT_ALONE_SECONDS == 10


def test_no_log_line_and_no_audit_line_holds_what_opens_something(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    away = browser.login()
    came = browser.provider.authorize(away.headers["Location"])
    assert browser.back(came).status_code == 200
    browser.provider.claims["nonce"] = "another"
    assert browser.sign_in().status_code == 401
    assert browser.back(came).status_code == 401
    told = capsys.readouterr().err
    assert "oidc.refused" in told
    audited = str([row.details for row in rows(browser.backend, models.Audit)])
    for secret in (came["code"], came["state"], browser.asked(away)["nonce"], SECRET, EMAIL, "eyJ"):
        assert secret not in told
        assert secret not in audited


def test_a_provider_that_goes_silent_half_way_holds_no_more_than_one_request(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = Provider()
    monkeypatch.setitem(browser.backend.app.extensions, "sportel", browser.backend.app.extensions["sportel"])
    monkeypatch.setitem(browser.backend.app.extensions, "sportel-oidc", None)
    with_provider(browser.backend, going, tmp_path)
    there = Browser(browser.backend, going)
    came = going.authorize(there.login().headers["Location"])
    going.stop()
    assert there.back(came).status_code == 503
    monkeypatch.setattr(browser.backend.app.extensions["sportel-oidc"], "_http", None)
    # Where to go is known still; whoever comes back is told at once.
    came = going.authorize(there.login().headers["Location"])
    assert there.back(came).status_code == 503


def test_a_provider_of_another_name_is_none(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Provider()
    monkeypatch.setitem(browser.backend.app.extensions, "sportel", browser.backend.app.extensions["sportel"])
    monkeypatch.setitem(browser.backend.app.extensions, "sportel-oidc", None)
    with_provider(browser.backend, other, tmp_path, oidc_issuer=f"{other.issuer}/")
    assert browser.login().status_code == 503
    other.stop()
