"""How do the rows of a new submission come in: its key, itself, its first version and the line of the audit?

They name each other by their ids. On SQLite that is four statements, which cost next to nothing there; on PostgreSQL
it is one, since each way there and back costs both sides more than the row does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CTE, Column, Connection, Select, String, Table, Text, bindparam, cast, delete, func, select, true
from sqlalchemy.dialects import postgresql

from app.db import db, models
from app.db.insert import insert_if_new, insert_row
from app.db.prepared import Prepared, connection

Row = Mapping[str, Any]

_key: Any = models.DataKey.__table__
_submission: Any = models.Submission.__table__
_version: Any = models.SubmissionVersion.__table__
_line: Any = models.Audit.__table__

# What the version is called in the details of its line.
VERSION_ID = "submissionDefId"


class NewRows(NamedTuple):
    """The rows' values without what one takes from another: ids, and the line's `submissionDefId`."""

    key: Row
    submission: Row
    version: Row
    line: Row


def insert_submission(new: NewRows) -> tuple[int, int] | None:
    """Add the rows in the running transaction: the ids of the submission and of its version.

    None, and nothing is added, if a submission with this instance ID is there, also if it was committed a moment ago.
    Raises IntegrityError if a version has it.
    """
    on = connection()
    added = _at_once(new, on) if on.dialect.name == "postgresql" else _one_by_one(new, on)
    data_key_id, submission_id, version_id = added
    if submission_id is None:
        db.session.execute(delete(models.DataKey).where(models.DataKey.id == data_key_id))
        return None
    return submission_id, version_id


def _one_by_one(new: NewRows, on: Connection) -> tuple[Any, Any, Any]:
    data_key_id = insert_row(models.DataKey, on, **new.key)
    submission_id = insert_if_new(models.Submission, on, **new.submission, data_key_id=data_key_id)
    if submission_id is None:
        return data_key_id, None, None
    version_id = insert_row(models.SubmissionVersion, on, **new.version, submission_id=submission_id)
    details = {**new.line["details"], VERSION_ID: version_id}
    insert_row(models.Audit, on, **{**new.line, "details": details, "submission_id": submission_id})
    return data_key_id, submission_id, version_id


def _at_once(new: NewRows, on: Connection) -> tuple[Any, Any, Any]:
    given = {
        f"{table}_{name}": value for table, row in zip(NewRows._fields, new, strict=True) for name, value in row.items()
    }
    statement = _statement(tuple(tuple(row) for row in new))
    (added,) = statement.rows(given, on)
    return added[0], added[1], added[2]


@cache
def _statement(columns: tuple[tuple[str, ...], ...]) -> Prepared:
    """One statement for rows with these columns. A row of the others is there only if the submission was added."""
    of_key, of_submission, of_version, of_line = columns
    key = _added("key", _key, of_key, {})
    submission = _added("submission", _submission, of_submission, {"data_key_id": key.c.id}, is_new=True)
    version = _added("version", _version, of_version, {"submission_id": submission.c.id})
    details = _given("line", _line.c.details).op("||")(func.jsonb_build_object(VERSION_ID, version.c.id))
    of_line = tuple(name for name in of_line if name != "details")
    line = _added("line", _line, of_line, {"submission_id": version.c.submission_id, "details": details})
    found: Select[Any] = select(key.c.id, submission.c.id, version.c.id).select_from(
        key.outerjoin(submission, true()).outerjoin(version, true())
    )
    return Prepared(found.add_cte(line))


def _added(name: str, table: Table, columns: tuple[str, ...], taken: Mapping[str, Any], *, is_new: bool = False) -> CTE:
    """The row as a part of the statement, with what it takes from the others."""
    values = {each: _given(name, table.c[each]) for each in columns} | dict(taken)
    insert: Any = postgresql.insert(table).from_select([*values], select(*values.values()), include_defaults=False)
    if is_new:
        insert = insert.on_conflict_do_nothing()
    returned = [column for column in table.c if column.primary_key or column.name in taken]
    cte: CTE = insert.returning(*returned).cte(f"added_{name}")
    return cte


def _given(name: str, column: Column[Any]) -> Any:
    """A value of the row. Its type is told, since a SELECT does not know for which column it is.

    A text's length is not: PostgreSQL would cut it silently, where the column refuses one that is too long.
    """
    kind = Text() if isinstance(column.type, String) else column.type
    return cast(bindparam(f"{name}_{column.name}", type_=column.type), kind)
