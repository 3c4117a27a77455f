"""JSON is written by a fast library, and what that refuses is written all the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from app.json_text import json_bytes, json_text
from app.logs import renderer


@dataclass(frozen=True, repr=False)
class Secret:
    """As whatever is sealed: shown to nobody."""

    answer: str


@pytest.mark.parametrize(
    "value",
    [
        {"emri": "Përgjigje", "mosha": 31, "pesha": 70.5, "po": True, "asgjë": None, "lista": [1, {"a": "b"}]},
        {"a number beyond 64 bits": 2**70},
        {1: "a name that is no text"},
        {"half a character": "\ud800"},
        {"a very large number": 1e22, "a very small one": 5e-324},
    ],
    ids=["plain", "large number", "numbered", "surrogate", "floats"],
)
def test_what_is_written_is_read_as_the_same(value: dict[Any, Any]) -> None:
    assert json.loads(json_bytes(value)) == json.loads(json.dumps(value))
    assert json_text(value) == json_bytes(value).decode()


def test_letters_are_written_as_they_are_and_nothing_is_put_between() -> None:
    assert json_bytes({"a": "ë", "b": [1, 2]}) == '{"a":"ë","b":[1,2]}'.encode()


@pytest.mark.parametrize(
    "value",
    [datetime(2026, 1, 31, tzinfo=UTC), object(), {1, 2}, Secret("canary")],
    ids=["moment", "object", "set", "secret"],
)
def test_what_json_has_not_is_refused_unless_somebody_says_what_it_is(value: object) -> None:
    with pytest.raises(TypeError):
        json_text({"a": value})
    assert json_text({"a": value}, default=lambda _: "said") == '{"a":"said"}'


def test_a_line_of_the_log_shows_of_an_object_no_more_than_the_object_does() -> None:
    assert "canary" not in renderer("json")(None, "info", {"event": "x", "of": Secret("canary")})
