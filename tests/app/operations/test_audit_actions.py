"""The table of actions and the code say the same."""

from __future__ import annotations

import ast
import re

import pytest

from app.config import ROOT
from app.services.audit_actions import ACTIONS, GROUPS, READS, VERBOSE, Kind, named

WRITERS = {"record", "record_read", "_record", "line_of"}


def written_in_the_code() -> set[str]:
    """Every action that the code may write; of one that is put together, all that the table has of its kind."""
    found: set[str] = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == "ExportOnRecord":
                found |= {each.value for each in node.args[:2] if isinstance(each, ast.Constant)}
            if name in WRITERS:
                found |= actions_of(node.args[0])
    return found


def actions_of(argument: ast.expr) -> set[str]:
    if isinstance(argument, ast.Constant):
        return {argument.value} if isinstance(argument.value, str) else set()
    if isinstance(argument, ast.IfExp):
        return actions_of(argument.body) | actions_of(argument.orelse)
    if isinstance(argument, ast.JoinedStr):
        parts = [re.escape(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in argument.values]
        return {name for name in ACTIONS if re.fullmatch("".join(parts), name)} or {ast.unparse(argument)}
    return set()


def test_every_action_that_the_code_writes_is_in_the_table_and_the_other_way_round() -> None:
    assert written_in_the_code() == set(ACTIONS)


def test_every_action_says_what_it_means() -> None:
    for action in ACTIONS.values():
        assert action.what.endswith(".")
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", action.name)
        assert len(action.name) <= 64  # the column's width
        assert action.group in GROUPS


@pytest.mark.parametrize(
    ("word", "some", "none"),
    [
        ("user", "user.create", "project.create"),
        ("form", "form.update.publish", "submission.create"),
        ("submission", "submission.read", "entity.create"),
        ("dataset", "dataset.create", "entity.create"),
        ("entity", "entity.create", "dataset.create"),
        ("read", "entity.read", "entity.create"),
        ("denial", "access.denied", "entity.read"),
        ("form.create", "form.create", "form.update"),
    ],
)
def test_a_word_means_an_action_or_a_group_of_them(word: str, some: str, none: str) -> None:
    actions, but = named(word)
    assert actions is not None
    assert some in actions
    assert none not in actions
    assert but == frozenset()


def test_nonverbose_leaves_out_what_comes_in_great_numbers() -> None:
    assert named("nonverbose") == (None, VERBOSE)
    assert {"submission.create", "entity.create", "submission.read"} <= VERBOSE
    assert "form.submission.export" not in VERBOSE
    assert named("nonsense") == (frozenset({"nonsense"}), frozenset())


def test_what_is_looked_at_is_told_apart_from_what_is_changed() -> None:
    assert {"submission.read", "form.submission.export", "quarantine.read", "dataset.phone.read"} <= READS
    assert {each.name for each in ACTIONS.values() if each.kind is Kind.DENIAL} == {
        "access.denied",
        "form.submission.decrypt.refuse",
        "reveal.refuse",
        "user.security_key.refuse",
        "user.session.refuse",
    }
