"""The service does not start with a wrong key or without one, however it is started, and says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT
from app.sealing.keyfile import create_key_file, read_key_file
from tests.app.conftest import close
from tests.app.operations.places import fill, key_file, run
from tests.support.backend import Backend, make_backend

GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--check-config", "wsgi:app"]
PYTHON = [sys.executable, "-m", "app"]


def start(backend: Backend, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    settings = backend.app.extensions["sportel"].settings
    given = {"PATH": os.environ["PATH"], "SPORTEL_DATA": str(backend.folder), "PORT": "18734"}
    given |= {"SPORTEL_DATABASE_URL": settings.database_url or "", **environment}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("command", [GUNICORN, PYTHON], ids=["gunicorn", "python -m app"])
def test_a_wrong_key_stops_the_start_with_the_remedy(backend: Backend, tmp_path: Path, command: list[str]) -> None:
    create_key_file(tmp_path / "wrong.key")
    stopped = start(backend, command, SPORTEL_KEY_FILE=str(tmp_path / "wrong.key"))
    assert stopped.returncode != 0
    assert "that this database was sealed with; put the right one back, or set SPORTEL_KEY_FILE" in stopped.stderr
    assert "Traceback" not in stopped.stderr


@pytest.mark.parametrize("command", [GUNICORN, PYTHON], ids=["gunicorn", "python -m app"])
def test_a_missing_key_stops_the_start_with_the_remedy(backend: Backend, tmp_path: Path, command: list[str]) -> None:
    stopped = start(backend, command, SPORTEL_KEY_FILE=str(tmp_path / "gone.key"))
    assert stopped.returncode != 0
    assert "is missing" in stopped.stderr
    assert "or set SPORTEL_KEY_FILE to where it is" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert not (tmp_path / "gone.key").exists()


def test_gunicorn_starts_with_the_right_key_and_without_a_database(lite: Backend) -> None:
    assert start(lite, GUNICORN).returncode == 0
    assert start(lite, GUNICORN, SPORTEL_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").returncode == 0


def test_the_keys_may_come_from_a_command_alone(
    backend: Backend, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    vault = tmp_path / "vault"
    vault.write_text(key_file(backend).read_text())
    key_file(backend).unlink()
    command = f"/bin/cat {vault}"
    assert start(backend, GUNICORN, SPORTEL_KEY_COMMAND=command).returncode == 0
    refused = start(backend, GUNICORN, SPORTEL_KEY_COMMAND="/bin/false")
    assert "the command of SPORTEL_KEY_COMMAND failed with status 1" in refused.stderr
    settings = backend.app.extensions["sportel"].settings
    served = make_backend(backend.folder, settings.database_url, key_command=command)
    request.addfinalizer(lambda: close(served))
    fill(served)
    assert run(served, "fsck").exit_code == 0
    # A key added where the command gets it from is used after a rotation, without a new start.
    added = tmp_path / "added.key"
    create_key_file(added)
    vault.write_text(vault.read_text() + added.read_text())
    assert run(served, "rotate-key").exit_code == 0
    added_id = read_key_file(added).active_id
    assert "drop the old lines there" in run(served, "rotate-key", "--retire-old").stderr
    vault.write_text(added.read_text())
    assert start(served, GUNICORN, SPORTEL_KEY_COMMAND=command).returncode == 0
    assert added_id in vault.read_text()


def test_a_running_server_goes_on_while_the_key_is_changed(backend: Backend) -> None:
    """The application here was made before the rotation, as a served process was."""
    phone = fill(backend)
    assert run(backend, "rotate-key").exit_code == 0
    answer = phone.send(
        '<data id="visit" version="1"><who>X</who><meta><instanceID>uuid:after</instanceID></meta></data>'
    )
    assert answer.status_code == 201
    assert len(backend.admin.rows("visit")) == 3
    assert run(backend, "fsck").exit_code == 0
    assert run(backend, "rotate-key", "--json").exit_code == 0
