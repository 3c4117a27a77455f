"""A disk without room: the phone is told to try again, and its files do not stay behind."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.db import db
from app.problems import Problem
from app.web.room import LOOK_SECONDS, Room, install_room, refuse_without_room
from tests.app.looking import blobs
from tests.support.backend import Backend, instance, settings_for

PHOTO_FORM = """
| survey |
|        | type  | name  | label |
|        | text  | story | Story |
|        | image | photo | Photo |
| settings |
|        | form_id | version |
|        | visit   | 1       |
"""


@contextmanager
def no_room_to_grow(backend: Backend) -> Iterator[None]:
    """SQLite refuses every new page, as on a full disk: SQLITE_FULL."""

    def limit(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # never below what is there

    def lift(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")

    with backend.app.app_context():
        engine = db.engine
    event.listen(engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(engine, "begin", limit)
        event.listen(engine, "begin", lift)


def test_a_submission_that_finds_no_room_leaves_no_file_and_is_taken_when_there_is_room(lite: Backend) -> None:
    lite.admin.publish(PHOTO_FORM)
    phone = lite.phone()
    xml = instance("visit", f"<story>{'a' * 200_000}</story><photo>a.jpg</photo>")
    with no_room_to_grow(lite):
        refused = phone.send(xml, {"a.jpg": b"photo"})
    assert refused.status_code == 507
    assert [path for path in (lite.folder / "blobs").rglob("*") if path.is_file()] == []
    assert phone.send(xml, {"a.jpg": b"photo"}).status_code == 201
    assert len([path for path in (lite.folder / "blobs").rglob("*") if path.is_file()]) == 1


def test_while_the_reserve_of_the_disk_is_touched_no_body_is_read(
    lite: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    lite.admin.publish(PHOTO_FORM)
    phone, admin = lite.phone(), lite.admin
    xml = instance("visit", "<story>a</story><photo>a.jpg</photo>", instance_id="uuid:1")
    usage = collections.namedtuple("usage", "total used free")
    with monkeypatch.context() as full:
        full.setattr("app.storage.free_space.shutil.disk_usage", lambda _: usage(1000, 951, 49))
        full.setattr("app.web.openrosa.multipart.raw_chunks", None)  # nobody gets so far
        assert phone.send(xml, {"a.jpg": b"photo"}).status_code == 507
        by_api = admin.post("/projects/1/forms/visit/submissions", data=xml, content_type="text/xml")
        assert (by_api.json["code"], phone.get("/formList").status_code) == (507.1, 200)
    assert blobs(lite) == set()
    # The next one finds the room that was made.
    assert phone.send(xml).status_code == 201
    with monkeypatch.context() as full:
        full.setattr("app.web.room.LOOK_SECONDS", 0.0)
        full.setattr("app.storage.free_space.shutil.disk_usage", lambda _: usage(1000, 951, 49))
        late = admin.post("/projects/1/forms/visit/submissions/uuid:1/attachments/a.jpg", data=b"photo")
        assert late.json["code"] == 507.1
    assert phone.send(xml, {"a.jpg": b"photo"}).status_code == 201


def test_the_system_is_asked_for_room_only_now_and_then(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked, moment = [], [0.0]
    monkeypatch.setattr("app.web.room.is_almost_full", lambda folder: asked.append(folder))
    room = Room((tmp_path,), lambda: moment[0])
    assert all(room.is_there() for _ in range(3))
    moment[0] += LOOK_SECONDS
    assert room.is_there()
    assert asked == [tmp_path] * 2


def test_the_disk_of_a_database_file_elsewhere_needs_its_reserve_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere, app = tmp_path / "elsewhere", Flask(__name__)
    install_room(app, settings_for(tmp_path, f"sqlite:///{elsewhere}/sportel.sqlite3"))
    monkeypatch.setattr("app.web.room.is_almost_full", lambda folder: folder == elsewhere)
    with app.app_context(), pytest.raises(Problem) as refused:
        refuse_without_room()
    assert refused.value.code == 507.1
