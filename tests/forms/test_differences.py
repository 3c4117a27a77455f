"""What changed from one version of a submission to the next."""

from __future__ import annotations

from typing import Any

import pytest

from forms.safe_xml import SUBMISSION_LIMITS, parse_xml
from forms.submission import Masked, differences

REPEATS = frozenset({"/child", "/g/toy"})
MASK = '<a xmlns:s="urn:sportel:xforms" s:masked="contact"/>'


def told(old: str, new: str) -> list[tuple[Any, ...]]:
    roots = [parse_xml(f"<data>{each}</data>".encode(), SUBMISSION_LIMITS) for each in (old, new)]
    return [(each.path, each.old, each.new) for each in differences(roots[0], roots[1], REPEATS)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<a>1</a><b>2</b>", "<b>2</b><a>1</a>", []),
        ("<a>1</a>", "<a>2</a>", [(("a",), "1", "2")]),
        ("<a>1</a>", "<a/>", [(("a",), "1", "")]),
        ("<a>1</a>", "", [(("a",), "1", None)]),
        ("", "<a>1</a>", [(("a",), None, "1")]),
        ("<g><a>1</a></g>", "<g><a>2</a></g>", [(("g", "a"), "1", "2")]),
        ("", "<g><a>1</a><b/></g>", [(("g",), None, {"a": "1", "b": ""})]),
        ("<m:meta xmlns:m='urn:m'><m:x>1</m:x></m:meta>", "<meta><x>2</x></meta>", [(("meta", "x"), "1", "2")]),
    ],
    ids=["order", "answer", "emptied", "gone", "new", "in-a-group", "new-group", "namespaces"],
)
def test_a_difference_names_where_and_what(old: str, new: str, expected: list[Any]) -> None:
    assert told(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<child><n>A</n></child>", "<child><n>B</n></child>", [((("child", 0), "n"), "A", "B")]),
        (
            "<child><n>A</n></child>",
            "<child><n>A</n></child><child><n>B</n></child>",
            [((("child", 1),), None, {"n": "B"})],
        ),
        (
            "<child><n>A</n></child><child><n>B</n></child>",
            "<child><n>B</n></child>",
            [((("child", 0),), {"n": "A"}, None)],
        ),
        ("", "<child><n>A</n></child>", [((("child", 0),), None, {"n": "A"})]),
        ("<g><toy><n>A</n></toy></g>", "<g><toy><n>B</n></toy></g>", [(("g", ("toy", 0), "n"), "A", "B")]),
    ],
    ids=["changed", "added", "first-taken-away", "the-first-one", "in-a-group"],
)
def test_instances_of_a_repeat_are_told_by_their_number(old: str, new: str, expected: list[Any]) -> None:
    assert told(old, new) == expected


def test_what_is_masked_on_both_sides_is_no_difference_and_on_one_side_says_no_answer() -> None:
    assert told(MASK, MASK) == []
    assert told(MASK, "<a>2</a>") == [(("a",), Masked("contact"), "2")]
    assert told(f"<child>{MASK}</child>", f"<child>{MASK}</child>") == []
