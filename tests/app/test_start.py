"""`python -m app`: whatever prevents the start is told in one line, and the process ends."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT
from app.sealing.keyfile import create_key_file
from tests.support.postgres import free_port


def start(folder: Path, program: list[str] | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """Start the service with these settings alone; it must end by itself."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {"SPORTEL_DATA": str(folder), "PORT": str(free_port()), **settings}
    return subprocess.run(
        program or [sys.executable, "-m", "app"],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode not in (0, None)
    (line,) = done.stderr.splitlines()
    assert line.startswith("sportel: ")
    for each in words:
        assert each in line
    assert "Traceback" not in done.stdout


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    """A folder that was set up: its database holds sealed keys."""
    return Path(shutil.copytree(sqlite_template, tmp_path / "data"))


def test_a_bad_setting_is_named_without_its_value(tmp_path: Path) -> None:
    done = start(tmp_path, SPORTEL_WORKERS="canary-7")
    assert_one_line(done, "SPORTEL_WORKERS must be a whole number from 1 to 64")
    assert "canary-7" not in done.stderr + done.stdout


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    assert_one_line(start(tmp_path, SPORTEL_WROKERS="2"), "SPORTEL_WROKERS is not a setting")


def test_a_port_in_use_is_told_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_one_line(start(tmp_path, PORT=str(port)), f"port {port} on 127.0.0.1 cannot be used", "set PORT")


def test_a_file_in_the_place_of_the_folder_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    done = start(tmp_path / "data")
    assert_one_line(done, f"the folder {tmp_path / 'data'} cannot be written", "SPORTEL_DATA")


@pytest.mark.parametrize("name", ["blobs", "db", "keys"])
def test_a_file_in_the_place_of_a_folder_inside_is_told_too(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert_one_line(start(tmp_path), f"the folder {tmp_path / name} cannot be written")


def test_a_missing_key_with_sealed_data_is_never_made_anew(data: Path) -> None:
    (data / "keys" / "sealing.key").unlink()
    assert_one_line(start(data), "is missing, and the database holds data sealed with it", "backup")
    assert not (data / "keys" / "sealing.key").exists()


def test_another_key_is_told_and_left_alone(data: Path) -> None:
    key = data / "keys" / "sealing.key"
    key.unlink()
    create_key_file(key)
    before = key.read_bytes()
    assert_one_line(start(data), "is not the one that this database was sealed with")
    assert key.read_bytes() == before


def test_a_key_that_others_can_read_is_refused(data: Path) -> None:
    (data / "keys" / "sealing.key").chmod(0o444)
    assert_one_line(start(data), "can be read by others; run: chmod 0400")


def test_a_file_that_is_no_database_is_told(data: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (data / "db" / f"sportel.sqlite3{suffix}").unlink(missing_ok=True)
    (data / "db" / "sportel.sqlite3").write_bytes(b"canary-7 " * 1000)
    done = start(data)
    assert_one_line(done, "the database cannot be used")
    assert "canary-7" not in done.stderr


def test_a_database_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://sportel:canary-7@127.0.0.1:{free_port()}/sportel"
    done = start(tmp_path, SPORTEL_DATABASE_URL=url)
    assert_one_line(done, "the database cannot be used", "SPORTEL_DATABASE_URL")
    assert "canary-7" not in done.stderr + done.stdout


def test_the_wsgi_entry_tells_a_missing_key_in_one_line_too(tmp_path: Path) -> None:
    done = start(tmp_path, [sys.executable, "-c", "import wsgi"])
    assert_one_line(done, "is missing; put it back from its backup")


def test_gunicorns_settings_tell_a_bad_setting_in_one_line_too(tmp_path: Path) -> None:
    done = start(tmp_path, [sys.executable, "-c", "import runpy; runpy.run_path('gunicorn.conf.py')"], PORT="x")
    assert_one_line(done, "PORT must be a whole number")
