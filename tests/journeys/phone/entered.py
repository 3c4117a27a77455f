"""Which rows must the cleaned tables have, by what the person entered and the engine calculated?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.journeys.phone.typed import Question, from_text
from tests.phone.phone import Filled

_STEP = re.compile(r"([^\[]+)(?:\[(\d+)\])?")

# A row: question path -> typed value; blank ones are left out. A table: row key -> (parent's key, row).
Row = dict[str, Any]
Table = dict[str, tuple[str | None, Row]]


class FormTables:
    """The tables of a form as its field list tells them: the root, and one for each repeat."""

    def __init__(self, fields: Iterable[Mapping[str, Any]]) -> None:
        listed = list(fields)
        self.repeats = {field["path"] for field in listed if field["type"] == "repeat"}
        self.questions: dict[str, list[Question]] = {"": [], **{path: [] for path in sorted(self.repeats)}}
        for field in listed:
            if field["type"] not in ("structure", "repeat"):
                self.questions[self._table_of(field["path"])].append(Question.of(field))
        self._by_path = {each.path: each for table in self.questions.values() for each in table}

    def _table_of(self, path: str) -> str:
        """The innermost repeat around a question, "" for none."""
        around = [repeat for repeat in self.repeats if path.startswith(f"{repeat}/")]
        return max(around, key=len, default="")

    @staticmethod
    def name(repeat: str) -> str:
        """The table's name in the feed: Submissions, Submissions.house.inside.room …"""
        return "Submissions" + repeat.replace("/", ".")

    def parent(self, repeat: str) -> str:
        """The table around a repeat's."""
        return self._table_of(repeat)

    def rows(self, filled: Filled) -> dict[str, Table]:
        """The rows that one filled form must give, by the repeat's path ("" is the root)."""
        tables: dict[str, Table] = {path: {} for path in self.questions}
        tables[""][filled.instance_id] = (None, {})
        for place in (*filled.entered, *filled.blank, *filled.calculated):
            self._row(tables, filled.instance_id, place)
        for place, value in filled.entered.items():
            row, question = self._row(tables, filled.instance_id, place)
            row[question.path] = value
        for place, text in filled.calculated.items():
            row, question = self._row(tables, filled.instance_id, place)
            row[question.path] = from_text(question, text)
        return tables

    def _row(self, tables: dict[str, Table], key: str, place: str) -> tuple[Row, Question]:
        """The row where an answer lies, made with all rows around it if it is the first one there."""
        path, table, parent = "", "", None
        for step in place.strip("/").split("/"):
            found = _STEP.fullmatch(step)
            assert found is not None
            path = f"{path}/{found[1]}"
            if path in self.repeats:
                parent, key, table = key, f"{key}/{found[1]}[{found[2]}]", path
                tables[table].setdefault(key, (parent, {}))
        return tables[table][key][1], self._by_path[path]
