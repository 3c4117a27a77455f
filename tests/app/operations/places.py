"""Places to work on: a backend with submissions in it, another empty one, and what is in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyrage
from sqlalchemy import inspect

from app.db import db
from app.services.canonical_dump import TableDigest, digests
from tests.app.shown_forms import CASES, VISIT, entity
from tests.support.backend import AppUser, Backend, instance, make_backend
from tests.support.postgres import PostgresServer

CANARY = "Drita-Kanarina-4711"
PERSON = "uuid:11111111-0000-4000-8000-000000000001"
OTHER = "uuid:11111111-0000-4000-8000-000000000002"
CASE = "22222222-2222-4222-8222-222222222222"


def fill(backend: Backend, *, visits: int = 2) -> AppUser:
    """Two forms, a phone, a person with a photo, others, a case, an edit, and something kept aside."""
    admin = backend.admin
    admin.publish(VISIT)
    admin.publish(CASES)
    phone = backend.phone(office=backend.office("tr-01"))
    send(phone, PERSON, f"<who>{CANARY}</who><age>30</age><pic>a.jpg</pic>", {"a.jpg": b"photo of " + CANARY.encode()})
    send(phone, OTHER, "<who>Arben</who><age>7</age><pic>b.jpg</pic>", {"b.jpg": b"B" * 200_000})
    for number in range(visits - 2):
        send(phone, f"uuid:many-{number}", f"<who>N{number}</who>")
    case = instance("intake", "<code>C1</code>", meta=entity(f'id="{CASE}" create="1"', "C1"), instance_id="uuid:case")
    assert phone.send(case).status_code == 201
    edit = instance(
        "visit",
        "<who>Arben</who><age>8</age>",
        instance_id="uuid:edit",
        meta=f"<orx:deprecatedID>{OTHER}</orx:deprecatedID>",
    )
    assert phone.send(edit).status_code == 201
    assert phone.send(instance("visit", "<who>X</who>", version="9", instance_id="uuid:held")).status_code == 404
    return phone


def send(phone: AppUser, instance_id: str, answers: str, files: dict[str, bytes] | None = None) -> int:
    """Send a visit; the status."""
    answer = phone.send(instance("visit", answers, instance_id=instance_id), files)
    assert answer.status_code in (201, 409), answer.text
    return answer.status_code


def contents(backend: Backend) -> dict[str, TableDigest]:
    """The canonical dump's digest of every table."""
    with backend.app.app_context():
        return digests()


def blob_bytes(backend: Backend) -> dict[str, bytes]:
    """Every stored file as it lies there."""
    return {path.name: path.read_bytes() for path in (backend.folder / "blobs").glob("??/*")}


def run(backend: Backend, *arguments: str, input: str | None = None) -> Any:
    """`flask sportel …`, as the operator types it."""
    return backend.app.test_cli_runner().invoke(args=["sportel", *arguments], input=input)


@contextmanager
def empty_place(kind: str, folder: Path, postgres: PostgresServer, key_file: Path) -> Iterator[Backend]:
    """A new place without tables, with the key file of the old one put in its place."""
    (folder / "db").mkdir(parents=True)
    (folder / "keys").mkdir()
    shutil.copy2(key_file, folder / "keys" / "sealing.key")
    name, url = f"empty_{uuid4().hex}", None
    if kind == "postgresql":
        postgres.execute(f"CREATE DATABASE {name}")
        url = postgres.url(name).replace("postgresql://", "postgresql+psycopg://")
    backend = make_backend(folder, url)
    try:
        yield backend
    finally:
        with backend.app.app_context():
            db.session.remove()
            db.engine.dispose()
        if url is not None:
            postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


def key_file(backend: Backend) -> Path:
    """Where its keys are."""
    return backend.folder / "keys" / "sealing.key"


class Keys:
    """An age key pair: the public key for backups, the identity file for a restore."""

    def __init__(self, folder: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.public = str(identity.to_public())
        self.file = folder / "age.key"
        self.file.write_text(f"# made for a test\n{identity}\n")
        self.file.chmod(0o400)


def kind(backend: Backend) -> str:
    with backend.app.app_context():
        return db.engine.dialect.name


def back_up(backend: Backend, file: Path, keys: Keys) -> dict[str, Any]:
    told = run(backend, "backup", str(file), "--recipient", keys.public, "--json")
    assert told.exit_code == 0, told.output
    outcome: dict[str, Any] = json.loads(told.stdout)
    return outcome


def restore(place: Backend, file: Path, keys: Keys) -> Any:
    return run(place, "restore", str(file), "--identity", str(keys.file), "--json")


def tables(backend: Backend) -> set[str]:
    with backend.app.app_context():
        found = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        db.session.rollback()
        return found


def is_empty(place: Backend) -> bool:
    """No table, no file."""
    return tables(place) == set() and blob_bytes(place) == {}
