"""Whatever goes wrong ends as Central's JSON or OpenRosa's XML, without a stack and without what people answered."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import InterfaceError, NoResultFound, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.queries import projects as project_queries
from app.db.queries import submissions as submission_queries
from app.sealing.envelope import SealBroken
from app.storage import BlobMissing, StorageFull, StorageUnavailable
from tests.app.conftest import MakeBackend
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, instance

OPENROSA_ERROR = re.compile(
    r'<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="0"><message nature="error">(.+)</message>'
    r"</OpenRosaResponse>"
)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/projects", 404.2),
        ("/nothing", 404.2),
        ("/version/projects", 404.2),
        ("/v2/projects", 404.3),
        ("/v0/projects", 404.3),
        ("/v1/nothing", 404.1),
        ("/v1/projects/x", 404.1),
        ("/v1", 404.1),
    ],
)
def test_an_address_that_is_no_route_says_what_is_missing(lite: Backend, path: str, code: float) -> None:
    answer = lite.client.get(path)
    assert (answer.status_code, answer.json["code"]) == (404, code)
    assert isinstance(answer.json["message"], str)


def test_a_method_that_a_route_does_not_have_is_not_found(lite: Backend) -> None:
    assert lite.client.put("/v1/projects").json["code"] == 404.1


def test_a_problem_at_a_phones_door_is_openrosa_xml(lite: Backend) -> None:
    answer = lite.client.get("/v1/projects/1/formList")
    assert (answer.status_code, answer.mimetype) == (401, "text/xml")
    assert OPENROSA_ERROR.fullmatch(answer.text)


def break_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(project_queries, "projects", fail)


@pytest.mark.parametrize(
    "error", [RuntimeError("canary of Drita"), KeyError("canary"), SealBroken("canary"), BlobMissing("canary")]
)
def test_an_unexpected_fault_gives_a_reference_and_hides_the_exceptions_text(
    make_lite: MakeBackend,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    backend = make_lite(log_format="json")
    admin = backend.admin
    break_with(error, monkeypatch)
    capsys.readouterr()
    answer = admin.get("/projects")
    assert (answer.status_code, answer.json["code"]) == (500, 500.1)
    reference = answer.json["details"]["reference"]
    assert re.fullmatch(r"[0-9a-f]{16}", reference)
    written = capsys.readouterr().err
    line, request = [json.loads(line) for line in written.splitlines() if reference in line]
    assert line["request"] == request["request"] == answer.headers["X-Request-Id"] == reference
    assert line["error"] == type(error).__name__
    assert line["level"] == "error"
    assert re.fullmatch(r"\w+/\w+\.py:\d+", line["place"])
    for text in (answer.text, written):
        assert "canary" not in text
        assert "Traceback" not in text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("SELECT canary", {}, sqlite3.OperationalError("canary")), 503.1),
        (InterfaceError("SELECT canary", {}, sqlite3.InterfaceError("canary")), 503.1),
        (PoolTimeout("canary"), 503.1),
        (MemoryError("canary"), 503.1),
        (StatementError("canary", "SELECT canary", {}, MemoryError("canary")), 503.1),
        (StorageFull("canary"), 507.1),
        (StorageUnavailable("EROFS"), 503.1),
    ],
)
def test_what_will_pass_asks_to_be_tried_again_and_takes_nothing(
    lite: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: float
) -> None:
    admin = lite.admin
    break_with(error, monkeypatch)
    answer = admin.get("/projects")
    assert (answer.status_code, answer.json["code"]) == (int(code), code)
    assert ("Retry-After" in answer.headers) == (code == 503.1)
    assert "canary" not in answer.text + capsys.readouterr().err
    monkeypatch.undo()
    assert admin.get("/projects").status_code == 200


def test_what_was_deleted_between_two_looks_is_not_there(
    lite: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lite.admin.publish(VISIT)
    admin, phone = lite.admin, lite.phone()
    xml = instance("visit", "", instance_id="uuid:1")
    assert phone.send(xml).status_code == 201

    def gone(*_: Any) -> Any:
        raise NoResultFound("canary")

    monkeypatch.setattr(project_queries, "projects", gone)
    answer = admin.get("/projects")
    assert (answer.status_code, answer.json["code"]) == (404, 404.1)
    # A phone keeps what it has for later, and hears then what became of it.
    monkeypatch.setattr(submission_queries, "submission_for_update", gone)
    answer = phone.send(xml)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert OPENROSA_ERROR.fullmatch(answer.text)
    monkeypatch.undo()
    assert phone.send(xml).status_code == 201
    assert "canary" not in answer.text + capsys.readouterr().err


def test_a_body_over_the_limit_is_told_with_the_limit(make_lite: MakeBackend) -> None:
    backend = make_lite(max_request_bytes=5000, max_xml_bytes=2000, max_file_bytes=2000)
    answer = backend.client.post("/v1/sessions", data=b"x" * 5001, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (413, 413.1)
    assert answer.json["details"]["limitBytes"] == 5000


BODIES: list[tuple[bytes, float]] = [
    (b"{", 400.1),
    (b"\xff\xfe", 400.1),
    (b"[" * 100_000, 400.1),
    (b"[]", 400.11),
    (b"null", 400.11),
    (b'"text"', 400.11),
    (b"{}", 400.3),
    (b"", 400.3),
    (b'{"email": "a@b.c"}', 400.2),
    (b'{"email": "a@b.c", "password": 5}', 400.8),
    (b'{"email": "\\u0000", "password": "x"}', 400.1),
    (b'{"email": "a@b.c", "password": "\\ud800"}', 400.1),
    (b'{"email": "a@b.c", "password": "\\\\u0000"}', 401.2),
    (b'{"email": "a@b.c", "password": "\\ud83d\\ude00"}', 401.2),
]


@pytest.mark.parametrize(("body", "code"), BODIES, ids=[str(number) for number in range(len(BODIES))])
def test_a_body_that_cannot_be_used_is_refused(lite: Backend, body: bytes, code: float) -> None:
    answer = lite.client.post("/v1/sessions", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (int(code), code)


UNUSABLE = [
    "/projects/99999999999999999999",
    "/projects/2147483648",
    "/projects/1/app-users/99999999999999999999",
    "/users/99999999999999999999",
    "/projects/1/forms/%00",
    "/projects/1/forms/%ED%A0%80",
    "/projects/1/datasets/%00",
    "/projects/1/forms/visit/submissions/%00",
    "/projects/1/forms/visit/versions/%00",
    "/projects/1/forms/visit/attachments/%00",
]


def test_an_address_that_can_name_nothing_names_nothing(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(VISIT)
    answers = {path: admin.get(path) for path in UNUSABLE}
    assert {path: answer.json["code"] for path, answer in answers.items()} == dict.fromkeys(UNUSABLE, 404.1)


def test_a_search_for_strange_characters_finds_nobody_or_is_refused(backend: Backend) -> None:
    admin = backend.admin
    for query in ("%25example", "example%25", "example_org", "%ED%A0%80", "'", "\\example", "/example"):
        answer = admin.get(f"/users?q={query}")
        assert (answer.status_code, answer.json) == (200, []), query
    assert len(admin.get("/users?q=EXAMPLE.ORG").json) == 1
    assert admin.get("/users?q=%00").json["code"] == 400.8


@pytest.fixture
def broken_storage(lite: Backend) -> Callable[[], None]:
    """Puts a file in the place of the storage folder, as good as a read-only disk."""

    def swap() -> None:
        os.rmdir(lite.folder / "blobs")
        (lite.folder / "blobs").write_bytes(b"")

    return swap


def test_a_storage_that_cannot_be_written_asks_the_phone_to_try_again(
    lite: Backend, broken_storage: Callable[[], None]
) -> None:
    lite.admin.publish(VISIT)
    phone = lite.phone()
    broken_storage()
    xml = instance("visit", "<pic>a.jpg</pic>")
    answer = phone.send(xml, {"a.jpg": b"x"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    ready = lite.client.get("/ready")
    assert (ready.status_code, ready.json["storage"]) == (503, "the folder cannot be written")
    (lite.folder / "blobs").unlink()
    Path(lite.folder / "blobs").mkdir()
    assert phone.send(xml, {"a.jpg": b"x"}).status_code == 201
    assert lite.client.get("/ready").status_code == 200
