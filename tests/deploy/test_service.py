"""The shipped systemd unit: understood by systemd, closed as far as the service still works in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import _check_folders
from app.config import ROOT, Settings
from app.sealing.keyfile import KeyFileError, create_key_file, read_key_file

UNIT = ROOT / "deploy" / "sportel.service"
TEXT = UNIT.read_text(encoding="utf-8")
ANALYZE = shutil.which("systemd-analyze")
# Of systemd's scale from 0 (closed) to 10 (open), in tenths.
MOST_EXPOSURE = 20

HARDENED = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallArchitectures": "native",
    "RestrictNamespaces": "yes",
    "LoadCredential": "sealing.key:/etc/sportel/sealing.key",
    "Restart": "always",
    "ExecReload": "/bin/kill -HUP $MAINPID",
    "UMask": "0077",
    "LimitCORE": "0",
}


@pytest.mark.parametrize("directive", HARDENED)
def test_a_directive_is_there_once(directive: str) -> None:
    assert re.findall(rf"^{directive}=(.*)$", TEXT, re.MULTILINE) == [HARDENED[directive]]


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with this machine's own Python and folder: systemd looks whether they are there."""
    here = tmp_path / UNIT.name
    here.write_text(TEXT.replace("/opt/sportel/.venv/bin/python", sys.executable).replace("/opt/sportel", str(ROOT)))
    return here


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """systemd-analyze; where it is not installed the directives above are what can be looked at."""
    assert ANALYZE is not None
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True)


def test_systemd_understands_every_line(unit: Path) -> None:
    if ANALYZE is None:
        assert len(TEXT.splitlines()) > len(HARDENED)
        return
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_little_exposed(unit: Path) -> None:
    if ANALYZE is None:
        assert "SystemCallFilter=@system-service" in TEXT
        return
    done = analyze("security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_a_key_that_systemd_hands_in_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder cannot be written, and its mode shows the access list's mask as a group that may read."""
    key = tmp_path / "credentials" / "sealing.key"
    create_key_file(key)
    key.chmod(0o440)
    with pytest.raises(KeyFileError, match="can be read by others"):
        read_key_file(key)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key.parent))
    assert read_key_file(key).keys
    # The folder's time would change with a file that is made in it, also with one that is taken away again.
    before = key.parent.stat().st_mtime_ns
    _check_folders(Settings(data=tmp_path / "data", key_file=key))
    assert key.parent.stat().st_mtime_ns == before


def test_with_a_bucket_no_folder_for_files_is_made(tmp_path: Path) -> None:
    _check_folders(Settings(data=tmp_path / "data", storage_url="s3://bucket"))
    assert not (tmp_path / "data" / "blobs").exists()


def test_the_service_works_without_memory_that_is_both_written_and_run(tmp_path: Path) -> None:
    """The kernel's own switch (since Linux 6.3) refuses what MemoryDenyWriteExecute refuses."""
    program = "import sys; from tests.deploy.confined import main; sys.exit(main(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() in (["confined", "201"], ["unconfined", "201"])
