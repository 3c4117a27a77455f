"""A backup by the API: where it is allowed, for an administrator, on record, and for nobody without the passphrase."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.permissions import Grant
from app.services.age_files import unlock_with
from app.services.fsck import fsck
from app.services.operation import OperationRefused
from app.services.restore import restore
from tests.app.conftest import MakeBackend
from tests.app.looking import actions
from tests.app.operations.places import CANARY, empty_place, fill, key_file
from tests.support.backend import Backend
from tests.support.postgres import PostgresServer

PASSPHRASE = "twelve words would be better"


def test_what_is_taken_away_is_whole_and_opens_with_the_passphrase_only(
    make_lite: MakeBackend, tmp_path: Path, postgres: PostgresServer
) -> None:
    backend = make_lite(backup_by_api="on")
    fill(backend)
    answer = backend.admin.post("/backup", json={"passphrase": PASSPHRASE})
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert ".age" in answer.headers["Content-Disposition"]
    for clear in (CANARY, "visit", PASSPHRASE, "SQLite"):
        assert clear.encode() not in answer.data
    assert actions(backend, "backup") == ["backup.run"]
    assert not [each for each in backend.folder.iterdir() if "backup" in each.name]
    taken = tmp_path / "taken.age"
    taken.write_bytes(answer.data)
    with empty_place("sqlite", tmp_path / "new", postgres, key_file(backend)) as place, place.app.app_context():
        with pytest.raises(OperationRefused):
            restore(taken, unlock_with("another passphrase", None))
        restore(taken, unlock_with(PASSPHRASE, None))
        assert fsck().sound
        assert len(place.admin.rows("visit")) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 400.2), ({"passphrase": "short"}, 400.21), ({"passphrase": 7}, 400.8)],
)
def test_without_a_passphrase_there_is_none(make_lite: MakeBackend, body: dict[str, object], code: float) -> None:
    backend = make_lite(backup_by_api="on")
    assert backend.admin.post("/backup", json=body).json["code"] == code
    assert actions(backend, "backup") == []


def test_who_may_take_none(lite: Backend, make_lite: MakeBackend) -> None:
    body = {"passphrase": PASSPHRASE}
    assert lite.admin.post("/backup", json=body).json["code"] == 501.41
    allowed = make_lite(backup_by_api="on")
    assert allowed.person(Grant("manager", 1)).post("/backup", json=body).json["code"] == 403.1
    admin = allowed.admin
    key = admin.post(f"/users/{admin.actor_id}/api-keys", json={"label": "k", "writes": True, "classes": None}).json
    by_key = allowed.client.post("/v1/backup", json=body, headers={"Authorization": f"Bearer {key['token']}"})
    assert by_key.json["code"] == 403.1
