"""How do fifty thousand submissions get into a database within a minute? Rows like one that was sent, with new IDs.

Their sealed content is a copy and would not open in its new place; what intake touches, keys, rows, indexes and the
audit, is as if each had been sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, func, select

from app import create_app
from app.config import read_settings
from app.db import db, models
from app.db.insert import insert_rows
from app.services.transaction import transaction

_BATCH = 1000


def multiply_submissions(environment: Mapping[str, str], count: int) -> None:
    """Add `count` submissions to the database of a server with this environment, copies of its newest one."""
    app = create_app(read_settings(environment))
    with app.app_context():
        with transaction():
            connection = db.session.connection()
            pattern = {model: _newest(connection, model) for model in _MODELS}
            first = {model: _largest(connection, model) + 1 for model in _MODELS}
        for begin in range(0, count, _BATCH):
            with transaction():
                for model, rows in _copies(pattern, first, range(begin, min(begin + _BATCH, count))):
                    insert_rows(model, rows)
        with transaction():
            if db.engine.dialect.name == "postgresql":
                for model in _MODELS:
                    _move_sequence(db.session.connection(), model.__table__)  # type: ignore[arg-type]
        db.session.remove()
        db.engine.dispose()


_MODELS = (models.DataKey, models.Submission, models.SubmissionVersion, models.Audit)


def _newest(connection: Connection, model: Any) -> dict[str, Any]:
    table = model.__table__
    statement = select(table).order_by(table.c.id.desc()).limit(1)
    if model is models.DataKey:
        statement = statement.where(table.c.purpose == "submission")
    elif model is models.Audit:
        statement = statement.where(table.c.action == "submission.create")
    return dict(connection.execute(statement).one()._mapping)


def _largest(connection: Connection, model: Any) -> int:
    return connection.execute(select(func.max(model.__table__.c.id))).scalar_one()


def _copies(
    pattern: Mapping[Any, dict[str, Any]], first: Mapping[Any, int], numbers: range
) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    names = {number: f"uuid:{uuid4()}" for number in numbers}
    keys, submissions, versions, audits = (first[model] for model in _MODELS)
    of_each = {
        models.DataKey: lambda number: {"id": keys + number},
        models.Submission: lambda number: {
            "id": submissions + number,
            "instance_id": names[number],
            "data_key_id": keys + number,
        },
        models.SubmissionVersion: lambda number: {
            "id": versions + number,
            "submission_id": submissions + number,
            "instance_id": names[number],
        },
        models.Audit: lambda number: {
            "id": audits + number,
            "submission_id": submissions + number,
            "details": {"instanceId": names[number], "submissionDefId": versions + number},
            **dict.fromkeys(("position", "previous_hash", "hash")),  # the seal is the one line's
        },
    }
    for model in _MODELS:
        yield model, [pattern[model] | of_each[model](number) for number in numbers]


def _move_sequence(connection: Connection, table: Table) -> None:
    """What was numbered by hand must not be numbered again."""
    connection.exec_driver_sql(
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
    )
