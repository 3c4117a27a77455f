"""A PostgreSQL server of the tests' own: started from Debian's binaries, in a folder that is thrown away."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

LEAST_FREE_BYTES = 2 << 30


def binaries() -> Path:
    """The folder with initdb and pg_ctl. Fails with the remedy where there is none."""
    folders = [Path(each) for each in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    found = shutil.which("pg_ctl")
    folders += [Path(found).resolve().parent] if found else []
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    raise RuntimeError("PostgreSQL is needed for these tests: apt-get install postgresql (make test does it)")


def memory() -> Path | None:
    """A file system in memory, if there is a large one: each test's database is some 500 files, made and deleted."""
    place = Path("/dev/shm")
    return place if place.is_dir() and shutil.disk_usage(place).free > LEAST_FREE_BYTES else None


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """One server for a test session. `url(name)` is a database's address."""

    def __init__(self, place: Path | None = None) -> None:
        """`place`: where its folder is made, by default among the temporary ones."""
        self.folder = Path(tempfile.mkdtemp(prefix="sportel-pg-", dir=place))
        self.port = free_port()
        # PostgreSQL refuses to run as root; nobody in particular may run it.
        self._user = "postgres" if os.geteuid() == 0 and _exists("postgres") else "nobody"
        self._as_user = {"user": self._user} if os.geteuid() == 0 else {}
        if self._as_user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-A", "trust", "-U", "sportel", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()

    def start(self) -> None:
        """Start it; fsync is off, since these data are thrown away."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is a crash."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def remove(self) -> None:
        """Stop it and take its folder away."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://sportel@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """Run one statement of administration."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(binaries() / program), "-D", str(self.folder / "data"), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **self._as_user,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
