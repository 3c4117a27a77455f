"""A database without room: the phone is told to try again, and its files do not stay behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.db import db
from tests.support.backend import Backend, instance

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
