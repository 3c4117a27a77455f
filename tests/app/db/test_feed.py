"""What is read for a table gets its names by its order."""

from __future__ import annotations

from app.db.queries import feed


def test_the_columns_that_are_read_are_those_of_a_row_in_the_same_order() -> None:
    assert tuple(feed._columns().selected_columns.keys()) == feed.SentRow._fields
