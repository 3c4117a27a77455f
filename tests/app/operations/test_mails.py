"""Mail goes out safely, once, and beside everything else; what cannot go is kept where the operator sees it."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.clock import now
from app.db import db, models
from app.services import mails
from app.services.accounts import set_password
from app.services.add_user import add_user
from app.services.mails import MOST_TRIES, PASSWORD_CHANGED, WAITS
from app.services.outbox_work import CHORES, Chore
from app.services.transaction import transaction
from app.services.worker import Worker
from tests.app.conftest import MakeBackend
from tests.app.looking import count, rows
from tests.app.operations.places import run
from tests.app.operations.test_worker import running, wait_for
from tests.support.backend import PASSWORD, Backend
from tests.support.mail import PUBLIC_URL, SECRET, MailServer, send_mail, use

EMAIL = "drita@example.org"
NEW = "another long password"


def with_person(backend: Backend) -> Backend:
    with backend.app.app_context():
        add_user(None, EMAIL, PASSWORD)
    return backend


def change_password(backend: Backend) -> None:
    """What a changed password has sent, without the cost of one."""
    with backend.app.app_context(), transaction():
        mails.send_later(PASSWORD_CHANGED, EMAIL)


def later(backend: Backend) -> None:
    """Let the time until the next try pass."""
    with backend.app.app_context(), transaction():
        db.session.query(models.Mail).update({"due_at": now() - timedelta(seconds=1)})


def test_a_changed_password_is_told_to_its_person_over_a_safe_connection(
    backend: Backend, mail_server: MailServer
) -> None:
    with_person(use(backend, **mail_server.settings))
    with backend.app.app_context():
        set_password(EMAIL, NEW)
    assert mail_server.arrived == [], "the answer does not wait for the mail server"
    send_mail(backend)
    (mail,) = mail_server.arrived
    assert (mail.to, mail.encrypted) == ([EMAIL], True)
    assert mail.message["From"] == "Sportel <sportel@example.org>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"].endswith("@forms.example.org>")
    assert mail.message.get_content_type() == "text/plain"
    assert PUBLIC_URL in mail.text
    assert "u ndryshua" in mail.text and "was changed" in mail.text
    assert NEW not in mail.text
    assert count(backend, models.Mail) == 0
    send_mail(backend)
    assert len(mail_server.arrived) == 1


def test_without_a_mail_server_nothing_waits_for_one(backend: Backend) -> None:
    with_person(backend)
    change_password(backend)
    assert count(backend, models.Mail) == 0
    with backend.app.app_context():
        assert not mails.is_due()


def test_no_address_and_no_text_lies_in_the_table_or_the_log(
    make_lite: MakeBackend, mail_server: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    backend = with_person(make_lite(log_format="json", **mail_server.settings))
    change_password(backend)
    (row,) = rows(backend, models.Mail)
    assert (row.kind, row.state, row.tries) == (PASSWORD_CHANGED, "waiting", 0)
    assert EMAIL.encode() not in row.address_sealed
    with backend.app.app_context():
        db.session.remove()
    database = b"".join(path.read_bytes() for path in (backend.folder / "db").iterdir())
    assert b"u ndryshua" not in database
    mail_server.refuse = f"550 {EMAIL} is nobody here"
    send_mail(backend)
    logged = "".join(capfd.readouterr())
    assert "mail.parked" in logged
    assert EMAIL not in logged and SECRET not in logged
    assert EMAIL not in str(vars(rows(backend, models.Mail)[0]))


def test_mail_that_fails_is_tried_later_and_later_and_then_parked_for_the_operator(
    backend: Backend, mail_server: MailServer
) -> None:
    with_person(use(backend, **mail_server.settings))
    mail_server.refuse = "450 come back later"
    change_password(backend)
    for number in range(1, MOST_TRIES + 1):
        before = now()
        send_mail(backend)
        send_mail(backend)  # not due yet
        (row,) = rows(backend, models.Mail)
        assert (row.tries, row.last_error) == (number, "SMTPRecipientsRefused 450")
        assert row.state == ("waiting" if number < MOST_TRIES else "parked")
        assert abs(row.due_at - before - WAITS[number - 1]) < timedelta(seconds=20)
        later(backend)
    send_mail(backend)
    shown = run(backend, "mail", "list")
    assert f"{row.id}  parked  password-changed" in shown.output
    assert "0 waiting, 1 parked" in shown.output
    mail_server.refuse = None
    assert run(backend, "mail", "retry", "999").exit_code == 1
    assert run(backend, "mail", "retry", "--all").output == "1 will be tried again.\n"
    send_mail(backend)
    assert len(mail_server.arrived) == 1
    assert "0 waiting, 0 parked" in run(backend, "mail", "list").output


def test_mail_that_was_taken_is_not_sent_again_whatever_the_server_says_at_parting(
    lite: Backend, mail_server: MailServer
) -> None:
    with_person(use(lite, **mail_server.settings))
    mail_server.farewell = "421 too busy"
    change_password(lite)
    send_mail(lite)
    later(lite)
    send_mail(lite)
    assert len(mail_server.arrived) == 1
    assert count(lite, models.Mail) == 0


def test_an_address_that_is_not_known_is_parked_at_once_and_keeps_no_other_mail_waiting(
    lite: Backend, mail_server: MailServer
) -> None:
    with_person(use(lite, **mail_server.settings))
    change_password(lite)
    mail_server.refuse = "550 no such user"
    send_mail(lite)
    mail_server.refuse = None
    change_password(lite)
    send_mail(lite)
    assert len(mail_server.arrived) == 1
    assert [(row.state, row.tries) for row in rows(lite, models.Mail)] == [("parked", 1)]


def test_mail_in_which_processes_die_is_parked_like_any_other(backend: Backend, mail_server: MailServer) -> None:
    with_person(use(backend, **mail_server.settings))
    change_password(backend)

    class Death(BaseException):
        pass

    def die(address: str) -> None:
        raise Death

    for _ in range(MOST_TRIES):
        with backend.app.app_context(), pytest.raises(Death):
            mails.send_due({PASSWORD_CHANGED: die})
        later(backend)
    send_mail(backend)
    (row,) = rows(backend, models.Mail)
    assert (row.state, row.last_error) == ("parked", "the process ended in it")
    assert mail_server.arrived == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"smtp_ca_file": None}, "SSLCertVerificationError"),
        ({"smtp_user": "somebody"}, "SMTPAuthenticationError 535"),
        ({"smtp_user": None, "smtp_password_file": None}, "SMTPSenderRefused 530"),
        ({"smtp_port": 1}, "ConnectionRefusedError"),
        ({"smtp_password_file": Path("/nowhere")}, "SPORTEL_SMTP_PASSWORD_FILE cannot be read"),
    ],
)
def test_a_mail_server_that_is_not_the_right_one_gets_nothing(
    lite: Backend, mail_server: MailServer, changes: dict[str, Any], error: str
) -> None:
    with_person(use(lite, **(mail_server.settings | changes)))
    change_password(lite)
    send_mail(lite)
    (row,) = rows(lite, models.Mail)
    assert row.last_error.startswith(error)
    assert mail_server.arrived == []
    told = run(lite, "mail", "test", EMAIL)
    assert (told.exit_code, error in told.output) == (1, True)


def test_a_mail_server_that_offers_no_safe_connection_gets_nothing(lite: Backend, tmp_path: Path) -> None:
    server = MailServer(tmp_path / "bare", starttls=False).start()
    try:
        with_person(use(lite, **server.settings))
        change_password(lite)
        send_mail(lite)
        assert [row.last_error for row in rows(lite, models.Mail)] == ["SMTPNotSupportedError"]
        assert server.arrived == []
        # To this machine alone it may travel as it is.
        plain = {"smtp_security": "off", "smtp_user": None, "smtp_password_file": None}
        use(lite, **(server.settings | plain))
        later(lite)
        send_mail(lite)
        assert [mail.encrypted for mail in server.arrived] == [False]
    finally:
        server.stop()


def test_a_password_file_that_others_may_read_is_refused(lite: Backend, mail_server: MailServer) -> None:
    with_person(use(lite, **mail_server.settings))
    mail_server.password_file.chmod(0o440)
    change_password(lite)
    send_mail(lite)
    assert "can be read by others" in rows(lite, models.Mail)[0].last_error


def test_the_operator_can_try_whether_mail_arrives(lite: Backend, mail_server: MailServer) -> None:
    assert "SPORTEL_SMTP_HOST" in run(lite, "mail", "test", EMAIL).output
    use(lite, **mail_server.settings)
    assert run(lite, "mail", "test", EMAIL).output == "The mail server took it; look whether it arrives.\n"
    assert [mail.to for mail in mail_server.arrived] == [[EMAIL]]


def test_a_mail_server_that_hangs_keeps_no_case_waiting(backend: Backend) -> None:
    """The served process sends mail on a thread of its own."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = {"smtp_host": "127.0.0.1", "smtp_port": silent.getsockname()[1], "smtp_security": "off"}
        use(backend, mail_from="a@example.org", public_url=PUBLIC_URL, **settings)
        with_person(backend)
        change_password(backend)
        done = threading.Event()
        mail_chore = [chore for chore in CHORES if chore.name == "mail"]
        other = Chore("other", 0.05, done.set, alone=False)
        with running(Worker(backend.app.app_context, {}, [*mail_chore, other], poll_seconds=0.05)):
            wait_for(lambda: rows(backend, models.Mail)[0].tries == 1)
            done.clear()
            wait_for(done.is_set, seconds=2)
            connection, _ = silent.accept()
            connection.close()
            wait_for(lambda: rows(backend, models.Mail)[0].last_error is not None)


def test_several_processes_send_each_mail_once(backend: Backend, mail_server: MailServer) -> None:
    with_person(use(backend, **mail_server.settings))
    for _ in range(3):
        change_password(backend)
    threads = [threading.Thread(target=send_mail, args=(backend,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_mail(backend)
    assert len(mail_server.arrived) == 3
    assert count(backend, models.Mail) == 0
