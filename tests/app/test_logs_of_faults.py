"""Whatever fails, and whoever tells of it: no token and no answer is in the log, and the fault can be found."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError

from app.db import db
from app.db.queries import projects as project_queries
from app.logs import SafeFormatter, SafeHandler, configure_logs, hook_uncaught, renderer
from app.sealing.envelope import SealBroken
from app.services import receive_submission as receiving
from app.storage import BlobMissing, StorageFull, StorageUnavailable
from app.storage.directory import DirectoryStore
from forms.errors import FormsError
from tests.app.conftest import MakeBackend
from tests.app.shown_forms import VISIT
from tests.app.web.openrosa.bodies import body, file_part, post, post_chunked, xml_part
from tests.support.backend import AppUser, Backend, instance

ANSWER = "canary-answer"
XML = instance("visit", f"<who>{ANSWER}</who><pic>{ANSWER}.jpg</pic>", instance_id="uuid:1")


@pytest.fixture
def backend(make_lite: MakeBackend, capsys: pytest.CaptureFixture[str]) -> Backend:
    made = make_lite(log_format="json")
    made.admin.publish(VISIT)
    return made


@pytest.fixture
def phone(backend: Backend) -> AppUser:
    return backend.phone(name="canary-phone")


def events(written: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.splitlines()]


def assert_clean(written: str, phone: AppUser) -> None:
    assert '"event":"request"' in written
    assert "canary" not in written
    assert phone.token not in written
    assert "Traceback" not in written


def of_database(kind: type[Exception]) -> Exception:
    return kind(f"INSERT {ANSWER}", {"who": ANSWER}, sqlite3.Error(f"Key (who)=({ANSWER}) already exists"))


FAULTS: list[Exception] = [
    RuntimeError(ANSWER),
    KeyError(ANSWER),
    ValueError(f"invalid literal: '{ANSWER}'"),
    UnicodeDecodeError("utf-8", ANSWER.encode(), 0, 1, ANSWER),
    RecursionError(ANSWER),
    MemoryError(ANSWER),
    OSError(5, ANSWER, ANSWER),
    SealBroken(ANSWER),
    BlobMissing(ANSWER),
    StorageFull(ANSWER),
    StorageUnavailable("EIO"),
    FormsError(ANSWER),
    *map(of_database, (IntegrityError, OperationalError, DataError, ProgrammingError)),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_a_fault_while_a_submission_is_taken_tells_nothing_of_it(
    phone: AppUser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        local = ANSWER  # also what a frame holds
        raise error from ValueError(local)

    monkeypatch.setattr(receiving, "_write", fail)
    capsys.readouterr()
    answer = phone.send(XML, {f"{ANSWER}.jpg": ANSWER.encode()}, **{"*isIncomplete*": ANSWER})
    assert answer.status_code >= 400
    written = capsys.readouterr().err
    assert_clean(written + answer.text, phone)
    assert {event["request"] for event in events(written)} == {answer.headers["X-Request-Id"]}


@pytest.mark.parametrize("error", [OSError(28, ANSWER), OSError(5, ANSWER), RuntimeError(ANSWER)], ids=repr)
def test_a_fault_of_the_storage_tells_nothing(
    phone: AppUser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr("app.storage.directory.os.fsync", fail)
    capsys.readouterr()
    assert phone.send(XML, {f"{ANSWER}.jpg": ANSWER.encode()}).status_code >= 500
    assert_clean(capsys.readouterr().err, phone)


BODIES: dict[str, bytes] = {
    "cut": body(xml_part(XML), file_part(f"{ANSWER}.jpg", ANSWER.encode()))[:-30],
    "no XML": body(file_part(f"{ANSWER}.jpg", ANSWER.encode())),
    "no multipart": XML.encode(),
    "broken XML": body(xml_part(f"<data><who>{ANSWER}</data>")),
    "doctype": body(xml_part(f"<!DOCTYPE {ANSWER} [<!ENTITY e '{ANSWER}'>]><data>&e;</data>")),
    "unknown form": body(xml_part(instance(ANSWER, f"<who>{ANSWER}</who>"))),
    "unknown version": body(xml_part(instance("visit", ANSWER, version=ANSWER))),
    "no instance": body(xml_part(f'<data id="visit" version="1"><who>{ANSWER}</who></data>')),
    "control characters": body(xml_part(XML), file_part(f"{ANSWER}\x01.jpg", b"x")),
    "not for a number": body(xml_part(instance("visit", f"<age>{ANSWER}</age>"))),
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("send", [post, post_chunked])
def test_a_refused_or_strange_submission_tells_nothing(
    phone: AppUser, capsys: pytest.CaptureFixture[str], content: bytes, send: Callable[..., Any]
) -> None:
    capsys.readouterr()
    send(phone, content)
    assert_clean(capsys.readouterr().err, phone)


def test_strange_addresses_tell_nothing(backend: Backend, phone: AppUser, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for path in (
        f"/v1/key/{phone.token}",
        f"/v1/key/{phone.token}/nothing",
        f"//v1//key/{phone.token}/projects/1/formList",
        f"/v1/key/{phone.token}/projects/1/forms/{ANSWER}.xml?{ANSWER}={ANSWER}",
        f"/v1/test/{phone.token}/projects/1/forms/{ANSWER}/draft.xml",
        f"/v1/projects/1/formList?st={phone.token}&st={ANSWER}",
        f"/{phone.token}/{ANSWER}",
        f"/v1/projects/1/forms/visit/submissions/{ANSWER}/attachments/{ANSWER}.jpg",
    ):
        for method in ("GET", "POST", "DELETE", "CANARY"):
            headers = {"Authorization": f"Bearer {phone.token}", "Cookie": f"__Host-session={phone.token}"}
            backend.client.open(path, method=method, headers=headers, data=ANSWER)
    assert_clean(capsys.readouterr().err, phone)


def test_a_failing_check_of_readiness_tells_nothing(
    backend: Backend, phone: AppUser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: DirectoryStore) -> None:
        raise RuntimeError(ANSWER)

    monkeypatch.setattr(DirectoryStore, "fault", fail)
    capsys.readouterr()
    answer = backend.client.get("/ready")
    assert answer.status_code == 503
    assert "canary" not in capsys.readouterr().err + answer.text


# What libraries say through the standard logging.


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    configure_logs("json")
    return lambda: events(capsys.readouterr().err)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_librarys_exception_is_told_by_its_type_alone(logged: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("sqlalchemy.pool").error("Exception during reset or similar", exc_info=raised(KeyError(ANSWER)))
    (event,) = logged()
    assert event["event"] == "Exception during reset or similar"
    assert (event["logger"], event["level"], event["error"]) == ("sqlalchemy.pool", "error", "KeyError")
    assert "canary" not in str(event)


@pytest.mark.parametrize(
    ("message", "arguments", "told"),
    [
        ("Error handling request %s", (f"/v1/key/{ANSWER}/x?st=1",), "Error handling request /v1/key/…/x?st=…"),
        ("WORKER TIMEOUT (pid:%s)", (7,), "WORKER TIMEOUT (pid:7)"),
        (
            f"Invalid request from ip=1.2.3.4: Invalid HTTP method: '{ANSWER}'",
            (),
            "Invalid request from ip=1.2.3.4: Invalid HTTP method: …",
        ),
        (f"Invalid header: b'{ANSWER}'", (), "Invalid header: …"),
        (f'said "{ANSWER}', (), "said …"),
        (f"got <who>{ANSWER}</who>", (), "got …"),
        ("Retrying after: %s", (raised(KeyError(ANSWER)),), "Retrying after: KeyError"),
        ("Retrying after %r: %s", (ValueError(ANSWER), raised(KeyError(ANSWER))), "Retrying after …"),
        (f"Exception during worker exit:\n{ANSWER}", (), "Exception during worker exit:"),
        (ValueError(ANSWER), (), "ValueError"),
        ("x" * 1000, (), "…"),
        ("y y " * 1000, (), "y y " * 75),
    ],
)
def test_a_librarys_message_ends_where_somebody_elses_words_begin(
    logged: Callable[[], list[dict[str, Any]]], message: object, arguments: tuple[object, ...], told: str
) -> None:
    logging.getLogger("gunicorn.error").warning(message, *arguments)
    (event,) = logged()
    assert event["event"] == told


def test_a_message_that_does_not_fit_its_arguments_is_told_without_them() -> None:
    record = logging.LogRecord("library", logging.ERROR, "f.py", 1, "%d of them", (ANSWER,), None)
    assert json.loads(SafeFormatter(renderer("json")).format(record))["event"] == "%d of them"


@pytest.mark.parametrize(
    "name", ["botocore", "botocore.parsers", "urllib3", "sqlalchemy.engine", "alembic", "werkzeug"]
)
def test_what_libraries_tell_below_a_warning_is_not_written(
    logged: Callable[[], list[dict[str, Any]]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    logging.getLogger(name).info(ANSWER)
    logging.getLogger(name).debug(ANSWER)
    assert logged() == []


def test_a_librarys_line_has_the_request_that_it_was_said_in(logged: Callable[[], list[dict[str, Any]]]) -> None:
    with structlog.contextvars.bound_contextvars(request="r1"):
        logging.getLogger("library").warning("x")
    assert logged()[0]["request"] == "r1"


def test_there_is_one_handler_however_often_the_logs_are_configured() -> None:
    for _ in range(3):
        configure_logs("text")
    assert sum(isinstance(each, SafeHandler) for each in logging.getLogger().handlers) == 1


def test_our_own_events_are_masked_too(logged: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.get_logger("x").warning("said", address="/v1/key/abc/x", url="s3://id:canary@bucket")
    (event,) = logged()
    assert (event["address"], event["url"]) == ("/v1/key/…/x", "s3://…@bucket")


def test_what_nobody_catches_is_told_by_type_and_place(
    logged: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back at the end
    hook_uncaught()

    def fail() -> None:
        raise RuntimeError(ANSWER)

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    error = raised(KeyError(ANSWER))
    sys.excepthook(KeyError, error, None)
    told = logged()
    assert [(event["event"], event["error"], event["where"]) for event in told] == [
        ("uncaught", "RuntimeError", "worker"),
        ("uncaught", "KeyError", "main"),
    ]
    assert "canary" not in str(told)


def test_a_failing_statement_is_logged_without_it(
    backend: Backend, phone: AppUser, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any) -> None:
        db.session.execute(text(f"SELECT :who FROM {ANSWER.replace('-', '_')}"), {"who": ANSWER})

    monkeypatch.setattr(project_queries, "projects", ask)
    admin = backend.admin
    capsys.readouterr()
    assert admin.get("/projects").status_code == 503
    assert_clean(capsys.readouterr().err, phone)


def test_a_request_takes_the_proxys_id_only_if_there_is_a_proxy_and_the_id_is_one(make_lite: MakeBackend) -> None:
    given = "0123456789abcdef" * 2
    direct, behind = make_lite(), make_lite(trusted_proxies=1)
    for backend, sent, taken in (
        (behind, given, True),
        (direct, given, False),
        (behind, "canary", False),
        (behind, given + "\u00e9", False),
        (behind, "", False),
    ):
        with warnings.catch_warnings():
            answer = backend.client.get("/live", headers={"X-Request-Id": sent})
        assert (answer.headers["X-Request-Id"] == given) == taken
        assert len(answer.headers["X-Request-Id"]) in (16, 32)
