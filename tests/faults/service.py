"""How does a drill get the real service, and how does it kill it?

    with new_service() as service:            # the fixture: data that are set up already, on this test's database
        service.kill_worker()                 # kill -9 of one of gunicorn's workers
        service.kill(); service.start()       # of everything, and what a service manager does then

The process is `python -m app`, gunicorn with two workers, its settings in the environment. A project, a published form
(`tests.faults.collect.FORM`) and an app user are there.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import ROOT
from tests.journeys.phone.served import Served

COMMAND_SECONDS = 900
WORKERS = 2  # by default


@dataclass(frozen=True)
class Phone:
    """An app user that was set up before: a project's number and the token."""

    project: int
    token: str

    @property
    def at(self) -> str:
        """The path below which it speaks OpenRosa."""
        return f"/v1/key/{self.token}/projects/{self.project}"


class Service(Served):
    """The served process over a folder that is set up; a context manager, which starts it."""

    def __init__(
        self,
        folder: Path,
        database_url: str | None,
        phone: Phone,
        *,
        entry: str | None = None,
        before: tuple[str, ...] = (),
        **settings: str,
    ) -> None:
        """`entry`: another WSGI application than the shipped one (a drill's sabotage), as gunicorn names it.

        `before`: a program that runs it, such as strace with its options.
        `settings`: environment variables.
        """
        super().__init__(folder, database_url, **settings)
        self.database_url = database_url
        self.phone = phone
        self._entry, self._before = entry, before
        self._started: list[int] = []

    @property
    def submission_url(self) -> str:
        """Where the app user sends to."""
        return f"{self.url}{self.phone.at}/submission"

    @property
    def pids(self) -> list[int]:
        """Everything that runs: the master first."""
        return self.processes()

    def command(self) -> list[str]:
        """What is run."""
        module = (
            ["app"] if self._entry is None else ["gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), self._entry]
        )
        return [*self._before, sys.executable, "-m", *module]

    def launch(self) -> None:
        """Start it and do not wait."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(self._process.pid)

    def start(self) -> float:
        """Start and wait until /ready says yes and all workers are there; the seconds that it took. Raises RuntimeError with the log's end."""
        begun = time.monotonic()
        self.launch()
        while time.monotonic() < begun + 120 and self.is_running():
            if self._answers() and len(self.workers()) == int(self.environment.get("SPORTEL_WORKERS", WORKERS)):
                return time.monotonic() - begun
            time.sleep(0.02)
        raise RuntimeError(f"the server did not get ready; its last words:\n{self.log.read_text()[-3000:]}")

    def is_running(self) -> bool:
        """Is the master, or what runs it, there?"""
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Does /ready say yes?"""
        return self._answers()

    def workers(self) -> list[int]:
        """Gunicorn's workers: the master's children that are the same program."""
        master = self.master
        try:
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
            same = Path(f"/proc/{master}/cmdline").read_bytes()
        except OSError:
            return []
        return [int(each) for each in children if _cmdline(each) == same]

    @property
    def master(self) -> int:
        """Gunicorn's master; a program that runs it (`before`) is its parent."""
        if not self._before:
            return self.pid
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0])

    def kill_worker(self, dice: random.Random | None = None) -> int | None:
        """kill -9 of a worker, any; its process ID, or None while there is none."""
        found = self.workers()
        if not found:
            return None
        chosen = (dice or random.Random()).choice(found)
        try:
            os.kill(chosen, signal.SIGKILL)
        except ProcessLookupError:
            return None
        return chosen

    def kill(self) -> None:
        """kill -9 of master and workers together, and of whatever else they started."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)

    def restart(self) -> float:
        """Kill all and start again; the seconds until it is ready."""
        self.kill()
        return self.start()

    def reload(self) -> None:
        """New workers for old ones, which finish what they have begun."""
        os.kill(self.master, signal.SIGHUP)

    def close(self) -> None:
        """The end, at once, with what a killed master leaves in memory; an ordered one is `stop`."""
        self.kill()
        for master in self._started:
            for left in Path("/dev/shm").glob(f"sportel-metrics-{master}-*"):
                shutil.rmtree(left, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, *arguments: str, expected: tuple[int, ...] = (0,), application: str = "wsgi") -> str:
        """One of the operator's commands, `flask --app wsgi sportel …`; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", application, "sportel", *arguments],
            cwd=ROOT,
            env={name: value for name, value in self.environment.items() if name != "SPORTEL_CRASH_AT"},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode in expected, f"{arguments}: {done.returncode} {done.stderr[-2000:]}"
        return done.stdout

    def json(self, *arguments: str, expected: tuple[int, ...] = (0,)) -> Any:
        """The same with --json, read."""
        return json.loads(self.run(*arguments, "--json", expected=expected))


def _cmdline(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""  # it has ended meanwhile
