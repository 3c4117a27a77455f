"""Who forgot the password gets a code by mail: once, for a day, and nobody learns from it who has an account."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services import mail_writers
from app.services.add_user import add_user
from app.services.limits import MAILS_FROM_NETWORK, MAILS_TO_ONE
from app.services.password_reset import new_code
from app.services.transaction import transaction
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, count, rows
from tests.support.backend import PASSWORD, Backend, Person
from tests.support.mail import PUBLIC_URL, MailServer, send_mail, use

EMAIL, STRANGER, NEW = "drita@example.org", "nobody@example.org", "another long password"


@pytest.fixture
def mailing(backend: Backend, mail_server: MailServer) -> Backend:
    """A backend that sends mail, with a person, on each database."""
    return with_person(use(backend, **mail_server.settings))


def with_person(backend: Backend) -> Backend:
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=(Grant("viewer", 1),))
    return backend


def initiate(backend: Backend, email: str = EMAIL, address: str = "192.0.2.1", **options: Any) -> TestResponse:
    at = {"REMOTE_ADDR": address}
    return backend.client.post("/v1/users/reset/initiate", json={"email": email}, environ_overrides=at, **options)


def verify(backend: Backend, code: str, new: str = NEW) -> TestResponse:
    bearer = {"Authorization": f"Bearer {code}"}
    return backend.client.post("/v1/users/reset/verify", json={"new": new}, headers=bearer)


def sign_in(backend: Backend, password: str) -> TestResponse:
    return backend.client.post("/v1/sessions", json={"email": EMAIL, "password": password})


def code_of(backend: Backend) -> str:
    """A code as it would be mailed."""
    with backend.app.app_context():
        code = new_code(db.session.query(models.User).filter_by(email=EMAIL).one().actor_id, EMAIL)
        assert code is not None
        return code


def as_person(backend: Backend, answer: TestResponse) -> Person:
    return Person(backend.client, answer.json["token"], 0)


def test_a_mailed_code_gives_another_password_once_and_ends_every_session(
    mailing: Backend, mail_server: MailServer
) -> None:
    session = as_person(mailing, sign_in(mailing, PASSWORD))
    asked = initiate(mailing, "Drita@Example.org")
    assert (asked.status_code, asked.json) == (200, {"success": True})
    send_mail(mailing)
    (mail,) = mail_server.arrived
    assert f"{PUBLIC_URL}/password#{mail.code}" in mail.text
    assert "vetëm një herë" in mail.text
    assert sign_in(mailing, PASSWORD).status_code == 200, "asking changes nothing"
    assert verify(mailing, mail.code).json == {"success": True}
    assert session.get("/users/current").status_code == 401
    assert (sign_in(mailing, PASSWORD).status_code, sign_in(mailing, NEW).status_code) == (401, 200)
    assert verify(mailing, mail.code).json["code"] == 401.2
    send_mail(mailing)
    assert "was changed" in mail_server.arrived[-1].text
    assert {"user.password.code", "user.password.update"} <= set(actions(mailing))


def test_nothing_tells_whether_somebody_has_an_account(mailing: Backend, mail_server: MailServer) -> None:
    """Not the answer, and not the time: the database is asked the same."""
    initiate(mailing, "first@example.org")  # whoever is first finds no count of this network
    asked: dict[str, list[str]] = {}
    with mailing.app.app_context():
        engine = db.engine
    for email in (EMAIL, STRANGER):
        statements = asked[email] = []

        def note(*given: Any, statements: list[str] = statements) -> None:
            statements.append(given[2])

        event.listen(engine, "before_cursor_execute", note)
        answer = initiate(mailing, email)
        event.remove(engine, "before_cursor_execute", note)
        assert (answer.status_code, answer.json, dict(answer.headers)["Content-Length"]) == (
            200,
            {"success": True},
            "17",
        )
    assert asked[EMAIL] == asked[STRANGER] != []
    assert not [each for each in asked[EMAIL] if "users" in each]
    send_mail(mailing)
    assert [mail.to for mail in mail_server.arrived] == [[EMAIL]]
    assert count(mailing, models.Mail) == 0


def test_a_code_is_in_no_table_no_audit_and_no_log(
    make_lite: MakeBackend, mail_server: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    backend = with_person(make_lite(log_format="json", **mail_server.settings))
    initiate(backend)
    send_mail(backend)
    code = mail_server.arrived[0].code
    for each in (code, code.lower()):
        verify(backend, each, "short")
    with backend.app.app_context():
        db.session.remove()
        db.engine.dispose()
    kept = b"".join(path.read_bytes() for path in (backend.folder / "db").iterdir())
    logged = "".join(capfd.readouterr())
    assert "mail.sent" in logged
    for word in (code, code.replace("-", "")):
        assert word.encode() not in kept
        assert word not in logged
    assert EMAIL not in logged
    assert [line.details for line in rows(backend, models.Audit, models.Audit.action == "user.password.code")] == [
        {"actorId": rows_of(backend)}
    ]


def rows_of(backend: Backend) -> int:
    with backend.database() as session:
        found: int = session.query(models.User).filter_by(email=EMAIL).one().actor_id
        return found


def test_a_code_lives_for_a_day_and_a_used_one_ends_the_others(mailing: Backend) -> None:
    first, second = code_of(mailing), code_of(mailing)
    with mailing.app.app_context(), transaction():
        db.session.query(models.PasswordReset).filter_by(id=1).update({"expires_at": now()})
    assert verify(mailing, first).json["code"] == 401.2
    third = code_of(mailing)
    assert count(mailing, models.PasswordReset) == 2, "the one that expired is forgotten"
    assert verify(mailing, third.lower().replace("-", " ")).status_code == 200
    assert verify(mailing, second).json["code"] == 401.2
    assert count(mailing, models.PasswordReset) == 0


def test_of_two_who_use_the_same_code_at_once_one_gets_in(mailing: Backend) -> None:
    code, found = code_of(mailing), []
    threads = [
        threading.Thread(target=lambda new=new: found.append(verify(mailing, code, new).status_code))
        for new in ("the first new password", "the second new password")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 401]


def end_by_password(backend: Backend, admin: Person, actor_id: int) -> None:
    token = sign_in(backend, PASSWORD).json["token"]
    body = {"old": PASSWORD, "new": NEW}
    bearer = {"Authorization": f"Bearer {token}"}
    assert backend.client.put(f"/v1/users/{actor_id}/password", json=body, headers=bearer).status_code == 200


def end_by_address(backend: Backend, admin: Person, actor_id: int) -> None:
    assert admin.patch(f"/users/{actor_id}", json={"email": "new@example.org"}).status_code == 200


def end_by_account(backend: Backend, admin: Person, actor_id: int) -> None:
    assert admin.delete(f"/users/{actor_id}").status_code == 200


@pytest.mark.parametrize("end", [end_by_password, end_by_address, end_by_account])
def test_another_password_another_address_or_no_account_any_more_ends_a_code(lite: Backend, end: Any) -> None:
    with_person(lite)
    code = code_of(lite)
    end(lite, lite.admin, rows_of(lite))
    assert verify(lite, code, "a third long password").json["code"] == 401.2


@pytest.mark.parametrize("end", [end_by_address, end_by_account])
def test_no_code_is_mailed_to_an_address_that_changes_while_the_mail_is_written(
    mailing: Backend, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, end: Any
) -> None:
    def late(*found: Any) -> str | None:
        db.session.rollback()
        other = threading.Thread(target=end, args=(mailing, mailing.admin, rows_of(mailing)))
        other.start()
        other.join()
        return new_code(*found)

    monkeypatch.setattr(mail_writers, "new_code", late)
    initiate(mailing)
    send_mail(mailing)
    assert [mail.to for mail in mail_server.arrived if "/password#" in mail.text] == []
    assert count(mailing, models.PasswordReset) == 0


def test_a_changed_address_is_told_to_the_old_one(lite: Backend, mail_server: MailServer) -> None:
    with_person(use(lite, **mail_server.settings))
    lite.admin.patch(f"/users/{rows_of(lite)}", json={"email": "new@example.org"})
    send_mail(lite)
    assert [mail.to for mail in mail_server.arrived] == [[EMAIL]]


@pytest.mark.parametrize(
    ("headers", "new", "code"),
    [
        ({"Authorization": "Bearer AAAA"}, NEW, 401.2),
        ({"Authorization": "Basic AAAA"}, NEW, 401.2),
        ({}, NEW, 401.2),
        ({"Authorization": "Bearer {code}"}, "short", 400.21),
        ({"Authorization": "Bearer {code}"}, None, 400.2),
        ({"Authorization": "Bearer {session}"}, NEW, 401.2),
    ],
)
def test_what_is_no_good_code_or_password_is_refused(
    lite: Backend, headers: dict[str, str], new: str | None, code: float
) -> None:
    with_person(lite)
    given = {"code": code_of(lite), "session": lite.admin.token}
    sent = {name: value.format(**given) for name, value in headers.items()}
    answer = lite.client.post("/v1/users/reset/verify", json={} if new is None else {"new": new}, headers=sent)
    assert answer.json["code"] == code
    assert verify(lite, given["code"]).status_code == 200, "the code is still good"


def test_a_code_opens_nothing_else(lite: Backend) -> None:
    with_person(lite)
    code = code_of(lite)
    for bearer in (code, code.replace("-", "")):
        assert Person(lite.client, bearer, 0).get("/users/current").status_code == 401


@pytest.mark.parametrize("email", [EMAIL, STRANGER])
def test_nobodys_mailbox_is_filled(mailing: Backend, mail_server: MailServer, email: str) -> None:
    for number in range(MAILS_TO_ONE):
        assert initiate(mailing, email, f"192.0.2.{number}").status_code == 200
    refused = initiate(mailing, email, "192.0.2.99")
    assert (refused.status_code, refused.json["code"]) == (429, 429.4)
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert email not in refused.text
    assert count(mailing, models.Mail) == MAILS_TO_ONE
    earlier(mailing, minutes=61)
    assert initiate(mailing, email, "192.0.2.99").status_code == 200


def test_a_network_asks_for_some_and_no_more(lite: Backend, mail_server: MailServer) -> None:
    use(lite, **mail_server.settings)
    found = [initiate(lite, f"u{number}@example.org").status_code for number in range(MAILS_FROM_NETWORK + 1)]
    assert found == [200] * MAILS_FROM_NETWORK + [429]
    assert initiate(lite, address="192.0.2.2").status_code == 200


def earlier(backend: Backend, **passed: float) -> None:
    with backend.app.app_context():
        for row in db.session.query(models.Limit):
            row.last_at -= timedelta(**passed)
        db.session.commit()


def test_an_administrator_ends_a_password_that_others_may_know(mailing: Backend, mail_server: MailServer) -> None:
    session = as_person(mailing, sign_in(mailing, PASSWORD))
    key = session.post(f"/users/{rows_of(mailing)}/api-keys", json={"label": "table"}).json["token"]
    admin = mailing.admin
    ended = admin.post("/users/reset/initiate?invalidate=true", json={"email": EMAIL})
    assert ended.json == {"success": True}
    assert sign_in(mailing, PASSWORD).json["code"] == 401.2
    assert session.get("/users/current").status_code == 401
    assert Person(mailing.client, key, 0).get("/users/current").status_code == 401
    send_mail(mailing)
    assert verify(mailing, mail_server.arrived[0].code).status_code == 200
    assert sign_in(mailing, NEW).status_code == 200
    (line,) = rows(mailing, models.Audit, models.Audit.action == "user.password.invalidate")
    assert (line.actor_id, line.details) == (admin.actor_id, {"actorId": rows_of(mailing)})
    assert admin.post("/users/reset/initiate?invalidate=true", json={"email": STRANGER}).json == {"success": True}


@pytest.mark.parametrize("email", [EMAIL, STRANGER])
@pytest.mark.parametrize(("role", "code"), [("manager", 403.1), (None, 401.2)])
def test_who_may_not_end_a_password_learns_nothing_from_trying(
    lite: Backend, mail_server: MailServer, email: str, role: str | None, code: float
) -> None:
    with_person(use(lite, **mail_server.settings))
    person = lite.person(Grant(role, 1, all_offices=True)) if role else None
    headers = {"Authorization": f"Bearer {person.token}"} if person else {}
    answer = lite.client.post("/v1/users/reset/initiate?invalidate=true", json={"email": email}, headers=headers)
    assert answer.json["code"] == code
    assert sign_in(lite, PASSWORD).status_code == 200
    assert count(lite, models.Mail) == 0


def test_api_keys_go_on_after_a_forgotten_password_and_the_notice_says_so(
    lite: Backend, mail_server: MailServer
) -> None:
    with_person(use(lite, **mail_server.settings))
    session = as_person(lite, sign_in(lite, PASSWORD))
    key = session.post(f"/users/{rows_of(lite)}/api-keys", json={"label": "table"}).json["token"]
    assert verify(lite, code_of(lite)).status_code == 200
    assert Person(lite.client, key, 0).get("/users/current").status_code == 200
    send_mail(lite)
    assert "API keys go on working (1)" in mail_server.arrived[0].text


def test_who_has_a_second_factor_needs_it_after_a_reset_too(make_lite: MakeBackend, mail_server: MailServer) -> None:
    backend = with_person(make_lite(**mail_server.settings))
    with backend.app.app_context(), transaction():
        moment = now()
        db.session.add(
            models.SecondFactor(
                actor_id=rows_of(backend), secret_sealed=b"sealed", created_at=moment, confirmed_at=moment
            )
        )
    assert verify(backend, code_of(backend)).status_code == 200
    assert sign_in(backend, NEW).json["code"] == 401.7


def test_a_new_person_without_a_password_is_invited(mailing: Backend, mail_server: MailServer) -> None:
    admin = mailing.admin
    assert admin.post("/users", json={"email": "mira@example.org"}).status_code == 200
    assert admin.post("/users", json={"email": "arben@example.org", "password": PASSWORD}).status_code == 200
    send_mail(mailing)
    (mail,) = mail_server.arrived
    assert (mail.to, "a new account" in mail.text) == (["mira@example.org"], True)
    assert verify(mailing, mail.code).status_code == 200
    signed = mailing.client.post("/v1/sessions", json={"email": "mira@example.org", "password": NEW})
    assert signed.status_code == 200


def test_where_passwords_open_nothing_none_is_chosen(lite: Backend, mail_server: MailServer) -> None:
    with_person(use(lite, **mail_server.settings))
    code = code_of(lite)
    use(lite, password_sign_in="off")
    assert initiate(lite).json["code"] == verify(lite, code).json["code"] == 401.8
    assert lite.client.post("/password/forgotten", data={"email": EMAIL}).status_code == 401
    assert lite.admin.post("/users", json={"email": "mira@example.org"}).status_code == 200
    send_mail(lite)
    assert mail_server.arrived == []


@pytest.mark.parametrize("email", [EMAIL, STRANGER])
def test_without_a_mail_server_the_remedy_is_named(lite: Backend, email: str) -> None:
    with_person(lite)
    answer = initiate(lite, email)
    assert (answer.status_code, answer.json["code"]) == (501, 501.42)
    assert "SPORTEL_SMTP_HOST" in answer.json["message"] and "set-password" in answer.json["message"]
    assert lite.admin.post("/users/reset/initiate?invalidate=true", json={"email": email}).json["code"] == 501.42
    assert sign_in(lite, PASSWORD).status_code == 200
