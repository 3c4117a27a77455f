"""What a POST, PATCH, PUT or DELETE answers, done or refused, shows nobody an answer that is not theirs to read.

Every route that writes is asked by every kind of reader about the own office's records and the other's, with a body that
cannot be used and with one that can; then everything is put back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.queries.audits import Wanted
from app.services.audit_export import export
from tests.app.conftest import MakeBackend
from tests.app.web.canary_world import WHOLE, answers_of, build_canaries, needles, submission
from tests.app.web.idor_table import TABLE
from tests.app.web.idor_world import OTHER, OWN, World
from tests.app.web.test_canaries import LEFT, READS, addresses
from tests.app.web.test_idor_matrix import text_of

WRITES = sorted((method, rule) for method, rule in TABLE if method != "GET")
ASKERS = ("admin", "manager", "viewer", "formfill", "analyst", "phone")
UNUSABLE = b'{"a": '
REVEALED = {"contact", "identifying", "undeclared"}
MOST_ADDRESSES = 6
REVEALERS = {"manager", "viewer"}


def bodies(method: str, rule: str) -> Iterator[dict[str, Any]]:
    """What is sent: first what cannot be used, then what can."""
    row = TABLE[method, rule]
    yield {"data": UNUSABLE, "content_type": row.content_type or "application/json"}
    if rule.endswith("/submissions"):
        # The other office's ID with other answers: what is there must not come back.
        for office in (OWN, OTHER):
            yield {"data": submission(office).replace("</data>", "<more>x</more></data>"), "content_type": "text/xml"}
    else:
        yield {"json": row.json, "data": row.data, "content_type": row.content_type}


def may_read(role: str, rule: str, office: str, sensitivity: str) -> bool:
    if sensitivity in READS[role][office == OTHER]:
        return True
    return rule.endswith("/reveal") and role in REVEALERS and office == OWN and sensitivity in REVEALED


def leaks(world: World, asked: list[tuple[str, str]], undo: Any) -> list[str]:
    """Each canary that came to somebody who may not read it."""
    found = []
    for method, rule in asked:
        every = sorted(set(addresses(world, rule)))
        # Of many files a few, of both offices.
        for path in every[:: max(1, len(every) // MOST_ADDRESSES)]:
            # What stands in an address is known to who asks.
            known = {word for office in (OWN, OTHER) for words in needles(office).values() for word in words} & set(
                re.findall(r"[\w-]+", path)
            )
            for role in ASKERS:
                for body in bodies(method, rule):
                    status, answer = world.ask(role, method, path + TABLE[method, rule].query, **body)
                    text = text_of(answer)
                    for office in (OWN, OTHER):
                        for sensitivity, words in needles(office).items():
                            if not may_read(role, rule, office, sensitivity):
                                left = LEFT if role == "analyst" else set()
                                there = sorted(word for word in set(words) - known - left if word in text)
                                found += [f"{role}, {method} {path}: {word} ({sensitivity})" for word in there]
                    if status < 400:
                        undo()
    return found


@pytest.fixture
def world(make_lite: MakeBackend) -> World:
    return build_canaries(make_lite(log_format="json"))


def test_no_answer_leaves_by_what_a_write_is_told(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    world.keep(tmp_path / "kept")
    assert leaks(world, WRITES, lambda: world.restore(tmp_path / "kept")) == []
    logged = "".join(capfd.readouterr())
    with world.backend.app.app_context():
        exported = "\n".join(str(each) for each in export(Wanted()))
    everything = [word for office in (OWN, OTHER) for words in needles(office).values() for word in words]
    assert [word for word in everything if word in logged or word in exported] == []


def test_a_reveal_shows_what_it_is_for_and_nothing_else(world: World) -> None:
    at = f"/v1/projects/1/forms/canaries/submissions/uuid:c-{OWN}/reveal"
    status, body = world.ask("viewer", "POST", at, json={"reason": "for the test", "classes": ["contact"]})
    assert status == 200
    text = text_of(body)
    assert answers_of("contact")["t"] in text
    hidden = [each for each in needles() if each not in READS["viewer"][0] | {"contact", WHOLE}]
    assert [word for each in hidden for word in needles()[each] if word in text] == []


@pytest.mark.parametrize(
    "rule", [rule for method, rule in WRITES if method == "POST" and rule.endswith("/submissions")]
)
def test_an_answer_that_tells_too_much_would_be_found(world: World, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    ask = World.ask

    def careless(self: World, role: str, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        status, answer = ask(self, role, method, path, **options)
        return status, answer + answers_of("identifying", OTHER)["t"].encode()

    monkeypatch.setattr(World, "ask", careless)
    assert any(each.startswith("viewer, POST") for each in leaks(world, [("POST", rule)], lambda: None))
