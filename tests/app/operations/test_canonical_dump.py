"""The same content gives the same lines on both databases, whatever each makes of numbers, keys and moments."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import JSON, insert

from app.db import db, models
from app.services.canonical_dump import digests, lines, shapes, snapshot, values_of
from app.services.transaction import transaction
from tests.app.operations.places import fill
from tests.support.backend import Backend

AUDIT = next(each for each in shapes() if each.name == "audits")


def dumped(backend: Backend, details: Any) -> str:
    """An audit line with these details, as its JSON lies in the dump."""
    with backend.app.app_context():
        with transaction():
            moment = datetime(2026, 5, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
            row = {"id": 10_000, "action": "test", "details": details, "logged_at": moment}
            db.session.execute(insert(models.Audit), [row])
        with snapshot() as connection:
            line = list(lines(connection, AUDIT))[-1]
    values = values_of(AUDIT, line)
    assert values["logged_at"] == datetime(2026, 4, 30, 23, 30, tzinfo=UTC)
    assert "2026-04-30T23:30:00.000000Z" in line
    return line


@pytest.mark.parametrize(
    ("details", "written"),
    [
        ({"b": 1, "a": [True, None, "ë"]}, r"{\"a\":[true,null,\"ë\"],\"b\":1}"),
        ({"n": 2.0}, r"{\"n\":2.0}"),
        ({"n": 1e22}, r"{\"n\":10000000000000000000000}"),
        ({"n": -0.0}, r"{\"n\":0.0}"),
        ({"n": 1e-7}, r"{\"n\":1e-07}"),
        ({"n": 0.1}, r"{\"n\":0.1}"),
        ({"n": 123456789012345678901234567890}, r"{\"n\":123456789012345678901234567890}"),
        ({"latitude": 41.327545999999998}, r"{\"latitude\":41.327546}"),
    ],
)
def test_json_is_written_the_same_by_both_databases(backend: Backend, details: Any, written: str) -> None:
    assert f'"{written}"' in dumped(backend, details)


def test_json_null_and_no_value_stay_apart(backend: Backend) -> None:
    shape = next(each for each in shapes() if each.name == "entity_versions")
    position = [name for name, _ in shape.columns].index("conflicting_properties")
    blank: list[Any] = [None] * len(shape.columns)
    blank[position] = "null"
    assert values_of(shape, json.dumps(blank))["conflicting_properties"] is JSON.NULL
    blank[position] = None
    assert values_of(shape, json.dumps(blank))["conflicting_properties"] is None


def test_every_table_is_in_the_dump_after_those_that_it_refers_to(backend: Backend) -> None:
    fill(backend)
    with backend.app.app_context():
        found = digests()
    # Who is doing the work, or has mistyped a password, at the moment is nothing that anybody has said.
    assert set(found) == set(db.metadata.tables) - {"leases", "limits"}
    assert list(found).index("submissions") > list(found).index("forms")
    assert found["submissions"].rows == 3
    assert len({each.sha256 for each in found.values() if each.rows}) == len(
        [each for each in found.values() if each.rows]
    )


def test_the_snapshot_does_not_see_what_is_written_meanwhile(backend: Backend) -> None:
    with backend.app.app_context(), snapshot() as connection:
        before = len(list(lines(connection, AUDIT)))
        with transaction():
            db.session.add(models.Audit(action="meanwhile", details={}, logged_at=datetime.now(UTC)))
        assert len(list(lines(connection, AUDIT))) == before


@pytest.mark.parametrize("line", ["{}", "[1,2]", "nonsense"])
def test_a_line_that_is_no_row_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"is no row of|Expecting value"):
        values_of(AUDIT, line)
