"""Every operation that takes something, given what it cannot take: refused with Central's problem, nothing changed.

Who asks may do it, and what is named is there, so that only the input is wrong.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import close
from tests.app.web.idor_table import TABLE, I, Row
from tests.app.web.idor_world import OWN, World, build
from tests.app.web.test_idor_matrix import address
from tests.support.backend import make_backend

# What may be of any kind: a preference, what a browser's security key said, and what is passed over.
ANY_KIND = {"propertyValue", "credential", "enabled"}
# The class of a file is the question's: more is not asked for.
PASSED_OVER = {("POST", f"{I}/attachments/<name>/reveal"): {"classes"}}
JSON_BODIES = [each for each, row in TABLE.items() if row.json and row.reach]
# Bytes of a file are taken as they are; what they hold is refused when it is read.
OTHER_BODIES = [each for each, row in TABLE.items() if row.data is not None and "/attachments/" not in each[1]]
BROKEN = {
    "half a document": b'{"a": ',
    "no object": b'"text"',
    "a list": b"[1, 2]",
    "not text": b"\xff\xfe{}",
    "a number that is none": b'{"a": NaN}',
}
# What no field of any of them is.
NOTHING_LIKE_IT: Any = {"deeper": [{"than": 1.5}]}


@pytest.fixture(scope="module")
def world(sqlite_template: Path) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="sportel-bad-input-") as name:
        shutil.copytree(sqlite_template, Path(name) / "data")
        world = build(make_backend(Path(name) / "data", None))
        yield world
        close(world.backend)


def refusals(world: World, method: str, rule: str, bodies: dict[str, bytes], content_type: str) -> dict[str, Any]:
    """For each body the status and the problem, where it is not a refusal of what was sent; and what was changed."""
    row = TABLE[method, rule]
    path = address(rule, row, world.params[row.kind][OWN])
    wrong, before = {}, everything(world)
    for name, body in bodies.items():
        status, answer = world.ask(asker(row), method, path, data=body, content_type=content_type)
        # A phone's door says it in XML, without a code.
        problem = {"code": status, "message": answer} if b"<OpenRosaResponse" in answer else json.loads(answer)
        assert problem.get("message"), name
        if status not in (400, 413, 415, 422) or int(problem.get("code", 0)) != status:
            wrong[name] = (status, problem)
    if everything(world) != before:
        wrong["what is kept"] = sorted(set(everything(world)) ^ set(before))
    return wrong


def everything(world: World) -> list[str]:
    """All rows of the database but the audit's, which may tell of a refusal."""
    with closing(sqlite3.connect(world.backend.folder / "db" / "sportel.sqlite3")) as database:
        return [line for line in database.iterdump() if not line.startswith('INSERT INTO "audits"')]


def asker(row: Row) -> str:
    """Somebody who is let in."""
    return next(role for role in ("admin", "manager who reads", "phone") if role in row.reach)


@pytest.mark.parametrize(("method", "rule"), JSON_BODIES, ids=[f"{method} {rule}" for method, rule in JSON_BODIES])
def test_what_is_no_json_object_or_has_fields_of_another_kind_is_refused(world: World, method: str, rule: str) -> None:
    given, free = TABLE[method, rule].json, ANY_KIND | PASSED_OVER.get((method, rule), set())
    bodies = BROKEN | {
        f"{name} of another kind": json.dumps(given | {name: NOTHING_LIKE_IT}).encode()
        for name in given
        if name not in free
    }
    assert refusals(world, method, rule, bodies, "application/json") == {}


@pytest.mark.parametrize(("method", "rule"), OTHER_BODIES, ids=[f"{method} {rule}" for method, rule in OTHER_BODIES])
def test_what_is_no_form_and_no_submission_is_refused(world: World, method: str, rule: str) -> None:
    content_type = TABLE[method, rule].content_type
    assert content_type is not None
    bodies = {
        "nothing": b"",
        "not text": b"\xff\xfe\x00\x00",
        "half a document": b"<data id='intake' version='1'><code>",
        "a document of another kind": b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>",
    }
    if rule.endswith("/draft"):
        del bodies["nothing"]  # then the draft is what is published, as at Central
    assert refusals(world, method, rule, bodies, content_type) == {}
