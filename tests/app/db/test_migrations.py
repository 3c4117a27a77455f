"""The tables that the migrations make are the models', on both databases, forwards and backwards, with data in them."""

from __future__ import annotations

import re
import warnings
from itertools import pairwise
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, inspect, select, text
from sqlalchemy.schema import CreateIndex

from app.db import db, models
from app.db.head import MIGRATIONS, expected_revision, present_revision
from app.db.migrate import downgrade, upgrade
from app.permissions import Grant
from tests.app.shown_forms import CASES, VISIT, entity
from tests.support.backend import Backend, instance

REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


# The indexes over expressions rather than columns.
OVER_EXPRESSIONS = {
    index.name: index
    for table in db.metadata.sorted_tables
    for index in table.indexes
    if not all(isinstance(each, Column) for each in index.expressions)
}


def differences() -> list[Any]:
    with db.engine.connect() as connection, warnings.catch_warnings():
        # SQLAlchemy cannot read such an index back from SQLite; a test below compares them by their text.
        warnings.filterwarnings("ignore", f".* expression-based index '?({'|'.join(OVER_EXPRESSIONS)})")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))


def revision_now() -> str | None:
    """The revision that a new transaction sees."""
    db.session.rollback()
    return present_revision()


def test_the_newest_revision_is_what_the_code_expects(backend: Backend) -> None:
    with backend.app.app_context():
        assert present_revision() == expected_revision() == REVISIONS[-1]


def test_the_tables_are_what_the_models_say(backend: Backend) -> None:
    with backend.app.app_context():
        assert differences() == []


@pytest.mark.parametrize("name", sorted(OVER_EXPRESSIONS))
def test_an_index_that_sqlite_does_not_tell_of_is_the_models_too(lite: Backend, name: str) -> None:
    index = OVER_EXPRESSIONS[name]
    with lite.app.app_context():
        made = db.session.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name})
        assert " ".join(made.split()) == str(CreateIndex(index).compile(db.engine)).strip()


def test_each_migration_goes_back_and_forth(backend: Backend) -> None:
    with backend.app.app_context():
        for revision, later in reversed(list(pairwise(["base", *REVISIONS]))):
            downgrade(revision)
            assert revision_now() == (None if revision == "base" else revision)
            upgrade(later)
            assert revision_now() == later
            downgrade(revision)
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        for revision in REVISIONS:
            upgrade(revision)
        assert differences() == []


def fill(backend: Backend) -> None:
    """A row in every table that the doors write to, and the rest by hand."""
    office, admin = backend.office("tr-01"), backend.admin
    admin.publish(VISIT)
    admin.publish(CASES)
    phone = backend.phone(office=office)
    phone.send(
        instance("visit", "<who>Drita</who><pic>a.jpg</pic>", instance_id="uuid:1"), {"a.jpg": b"x", "b.jpg": b"y"}
    )
    uuid = "11111111-1111-4111-8111-111111111111"
    phone.send(instance("intake", "<code>C1</code>", meta=entity(f'id="{uuid}" create="1"', "C1")))


def snapshot(tables: set[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these tables."""
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name in tables:
            order = list(table.primary_key.columns)
            found[table.name] = [tuple(row) for row in db.session.execute(select(table).order_by(*order))]
    if "assignments" in found:
        # The role that older versions do not know goes and comes back, under another number.
        found["assignments"] = sorted((row[1:] for row in found["assignments"]), key=str)
    db.session.rollback()
    return found


@pytest.mark.parametrize("revision", ["base", *REVISIONS[:-1]])
def test_a_migration_taken_back_with_data_keeps_every_row_of_the_tables_that_stay(
    backend: Backend, revision: str
) -> None:
    fill(backend)
    with backend.app.app_context():
        before = snapshot({table.name for table in db.metadata.sorted_tables})
        assert {"submissions", "entities", "audits", "quarantine", "submission_attachments"} <= {
            name for name, rows in before.items() if rows
        }
        downgrade(revision)
        stayed = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        upgrade()
        after = snapshot(stayed)
        assert after == {name: before[name] for name in stayed}
        assert differences() == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_says_what_it_does_and_follows_the_one_before(revision: str) -> None:
    (path,) = (MIGRATIONS / "versions").glob(f"{revision}_*.py")
    source = path.read_text(encoding="utf-8")
    assert source.startswith('"""')
    assert re.search(rf'^revision = "{revision}"$', source, re.MULTILINE)
    before = f'"{int(revision) - 1:04d}"' if revision != REVISIONS[0] else "None"
    assert re.search(rf"^down_revision = {before}$", source, re.MULTILINE)


def test_administrators_read_after_an_upgrade_what_they_read_before(backend: Backend) -> None:
    person = backend.person(Grant("admin", all_offices=True))
    viewer = backend.person(Grant("viewer", 1))
    with backend.app.app_context():
        downgrade("0011")
        upgrade()
        held = {(row.actor_id, row.role) for row in db.session.scalars(select(models.Assignment))}
    assert held == {(person.actor_id, "admin"), (person.actor_id, "case-reader"), (viewer.actor_id, "viewer")}


def test_a_database_from_before_is_brought_up_with_its_data(backend: Backend) -> None:
    with backend.app.app_context():
        downgrade(REVISIONS[0])
        db.session.add(models.Office(code="x", kind="k", name_en="X", name_sq="X", to_confirm=False))
        db.session.commit()
        upgrade()
        assert db.session.scalar(select(models.Office.code)) == "x"


def test_a_label_that_was_typed_before_the_upgrade_is_known_as_typed(backend: Backend) -> None:
    fill(backend)
    at = "/projects/1/datasets/cases/entities"
    assert backend.admin.post(at, json={"label": "By hand"}).status_code == 200
    with backend.app.app_context():
        downgrade("0014")
        upgrade()
        found = db.session.scalars(select(models.EntityVersion.label_typed).order_by(models.EntityVersion.id))
        assert list(found) == [False, True]
