"""PostgreSQL itself keeps back other offices' rows, also from a query that forgot to leave them out.

These tests connect as a role like the one of a real installation: it owns its tables, and is no superuser, whom no
policy binds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.clock import now
from app.db import db, models
from app.db.queries import feed
from app.db.queries import submissions as queries
from app.permissions import Grant
from app.services.transaction import transaction
from app.web.row_scope import hold_to
from tests.app.web.idor_table import TABLE
from tests.app.web.idor_world import OTHER, OURS, OWN, THEIRS, World, build, canary
from tests.app.web.test_idor_matrix import OF_AN_OFFICE, READS, faults
from tests.conftest import _new_folder, _prepare
from tests.support.backend import Backend, instance, make_backend
from tests.support.postgres import PostgresServer

GUARDED = (
    models.Submission,
    models.SubmissionVersion,
    models.SubmissionAttachment,
    models.Quarantine,
    models.Entity,
    models.EntityVersion,
    models.Comment,
    models.HandOver,
    models.Audit,
    models.RevealCount,
    models.LooseningApproval,
)


@pytest.fixture(scope="module")
def plain(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A world on a database of a plain role, and the database's address."""
    name, role = f"plain_{uuid4().hex}", f"plain_{uuid4().hex}"
    postgres.execute(f"CREATE ROLE {role} LOGIN")
    postgres.execute(f"CREATE DATABASE {name} OWNER {role}")
    address = postgres.url(name).replace("sportel@", f"{role}@")
    url = address.replace("postgresql://", "postgresql+psycopg://")
    folder = _new_folder(tmp_path_factory.mktemp("plain") / "data")
    _prepare(folder, url)
    backend = make_backend(folder, url)
    world = build(backend)
    add_traces(backend)
    yield world, address
    with backend.app.app_context():
        db.session.remove()
        db.engine.dispose()
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
    postgres.execute(f"DROP ROLE {role}")


def add_traces(backend: Backend) -> None:
    """A hand-over, reveals and an agreement of each office."""
    moment = now()
    with backend.app.app_context(), transaction():
        offices = {office.code: office.id for office in db.session.query(models.Office)}
        for target, code in ((OWN, OURS), (OTHER, THEIRS)):
            record = db.session.query(models.Submission).filter_by(instance_id=f"uuid:{canary(target)}").first()
            assert record is not None
            actor = models.Actor(type="user", display_name="Of the office", office_id=offices[code], created_at=moment)
            db.session.add(actor)
            db.session.flush()
            db.session.add(models.HandOver(submission_id=record.id, to_office_id=offices[code], created_at=moment))
            db.session.add(models.RevealCount(actor_id=actor.id, day="2026-11-22", count=1))
            db.session.add(
                models.LooseningApproval(form_id=record.form_id, sha256="0" * 64, actor_id=actor.id, created_at=moment)
            )


def test_a_connection_that_says_nothing_sees_nothing(plain: tuple[World, str]) -> None:
    with psycopg.connect(plain[1]) as connection:
        for model in GUARDED:
            seen = connection.execute(f"SELECT count(*) FROM {model.__tablename__}").fetchone()
            assert seen == (0,), model
        connection.execute("SET sportel.offices = '*'")
        for model in GUARDED:
            (count,) = connection.execute(f"SELECT count(*) FROM {model.__tablename__}").fetchone() or (0,)
            assert count > 0, model


@pytest.mark.parametrize("model", GUARDED)
def test_a_transaction_that_is_held_to_an_office_sees_its_rows_and_no_other(
    plain: tuple[World, str], model: Any
) -> None:
    with plain[0].backend.app.test_request_context():
        offices = {office.code: office.id for office in db.session.query(models.Office)}
        everything = db.session.query(model).count()
        seen = {}
        for code in (OURS, THEIRS):
            hold_to(offices[code])
            seen[code] = {row.id for row in db.session.query(model)}
            db.session.rollback()
        hold_to(False)
        assert db.session.query(model).count() == 0
    assert seen[OURS]
    assert seen[THEIRS]
    assert not seen[OURS] & seen[THEIRS]
    # What phones of no office and of the other project sent is theirs too.
    assert len(seen[OURS] | seen[THEIRS]) <= everything


def forget_offices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The helper leaves nothing out any more."""
    in_scope = queries.in_scope

    def careless(statement: Any, scope: queries.Scope) -> Any:
        return in_scope(statement, queries.Scope(scope.form_id, True, scope.is_draft, scope.deleted))

    for module in (queries, feed):
        monkeypatch.setattr(module, "in_scope", careless)


AT = "/v1/projects/1/forms/intake"


@pytest.mark.parametrize(
    "path",
    [
        f"{AT}/submissions",
        f"{AT}/submissions.csv",
        f"{AT}.svc/Submissions",
        f"{AT}/submissions/uuid:{canary(OTHER)}",
        f"{AT}/submissions/uuid:{canary(OTHER)}.xml",
        f"{AT}/submissions/uuid:{canary(OTHER)}/attachments/a.jpg",
        f"{AT}/submissions/uuid:{canary(OTHER)}/versions",
    ],
)
def test_where_the_helper_forgets_the_office_the_database_does_not(
    plain: tuple[World, str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    world, _ = plain
    forget_offices(monkeypatch)
    for role in ("viewer", "manager"):
        _, body = world.ask(role, "GET", path)
        assert canary(OTHER).encode() not in body
        _, all_offices = world.ask(f"{role}, all", "GET", path)
        assert all_offices != body


def test_without_the_databases_help_the_careless_helper_does_tell(
    lite: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above could fail."""
    world = build(lite)
    forget_offices(monkeypatch)
    assert canary(OTHER).encode() in world.ask("viewer", "GET", f"{AT}/submissions.csv")[1]


def test_the_matrix_of_rights_is_the_same_where_the_database_helps(plain: tuple[World, str]) -> None:
    world, _ = plain
    found = {
        f"{method} {rule}": faults(world, method, rule, ("manager", "viewer", "viewer, all", "phone"), lambda: None)
        for (method, rule), row in TABLE.items()
        if method in READS and (row.kind in OF_AN_OFFICE or row.shows)
    }
    assert {route: each for route, each in found.items() if each} == {}


def test_what_a_person_of_one_office_writes_is_written(plain: tuple[World, str]) -> None:
    """Also what the person could not read afterwards: a record that goes to another office."""
    world, _ = plain
    manager = world.backend.person(Grant("manager", 1), office=OURS)
    xml = instance("intake", "<code>new</code><person>new</person><office/>", instance_id="uuid:new")
    assert manager.post("/projects/1/forms/intake/submissions", data=xml, content_type="text/xml").status_code == 200
    at = "/projects/1/forms/intake/submissions/uuid:new"
    assert manager.get(at).status_code == 200
    given = manager.post(f"{at}/hand-over", json={"office": THEIRS, "reason": "moved there"})
    assert given.status_code == 200, given.text
    assert manager.get(at).status_code == 404
    # The same instance ID of another office is found, although it cannot be seen.
    again = xml.replace("<code>new", "<code>other")
    answer = manager.post("/projects/1/forms/intake/submissions", data=again, content_type="text/xml")
    assert answer.json["code"] == 409.1


def test_a_phone_that_sends_costs_no_statement_for_this(
    plain: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = plain
    phone = world.backend.phone(office=OURS)
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **options: Any) -> Any:
        statements.append(str(query))
        return execute(cursor, query, *given, **options)

    # At the driver, which some statements are given to straight.
    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    assert phone.send(instance("intake", "<code>a</code><person>b</person><office/>")).status_code == 201
    assert [each for each in statements if "INSERT INTO submissions" in each]
    assert not [each for each in statements if "sportel.offices" in each]
    statements.clear()
    assert world.ask("viewer", "GET", f"{AT}/submissions/uuid:{canary(OWN)}")[0] == 200
    assert [each for each in statements if "sportel.offices" in each]
