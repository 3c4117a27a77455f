"""Does a prepared statement behave as SQLAlchemy's own does: types, transaction, errors?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new, insert_row
from app.db.prepared import Prepared, connection
from app.services.transaction import transaction
from tests.support.backend import Backend

AUDIT = models.Audit.__table__
ALL_OF_IT = Prepared(
    select(AUDIT.c.details, AUDIT.c.logged_at, AUDIT.c.actor_id).where(AUDIT.c.action == bindparam("action"))
)
SECRET = "what-somebody-answered"


def test_values_come_back_with_pythons_types(backend: Backend) -> None:
    moment = datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=1)))
    with backend.app.app_context():
        with transaction():
            insert_row(models.Audit, action="a", details={"ë": [1, None]}, logged_at=moment, actor_id=None)
        assert ALL_OF_IT.rows({"action": "a"}) == [({"ë": [1, None]}, datetime(2026, 3, 1, 13, 30, tzinfo=UTC), None)]
        assert ALL_OF_IT.first({"action": "b"}) is None


def test_a_row_gets_its_number_and_the_plain_defaults_of_its_columns(backend: Backend) -> None:
    with backend.app.app_context():
        with transaction():
            added = insert_row(models.Project, name="P", created_at=now())
        row = db.session.get_one(models.Project, added)
        assert (row.name, row.archived, row.default_sensitivity) == ("P", False, "identifying")


def test_a_default_that_is_worked_out_for_each_row_must_be_given(backend: Backend) -> None:
    with backend.app.app_context(), pytest.raises(ValueError, match="details"), transaction():
        insert_row(models.Audit, action="a", logged_at=now())


def test_it_is_in_the_sessions_transaction(backend: Backend) -> None:
    with backend.app.app_context():
        db.session.commit()
        insert_row(models.Audit, action="gone", details={}, logged_at=now())
        assert len(ALL_OF_IT.rows({"action": "gone"})) == 1
        assert db.session.scalar(select(AUDIT.c.id).where(AUDIT.c.action == "gone")) is not None
        db.session.rollback()
        assert ALL_OF_IT.rows({"action": "gone"}) == []


def test_the_next_transaction_has_its_own_connection(backend: Backend) -> None:
    with backend.app.app_context():
        first = connection()
        assert connection() is first
        db.session.commit()
        assert first.closed
        assert connection() is not first


def test_a_transaction_sees_what_others_committed_since_the_last_look(backend: Backend) -> None:
    with backend.app.app_context():
        assert ALL_OF_IT.rows({"action": "since"}) == []
        with db.engine.begin() as other:
            other.execute(insert(AUDIT).values(action="since", details={}, logged_at=now()))
        with transaction():
            assert len(ALL_OF_IT.rows({"action": "since"})) == 1


def test_after_a_look_a_transaction_is_the_only_writer_from_its_beginning(lite: Backend) -> None:
    with lite.app.app_context():
        ALL_OF_IT.rows({"action": "a"})
        rival = sqlite3.connect(
            lite.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"), timeout=0, isolation_level=None
        )
        with closing(rival), transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
            rival.execute("BEGIN IMMEDIATE")


def test_after_a_look_a_transaction_that_ends_badly_leaves_nothing(backend: Backend) -> None:
    with backend.app.app_context():
        ALL_OF_IT.rows({"action": "gone"})
        with pytest.raises(ValueError, match="the end"), transaction():  # noqa: PT012  (raised inside of the transaction)
            insert_row(models.Audit, action="gone", details={}, logged_at=now())
            raise ValueError("the end")
        assert ALL_OF_IT.rows({"action": "gone"}) == []


def test_what_a_transaction_wrote_is_not_let_go_by_another_inside_of_it(backend: Backend) -> None:
    with backend.app.app_context():
        ALL_OF_IT.rows({"action": "outer"})
        with transaction():
            insert_row(models.Audit, action="outer", details={}, logged_at=now())
            with transaction():
                pass
        assert len(ALL_OF_IT.rows({"action": "outer"})) == 1


def test_what_was_added_before_a_transaction_is_kept_with_it(backend: Backend) -> None:
    with backend.app.app_context():
        ALL_OF_IT.rows({"action": "a"})
        db.session.add(models.Project(name="before", created_at=now()))
        with transaction():
            pass
        db.session.rollback()
        assert "before" in db.session.scalars(select(models.Project.name)).all()


def test_the_error_is_sqlalchemys_and_holds_no_value(backend: Backend) -> None:
    office = {"code": SECRET, "kind": "police", "name_en": "a", "name_sq": "a", "to_confirm": False}
    columns = tuple(office)
    again = Prepared(insert(models.Office).returning(models.Office.id), columns)
    with backend.app.app_context():
        with transaction():
            assert insert_if_new(models.Office, **office) is not None
            assert insert_if_new(models.Office, **office) is None
        with pytest.raises(IntegrityError) as caught, transaction():
            again.rows(office)
        assert SECRET not in str(caught.value).partition("DETAIL")[0]
        assert caught.value.params is None
        assert caught.value.orig is not None
        assert db.session.scalar(select(1)) == 1


def test_an_error_is_counted(backend: Backend) -> None:
    broken = Prepared(text("SELECT nothing FROM nowhere"))
    with backend.app.app_context():
        kind = {"postgresql": "UndefinedTable", "sqlite": "OperationalError"}[db.engine.dialect.name]
        with pytest.raises(DBAPIError):
            broken.rows({})
    shown = backend.app.test_client().get("/metrics").text
    assert f'sportel_database_errors_total{{kind="{kind}"}}' in shown


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_connection_that_the_database_ended_is_not_used_again(backend: Backend) -> None:
    with backend.app.app_context():
        ALL_OF_IT.rows({"action": "a"})
        mine = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        with pytest.raises(OperationalError) as caught:
            ALL_OF_IT.rows({"action": "a"})
        assert caught.value.connection_invalidated
        db.session.rollback()
        assert ALL_OF_IT.rows({"action": "a"}) == []
