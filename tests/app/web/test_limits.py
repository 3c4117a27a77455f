"""Who tries too often must wait: at the door for people, and at the one for phones."""

from __future__ import annotations

import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from werkzeug.test import TestResponse

from app.db import db, models
from app.db.queries import limits as queries
from app.permissions import Grant
from app.services.add_user import add_user
from app.services.limits import FORGOTTEN_AFTER, Count, after_wrong, is_anything_old, sweep_limits
from app.web.pace import Pace
from tests.app.conftest import MakeBackend
from tests.app.looking import count, rows
from tests.support.backend import PASSWORD, Backend, instance

EMAIL = "drita@example.org"
MOMENT = datetime(2026, 5, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Who   |
| settings | form_id | version |
|          | a       | 1       |
"""


def with_user(backend: Backend) -> Backend:
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=(Grant("viewer", 1),))
    return backend


def sign_in(backend: Backend, password: str, email: str = EMAIL, address: str = "192.0.2.1") -> TestResponse:
    return backend.client.post(
        "/v1/sessions",
        json={"email": email, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
    )


def statuses(backend: Backend, times: int, password: str = "wrong", **who: Any) -> list[int]:
    return [sign_in(backend, password, **who).status_code for _ in range(times)]


def earlier(backend: Backend, **passed: float) -> None:
    """Let time pass: everything that is counted was so much earlier."""
    with backend.app.app_context():
        for row in db.session.query(models.Limit):
            row.last_at -= timedelta(**passed)
            if row.locked_until is not None:
                row.locked_until -= timedelta(**passed)
        db.session.commit()


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
def test_five_wrong_tries_lock_whoever_it_is_and_says_for_how_long(backend: Backend, email: str) -> None:
    with_user(backend)
    assert statuses(backend, 5, email=email) == [401] * 5
    answer = sign_in(backend, PASSWORD, email=email)
    assert (answer.status_code, answer.json["code"]) == (429, 429.1)
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json["details"] == {"retryAfterSeconds": int(answer.headers["Retry-After"])}
    assert email not in answer.text
    earlier(backend, minutes=1)
    assert sign_in(backend, PASSWORD, email=email).status_code == (200 if email == EMAIL else 401)


def test_the_lock_grows(backend: Backend) -> None:
    with_user(backend)
    waits = []
    for _ in range(5):
        assert statuses(backend, 5, address="192.0.2.1") == [401] * 5
        seconds = int(sign_in(backend, PASSWORD).headers["Retry-After"])
        waits.append(round(seconds / 60))
        earlier(backend, seconds=seconds)
        with backend.app.app_context():
            db.session.query(models.Limit).filter_by(kind="network").delete()
            db.session.commit()
    assert waits == [1, 2, 5, 15, 15]


def test_what_is_right_begins_anew(backend: Backend) -> None:
    with_user(backend)
    for _ in range(3):
        assert statuses(backend, 4) == [401] * 4
        assert sign_in(backend, PASSWORD).status_code == 200


def test_one_who_is_locked_locks_nobody_else(lite: Backend) -> None:
    with_user(lite)
    statuses(lite, 6, email="nobody@example.org")
    assert sign_in(lite, PASSWORD).status_code == 200


def test_a_network_that_tries_many_users_is_locked_and_no_other(backend: Backend) -> None:
    with_user(backend)
    found = [sign_in(backend, "x", email=f"u{number}@example.org").status_code for number in range(21)]
    assert found == [401] * 20 + [429]
    assert sign_in(backend, PASSWORD).status_code == 429
    assert sign_in(backend, PASSWORD, address="192.0.2.2").status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_an_ipv6_subscriber_is_one_network(make_lite: MakeBackend, one: str, other: str, same: bool) -> None:
    backend = make_lite(sign_in_tries_network=2)
    for number in range(2):
        sign_in(backend, "x", email=f"u{number}@example.org", address=one)
    assert sign_in(backend, "x", email="u@example.org", address=other).status_code == (429 if same else 401)


def test_a_wrong_password_in_each_request_and_a_wrong_old_one_count_too(lite: Backend) -> None:
    with_user(lite)
    token = sign_in(lite, PASSWORD).json["token"]
    (user,) = [row.actor_id for row in users(lite)]
    basic = {"Authorization": "Basic " + b64encode(f"{EMAIL}:wrong".encode()).decode()}
    bearer = {"Authorization": f"Bearer {token}"}
    change = {"json": {"old": "wrong", "new": "a long enough one"}, "headers": bearer}
    for _ in range(2):
        assert lite.client.get("/v1/users/current", headers=basic).status_code == 401
        assert lite.client.put(f"/v1/users/{user}/password", **change).status_code == 401
    assert statuses(lite, 2) == [401, 429]
    assert lite.client.get("/v1/users/current", headers=basic).status_code == 429
    assert lite.client.put(f"/v1/users/{user}/password", **change).status_code == 429
    # Who is signed in already stays so: locking somebody out throws nobody out.
    assert lite.client.get("/v1/users/current", headers=bearer).status_code == 200


def users(backend: Backend) -> list[Any]:
    with backend.database() as session:
        found = session.query(models.User).filter_by(email=EMAIL).all()
        session.expunge_all()
        return found


def test_tries_at_once_are_all_counted(backend: Backend) -> None:
    with_user(backend)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: sign_in(backend, "wrong").status_code, range(16)))
    assert set(found) <= {401, 429}
    assert found.count(401) <= 5 + 8
    assert sign_in(backend, PASSWORD).status_code == 429


def test_what_is_kept_names_neither_the_user_nor_the_address(lite: Backend) -> None:
    sign_in(lite, "x", email="canary@example.org", address="192.0.2.77")
    kept = (lite.folder / "db" / "sportel.sqlite3").read_bytes() + b"".join(
        path.read_bytes() for path in (lite.folder / "db").glob("*-wal")
    )
    assert b"canary@example.org" not in kept
    assert b"192.0.2.77" not in kept
    assert [row.kind for row in rows(lite, models.Limit)] == ["user", "network"]


def test_counts_of_more_than_a_day_ago_are_swept(backend: Backend) -> None:
    sign_in(backend, "x")
    with backend.app.app_context():
        assert not is_anything_old()
        db.session.rollback()
    earlier(backend, hours=25)
    sign_in(backend, "x", email="other@example.org", address="192.0.2.9")
    with backend.app.app_context():
        assert is_anything_old()
        sweep_limits()
        assert not is_anything_old()
    assert count(backend, models.Limit) == 2


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Count(), timedelta(0), (1, 0, False)),
        (Count(4, 0, None, MOMENT), timedelta(seconds=59), (0, 1, True)),
        (Count(4, 0, None, MOMENT), MINUTE, (1, 0, False)),
        (Count(4, 3, None, MOMENT), timedelta(seconds=1), (0, 4, True)),
        (Count(4, 3, None, MOMENT), FORGOTTEN_AFTER, (1, 0, False)),
        (Count(0, 1, MOMENT + MINUTE, MOMENT), timedelta(seconds=30), (0, 1, True)),
    ],
)
def test_how_wrong_tries_are_counted(before: Count, after: timedelta, expected: tuple[int, int, bool]) -> None:
    found = after_wrong(before, 5, MOMENT + after)
    assert (found.tries, found.locks, found.locked_until is not None) == expected


def test_an_unknown_user_and_a_wrong_password_take_the_same_time(full_passwords: None, make_lite: MakeBackend) -> None:
    backend = with_user(make_lite(sign_in_tries=100, sign_in_tries_network=10_000))

    def median(email: str) -> float:
        taken = []
        for _ in range(9):
            begun = time.perf_counter()
            assert sign_in(backend, "wrong", email=email).status_code == 401
            taken.append(time.perf_counter() - begun)
        return sorted(taken)[4]

    sign_in(backend, "wrong", email="warm@example.org")
    known, unknown = median(EMAIL), median("nobody@example.org")
    # The check of a password is nearly all of it; without one the answer would come in a tenth of the time.
    assert 0.4 < known / unknown < 2.5


def test_a_phone_sends_its_burst_at_once_and_then_at_its_pace(make_lite: MakeBackend) -> None:
    backend = make_lite(submissions_per_minute=1, submissions_burst=2)
    backend.admin.publish(FORM)
    phone, other = backend.phone(), backend.phone()

    def send(who: Any) -> TestResponse:
        return who.only_send(instance("a", "<who>x</who>"))

    assert [send(phone).status_code for _ in range(2)] == [201, 201]
    refused = send(phone)
    assert refused.status_code == 429
    assert "safe to send again" in refused.text
    assert refused.text.startswith("<OpenRosaResponse")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert phone.get("/formList").status_code == 200
    assert send(other).status_code == 201
    assert count(backend, models.Submission) == 3


def test_a_bucket_fills_again_with_time() -> None:
    moment = [0.0]
    pace = Pace(120, 600, lambda: moment[0])
    assert [pace.seconds_to_wait(1) for _ in range(601)] == [0] * 600 + [1]
    moment[0] = 0.5
    assert [pace.seconds_to_wait(1), pace.seconds_to_wait(1)] == [0, 1]
    moment[0] = 60.5
    assert [pace.seconds_to_wait(1) for _ in range(121)] == [0] * 120 + [1]
    assert pace.seconds_to_wait(2) == 0


def test_buckets_of_phones_that_have_gone_quiet_are_thrown_away() -> None:
    moment = [0.0]
    pace = Pace(60, 10, lambda: moment[0])
    for phone in range(10_000):
        pace.seconds_to_wait(phone)
    moment[0] = 10.0
    pace.seconds_to_wait(10_000)
    assert len(pace._buckets) == 1


def test_counting_costs_a_submission_next_to_nothing() -> None:
    pace = Pace(100_000, 1_000_000)
    begun = time.perf_counter()
    for _ in range(10_000):
        pace.seconds_to_wait(1)
    assert (time.perf_counter() - begun) / 10_000 < 50e-6


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_wrong_try_counts_although_a_right_one_ends_the_count_at_that_moment(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_user(backend)
    statuses(backend, 1)
    make, ended = queries.insert_if_new, []

    def made(*arguments: Any, **values: Any) -> Any:
        found = make(*arguments, **values)
        if not ended:
            with db.engine.connect() as other:
                ended.append(other.execute(delete(models.Limit).where(models.Limit.kind == "user")))
                other.commit()
        return found

    monkeypatch.setattr(queries, "insert_if_new", made)
    assert statuses(backend, 1) == [401]
    assert [row.tries for row in rows(backend, models.Limit)] == [2, 1]
