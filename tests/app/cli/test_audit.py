"""`flask sportel audit …`: what people and scripts are told, and how it ends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db import models
from app.services.audit_heads import heads_paths
from tests.app.looking import rows
from tests.app.operations.places import run
from tests.app.operations.test_audit_chain import at, seal, tamper, write
from tests.support.backend import Backend


@pytest.fixture
def sealed(backend: Backend) -> Backend:
    """Five sealed lines; the first is the project's."""
    write(backend, 4)
    seal(backend)
    return backend


def test_an_intact_log_is_said_to_be_so(sealed: Backend) -> None:
    told = run(sealed, "audit", "verify")
    assert told.exit_code == 0, told.output
    first, head, unsealed = told.output.splitlines()
    assert first == "Intact: 5 lines, held against 1 kept heads."
    assert head.startswith("Head: 5:")
    assert unsealed == "Not sealed yet: 0"
    assert run(sealed, "audit", "verify", "--head", head.removeprefix("Head: ")).exit_code == 0


def test_the_first_bad_line_is_named_to_people_and_to_scripts(sealed: Backend) -> None:
    line = rows(sealed, models.Audit, models.Audit.position == 3)[0].id
    tamper(sealed, at(3).values(action="form.delete"))
    told = run(sealed, "audit", "verify")
    assert told.exit_code == 3
    assert told.output.splitlines()[:2] == [
        f"Not intact. Changed: line {line} at place 3 is not as written.",
        "Up to place 2 every line is as it was written.",
    ]
    document = run(sealed, "audit", "verify", "--json")
    assert document.exit_code == 3
    found = json.loads(document.stdout)
    assert (found["intact"], found["sealed"]) == (False, 2)
    assert (found["fault"]["kind"], found["fault"]["position"], found["fault"]["line"]) == ("changed", 3, line)


def test_a_head_from_the_log_that_the_chain_does_not_hold_is_told(sealed: Backend) -> None:
    head = json.loads(run(sealed, "audit", "verify", "--json").stdout)["head"]
    told = run(sealed, "audit", "verify", "--head", head.replace("5:", "9:"))
    assert told.exit_code == 3
    assert "Cut off: the chain ends at place 5, and the head given names place 9." in told.output
    assert run(sealed, "audit", "verify", "--head", head.replace("5:", "4:")).exit_code == 3
    assert run(sealed, "audit", "verify", "--head", "nonsense").exit_code == 2


def test_lines_that_wait_for_long_are_told_with_a_status_of_their_own(sealed: Backend) -> None:
    write(sealed, 1)
    assert run(sealed, "audit", "verify").exit_code == 0
    with sealed.database() as session:
        session.add(models.Audit(action="submission.read", details={}, logged_at=now() - timedelta(minutes=11)))
        session.commit()
    told = run(sealed, "audit", "verify")
    assert told.exit_code == 4
    assert "Not sealed yet: 2" in told.output
    assert "no worker is running" in told.output


def test_a_file_of_heads_that_is_none_is_one_line(sealed: Backend) -> None:
    heads_paths(sealed.app.extensions["sportel"].settings)[0].write_text("nonsense\n")
    told = run(sealed, "audit", "verify")
    assert told.exit_code == 1
    assert "audit.heads has a line that is no head" in told.output
    assert len(told.output.splitlines()) == 1


def exported(backend: Backend, *options: str) -> list[dict[str, Any]]:
    told = run(backend, "audit", "export", *options)
    assert told.exit_code == 0, told.output
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_the_export_has_every_column_of_every_line(sealed: Backend) -> None:
    backend = sealed
    admin = backend.admin
    admin.post("/projects", json={"name": "Another"})
    lines = exported(backend)
    assert [line["id"] for line in lines] == [row.id for row in rows(backend, models.Audit)]
    first, last = lines[0], lines[-1]
    assert set(first) == {
        "id",
        "loggedAt",
        "actorId",
        "officeId",
        "action",
        "projectId",
        "formId",
        "submissionId",
        "entityId",
        "details",
        "position",
        "previousHash",
        "hash",
    }
    assert (first["position"], first["previousHash"], len(first["hash"])) == (1, "A" * 43, 43)
    assert lines[1]["previousHash"] == first["hash"]
    assert (last["actorId"], last["action"], last["position"], last["hash"]) == (
        admin.actor_id,
        "project.create",
        None,
        None,
    )


def test_the_export_is_cut_by_moment_actor_and_action(sealed: Backend) -> None:
    admin = sealed.admin
    admin.post("/projects", json={"name": "Another"})
    everything = exported(sealed)
    assert exported(sealed, "--actor", str(admin.actor_id)) == everything[-1:]
    assert len(exported(sealed, "--action", "read")) == 4
    assert [line["action"] for line in exported(sealed, "--action", "nonverbose")] == ["project.create"] * 2
    assert exported(sealed, "--until", "2020-01-31") == []
    assert exported(sealed, "--since", "2020-01-31T00:00:00Z") == everything
    assert run(sealed, "audit", "export", "--since", "yesterday").exit_code == 2
