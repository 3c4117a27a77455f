"""What PostgreSQL has prepared stays so, what was not committed is gone, and what the server ended is noticed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from app.db import postgres_connection
from app.db.engine import configure_engine, engine_options
from app.db.postgres_connection import TRUSTED_SECONDS
from tests.support.postgres import PostgresServer
from tests.support.statements import hear_statements

TIMES_UNTIL_PREPARED = 6


@pytest.fixture
def engine(postgres: PostgresServer) -> Iterator[Engine]:
    url = postgres.url("postgres").replace("postgresql://", "postgresql+psycopg://")
    made = create_engine(url, **engine_options(url))
    configure_engine(made)
    with made.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE notes (words text)"))
    yield made
    made.dispose()


def words(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT words FROM notes")))


def prepared(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) or 0)


def test_what_readers_ask_again_and_again_is_prepared_once(engine: Engine) -> None:
    for _ in range(TIMES_UNTIL_PREPARED):
        with engine.connect() as connection:  # ends without a commit, as a session that has only read
            assert words(connection) == []
    with engine.connect() as connection:
        assert prepared(connection) > 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notes VALUES ('a')",
        "  insert into notes values ('a')",
        "WITH new AS (INSERT INTO notes VALUES ('a') RETURNING words) SELECT words FROM new",
        "/* SELECT */ INSERT INTO notes VALUES ('a')",
        "UPDATE notes SET words = 'a'",
    ],
)
def test_what_may_have_written_is_rolled_back(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('kept')"))
    with engine.connect() as connection:
        words(connection)
        connection.execute(text(statement))
        assert words(connection) == (["kept", "a"] if "INSERT" in statement.upper() else ["a"])
    with engine.connect() as connection:
        assert words(connection) == ["kept"]


@pytest.mark.parametrize("statement", ["SELECT 'a' AS words INTO made", "SELECT 1; CREATE TABLE made (words text)"])
def test_a_select_that_makes_something_is_rolled_back_too(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('made')")) is None


def test_many_rows_and_copies_are_rolled_back_too(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO notes VALUES (:words)"), [{"words": "a"}, {"words": "b"}])
    with engine.connect() as connection:
        driver = connection.connection.cursor()
        with driver.copy("COPY notes FROM STDIN") as copy:
            copy.write("a\n")
        driver.executemany("INSERT INTO notes VALUES (%s)", [("b",), ("c",)])
        assert words(connection) == ["a", "b", "c"]
    with engine.connect() as connection:
        assert words(connection) == []


def test_after_a_statement_that_fails_the_next_transaction_is_a_new_one(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="no_such_table"):
        connection.execute(text("SELECT * FROM no_such_table"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO notes VALUES ('kept')"))
    with engine.connect() as connection:
        assert words(connection) == ["kept"]


def backend_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


@pytest.fixture
def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the server from now on."""
    return hear_statements(monkeypatch)


def test_a_connection_that_was_used_a_moment_ago_is_not_asked_whether_it_lives(
    engine: Engine, asked: list[str]
) -> None:
    backend_of(engine)
    backend_of(engine)
    assert asked == ["SELECT pg_backend_pid()"] * 2


def test_one_that_has_rested_is_asked(engine: Engine, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = backend_of(engine)
    later = time.monotonic() + TRUSTED_SECONDS
    monkeypatch.setattr(postgres_connection.time, "monotonic", lambda: later)
    assert backend_of(engine) == before
    assert asked == ["SELECT pg_backend_pid()", "", "SELECT pg_backend_pid()"]


def test_one_that_the_server_ended_a_moment_ago_is_replaced(engine: Engine, postgres: PostgresServer) -> None:
    before = backend_of(engine)
    postgres.execute(f"SELECT pg_terminate_backend({before}, 5000)")
    assert backend_of(engine) not in (before, 0)


def test_one_that_was_closed_on_our_side_is_replaced(engine: Engine) -> None:
    before = backend_of(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
    driver.close()
    assert backend_of(engine) not in (before, 0)


def test_one_on_which_the_server_only_says_something_is_kept(
    engine: Engine, postgres: PostgresServer, asked: list[str]
) -> None:
    with engine.begin() as connection:
        connection.execute(text("LISTEN anything"))
    before = backend_of(engine)
    postgres.execute("NOTIFY anything")
    asked.clear()
    assert backend_of(engine) == before
    assert backend_of(engine) == before
    assert asked[0] == ""
