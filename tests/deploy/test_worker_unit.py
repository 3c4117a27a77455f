"""The worker as a service of its own: the shipped unit with a drop-in, understood by systemd."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.config import ROOT
from tests.deploy.test_service import ANALYZE, TEXT

DROP_IN = (ROOT / "deploy" / "sportel-worker.conf").read_text(encoding="utf-8")


def test_the_drop_in_changes_only_what_is_run() -> None:
    settings = [line for line in DROP_IN.splitlines() if "=" in line and not line.startswith("#")]
    assert {line.split("=")[0] for line in settings} == {"Type", "NotifyAccess", "ExecStart", "ExecReload"}
    # An empty one takes the unit's own away: without it systemd would refuse the second.
    assert settings.index("ExecStart=") < settings.index(settings[-2])
    assert settings[-2].endswith("sportel worker")


def test_systemd_understands_the_unit_with_the_drop_in(tmp_path: Path) -> None:
    here = tmp_path / "sportel-worker.service"
    (tmp_path / "sportel-worker.service.d").mkdir()
    for path, text in ((here, TEXT), (tmp_path / "sportel-worker.service.d" / "worker.conf", DROP_IN)):
        path.write_text(
            text.replace("/opt/sportel/.venv/bin/python", sys.executable).replace("/opt/sportel", str(ROOT))
        )
    if ANALYZE is None:
        assert here.read_text().count("ExecStart=") == 1
        return
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", str(here)],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
