"""How long does a session live, and what ends it: idling, another password, the end of the account?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services.add_user import add_user
from app.services.sessions import create_session
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.support.backend import PASSWORD, Backend

EMAIL, NEW = "drita@example.org", "another long password"


@pytest.fixture
def drita(backend: Backend) -> Backend:
    """A backend with a person who has a password, on each database."""
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=(Grant("viewer", 1),))
    return backend


def sign_in(backend: Backend, password: str = PASSWORD) -> str:
    answer = backend.client.post("/v1/sessions", json={"email": EMAIL, "password": password})
    assert answer.status_code == 200, answer.text
    token: str = answer.json["token"]
    return token


def status(backend: Backend, token: str) -> int:
    return backend.client.get("/v1/users/current", headers={"Authorization": f"Bearer {token}"}).status_code


def actor_id(backend: Backend) -> int:
    (user,) = rows_of_users(backend)
    return user


def rows_of_users(backend: Backend) -> list[int]:
    with backend.database() as session:
        return [row.actor_id for row in session.query(models.User).filter_by(email=EMAIL)]


def used(backend: Backend, minutes_ago: float) -> None:
    """Every session was made an hour ago and last used so long ago."""
    with backend.app.app_context():
        moment = now()
        db.session.query(models.AccessToken).update(
            {"created_at": moment - timedelta(hours=1), "last_used_at": moment - timedelta(minutes=minutes_ago)}
        )
        db.session.commit()


@pytest.mark.parametrize(("minutes", "expected"), [(0, 200), (14.9, 200), (15.1, 401)])
def test_a_session_that_nobody_used_for_a_quarter_of_an_hour_has_ended(
    drita: Backend, minutes: float, expected: int
) -> None:
    token = sign_in(drita)
    used(drita, minutes)
    assert status(drita, token) == expected


def test_using_a_session_keeps_it_alive_and_is_written_down_once_a_minute(drita: Backend) -> None:
    token = sign_in(drita)
    assert status(drita, token) == 200
    assert [row.last_used_at for row in rows(drita, models.AccessToken)] == [None]
    used(drita, 14)
    assert status(drita, token) == 200
    (noted,) = [row.last_used_at for row in rows(drita, models.AccessToken)]
    assert now() - noted < timedelta(minutes=1)
    assert status(drita, token) == 200
    assert [row.last_used_at for row in rows(drita, models.AccessToken)] == [noted]


def test_how_long_a_session_may_idle_is_a_setting(make_lite: MakeBackend) -> None:
    backend = make_lite(session_idle_minutes=60)
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD)
    token = sign_in(backend)
    used(backend, 59)
    assert status(backend, token) == 200


def test_a_phones_token_never_idles_and_is_not_written_to(drita: Backend) -> None:
    phone = drita.phone()
    with drita.app.app_context():
        db.session.query(models.AccessToken).update({"created_at": now() - timedelta(days=100)})
        db.session.commit()
    assert phone.get("/formList").status_code == 200
    (row,) = rows(drita, models.AccessToken, models.AccessToken.actor_id == phone.actor_id)
    assert row.last_used_at is None


def test_each_sign_in_gives_a_new_token(drita: Backend) -> None:
    assert len({sign_in(drita) for _ in range(3)}) == 3


def test_another_password_ends_every_session_and_is_the_only_one_that_works(drita: Backend) -> None:
    one, other = sign_in(drita), sign_in(drita)
    answer = drita.client.put(
        f"/v1/users/{actor_id(drita)}/password",
        json={"old": PASSWORD, "new": NEW},
        headers={"Authorization": f"Bearer {one}"},
    )
    assert answer.json == {"success": True}
    assert [status(drita, each) for each in (one, other)] == [401, 401]
    assert drita.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json["code"] == 401.2
    assert status(drita, sign_in(drita, NEW)) == 200
    assert "user.password.update" in actions(drita)


@pytest.mark.parametrize(
    ("old", "new", "code"), [("not the one", NEW, 401.2), (PASSWORD, "short", 400.21), (PASSWORD, None, 400.2)]
)
def test_a_password_is_changed_only_by_who_knows_it_and_to_a_long_one(
    drita: Backend, old: str, new: str | None, code: float
) -> None:
    token = sign_in(drita)
    answer = drita.client.put(
        f"/v1/users/{actor_id(drita)}/password",
        json={"old": old} | ({"new": new} if new else {}),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.json["code"] == code
    assert status(drita, token) == 200


def test_nobody_changes_anothers_password(drita: Backend) -> None:
    answer = drita.admin.request("PUT", f"/users/{actor_id(drita)}/password", json={"old": PASSWORD, "new": NEW})
    assert answer.json["code"] == 403.1


def test_a_password_that_was_changed_while_it_was_checked_opens_no_session(
    drita: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.problems import Problem
    from app.services import accounts, sessions

    check = sessions.actor_of_password

    def changed_meanwhile(*given: Any) -> object:
        proven = check(*given)
        accounts.set_password(EMAIL, NEW)
        return proven

    monkeypatch.setattr(sessions, "actor_of_password", changed_meanwhile)
    with drita.app.app_context(), pytest.raises(Problem, match="Could not authenticate"):
        create_session(EMAIL, PASSWORD)
    assert rows(drita, models.AccessToken) == []


def test_who_loses_the_account_is_out_at_once_and_stays_out(drita: Backend) -> None:
    token, admin = sign_in(drita), drita.admin
    assert admin.delete(f"/users/{actor_id(drita)}").json == {"success": True}
    assert status(drita, token) == 401
    assert drita.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json["code"] == 401.2
    assert admin.get(f"/users/{actor_id(drita)}").json["code"] == 404.1
    assert admin.delete(f"/users/{actor_id(drita)}").json["code"] == 404.1
    assert "user.delete" in actions(drita)


def test_the_last_administrator_cannot_be_ended(drita: Backend) -> None:
    admin = drita.admin
    assert admin.delete(f"/users/{admin.actor_id}").json["code"] == 409.32
    other = drita.admin
    assert admin.delete(f"/users/{admin.actor_id}").json == {"success": True}
    assert other.get("/users/current").status_code == 200


def test_the_operator_gives_another_password_and_ends_the_sessions(drita: Backend) -> None:
    token = sign_in(drita)
    run = drita.app.test_cli_runner().invoke
    done = run(args=["sportel", "set-password", EMAIL.upper(), "--password", NEW])
    assert done.exit_code == 0, done.output
    assert NEW not in done.output
    assert status(drita, token) == 401
    assert status(drita, sign_in(drita, NEW)) == 200
    missing = run(args=["sportel", "set-password", "nobody@example.org", "--password", NEW])
    assert missing.exit_code != 0
