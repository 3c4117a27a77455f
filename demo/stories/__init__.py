"""What do the invented people of the demonstration answer? Form paths mapped to values."""

from __future__ import annotations

from typing import Any

Answers = dict[str, Any]


def under(group: str, **answers: Any) -> Answers:
    """Answers of one group: under("g_age", age_years=30) is {"/g_age/age_years": 30}."""
    return {f"/{group}/{name}": value for name, value in answers.items()}
