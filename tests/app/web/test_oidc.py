"""Signing in with the institution's account: there and back, who gets in, and what is set for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.config import ConfigError
from app.db import models
from app.permissions import Grant
from app.services.oidc_state import local_path
from tests.app.conftest import MakeBackend
from tests.app.looking import rows
from tests.app.web.key_holder import ORIGIN
from tests.app.web.oidc_browser import Browser, account, with_provider
from tests.support.backend import PASSWORD, Backend
from tests.support.oidc_provider import CLIENT, SECRET, Provider, signed_with_ec, signed_with_rsa

EMAIL = "drita@example.org"
ADMIN = Grant("admin", all_offices=True)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.stop()


@pytest.fixture
def browser(make_lite: MakeBackend, provider: Provider, tmp_path: Path) -> Browser:
    backend = with_provider(make_lite(), provider, tmp_path)
    account(backend)
    return Browser(backend, provider)


@pytest.mark.parametrize("sign", [signed_with_rsa, signed_with_ec], ids=["RS256", "ES256"])
def test_who_has_an_account_here_with_a_verified_address_is_let_in(
    backend: Backend, provider: Provider, tmp_path: Path, sign: Any
) -> None:
    served = with_provider(backend, provider, tmp_path)
    actor_id, provider.sign = account(served), sign
    provider.claims["email"] = "Drita@Example.org"
    browser = Browser(served, provider)
    answer = browser.sign_in(next="/docs?a=b#c")
    assert answer.status_code == 200
    assert 'content="0; url=/docs?a=b#c"' in answer.text
    cookies = {each.split("=", 1)[0]: each for each in answer.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-session", "__csrf", "__Host-oidc"}
    assert all(
        "SameSite=Strict" in cookies[name] and "Secure" in cookies[name] for name in ("__Host-session", "__csrf")
    )
    me = browser.client.get("/v1/users/current", base_url=ORIGIN)
    assert (me.json["email"], me.json["id"]) == (EMAIL, actor_id)
    (line,) = rows(served, models.Audit, models.Audit.action == "user.session.create")
    assert (line.actor_id, line.details) == (actor_id, {"factor": None, "provider": "oidc"})


def test_the_browser_is_sent_away_with_a_sealed_cookie_and_comes_back_to_one_address(browser: Browser) -> None:
    away = browser.login()
    assert away.status_code == 302
    (cookie,) = away.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-oidc=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"):
        assert part in cookie
    asked = browser.asked(away)
    assert asked["redirect_uri"] == f"{ORIGIN}/v1/oidc/callback"
    assert asked["scope"] == "openid email"
    assert asked["state"] not in cookie and asked["nonce"] not in cookie
    assert SECRET not in away.headers["Location"]


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/docs", "/docs"),
        ("/forms/a%20b?x=1&y=2", "/forms/a%20b?x=1&y=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/a\\b", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\tb", "/"),
        ("/\n//evil.example", "/"),
        ("/docs\n", "/"),
        ("docs", "/"),
        ("", "/"),
        ("/" + "a" * 1001, "/"),
    ],
)
def test_one_is_led_to_a_path_of_this_server_only(wanted: str, led: str) -> None:
    assert local_path(wanted) == led


def test_where_one_is_led_is_written_so_that_it_stays_an_address(browser: Browser) -> None:
    page = browser.sign_in(next='/docs?a="&b=1;url=//evil.example').text
    assert 'content="0; url=/docs?a=&#34;&amp;b=1;url=//evil.example"' in page
    assert 'content="0; url=/"' in browser.sign_in(next="//evil.example").text


def test_an_account_is_never_made(browser: Browser, provider: Provider) -> None:
    provider.claims["email"] = "new@example.org"
    assert browser.sign_in().status_code == 401
    assert len(rows_of_users(browser)) == 1


def rows_of_users(browser: Browser) -> list[Any]:
    with browser.backend.database() as session:
        return list(session.query(models.User))


def test_an_address_may_come_from_the_user_info_of_the_same_person(browser: Browser, provider: Provider) -> None:
    provider.claims = {"email": None}
    provider.user_info = {"sub": "7", "email": EMAIL, "email_verified": True}
    assert browser.sign_in().status_code == 200
    provider.user_info["sub"] = "8"
    assert browser.sign_in().status_code == 401


def test_a_new_key_of_the_provider_is_fetched_when_it_is_met(
    browser: Browser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.services import oidc_provider

    provider.published = [provider.rsa]
    assert browser.sign_in().status_code == 200
    assert browser.sign_in().status_code == 200
    # What it says of itself and its keys was asked once.
    assert sorted(set(provider.asked)) == ["/.well-known/openid-configuration", "/keys", "/token"]
    assert [provider.asked.count(each) for each in ("/.well-known/openid-configuration", "/keys")] == [1, 1]
    provider.published, provider.sign = [provider.rsa, provider.ec], signed_with_ec
    # Not again and again, or whoever sends strange keys' names would have this server ask all the time.
    assert browser.sign_in().status_code == 401
    assert provider.asked.count("/keys") == 1
    monkeypatch.setattr(oidc_provider, "LEFT_ALONE_SECONDS", 0.0)
    assert browser.sign_in().status_code == 200


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 401),
        ({"acr": "silver"}, 401),
        ({"amr": ["pwd"]}, 401),
        ({"acr": "gold"}, 200),
        ({"amr": ["pwd", "mfa"]}, 200),
    ],
)
def test_who_needs_a_second_factor_must_have_used_one_there(
    make_lite: MakeBackend, provider: Provider, tmp_path: Path, claims: dict[str, Any], status: int
) -> None:
    strict = make_lite(second_factor="privileged")
    backend = with_provider(strict, provider, tmp_path, oidc_acr=("gold",), oidc_amr=("mfa",))
    account(backend, ADMIN)
    provider.claims |= claims
    browser = Browser(backend, provider)
    assert browser.asked(browser.login())["acr_values"] == "gold"
    assert browser.sign_in().status_code == status
    if status == 200:
        assert browser.client.get("/v1/users", base_url=ORIGIN).status_code == 200
        assert rows(backend, models.AccessToken)[-1].factor == "oidc"
    else:
        assert causes(backend) == ["second-factor"]


def causes(backend: Backend) -> list[str]:
    return [row.details["cause"] for row in rows(backend, models.Audit, models.Audit.action == "user.session.refuse")]


def test_without_words_for_a_second_factor_the_provider_gives_none(
    make_lite: MakeBackend, provider: Provider, tmp_path: Path
) -> None:
    backend = with_provider(make_lite(second_factor="privileged"), provider, tmp_path)
    account(backend, ADMIN)
    provider.claims |= {"acr": "gold", "amr": ["mfa"]}
    assert Browser(backend, provider).sign_in().status_code == 401


def test_with_passwords_off_people_come_by_the_provider_and_programs_by_keys(
    make_lite: MakeBackend, provider: Provider, tmp_path: Path
) -> None:
    settings = {"password_sign_in": "off", "oidc_amr": ("mfa",)}
    backend = with_provider(make_lite(second_factor="privileged"), provider, tmp_path, **settings)
    account(backend, ADMIN)
    provider.claims["amr"] = ["mfa"]
    refused = backend.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    assert (refused.status_code, refused.json["code"]) == (401, 401.8)
    assert backend.client.get("/v1/projects", auth=(EMAIL, PASSWORD)).json["code"] == 401.8
    there = Browser(backend, provider)
    assert there.sign_in().status_code == 200
    me = there.client.get("/v1/users/current", base_url=ORIGIN).json["id"]
    ours = {"X-Requested-With": "XMLHttpRequest"}
    made = there.client.post(f"/v1/users/{me}/api-keys", base_url=ORIGIN, headers=ours, json={"label": "Excel"})
    assert backend.client.get("/v1/projects", auth=(EMAIL, made.json["token"])).status_code == 200


def test_the_first_page_leads_to_the_provider_where_there_is_one(browser: Browser, lite: Backend) -> None:
    page = browser.client.get("/").text
    assert '<a href="/v1/oidc/login">Hyni me llogarinë e institucionit / Sign in with your institution&#39;s' in page
    assert "oidc" not in lite.client.get("/").text


def test_without_a_provider_there_is_no_such_door(lite: Backend) -> None:
    for path in ("/v1/oidc/login", "/v1/oidc/callback?code=x&state=y"):
        assert lite.client.get(path).json["code"] == 404.1


def test_what_does_not_fit_together_stops_the_start_and_shows_no_secret(lite: Backend, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-7")
    settings = lite.app.extensions["sportel"].settings
    whole = {
        "oidc_issuer": "https://id.example.org",
        "oidc_client_id": CLIENT,
        "oidc_client_secret_file": secret,
        "public_url": ORIGIN,
    }
    empty = tmp_path / "empty"
    empty.write_text(" \n")
    for change, name in (
        ({"oidc_issuer": "http://id.example.org"}, "SPORTEL_OIDC_ISSUER"),
        ({"oidc_client_id": None}, "SPORTEL_OIDC_CLIENT_ID"),
        ({"oidc_client_secret_file": None}, "SPORTEL_OIDC_CLIENT_SECRET_FILE"),
        ({"oidc_client_secret_file": tmp_path / "nowhere"}, "SPORTEL_OIDC_CLIENT_SECRET_FILE"),
        ({"oidc_client_secret_file": empty}, "SPORTEL_OIDC_CLIENT_SECRET_FILE"),
        ({"public_url": None}, "SPORTEL_PUBLIC_URL"),
        ({"oidc_issuer": None, "password_sign_in": "off"}, "SPORTEL_PASSWORD_SIGN_IN"),
    ):
        with pytest.raises(ConfigError, match=name) as stopped:
            create_app(replace(settings, **(whole | change)))
        assert "canary-7" not in str(stopped.value)
