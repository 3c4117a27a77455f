"""Every route that reads is held to its reader's office by PostgreSQL itself: a new one cannot be forgotten.

Each is asked by roles of one office while it is watched which guarded tables the database is asked for, and what the
connection may see at that moment.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from app.web.routes import operations
from tests.app.db.test_row_scope import GUARDED, plain
from tests.app.web.idor_table import TABLE, D, F, P
from tests.app.web.idor_world import OWN, World
from tests.app.web.test_idor_matrix import address

__all__ = ["plain"]  # the fixture

EXECUTE = psycopg.Cursor.execute
GUARDED_TABLES = re.compile(rf"\b(?:FROM|JOIN) ({'|'.join(model.__tablename__ for model in GUARDED)})\b")
ROLES = ("manager", "viewer", "formfill", "analyst", "phone")
# Which must know of other offices' rows, and why, stands where they are declared; a new one is a decision.
EVERY_OFFICE = {
    ("GET", f"{D}/integrity"),
    ("GET", f"{F}/draft/loosening"),
    ("GET", f"{P}/app-users/<int:actor_id>/lost"),
}


class Watched:
    """What the database was asked of guarded tables while nothing was kept back."""

    def __init__(self) -> None:
        self.unheld: set[str] = set()
        self.held = 0

    def note(self, cursor: Any, query: Any) -> None:
        tables = set(GUARDED_TABLES.findall(str(query)))
        if tables:
            with psycopg.Cursor(cursor.connection) as looking:
                (shown,) = EXECUTE(looking, "SELECT current_setting('sportel.offices')").fetchone() or ("*",)
            self.unheld |= tables if shown == "*" else set()
            self.held += shown != "*"


def watch(world: World, rule: str, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Ask one route as each role."""
    row, watched = TABLE["GET", rule], Watched()

    def noted(cursor: Any, query: Any, *given: Any, **options: Any) -> Any:
        watched.note(cursor, query)
        return EXECUTE(cursor, query, *given, **options)

    # At the driver, which some statements are given to straight.
    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    for role in ROLES:
        world.ask(role, "GET", address(rule, row, world.params[row.kind][OWN]))
    monkeypatch.undo()
    return watched


def test_every_route_that_reads_rows_of_offices_is_held_to_the_readers_own(
    plain: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = plain
    found = {
        rule: watch(world, rule, monkeypatch)
        for method, rule in TABLE
        if method == "GET" and (method, rule) not in EVERY_OFFICE
    }
    assert {rule: each.unheld for rule, each in found.items() if each.unheld} == {}
    # Also those whose own verb is about something else.
    for rule in ("/v1/projects", P, f"{P}/forms", f"{P}/datasets", f"{F}/manifest", f"{F}/attachments/<name>"):
        assert found[rule].held > 0, rule


def test_only_these_know_of_other_offices_rows(plain: tuple[World, str]) -> None:
    rules = {rule.endpoint: str(rule) for rule in plain[0].backend.app.url_map.iter_rules()}
    assert {(each.method, rules[each.endpoint]) for each in operations() if each.reads_every_office} == EVERY_OFFICE
