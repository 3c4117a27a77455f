"""What is sent to PostgreSQL, as the driver is given it."""

from __future__ import annotations

from typing import Any

import pytest

from app.db.postgres_connection import Cursor


def hear_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements from now on; the list grows."""
    sent: list[str] = []
    execute = Cursor.execute

    def note(self: Cursor, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(Cursor, "execute", note)
    return sent
