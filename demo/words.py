"""In which words is a stored value shown? The form's own labels, in Albanian or English."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forms.schema.model import Choice, Field, FormSchema

OFFICES = Path(__file__).parents[1] / "xlsforms" / "shared" / "offices.csv"


class Words:
    """The labels of one form in one language ("en" or "sq")."""

    def __init__(self, schema: FormSchema, language: str, entity_labels: Mapping[str, str]) -> None:
        """`entity_labels`: entity ID -> label, for questions whose choices are a list of entities."""
        self.code = language
        wanted = [one for one in schema.languages if f"({language})" in one]
        self._language = wanted[0] if wanted else schema.default_language or ""
        self._entities = entity_labels
        self.schema = schema

    def title(self) -> str:
        """The form's title; the shipped ones are "Shqip / English"."""
        parts = self.schema.title.split(" / ")
        return parts[-1] if self.code == "en" else parts[0]

    def question(self, field: Field) -> str:
        """The question's label, or its name if the form has no label for it."""
        return self._in_language(field.labels) or field.name

    def value(self, field: Field, value: Any) -> str:
        """A stored value in words; "" if there is none."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        text = str(value)
        if field.choices is None:
            return self._entities.get(text, _moment(text) if field.data_type in ("dateTime", "date") else text)
        names = text.split() if field.select_multiple else [text]
        return ", ".join(self._choice(field.choices, name) for name in names)

    def _choice(self, choices: tuple[Choice, ...], name: str) -> str:
        labels = next((choice.labels for choice in choices if choice.name == name), {})
        return self._in_language(labels) or name

    def _in_language(self, labels: Mapping[str, str]) -> str:
        text = labels.get(self._language) or labels.get("") or ""
        return " ".join(text.split())


def _moment(text: str) -> str:
    """An ISO date or moment as a person writes it: 2026-03-01 14:30."""
    day, _, time = text.partition("T")
    return f"{day} {time[:5]}".strip()


def at(row: Mapping[str, Any], path: str) -> Any:
    """The value at a form path in a nested row of the OData document; None if a step is missing."""
    value: Any = row
    for step in path.strip("/").split("/"):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def office_names(language: str) -> dict[str, str]:
    """Office code -> name, from the register of offices that ships."""
    with OFFICES.open(encoding="utf-8-sig", newline="") as file:
        return {row["code"]: row[f"name_{language}"] for row in csv.DictReader(file)}
