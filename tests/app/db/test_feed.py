"""What is read for a table gets its names by its order, and a page of it reads no more rows than it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from app.db import db, models
from app.db.queries import feed
from app.db.queries.feed import Wanted
from app.db.queries.submissions import Scope
from tests.app.looking import rows
from tests.app.shown_forms import simple
from tests.support.backend import Backend, instance

STORED, PAGE = 3000, 5
# Rows like the one that was sent; they have its key.
COPIES = (
    (
        "INSERT INTO submissions (id, form_id, is_draft, instance_id, data_key_id, edits, created_at)"
        " SELECT 1000 + n, form_id, is_draft, 'uuid:' || n, data_key_id, edits, created_at"
        f" FROM submissions, generate_series(1, {STORED}) AS n"
    ),
    (
        "INSERT INTO submission_versions (id, submission_id, form_id, form_version_id, is_draft, is_current, instance_id,"
        " xml_sealed, xml_hmac, clear, sealed, findings, created_at)"
        " SELECT 1000 + n, 1000 + n, form_id, form_version_id, is_draft, is_current, 'uuid:' || n, xml_sealed, xml_hmac,"
        f" clear, sealed, findings, created_at FROM submission_versions, generate_series(1, {STORED}) AS n"
    ),
)


def test_the_columns_that_are_read_are_those_of_a_row_in_the_same_order() -> None:
    assert tuple(feed._columns().selected_columns.keys()) == feed.SentRow._fields


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", []):
        yield from nodes(each)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("knows_its_tables", [True, False])
def test_a_page_joins_no_more_rows_than_it_has(backend: Backend, knows_its_tables: bool) -> None:
    """Also where PostgreSQL knows nothing of its tables yet, as after a restore."""
    backend.admin.publish(simple("a"))
    phone = backend.phone()
    assert phone.only_send(instance("a", "<who>x</who>")).status_code == 201
    form_id = rows(backend, models.Submission)[0].form_id
    asked: list[tuple[str, Any]] = []
    with backend.database():
        for statement in COPIES:
            db.session.connection().exec_driver_sql(statement)
        db.session.commit()
        if knows_its_tables:
            db.session.connection().exec_driver_sql("ANALYZE")
            db.session.commit()
        event.listen(db.engine, "before_cursor_execute", lambda _c, _cursor, sql, given, *_: asked.append((sql, given)))
        found = list(feed.walk(Wanted(Scope(form_id, offices=True), before_id=STORED), limit=PAGE))
        assert [each.id for each in found] == sorted((each.id for each in found), reverse=True)
        assert len(found) == PAGE
        ((sql, given),) = asked
        ((plan,),) = db.session.connection().exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", given).all()
        joined = [each for each in nodes(plan[0]["Plan"]) if each.get("Relation Name") == "submission_versions"]
        assert [each["Actual Rows"] * each["Actual Loops"] for each in joined] == [PAGE]
