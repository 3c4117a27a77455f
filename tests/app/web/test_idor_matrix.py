"""Every route, asked by every role, for what is their own office's, another's, another project's, gone, never there.

What each may is in `idor_table.py`; who asks and what is there in `idor_world.py`. A route without a row fails.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.app.conftest import close
from tests.app.web.idor_table import OFFICE, SITE, TABLE, Row
from tests.app.web.idor_world import FAR, GONE, MISSING, OTHER, OWN, ROLES, World, build, canary
from tests.app.web.test_routes import FOR_ANYBODY, WITHOUT_DOOR, verbs
from tests.support.backend import Backend, make_backend

READS = {"GET"}
# The kinds whose rows belong to an office, asked again on PostgreSQL.
OF_AN_OFFICE = {"submission", "test", "entity", "entry", "phone"}


@dataclass(frozen=True)
class Kept:
    """The world, and where its first state is kept."""

    world: World
    folder: Path


@pytest.fixture(scope="module")
def kept(sqlite_template: Path) -> Iterator[Kept]:
    # In memory where there is such a place: thousands of answers leave a line in the audit, each of them durable.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="sportel-idor-") as name:
        folder = Path(name)
        shutil.copytree(sqlite_template, folder / "data")
        world = build(make_backend(folder / "data", None))
        world.keep(folder / "kept")
        yield Kept(world, folder / "kept")
        close(world.backend)


def address(rule: str, row: Row, params: dict[str, Any]) -> str:
    """The address for one target."""
    given = params | dict(row.names)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda name: quote(str(given[name[1]]), safe=""), rule) + row.query


def expected(row: Row, role: str, target: str) -> int | None:
    """The status; None for being let in."""
    reach = row.reach.get(role)
    if role == "nobody":
        return 401
    if row.kind == "openrosa" and target in (GONE, MISSING):
        return 404
    if reach is None:
        return row.let_in if role in row.senders and target == OWN else row.away
    if target in (GONE, MISSING):
        # Who has rights in one project only is not told which others there are.
        return 403 if row.kind == "project" and reach != SITE else 404
    if target == FAR and reach != SITE:
        return 403
    if target == OTHER and reach == OFFICE:
        return 404
    return 403 if role in row.hidden_from else row.let_in


def text_of(body: bytes) -> str:
    """What an answer says; an archive unpacked."""
    if not body.startswith(b"PK"):
        return body.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def wrong(row: Row, role: str, target: str, status: int, text: str) -> str | None:
    """What is wrong with an answer, if something is."""
    wanted, reach = expected(row, role, target), row.reach.get(role)
    if status != wanted if wanted is not None else not 200 <= status < 400:
        return f"{status} instead of {wanted or 'an answer'}"
    if wanted in (401, 403, 404) and "canary" in text:
        return "a refusal that tells something"
    if role != "admin" and canary(FAR) in text:
        return "it shows the other project's"
    if reach == OFFICE and canary(OTHER) in text:
        return "it shows the other office's"
    if row.shows and wanted is None and target == OWN:
        shown = {each for each in (OWN, OTHER, GONE) if canary(each) in text}
        if role == "analyst":
            return f"it shows an analyst what is {sorted(shown)}" if shown else None
        if shown != ({OWN} if reach == OFFICE else {OWN, OTHER}):
            return f"it shows what is {sorted(shown)}"
    return None


def faults(world: World, method: str, rule: str, roles: tuple[str, ...], undo: Any) -> list[str]:
    """Ask everything of one route; what is wrong, and 404s that differ between not there and not yours."""
    row, found, not_there = TABLE[method, rule], [], set()
    for target, params in world.params[row.kind].items():
        for role in roles:
            path = address(rule, row, params)
            status, body = world.ask(role, method, path, json=row.json, data=row.data, content_type=row.content_type)
            text = text_of(body)
            fault = wrong(row, role, target, status, text)
            if fault is not None:
                found.append(f"{role}, {target}: {fault}")
            if status == 404 and row.let_in != 404:
                not_there.add(text)
            if method not in READS and status < 400:
                undo()
    return found + ([f"404 in {len(not_there)} different words"] if len(not_there) > 1 else [])


@pytest.mark.parametrize(("method", "rule"), TABLE, ids=[f"{method} {rule}" for method, rule in TABLE])
def test_each_role_reaches_what_the_table_says_and_nothing_else(kept: Kept, method: str, rule: str) -> None:
    assert faults(kept.world, method, rule, ROLES, lambda: kept.world.restore(kept.folder)) == []


def test_every_route_has_its_row(kept: Kept) -> None:
    app = kept.world.backend.app
    routes = {
        (method, str(rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in WITHOUT_DOOR
        for method in verbs(rule)
    }
    assert routes - FOR_ANYBODY - set(TABLE) == set()
    assert set(TABLE) - routes == set()
    assert not set(TABLE) & FOR_ANYBODY


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_belongs_to_an_office_is_kept_apart_on_postgresql_too(backend: Backend) -> None:
    world = build(backend)
    found = {
        f"{method} {rule}": faults(world, method, rule, ("manager", "viewer", "viewer, all", "phone"), lambda: None)
        for (method, rule), row in TABLE.items()
        if method in READS and (row.kind in OF_AN_OFFICE or row.shows)
    }
    assert {route: each for route, each in found.items() if each} == {}
