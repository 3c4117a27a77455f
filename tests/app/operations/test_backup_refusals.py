"""What is not a whole backup of ours is refused in one line, and nothing is left of the try."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.sealing.keyfile import create_key_file
from app.services import backup
from app.services import restore as restoring
from tests.app.operations.places import (
    Keys,
    back_up,
    contents,
    empty_place,
    fill,
    is_empty,
    key_file,
    restore,
    run,
)
from tests.support.backend import Backend
from tests.support.postgres import PostgresServer


def flipped(content: bytes, at: float) -> bytes:
    changed = bytearray(content)
    changed[int(len(content) * at)] ^= 1
    return bytes(changed)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut in the header": lambda content: content[:100],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "last byte missing": lambda content: content[:-1],
    "a bit at the beginning": lambda content: flipped(content, 0.001),
    "a bit early": lambda content: flipped(content, 0.1),
    "a bit in the middle": lambda content: flipped(content, 0.5),
    "a bit at the end": lambda content: flipped(content, 0.9999),
    "something after the end": lambda content: content + b"x" * 70_000,
    "not a backup": lambda content: b"PK\x03\x04" + content,
}


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_damaged_backup_is_refused_in_one_line_and_leaves_nothing(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer, target: str
) -> None:
    fill(lite)
    back_up(lite, tmp_path / "b.age", keys)
    content = (tmp_path / "b.age").read_bytes()
    with empty_place(target, tmp_path / "new", postgres, key_file(lite)) as place:
        for name, damage in DAMAGE.items():
            (tmp_path / "damaged").write_bytes(damage(content))
            told = run(place, "restore", str(tmp_path / "damaged"), "--identity", str(keys.file))
            assert (told.exit_code, told.stderr.count("\n")) == (1, 1), (name, told.output)
            assert "damaged or cut off" in told.stderr, (name, told.stderr)
            assert is_empty(place), name
        assert restore(place, tmp_path / "b.age", keys).exit_code == 0


def test_every_cut_and_every_flip_of_a_random_hundred_is_refused(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(lite)
    back_up(lite, tmp_path / "b.age", keys)
    content = (tmp_path / "b.age").read_bytes()
    dice = random.Random(20261122)
    with empty_place("sqlite", tmp_path / "new", postgres, key_file(lite)) as place:
        for number in range(100):
            at = dice.random()
            damaged = flipped(content, at) if number % 2 else content[: int(len(content) * at)]
            (tmp_path / "damaged").write_bytes(damaged)
            assert restore(place, tmp_path / "damaged", keys).exit_code == 1, (number, at)
        assert is_empty(place)


def test_a_wrong_age_key_and_a_wrong_key_file_are_refused(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(lite)
    back_up(lite, tmp_path / "b.age", keys)
    (tmp_path / "other").mkdir()
    stranger = Keys(tmp_path / "other")
    create_key_file(tmp_path / "other.key")
    with empty_place("sqlite", tmp_path / "one", postgres, key_file(lite)) as place:
        told = run(place, "restore", str(tmp_path / "b.age"), "--identity", str(stranger.file))
        assert "the backup is not encrypted to this key" in told.stderr
        assert is_empty(place)
    with empty_place("sqlite", tmp_path / "two", postgres, tmp_path / "other.key") as place:
        told = run(place, "restore", str(tmp_path / "b.age"), "--identity", str(keys.file))
        assert "which the key file does not have; put the key file of that time in its place" in told.stderr
        assert (told.exit_code, told.stderr.count("\n")) == (1, 1)
        assert is_empty(place)


def test_a_backup_that_somebody_else_made_for_our_age_key_is_refused(
    make_lite: Callable[..., Backend], tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    """The age key is public; only the key file's holder can sign."""
    ours = make_lite()
    fill(ours)
    forged_key = tmp_path / "forged.key"
    line = key_file(ours).read_text().split()
    # The same id, another key: what an attacker who has seen an archive's header could try.
    forged_key.write_text(f"{line[0]} {line[1]} {'A' * 43}=\n")
    forged_key.chmod(0o400)
    back_up(ours, tmp_path / "b.age", keys)
    with empty_place("sqlite", tmp_path / "new", postgres, forged_key) as place:
        told = run(place, "restore", str(tmp_path / "b.age"), "--identity", str(keys.file))
        assert "was not made with this key file, or was changed" in told.stderr
        assert is_empty(place)


def test_restoring_into_a_place_that_is_not_empty_is_refused(backend: Backend, tmp_path: Path, keys: Keys) -> None:
    fill(backend)
    back_up(backend, tmp_path / "b.age", keys)
    before = contents(backend)
    told = restore(backend, tmp_path / "b.age", keys)
    assert told.exit_code == 1
    assert "the database is not empty" in json.loads(told.stdout)["refused"]
    assert contents(backend) == before


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restore_that_fails_half_way_leaves_nothing(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lite)
    back_up(lite, tmp_path / "b.age", keys)

    def full_after(allowed: int, whole: Any) -> Any:
        calls = 0

        def limited(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > allowed:
                raise OSError(28, "No space left on device")
            return whole(*arguments, **options)

        return limited

    with empty_place(target, tmp_path / "new", postgres, key_file(lite)) as place:
        for function, allowed in (("put_back", 0), ("put_back", 2), ("values_of", 30), ("digest", 5)):
            with monkeypatch.context() as patched:
                patched.setattr(restoring, function, full_after(allowed, getattr(restoring, function)))
                told = run(place, "restore", str(tmp_path / "b.age"), "--identity", str(keys.file))
            assert (told.exit_code, told.stderr.count("\n")) == (1, 1), told.output
            assert is_empty(place), function
        assert restore(place, tmp_path / "b.age", keys).exit_code == 0


def test_a_backup_of_a_newer_sportel_is_refused(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lite)
    monkeypatch.setattr(backup, "expected_revision", lambda: "9999")
    monkeypatch.setattr(backup, "present_revision", lambda: "9999")
    back_up(lite, tmp_path / "b.age", keys)
    with empty_place("sqlite", tmp_path / "new", postgres, key_file(lite)) as place:
        told = run(place, "restore", str(tmp_path / "b.age"), "--identity", str(keys.file))
        assert "is of a newer Sportel (tables at revision 9999)" in told.stderr
        assert is_empty(place)


def test_a_file_that_is_missing_makes_the_backup_incomplete_and_is_told(
    lite: Backend, tmp_path: Path, keys: Keys, postgres: PostgresServer
) -> None:
    fill(lite)
    gone = next((lite.folder / "blobs").glob("??/*"))
    gone.unlink()
    told = run(lite, "backup", str(tmp_path / "b.age"), "--recipient", keys.public)
    assert told.exit_code == 3
    assert "1 files that rows name are missing from the storage; run: flask sportel fsck" in told.stdout
    with empty_place("sqlite", tmp_path / "new", postgres, key_file(lite)) as place:
        assert json.loads(restore(place, tmp_path / "b.age", keys).stdout)["absent"] == [gone.name]


def test_the_key_is_never_in_it_and_that_is_said_loudly(lite: Backend, tmp_path: Path, keys: Keys) -> None:
    told = run(lite, "backup", str(tmp_path / "b.age"), "--recipient", keys.public)
    assert "The key file is NOT in this backup" in told.stderr
    told = run(lite, "backup", str(tmp_path / "c.age"), "--recipient", keys.public, "--with-key")
    assert told.exit_code == 2
    assert "the key file never goes into a backup" in told.stderr
    assert not (tmp_path / "c.age").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give --recipient with an age public key, or --passphrase-file"),
        (("--recipient", "age1nonsense"), "a recipient is not an age public key"),
        (("--passphrase-file", "{short}"), "is too short; give at least 12 characters"),
        (("--passphrase-file", "{open}"), "can be read by others; run: chmod 0400"),
    ],
)
def test_a_backup_that_would_not_be_safe_is_not_made(
    lite: Backend, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "short").write_text("short\n")
    (tmp_path / "short").chmod(0o400)
    (tmp_path / "open").write_text("long enough, but for all\n")
    (tmp_path / "open").chmod(0o644)
    filled = [each.format(short=tmp_path / "short", open=tmp_path / "open") for each in arguments]
    told = run(lite, "backup", str(tmp_path / "b.age"), *filled)
    assert told.exit_code in (1, 2)
    assert message in told.stderr
    assert not (tmp_path / "b.age").exists()


def test_a_backup_never_overwrites_and_leaves_nothing_when_it_fails(
    lite: Backend, tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lite)
    (tmp_path / "there.age").write_bytes(b"another backup")
    told = run(lite, "backup", str(tmp_path / "there.age"), "--recipient", keys.public)
    assert "is already there" in told.stderr
    assert (tmp_path / "there.age").read_bytes() == b"another backup"
    told = run(lite, "backup", "/dev/full", "--recipient", keys.public)
    assert told.exit_code == 1

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "to").mkdir()
    monkeypatch.setattr("app.services.backup.os.fsync", full)
    told = run(lite, "backup", str(tmp_path / "to" / "b.age"), "--recipient", keys.public)
    assert "No space left on device" in told.stderr
    assert list((tmp_path / "to").iterdir()) == []
