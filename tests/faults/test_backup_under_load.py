"""Row 61: a backup that is made while phones send has everything that was acknowledged before it began."""

from __future__ import annotations

import time
from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import pytest

from tests.app.operations.places import Keys
from tests.faults.checker import check
from tests.faults.collect import Ledger, Phones, Promise
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.places import Cluster
from tests.faults.service import Service


def as_it_was(before: dict[str, Promise], after: dict[str, Promise]) -> Ledger:
    """The promises of before; what was promised later may be there or not."""
    ledger = Ledger()
    ledger.promises = {name: Promise(each.root, each.xml, each.photos) for name, each in after.items()} | before
    return ledger


@pytest.mark.cut_on("postgresql")
def test_a_backup_under_load_comes_back_whole_on_a_clean_machine(
    new_service: NewService,
    database: str,
    full: bool,
    tmp_path: Path,
    figure: Figures,
    request: pytest.FixtureRequest,
) -> None:
    keys, file, enough = Keys(tmp_path), tmp_path / "backup.age", 2000 if full else 25
    with new_service() as service:
        phones = Phones(
            4, f"{service.phone.at}/submission", lambda _: ("127.0.0.1", service.port), seed=61, careful=True
        )
        phones.start()
        while phones.tally.finished < enough:
            time.sleep(0.05)
        before = deepcopy(phones.ledger.taken())
        made = service.json("backup", str(file), "--recipient", keys.public)
        during = len(phones.ledger.taken()) - len(before)
        phones.finish()
    assert during > 0, "nobody sent while the backup was made"
    clean, url = tmp_path / "clean", None
    for place in ("db", "blobs", "keys"):
        (clean / place).mkdir(parents=True)
    key_file = service.folder / "keys" / "sealing.key"
    (clean / "keys" / "sealing.key").write_bytes(key_file.read_bytes())
    (clean / "keys" / "sealing.key").chmod(0o400)
    if database == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        name = f"clean_{uuid4().hex}"
        cluster.execute(f"CREATE DATABASE {name}")
        request.addfinalizer(lambda: cluster.execute(f"DROP DATABASE {name} WITH (FORCE)"))
        url = cluster.url(name)
    restored = Service(clean, url, service.phone)
    # The restore itself compares every table's canonical dump, and every file, with the backup's.
    told = restored.json("restore", str(file), "--identity", str(keys.file))
    assert (told["rows"], told["blobs"]) == (made["rows"], made["blobs"])
    # Made again from there it says the same, row by row.
    again = restored.json("backup", str(tmp_path / "again.age"), "--recipient", keys.public)
    assert (again["rows"], again["blobs"]) == (made["rows"], made["blobs"])
    with restored:
        verdict = check(restored, as_it_was(before, phones.ledger.promises))
    assert verdict.faults == {}
    figure("acknowledged before the backup began", len(before))
    figure("acknowledged while it was made", during)
    figure("of those before, lost after the restore", len(verdict.lost))
