"""Signing in, staying signed in, and what a wrong token, password or cookie answers."""

from __future__ import annotations

import io
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from gunicorn.http.errors import ParseException
from werkzeug.test import TestResponse

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services.add_user import add_user
from app.services.sign_in import csrf_of, token_hash
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.support.backend import PASSWORD, Backend

EMAIL = "drita@example.org"
UNKNOWN_TOKEN = "a" * 64
HTTPS = "https://forms.example.org"


@pytest.fixture
def drita(lite: Backend) -> Backend:
    """A backend with one user who has a password."""
    with lite.app.app_context():
        add_user(None, EMAIL, PASSWORD, display_name="Drita", grants=(Grant("admin", all_offices=True),))
    return lite


def sign_in(backend: Backend, email: str = EMAIL, password: str = PASSWORD, **options: Any) -> TestResponse:
    return backend.client.post("/v1/sessions", json={"email": email, "password": password}, **options)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(email: str = EMAIL, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{email}:{password}".encode()).decode()}


def test_signing_in_gives_a_session_that_opens_the_api(backend: Backend) -> None:
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD)
    answer = sign_in(backend)
    assert answer.status_code == 200
    assert set(answer.json) == {"token", "csrf", "createdAt", "expiresAt"}
    client = backend.client
    me = client.get("/v1/users/current", headers=bearer(answer.json["token"]))
    assert (me.json["email"], me.json["displayName"], me.json["type"]) == (EMAIL, EMAIL, "user")
    restored = client.get("/v1/sessions/restore", headers=bearer(answer.json["token"]))
    assert restored.json == {"createdAt": answer.json["createdAt"], "expiresAt": answer.json["expiresAt"]}
    assert client.delete("/v1/sessions/current", headers=bearer(answer.json["token"])).json == {"success": True}
    assert client.get("/v1/users/current", headers=bearer(answer.json["token"])).json["code"] == 401.2
    assert actions(backend, "user.session") == ["user.session.create", "user.session.end"]


def test_an_address_signs_in_in_any_case_of_letters(drita: Backend) -> None:
    assert sign_in(drita, "  DRITA@Example.org ").status_code == 200


@pytest.mark.parametrize(("email", "password"), [("nobody@example.org", PASSWORD), (EMAIL, "wrong"), (EMAIL, "")])
def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(drita: Backend, email: str, password: str) -> None:
    answer = sign_in(drita, email, password)
    assert answer.status_code == 401
    assert answer.json == {"message": "Could not authenticate with the given credentials.", "code": 401.2}


def test_an_unknown_user_costs_a_password_check_too(drita: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.services import sign_in as service

    checks: list[str] = []
    verify = type(service._HASHER).verify

    def counted(hasher: Any, known: str, password: str) -> bool:
        checks.append(known.rsplit("$", 2)[0])
        return verify(hasher, known, password)

    monkeypatch.setattr(type(service._HASHER), "verify", counted)
    sign_in(drita, "nobody@example.org")
    sign_in(drita, EMAIL, "wrong")
    assert len(checks) == 2
    assert checks[0] == checks[1]


def test_a_user_without_a_password_cannot_sign_in(lite: Backend) -> None:
    with lite.app.app_context():
        add_user(None, EMAIL, None)
    for password in ("", "None", PASSWORD):
        assert sign_in(lite, EMAIL, password).json["code"] == 401.2


def test_a_password_is_kept_as_argon2id_and_a_token_as_its_hash(full_passwords: None, drita: Backend) -> None:
    token = sign_in(drita).json["token"]
    assert rows_of_users(drita)[0].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    (row,) = rows(drita, models.AccessToken)
    assert row.token_hash == token_hash(token)
    assert token.encode() not in (drita.folder / "db" / "sportel.sqlite3").read_bytes()


def rows_of_users(backend: Backend) -> list[str]:
    with backend.database() as session:
        return [row.password_hash for row in session.query(models.User)]


def test_a_session_ends_after_the_hours_that_were_set(make_lite: MakeBackend) -> None:
    backend = make_lite(session_hours=2)
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD)
    answer = sign_in(backend)
    (row,) = rows(backend, models.AccessToken)
    assert row.expires_at - row.created_at == timedelta(hours=2)
    with backend.app.app_context():
        db.session.query(models.AccessToken).update({"expires_at": now() - timedelta(seconds=1)})
        db.session.commit()
    for path in ("/v1/users/current", "/v1/sessions/restore"):
        assert backend.client.get(path, headers=bearer(answer.json["token"])).json["code"] == 401.2


def test_a_user_who_was_ended_is_out_at_once(drita: Backend) -> None:
    token = sign_in(drita).json["token"]
    with drita.app.app_context():
        db.session.query(models.Actor).update({"deleted_at": now()})
        db.session.commit()
    assert drita.client.get("/v1/users/current", headers=bearer(token)).status_code == 401
    assert sign_in(drita).json["code"] == 401.2
    assert drita.client.get("/v1/users/current", headers=basic()).status_code == 401


def test_a_session_can_be_ended_by_its_token_but_only_ones_own(drita: Backend) -> None:
    mine, also_mine = sign_in(drita).json["token"], sign_in(drita).json["token"]
    other = drita.person()
    assert other.delete(f"/sessions/{mine}").json["code"] == 403.1
    assert other.delete(f"/sessions/{UNKNOWN_TOKEN}").json["code"] == 403.1
    assert drita.client.delete(f"/v1/sessions/{also_mine}", headers=bearer(mine)).status_code == 200
    assert drita.client.get("/v1/users/current", headers=bearer(also_mine)).status_code == 401
    assert drita.client.get("/v1/users/current", headers=bearer(mine)).status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", f"Bearer {UNKNOWN_TOKEN}", "Bearer ë", "Digest x", "nonsense", "Basic", "Basic !!"]
)
def test_a_header_that_proves_nothing_is_401_2(drita: Backend, header: str) -> None:
    answer = drita.client.get("/v1/users/current", headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, 401.2)


def test_nobody_at_all_is_401_2(lite: Backend) -> None:
    assert lite.client.get("/v1/users/current").json["code"] == 401.2


def test_a_phones_token_is_no_session(lite: Backend) -> None:
    phone = lite.phone()
    for path in ("/v1/users/current", "/v1/projects/1/formList", "/v1/sessions/restore"):
        assert lite.client.get(path, headers=bearer(phone.token)).status_code == 401


REMOTE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.mark.parametrize(
    ("base_url", "environ", "headers", "status"),
    [
        ("http://localhost", {}, {}, 200),
        ("http://localhost", {"REMOTE_ADDR": "::1"}, {}, 200),
        ("http://forms.example.org", REMOTE, {}, 401),
        ("http://forms.example.org", {}, {"X-Forwarded-For": "192.0.2.7"}, 401),
        (HTTPS, REMOTE, {}, 200),
    ],
    ids=["loopback", "loopback 6", "plain http", "proxy on loopback", "https"],
)
def test_a_password_in_each_request_is_taken_over_https_and_on_the_machine_itself_only(
    drita: Backend, base_url: str, environ: dict[str, str], headers: dict[str, str], status: int
) -> None:
    answer = drita.client.get(
        "/v1/users/current", base_url=base_url, environ_overrides=environ, headers=basic() | headers
    )
    assert answer.status_code == status
    if status == 401:
        assert answer.json["code"] == 401.3
        assert "WWW-Authenticate" not in answer.headers


def test_a_wrong_password_in_a_request_is_401_2(drita: Backend) -> None:
    assert drita.client.get("/v1/users/current", headers=basic(password="wrong")).json["code"] == 401.2


def cookies(answer: TestResponse) -> dict[str, str]:
    return {line.split("=", 1)[0]: line for line in answer.headers.getlist("Set-Cookie")}


def test_the_sessions_cookie_goes_nowhere_but_home(drita: Backend) -> None:
    set_by = cookies(sign_in(drita, base_url=HTTPS))
    session, csrf = set_by["__Host-session"], set_by["__csrf"]
    for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in session
    assert "Domain" not in session
    assert "HttpOnly" not in csrf


def with_cookie(backend: Backend, token: str, method: str, path: str, **options: Any) -> TestResponse:
    headers = {"Cookie": f"__Host-session={token}", **options.pop("headers", {})}
    return backend.client.open(f"/v1{path}", method=method, base_url=HTTPS, headers=headers, **options)


def test_a_cookie_reads_but_writes_only_for_a_page_of_ours(drita: Backend) -> None:
    session = sign_in(drita).json
    token, csrf = session["token"], session["csrf"]
    assert csrf == csrf_of(token)
    new = {"json": {"name": "New"}}
    assert with_cookie(drita, token, "GET", "/users/current").status_code == 200
    assert with_cookie(drita, token, "GET", "/sessions/restore").status_code == 200
    assert with_cookie(drita, token, "POST", "/projects", **new).json["code"] == 401.2
    wanted = {"X-Requested-With": "XMLHttpRequest"}
    assert with_cookie(drita, token, "POST", "/projects", headers=wanted, **new).status_code == 200
    # A form of a page carries the secret in its body; the body is then no JSON, which is told only afterwards.
    assert with_cookie(drita, token, "POST", "/projects", data={"__csrf": csrf}).json["code"] == 415.1
    assert with_cookie(drita, token, "POST", "/projects", data={"__csrf": "x" * 64}).json["code"] == 401.2
    assert with_cookie(drita, token, "DELETE", "/sessions/current").json["code"] == 401.2
    assert with_cookie(drita, token, "DELETE", "/sessions/current", headers=wanted).status_code == 200
    assert with_cookie(drita, token, "GET", "/users/current").json["code"] == 401.2


def test_a_form_that_breaks_off_or_is_endless_is_told_so(drita: Backend) -> None:
    token = sign_in(drita).json["token"]
    as_form = {"content_type": "application/x-www-form-urlencoded"}

    class Cut(io.RawIOBase):
        def readinto(self, _buffer: object, /) -> int:
            raise ParseException  # gunicorn's, for a chunk that is malformed

    chunked = {"wsgi.input": Cut(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    cut = with_cookie(drita, token, "POST", "/projects", environ_overrides=chunked, **as_form)
    assert (cut.status_code, cut.json["code"]) == (400, 400.1)
    endless = with_cookie(drita, token, "POST", "/projects", data=b"a=" + b"b" * 70_000, **as_form)
    assert endless.json["code"] == 413.1


def test_an_ended_or_made_up_cookie_is_as_good_as_none(drita: Backend) -> None:
    assert with_cookie(drita, UNKNOWN_TOKEN, "GET", "/users/current").json["code"] == 401.2
    assert with_cookie(drita, UNKNOWN_TOKEN, "GET", "/openapi.json").status_code == 200
    assert with_cookie(drita, drita.phone().token, "GET", "/users/current").json["code"] == 401.2


def test_a_phones_token_works_in_the_path_and_in_the_query(lite: Backend) -> None:
    phone = lite.phone()
    assert phone.get("/formList").status_code == 200
    assert lite.client.get(f"/v1/projects/1/formList?st={phone.token}").status_code == 200


@pytest.mark.parametrize("way", ["/v1/key/{}/projects/1/formList", "/v1/projects/1/formList?st={}"])
@pytest.mark.parametrize(
    ("token", "status", "words"),
    [
        ("short", 401, "authenticate"),
        ("a" * 63, 401, "authenticate"),
        ("a" * 65, 401, "authenticate"),
        ("a" * 63 + "*", 401, "authenticate"),
        (UNKNOWN_TOKEN, 403, "do not allow"),
        ("!$_-" + "a" * 60, 403, "do not allow"),
    ],
)
def test_a_malformed_token_is_401_and_an_unknown_one_403_so_that_no_phone_asks_for_a_password(
    lite: Backend, way: str, token: str, status: int, words: str
) -> None:
    answer = lite.client.get(way.format(token))
    assert answer.status_code == status
    assert words in answer.text
    assert status == 401 or "WWW-Authenticate" not in answer.headers


def test_a_persons_session_is_no_phones_token(drita: Backend) -> None:
    token = sign_in(drita).json["token"]
    assert drita.client.get(f"/v1/key/{token}/projects/1/formList").status_code == 403
    assert drita.client.get(f"/v1/projects?st={token}").json["code"] == 403.1


def test_a_phone_that_was_put_out_is_refused_on_its_next_request(backend: Backend) -> None:
    phone = backend.phone()
    assert phone.get("/formList").status_code == 200
    assert backend.admin.delete(f"/projects/1/app-users/{phone.actor_id}").json == {"success": True}
    assert phone.get("/formList").status_code == 403
    assert phone.send("<data/>").status_code == 403


def test_a_phones_token_ends_with_its_days(lite: Backend) -> None:
    phone = lite.phone()
    with lite.app.app_context():
        (row,) = db.session.query(models.AccessToken).filter_by(actor_id=phone.actor_id)
        assert row.expires_at - row.created_at == timedelta(days=180)
        row.expires_at = now() - timedelta(seconds=1)
        db.session.commit()
    assert phone.get("/formList").status_code == 403


def test_a_token_in_the_path_wins_over_a_cookie_or_header_beside_it(drita: Backend) -> None:
    token, phone = sign_in(drita).json["token"], drita.phone()
    answer = drita.client.get(f"/v1/key/{phone.token}/users", headers=bearer(token))
    assert answer.json["code"] == 403.1
