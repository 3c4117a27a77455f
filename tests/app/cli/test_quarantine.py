"""The operator lists, looks at, releases and discards what was kept aside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.db import models
from tests.app.looking import assert_no_orphans, blobs, count, rows
from tests.app.operations.kept import (
    CANARY,
    entry_of,
    listed,
    make_unknown_version,
    make_xml_conflict,
    publish_second,
    ready,
    visit,
    waiting,
    who,
)
from tests.support.backend import Backend


def run(backend: Backend, *arguments: str, input: str | None = None) -> Any:
    return backend.app.test_cli_runner().invoke(args=["sportel", "quarantine", *arguments], input=input)


def run_json(backend: Backend, *arguments: str) -> Any:
    told = run(backend, *arguments, "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_the_list_is_a_table_for_people_and_a_document_for_scripts(backend: Backend) -> None:
    assert run(backend, "list").output == "Nothing is kept aside.\n"
    phone = ready(backend)
    make_unknown_version(backend, phone)
    make_xml_conflict(backend, phone)
    told = run(backend, "list", "--project", "1", "--reason", "unknown-version")
    assert told.exit_code == 0, told.output
    head, *lines = told.output.splitlines()
    assert head.split()[:3] == ["id", "reason", "project"]
    assert len(lines) == 2
    assert all("unknown-version" in line and "uuid:k" in line and "tr-01" in line for line in lines)
    found = run_json(backend, "list", "--form", "visit", "--limit", "1", "--offset", "1")
    assert len(found) == 1
    assert (found[0]["reason"], found[0]["sender"], found[0]["office"]) == ("xml-conflict", "Phone", "tr-01")
    assert CANARY not in told.output + str(found)
    assert run_json(backend, "list", "--released") == []


def test_one_is_shown_with_what_happened_and_what_to_do(backend: Backend) -> None:
    make_unknown_version(backend, ready(backend))
    entry_id = str(entry_of(backend.admin))
    told = run(backend, "show", entry_id)
    assert told.exit_code == 0, told.output
    assert "happened: The form was known, but not the version that was filled." in told.output
    assert "remedy: Publish that version of the form, then release it." in told.output
    assert "releasable: no" in told.output
    assert "sent: xml_form_id visit, version 2, deprecated_id -" in told.output
    assert CANARY not in told.output
    publish_second(backend)
    shown = run_json(backend, "show", entry_id)
    assert (shown["releasable"], shown["obstacle"], len(shown["together"])) == (True, None, 2)


def test_a_release_that_is_refused_ends_with_one_line_and_status_1(backend: Backend) -> None:
    make_unknown_version(backend, ready(backend))
    entry_id = str(entry_of(backend.admin))
    told = run(backend, "release", entry_id)
    assert told.exit_code == 1
    (line,) = told.output.splitlines()
    assert line.startswith("Error: It stays kept aside: the form has no published version of this name; publish it")
    publish_second(backend)
    told = run(backend, "release", entry_id)
    assert (told.exit_code, told.output) == (0, "Released into the submission uuid:k; 1 files with it.\n")
    assert who(backend) == [CANARY, "first"]
    assert waiting(backend) == []
    (line_of_audit,) = rows(backend, models.Audit, models.Audit.action == "quarantine.release")
    assert line_of_audit.actor_id is None  # an operator at the machine
    assert run(backend, "release", entry_id).exit_code == 1


def test_a_conflict_is_released_as_an_edit_when_that_is_said(backend: Backend) -> None:
    make_xml_conflict(backend, ready(backend))
    entry_id = str(entry_of(backend.admin))
    assert "as=edit" in run(backend, "release", entry_id).output
    done = run_json(backend, "release", entry_id, "--as-edit")
    assert (done["instance_id"], done["files"]) == ("uuid:1", 1)
    assert who(backend) == [CANARY]
    assert [each["id"] for each in run_json(backend, "list", "--released")] == [int(entry_id)]


def test_discarding_asks_first_and_wants_a_reason(backend: Backend) -> None:
    make_xml_conflict(backend, ready(backend))
    entry_id = str(entry_of(backend.admin))
    assert run(backend, "discard", entry_id).exit_code == 2
    asked = run(backend, "discard", entry_id, "--reason", "sent twice", input="n\n")
    assert asked.exit_code == 1
    assert "submission.xml of uuid:1 cannot be brought back" in asked.output
    assert count(backend, models.Quarantine) == 2
    told = run(backend, "discard", entry_id, "--reason", "sent twice", "--whole", "--yes")
    assert (told.exit_code, told.output) == (0, "Discarded: 2.\n")
    assert listed(backend.admin) == []
    assert_no_orphans(backend)


@pytest.mark.parametrize("command", ["show", "release", "discard"])
def test_an_unknown_number_is_one_line(backend: Backend, command: str) -> None:
    more = ["--reason", "x", "--yes"] if command == "discard" else []
    told = run(backend, command, "999", *more)
    assert (told.exit_code, told.output) == (1, "Error: Could not find what you were looking for.\n")


def test_a_reason_that_there_is_not_names_those_that_there_are(backend: Backend) -> None:
    told = run(backend, "list", "--reason", "bad")
    assert told.exit_code == 2
    assert "unknown-version" in told.output


def test_a_kept_file_that_is_missing_from_the_storage_is_told_in_one_line(backend: Backend) -> None:
    make_xml_conflict(backend, ready(backend))
    for key in blobs(backend):
        (backend.folder / "blobs" / key[:2] / key).unlink()
    told = run(backend, "release", str(entry_of(backend.admin)), "--as-edit")
    assert told.exit_code == 1
    assert len(told.output.splitlines()) == 1
    assert told.output.startswith("Error: ")


def test_a_senders_file_name_is_shown_as_text(backend: Backend) -> None:
    phone = ready(backend)
    assert phone.send(visit("first"), {"[red]k[/red].jpg": b"x"}).status_code == 201
    assert "[red]k[/red].jpg" in run(backend, "list").output
