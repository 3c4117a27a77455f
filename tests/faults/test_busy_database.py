"""The database is busy, for longer than anybody waits: is a phone told to try again, and is nothing half done?"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
import requests

from tests.faults.checker import check
from tests.faults.collect import Filled, Ledger, post, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.service import Service

# What the application waits for another writer (app/db/engine.py), and in the short drill.
PATIENCE_SECONDS, SHORT_PATIENCE_SECONDS = 20, 1


@contextmanager
def held(service: Service) -> Iterator[None]:
    """Another process is writing: SQLite's one writer, or PostgreSQL's table of submissions."""
    if service.database_url is None:
        plain = sqlite3.connect(service.folder / "db" / "sportel.sqlite3", timeout=60, isolation_level=None)
        plain.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            plain.close()
        return
    with psycopg.connect(service.database_url) as connection:
        connection.execute("LOCK TABLE submissions IN EXCLUSIVE MODE")
        yield
        connection.rollback()


def small() -> tuple[Filled, bytes]:
    name = f"uuid:{uuid4()}"
    filled = Filled(name, write_xml(name, 1, "story", {}))
    return filled, write_body(filled, [], incomplete=False)


def test_a_phone_waits_for_another_writer_and_asks_meanwhile_whether_it_may_send(new_service: NewService) -> None:
    filled, body = small()
    ledger = Ledger()
    ledger.begin(filled)
    heard: list[tuple[str, str | None]] = []
    with new_service() as service:
        address, path = ("127.0.0.1", service.port), f"{service.phone.at}/submission"
        phones = [threading.Thread(target=lambda: heard.append(post(address, path, body))) for _ in range(3)]
        with held(service):
            for phone in phones:
                phone.start()
            time.sleep(0.5)
            assert heard == []
            # Asked while the writers wait: reading waits for nobody.
            asked = requests.head(service.submission_url, timeout=30)
            assert asked.status_code == 204
            assert asked.headers["X-OpenRosa-Version"] == "1.0"
            assert asked.headers["X-OpenRosa-Accept-Content-Length"]
        for phone in phones:
            phone.join()
        assert heard == [("201", None)] * 3
        ledger.acknowledged(filled, [])
        assert check(service, ledger, inside=False).faults == {}


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_writer_that_does_not_end_is_answered_with_try_again_and_nothing_is_lost(
    new_service: NewService, full: bool, figure: Figures
) -> None:
    filled, body = small()
    ledger = Ledger()
    ledger.begin(filled)
    patience = PATIENCE_SECONDS if full else SHORT_PATIENCE_SECONDS
    with new_service(entry="tests.faults.sabotage:impatient", DRILL_BUSY_SECONDS=str(patience)) as service:
        address, path = ("127.0.0.1", service.port), f"{service.phone.at}/submission"
        with held(service):
            begun = time.monotonic()
            assert post(address, path, body) == ("503", "5")
            waited = time.monotonic() - begun
        figure("waited for another writer before 503, s", waited)
        assert waited >= patience
        assert post(address, path, body) == ("201", None)
        ledger.acknowledged(filled, [])
        assert check(service, ledger, inside=False).faults == {}
