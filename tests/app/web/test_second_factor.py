"""Signing in with something that one holds, and what is left for whoever does not hold it yet."""

from __future__ import annotations

from base64 import b32decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.db import db, models
from app.permissions import Grant
from app.services.add_user import add_user
from app.services.totp import code_at, step_of
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.support.backend import PASSWORD, Backend

EMAIL = "drita@example.org"
OWN = "/users/current/second-factor"


@dataclass
class Drita:
    """A person with a password, an authenticator and a clock of her own."""

    backend: Backend
    actor_id: int
    secret: bytes = b""
    codes: tuple[str, ...] = ()
    enrolled_step: int = 0

    def sign_in(self, code: str | None = None, password: str = PASSWORD) -> TestResponse:
        given = {"email": EMAIL, "password": password} | ({"code": code} if code is not None else {})
        return self.backend.client.post("/v1/sessions", json=given)

    def ask(self, token: str, path: str, method: str = "GET", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"}
        return self.backend.client.open(f"/v1{path}", method=method, headers=headers, **options)

    def code(self, away: int = 1) -> str:
        """What the authenticator shows, some half minutes after it was set up."""
        return code_at(self.secret, self.enrolled_step + away)

    def enrol(self, token: str) -> None:
        begun = self.ask(token, OWN, "POST", json={})
        assert begun.status_code == 200, begun.text
        self.secret, self.enrolled_step = b32decode(begun.json["secret"]), step_of(datetime.now(UTC))
        confirmed = self.ask(token, f"{OWN}/confirm", "POST", json={"code": self.code(0)})
        assert confirmed.status_code == 200, confirmed.text
        self.codes = tuple(confirmed.json["recoveryCodes"])


def person(backend: Backend, *grants: Grant) -> Drita:
    with backend.app.app_context():
        user = add_user(None, EMAIL, PASSWORD, grants=grants or (Grant("viewer", 1),))
        return Drita(backend, user.actor_id)


@pytest.fixture
def drita(backend: Backend) -> Drita:
    """With her second factor set up, on each database."""
    drita = person(backend)
    drita.enrol(drita.sign_in().json["token"])
    return drita


@pytest.fixture
def strict(make_lite: MakeBackend) -> Backend:
    """As it is where others can reach it: whoever administers needs a second factor."""
    return make_lite(second_factor="privileged")


def test_with_a_second_factor_the_password_alone_opens_nothing(drita: Drita) -> None:
    answer = drita.sign_in()
    assert (answer.status_code, answer.json["code"]) == (401, 401.7)
    assert "code of your authenticator" in answer.json["message"]
    signed = drita.sign_in(drita.code())
    assert signed.status_code == 200
    assert "mustEnrol" not in signed.json
    assert drita.ask(signed.json["token"], "/projects/1").status_code == 200
    state = drita.ask(signed.json["token"], OWN).json
    assert {name: state[name] for name in ("enrolled", "needed", "recoveryCodesLeft")} == {
        "enrolled": True,
        "needed": False,
        "recoveryCodesLeft": 10,
    }


def test_setting_it_up_ends_every_session(backend: Backend) -> None:
    drita = person(backend)
    one, other = drita.sign_in().json["token"], drita.sign_in().json["token"]
    drita.enrol(one)
    assert [drita.ask(each, "/users/current").status_code for each in (one, other)] == [401, 401]
    assert "user.second_factor.create" in actions(backend)


def test_a_code_works_once(drita: Drita) -> None:
    assert drita.sign_in(drita.code(0)).json["code"] == 401.7  # it confirmed the authenticator
    assert drita.sign_in(drita.code(1)).status_code == 200
    assert drita.sign_in(drita.code(1)).json["code"] == 401.7


def test_of_two_who_use_the_same_code_at_once_one_gets_in(drita: Drita) -> None:
    code = drita.code()
    with ThreadPoolExecutor(4) as pool:
        found = sorted(answer.status_code for answer in pool.map(lambda _: drita.sign_in(code), range(4)))
    assert found == [200, 401, 401, 401]


def test_of_two_who_use_the_same_recovery_code_at_once_one_gets_in(drita: Drita) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = sorted(answer.status_code for answer in pool.map(lambda _: drita.sign_in(drita.codes[0]), range(4)))
    assert found == [200, 401, 401, 401]


def test_a_recovery_code_works_once_however_it_is_typed(drita: Drita) -> None:
    assert len(set(drita.codes)) == 10
    signed = drita.sign_in(f" {drita.codes[0].lower().replace('-', ' ')} ")
    assert signed.status_code == 200
    assert drita.ask(signed.json["token"], OWN).json["recoveryCodesLeft"] == 9
    assert drita.sign_in(drita.codes[0]).json["code"] == 401.7
    assert drita.sign_in(drita.codes[1]).status_code == 200
    assert actions(drita.backend, "user.second_factor.recovery") == ["user.second_factor.recovery"] * 2


def test_a_wrong_code_counts_like_a_wrong_password(drita: Drita) -> None:
    wrong = "000000" if drita.code() != "000000" else "111111"
    assert [drita.sign_in(wrong).json["code"] for _ in range(5)] == [401.7] * 5
    assert drita.sign_in(drita.code()).json["code"] == 429.1


def test_who_knows_the_password_cannot_begin_the_count_of_wrong_codes_anew(drita: Drita) -> None:
    basic = {"Authorization": "Basic " + b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()}
    for _ in range(4):
        assert drita.sign_in("AAAA").json["code"] == 401.7
        assert drita.sign_in().json["code"] == 401.7
        assert drita.backend.client.get("/v1/projects", headers=basic).json["code"] == 401.5
    assert drita.sign_in("AAAA").json["code"] == 401.7
    assert drita.sign_in(drita.code()).json["code"] == 429.1


def test_whether_the_code_is_right_is_told_only_to_who_knows_the_password(drita: Drita) -> None:
    assert drita.sign_in(drita.code(), password="wrong password").json["code"] == 401.2
    assert drita.sign_in(drita.code()).status_code == 200


def test_the_secret_and_the_codes_are_not_in_the_database_in_clear(backend: Backend) -> None:
    drita = person(backend)
    drita.enrol(drita.sign_in().json["token"])
    (factor,) = rows(backend, models.SecondFactor)
    assert drita.secret not in factor.secret_sealed
    kept = b"".join(row.code_hash for row in rows(backend, models.RecoveryCode))
    assert not any(code.encode() in kept or code.replace("-", "").encode() in kept for code in drita.codes)


def test_who_must_have_one_and_has_not_can_only_set_it_up(strict: Backend) -> None:
    drita = person(strict, Grant("admin", all_offices=True))
    signed = drita.sign_in()
    assert (signed.status_code, signed.json["mustEnrol"]) == (200, True)
    token = signed.json["token"]
    for method, path in (
        ("GET", "/projects"),
        ("GET", "/roles"),
        ("GET", "/users"),
        ("POST", "/projects"),
        ("PUT", f"/users/{drita.actor_id}/password"),
        ("POST", f"/users/{drita.actor_id}/api-keys"),
        ("GET", "/projects/1/formList"),
        ("DELETE", "/sessions/some-token"),
    ):
        answer = drita.ask(token, path, method, json={} if method != "GET" else None)
        assert answer.status_code == 403, (method, path)
        assert "second-factor" in answer.text
    assert drita.ask(token, "/users/current").json["email"] == EMAIL
    assert drita.ask(token, OWN).json["needed"] is True
    drita.enrol(token)
    full = drita.sign_in(drita.code()).json["token"]
    assert drita.ask(full, "/users").status_code == 200


def test_a_role_that_needs_one_needs_it_from_the_next_request_on(strict: Backend) -> None:
    drita = person(strict, Grant("formfill", 1))
    token = drita.sign_in().json["token"]
    assert drita.ask(token, "/projects/1").status_code == 200
    with strict.app.app_context():
        db.session.add(models.Assignment(actor_id=drita.actor_id, role="admin", all_offices=True))
        db.session.commit()
    assert drita.ask(token, "/projects/1").json["code"] == 403.7


def test_a_key_of_somebody_who_must_have_one_and_has_none_opens_nothing(strict: Backend) -> None:
    drita = person(strict, Grant("formfill", 1))
    token = drita.sign_in().json["token"]
    key = drita.ask(token, f"/users/{drita.actor_id}/api-keys", "POST", json={"label": "Excel"}).json["token"]
    assert drita.ask(key, "/projects/1").status_code == 200
    with strict.app.app_context():
        db.session.add(models.Assignment(actor_id=drita.actor_id, role="admin", all_offices=True))
        db.session.commit()
    assert drita.ask(key, "/projects/1").json["code"] == 403.7
    drita.enrol(token)
    assert drita.ask(key, "/projects/1").status_code == 200


def test_where_all_need_one_a_viewer_does_too(make_lite: MakeBackend) -> None:
    drita = person(make_lite(second_factor="all"))
    assert drita.sign_in().json["mustEnrol"] is True


@pytest.mark.parametrize("case", ["enrolled", "must enrol"])
def test_a_password_in_each_request_is_refused_and_an_api_key_is_the_remedy(strict: Backend, case: str) -> None:
    drita = person(strict, Grant("viewer" if case == "enrolled" else "admin", 1))
    token = drita.sign_in().json["token"]
    if case == "enrolled":
        drita.enrol(token)
    basic = b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
    answer = strict.client.get("/v1/projects", headers={"Authorization": f"Basic {basic}"})
    assert (answer.status_code, answer.json["code"]) == (401, 401.5)
    assert "API key" in answer.json["message"]
    if case == "must enrol":
        drita.enrol(token)
    full = drita.sign_in(drita.code()).json["token"]
    made = drita.ask(full, f"/users/{drita.actor_id}/api-keys", "POST", json={"label": "Excel"})
    key = b64encode(f"{EMAIL}:{made.json['token']}".encode()).decode()
    assert strict.client.get("/v1/projects", headers={"Authorization": f"Basic {key}"}).status_code == 200
    # The key may not touch what its person signs in with.
    for method, path in (("GET", OWN), ("POST", OWN), ("POST", f"{OWN}/confirm"), ("POST", f"{OWN}/recovery-codes")):
        assert drita.ask(made.json["token"], path, method, json={"code": "123456"}).json["code"] == 403.1


def test_another_authenticator_is_set_up_only_with_a_code_of_the_one_before(drita: Drita) -> None:
    token = drita.sign_in(drita.code()).json["token"]
    assert drita.ask(token, OWN, "POST", json={}).json["code"] == 401.7
    assert drita.ask(token, OWN, "POST", json={"code": "AAAA-AAAA"}).json["code"] == 401.7
    begun = drita.ask(token, OWN, "POST", json={"code": drita.codes[0]})
    assert begun.json["svg"].startswith("<?xml")
    # Until the new one is confirmed the old one counts.
    assert drita.sign_in(drita.codes[1]).status_code == 200
    secret, step = b32decode(begun.json["secret"]), step_of(datetime.now(UTC))
    assert drita.ask(token, f"{OWN}/confirm", "POST", json={"code": "12345"}).json["code"] == 401.7
    done = drita.ask(token, f"{OWN}/confirm", "POST", json={"code": code_at(secret, step)})
    assert done.status_code == 200
    assert drita.sign_in(drita.codes[2]).json["code"] == 401.7
    assert drita.sign_in(code_at(secret, step + 1)).status_code == 200


def test_new_recovery_codes_replace_the_old_ones(drita: Drita) -> None:
    token = drita.sign_in(drita.code()).json["token"]
    assert drita.ask(token, f"{OWN}/recovery-codes", "POST", json={"code": "AAAA"}).json["code"] == 401.7
    renewed = drita.ask(token, f"{OWN}/recovery-codes", "POST", json={"code": drita.codes[0]}).json["recoveryCodes"]
    assert len(renewed) == 10
    assert drita.sign_in(drita.codes[1]).json["code"] == 401.7
    assert drita.sign_in(renewed[0]).status_code == 200


def test_whoever_found_an_open_session_cannot_try_all_codes(drita: Drita) -> None:
    token = drita.sign_in(drita.code()).json["token"]
    for path in (OWN, f"{OWN}/recovery-codes", OWN, f"{OWN}/recovery-codes", OWN):
        assert drita.ask(token, path, "POST", json={"code": "AAAAAA"}).json["code"] == 401.7
    for path in (OWN, f"{OWN}/recovery-codes"):
        assert drita.ask(token, path, "POST", json={"code": drita.codes[0]}).json["code"] == 429.1


def test_a_second_factor_that_was_set_up_during_a_sign_in_is_asked_for(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.services import sessions

    drita = person(backend)
    drita.enrol(drita.sign_in().json["token"])
    asked, truth = [], sessions.is_enrolled

    def not_yet_at_first(actor_id: int) -> bool:
        asked.append(actor_id)
        return len(asked) > 1 and truth(actor_id)

    monkeypatch.setattr(sessions, "is_enrolled", not_yet_at_first)
    assert drita.sign_in().json["code"] == 401.7
    assert len(asked) == 2


def test_an_administrator_takes_a_lost_one_away_but_not_their_own(drita: Drita) -> None:
    token, admin = drita.sign_in(drita.code()).json["token"], drita.backend.admin
    assert admin.delete(f"/users/{admin.actor_id}/second-factor").json["code"] == 403.1
    assert admin.delete(f"/users/{drita.actor_id}/second-factor").json == {"success": True}
    assert drita.ask(token, "/users/current").status_code == 401
    assert drita.sign_in().status_code == 200
    assert admin.delete(f"/users/{drita.actor_id}/second-factor").json["code"] == 404.1
    assert rows(drita.backend, models.RecoveryCode) == []


def test_the_operator_sets_one_up_and_takes_it_away(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.services import totp

    drita = person(lite)
    secret = b"12345678901234567890"
    monkeypatch.setattr(totp, "new_secret", lambda: secret)
    code = code_at(secret, step_of(datetime.now(UTC)))
    run = lite.app.test_cli_runner().invoke
    done = run(args=["sportel", "enrol", EMAIL], input=f"{code}\n")
    assert done.exit_code == 0, done.output
    assert totp.as_text(secret) in done.output
    recovery = done.output.strip().splitlines()[-1].strip()
    assert drita.sign_in().json["code"] == 401.7
    assert drita.sign_in(recovery).status_code == 200
    assert run(args=["sportel", "reset-second-factor", EMAIL]).exit_code == 0
    assert drita.sign_in().status_code == 200
    assert run(args=["sportel", "enrol", "nobody@example.org"]).exit_code != 0
