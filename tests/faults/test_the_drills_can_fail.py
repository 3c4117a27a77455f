"""Would the drill have noticed? Services that lie, and data that were tampered with: each must be found, by its name."""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path

import psycopg
import pytest

from tests.faults.checker import check, query
from tests.faults.collect import Phones
from tests.faults.conftest import NewService
from tests.faults.service import Service


def send(service: Service, count: int, *, careful: bool = True) -> Phones:
    """So many forms from a few phones."""
    phones = Phones(4, f"{service.phone.at}/submission", lambda _: ("127.0.0.1", service.port), seed=7, careful=careful)
    phones.start(most=count)
    phones.join()
    return phones


@pytest.fixture
def database() -> str:
    """A liar lies on each database alike."""
    return "sqlite"


@pytest.mark.parametrize(("liar", "kind"), [("forgetful", "lost"), ("careless", "wrong")])
def test_a_service_that_breaks_its_word_is_found(new_service: NewService, liar: str, kind: str) -> None:
    with new_service(entry=f"tests.faults.sabotage:{liar}") as service:
        phones = send(service, 30)
        assert check(service, phones.ledger, inside=False).faults.keys() == {kind}


def test_an_answer_before_the_commit_is_found_by_a_kill(new_service: NewService) -> None:
    with new_service(entry="tests.faults.sabotage:hasty") as service:
        phones = Phones(4, f"{service.phone.at}/submission", lambda _: ("127.0.0.1", service.port), seed=7)
        phones.start()
        while not phones.ledger.taken():
            time.sleep(0.01)
        service.restart()
        phones.finish()
        time.sleep(2)  # what it still owes
        assert check(service, phones.ledger, inside=False).lost


def change(service: Service, *statements: str) -> None:
    """Change the database behind the service's back, also what the database itself refuses: lines of the audit."""
    guard = "DROP TRIGGER IF EXISTS audits_no_delete"
    if service.database_url is None:
        plain = sqlite3.connect(service.folder / "db" / "sportel.sqlite3", timeout=30)
        with plain:
            for statement in (guard, *statements):
                plain.execute(statement)
        plain.close()
        return
    with psycopg.connect(service.database_url) as connection:
        for statement in (f"{guard} ON audits", *statements):
            connection.execute(statement)  # type: ignore[call-overload]


def of(instance_id: str, column: str = "id") -> str:
    """A subquery: the version's number, or another column of it."""
    return f"(SELECT {column} FROM submission_versions WHERE instance_id = '{instance_id}')"


def blob(service: Service, instance_id: str) -> Path:
    """The file of the submission's first photo."""
    asked = f"SELECT blob_key FROM submission_attachments WHERE submission_version_id = {of(instance_id)} ORDER BY id"
    key = str(query(service, asked)[0][0])
    (found,) = (service.folder / "blobs").rglob(key)
    return found


@pytest.mark.cut_on("sqlite")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_each_thing_that_is_taken_or_changed_is_found(new_service: NewService, database: str) -> None:
    with new_service() as service:
        phones = send(service, 40)
        assert check(service, phones.ledger, inside=False).faults == {}
        dice = random.Random(1)
        small = [name for name, each in phones.ledger.promises.items() if not each.photos]
        with_photos = [name for name, each in phones.ledger.promises.items() if each.photos]
        gone, changed, again = dice.sample(small, 3)
        without_file, other_byte, cut = dice.sample(with_photos, 3)

        submission = of(gone, "submission_id")
        change(
            service,
            f"DELETE FROM audits WHERE submission_id = {submission}",
            f"UPDATE submissions SET deleted_at = created_at WHERE id = {submission}",
            f"UPDATE submissions SET instance_id = 'elsewhere' WHERE id = {submission}",
            f"UPDATE submission_versions SET instance_id = 'elsewhere' WHERE instance_id = '{gone}'",
            f"UPDATE submission_versions SET xml_sealed = {of(again, 'xml_sealed')} WHERE instance_id = '{changed}'",
            "INSERT INTO audits (action, submission_id, details, logged_at)"
            f" SELECT action, submission_id, details, logged_at FROM audits"
            f" WHERE action = 'submission.create' AND submission_id = {of(again, 'submission_id')}",
        )
        blob(service, without_file).unlink()
        content = bytearray(blob(service, other_byte).read_bytes())
        content[len(content) // 2] ^= 1
        blob(service, other_byte).write_bytes(content)
        blob(service, cut).write_bytes(blob(service, cut).read_bytes()[:-1])
        orphan = service.folder / "blobs" / "00" / ("00" * 20)
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"nobody's")

        verdict = check(service, phones.ledger, sweeps=False)
        assert verdict.orphans == 1
        assert gone in verdict.lost
        assert "elsewhere" in verdict.never_sent
        assert changed in verdict.wrong
        assert f"{again} audited 2 times" in verdict.twice
        assert len(verdict.dangling) == 1
        kinds = sorted(each.rpartition(" ")[2] for each in verdict.other_faults)
        assert kinds.count("rot") == 2
        assert "broken-seal" in kinds
        found = {each.partition(" ")[0] for each in verdict.wrong + verdict.lost}
        assert {without_file, other_byte, cut} <= found
