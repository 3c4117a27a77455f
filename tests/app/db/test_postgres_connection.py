"""What PostgreSQL has prepared stays prepared, and what was not committed is gone all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from app.db.engine import configure_engine, engine_options
from tests.support.postgres import PostgresServer

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
