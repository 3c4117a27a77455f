"""Where does a drill's service find everything set up? Set up once by the real program, then copied.

Several test processes may ask at once: the first one makes it, the others wait.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import psycopg

from tests.faults.collect import FORM
from tests.faults.service import Phone, Service
from tests.support.postgres import PostgresServer

TEMPLATE = "drill_template"


class Cluster(PostgresServer):
    """A PostgreSQL that may be killed, with durable commits as in service. Its data may come from a stopped one."""

    def __init__(self, stopped: Path | None = None) -> None:
        self._stopped = stopped
        super().__init__()

    def _run(self, program: str, *arguments: str) -> None:
        if program == "initdb" and self._stopped is not None:
            subprocess.run(["cp", "-a", str(self._stopped), str(self.folder / "data")], check=True)
            return
        super()._run(program, *arguments)

    def start(self) -> None:
        """Start it, with a commit's answer after its WAL is on the disk."""
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", self._options(), "start")

    def backends(self, name: str) -> list[int]:
        """The processes that serve a database's connections; none while it cannot be asked."""
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=5, autocommit=True) as connection:
                return [row[0] for row in connection.execute(asked, [name])]
        except psycopg.Error:
            return []

    def kill_backend(self, name: str, number: int = 0) -> int | None:
        """kill -9 of one of them: PostgreSQL throws all its processes away and recovers from its log."""
        found = self.backends(name)
        if not found:
            return None
        chosen = found[number % len(found)]
        with suppress(ProcessLookupError):
            os.kill(chosen, signal.SIGKILL)
        return chosen

    def begin_start(self) -> None:
        """Start it and do not wait until its recovery is through."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "-W", "-l", log, "-o", self._options(), "start")

    def _options(self) -> str:
        return f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c restart_after_crash=on"

    def crash(self) -> None:
        """Stop without a checkpoint, as a power cut of the database's machine that keeps its disk's cache."""
        self.stop("immediate")

    def await_answers(self, seconds: float = 60) -> None:
        """Wait until it takes connections again."""
        end = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.Error:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return


class Templates:
    """The data of both databases, set up, in a folder that all test processes of a run share."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared

    def folder(self, database: str) -> Path:
        """data/, phone.json and, for PostgreSQL, a stopped cluster in pg/; made when first asked for."""
        place = self._shared / f"drill-{database}"
        with (self._shared / f"drill-{database}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (place / "phone.json").exists():
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                _make(place, database)
        return place

    def phone(self, database: str) -> Phone:
        """The app user that is in there."""
        return Phone(**json.loads((self.folder(database) / "phone.json").read_text(encoding="utf-8")))

    def copy(self, database: str, folder: Path) -> None:
        """The data folder, with its own key and, on SQLite, the database."""
        shutil.copytree(self.folder(database) / "data", folder, dirs_exist_ok=True)


def _make(place: Path, database: str) -> None:
    cluster = Cluster() if database == "postgresql" else None
    try:
        url = None
        if cluster is not None:
            cluster.execute(f"CREATE DATABASE {TEMPLATE}")
            url = cluster.url(TEMPLATE)
        with Service(place / "data", url, Phone(0, "")) as service:
            phone = _set_up(service)
        if cluster is not None:
            cluster.stop()
            subprocess.run(["cp", "-a", str(cluster.folder / "data"), str(place / "pg")], check=True)
    finally:
        if cluster is not None:
            with suppress(RuntimeError):
                cluster.stop("immediate")
            shutil.rmtree(cluster.folder, ignore_errors=True)
    # Last: where this file is, the rest is whole.
    (place / "phone.json").write_text(json.dumps(asdict(phone)), encoding="utf-8")


def _set_up(service: Service) -> Phone:
    admin = service.administrator()
    try:
        project = admin.new_project("Drill")
        project.publish(FORM)
        return Phone(project.number, project.app_user("Drill")["token"])
    finally:
        admin.close()
