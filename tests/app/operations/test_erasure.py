"""A person is erased: from the rows, the files, the pages of the database, and for the phones that send again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from app.db import db, models
from app.db.prepared import Prepared
from app.db.queries.forms import forms_called
from app.permissions import ANONYMOUS
from app.problems import Problem
from app.services import erasure_ledger as ledger
from app.services import receive_submission as intake
from app.services.erase_submission import Erased, LeftEntity, erase_submission
from app.services.erasure_ledger import is_erased, ledger_path, read_lines, write_missing_lines
from app.services.fsck import fsck
from app.services.transaction import transaction
from tests.app.looking import actions, assert_no_orphans, blobs, count, rows
from tests.app.operations.places import CANARY, CASE, OTHER, PERSON, fill, run, send
from tests.app.shown_forms import FOLLOW_UP, entity, simple
from tests.support.backend import Backend, instance

REASON = "asked by the person, letter of 2026-05-01"


def erase(backend: Backend, instance_id: str, form: str = "visit", reason: str = REASON) -> Erased:
    with backend.app.app_context():
        return erase_submission(ANONYMOUS, forms_called(1, form)[0], instance_id, reason)


def erased(backend: Backend, instance_id: str, form: str = "visit") -> bool:
    with backend.app.app_context():
        return is_erased(forms_called(1, form)[0].id, instance_id)


def ledger_file(backend: Backend) -> Path:
    return ledger_path(backend.app.extensions["sportel"].settings)


def test_nothing_of_an_erased_submission_opens_and_its_files_are_gone(backend: Backend) -> None:
    fill(backend)
    before = blobs(backend)
    done = erase(backend, PERSON)
    assert (done.versions, done.files, done.kept_aside, done.entities) == (1, 1, 0, ())
    (submission,) = rows(backend, models.Submission, models.Submission.instance_id == PERSON)
    (version,) = rows(backend, models.SubmissionVersion, models.SubmissionVersion.submission_id == submission.id)
    (key,) = rows(backend, models.DataKey, models.DataKey.id == submission.data_key_id)
    assert (key.wrapped, key.destroyed_at is not None) == (None, True)
    assert (version.clear, version.sealed, version.findings, version.xml_hmac) == ({}, None, [], b"")
    with backend.database() as session:
        assert (
            session.scalar(select(models.SubmissionVersion.xml_sealed).where(models.SubmissionVersion.id == version.id))
            == b""
        )
    assert (
        count(backend, models.SubmissionAttachment, models.SubmissionAttachment.submission_version_id == version.id)
        == 0
    )
    assert len(before - blobs(backend)) == 1
    assert_no_orphans(backend)
    assert CANARY not in str(backend.admin.rows("visit"))
    with backend.app.app_context():
        assert fsck().sound
    assert len(backend.admin.rows("visit")) == 1


def test_a_phone_that_sends_it_again_is_refused_and_nothing_of_it_is_stored(backend: Backend) -> None:
    phone = fill(backend)
    erase(backend, PERSON)
    before, kept = blobs(backend), count(backend, models.Quarantine)
    files = {"a.jpg": b"photo of " + CANARY.encode()}
    assert send(phone, PERSON, f"<who>{CANARY}</who><age>30</age><pic>a.jpg</pic>", files) == 409
    edit = instance("visit", "<who>New</who>", meta=f"<orx:deprecatedID>{PERSON}</orx:deprecatedID>")
    assert phone.send(edit, files).status_code == 409
    assert (blobs(backend), count(backend, models.Quarantine)) == (before, kept)


def test_all_versions_go_by_the_name_of_any_of_them(backend: Backend) -> None:
    fill(backend)
    assert erase(backend, "uuid:edit").versions == 2
    assert erased(backend, OTHER)
    assert erased(backend, "uuid:edit")
    assert not erased(backend, PERSON)


def test_what_was_kept_aside_of_it_goes_too_and_what_is_anothers_stays(backend: Backend) -> None:
    phone = fill(backend)
    # Another XML under the same ID, another photo under the same name, a photo that the XML does not name.
    assert send(phone, PERSON, "<who>Changed</who>") == 409
    phone.send(
        instance("visit", f"<who>{CANARY}</who><age>30</age><pic>a.jpg</pic>", instance_id=PERSON),
        {"a.jpg": b"other", "z.jpg": b"unnamed"},
    )
    assert count(backend, models.Quarantine) == 4
    done = erase(backend, PERSON)
    assert done.kept_aside == 3
    assert [row.instance_id for row in rows(backend, models.Quarantine)] == ["uuid:held"]
    assert count(backend, models.DataKey, models.DataKey.destroyed_at.is_not(None)) == 4
    assert_no_orphans(backend)


def test_what_never_became_a_submission_is_erased_by_its_instance_id_too(backend: Backend) -> None:
    phone = fill(backend)
    assert erase(backend, "uuid:held").kept_aside == 1
    phone.send(instance("nowhere", "<who>X</who>", instance_id="uuid:lost"))
    assert count(backend, models.Quarantine) == 1
    backend.admin.publish(simple("nowhere"))
    assert erase(backend, "uuid:lost", form="nowhere").kept_aside == 1
    assert erased(backend, "uuid:lost", form="nowhere")
    assert_no_orphans(backend)


def test_the_cases_that_it_made_are_listed_and_left(backend: Backend) -> None:
    phone = fill(backend)
    backend.admin.publish(FOLLOW_UP)
    update = entity(f'id="{CASE}" update="1" baseVersion="1"')
    assert (
        phone.send(
            instance("follow_up", f"<case>{CASE}</case><code>C2</code>", meta=update, instance_id="uuid:f")
        ).status_code
        == 201
    )
    assert erase(backend, "uuid:f", form="follow_up").entities == (LeftEntity("cases", CASE, False),)
    assert erase(backend, "uuid:case", form="intake").entities == (LeftEntity("cases", CASE, False),)
    assert count(backend, models.Entity) == 1


def test_a_case_that_nothing_else_speaks_of_is_told_as_such(backend: Backend) -> None:
    fill(backend)
    assert erase(backend, "uuid:case", form="intake").entities == (LeftEntity("cases", CASE, True),)


def test_erasing_again_does_no_harm_and_something_unknown_is_not_found(backend: Backend) -> None:
    fill(backend)
    erase(backend, PERSON)
    assert erase(backend, PERSON).files == 0
    assert count(backend, models.Erasure) == 1
    with pytest.raises(Problem) as refused:
        erase(backend, "uuid:never")
    assert refused.value.code == 404.1
    assert count(backend, models.Erasure) == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 256, "two\nlines"])
def test_a_reason_is_one_line(lite: Backend, reason: str) -> None:
    fill(lite)
    with pytest.raises(Problem) as refused:
        erase(lite, PERSON, reason=reason)
    assert refused.value.code == 400.8
    assert not erased(lite, PERSON)


def test_the_ledger_is_rows_and_lines_without_the_instance_id(backend: Backend) -> None:
    fill(backend)
    erase(backend, "uuid:edit")
    table = rows(backend, models.Erasure)
    assert [(row.reason, row.actor_id) for row in table] == [(REASON, None)] * 2
    assert [(line.item_hash, line.reason) for line in read_lines(ledger_file(backend))] == [
        (row.item_hash, REASON) for row in table
    ]
    text = ledger_file(backend).read_text()
    assert "uuid:edit" not in text
    assert OTHER not in text
    assert ledger_file(backend).stat().st_mode & 0o077 == 0
    assert actions(backend, "submission.erase") == ["submission.erase"]


def test_without_its_ledger_nothing_is_erased_and_the_remedy_is_told(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(backend)
    # As a service manager hands a key in: its folder takes no other file.
    monkeypatch.setattr(ledger, "ledger_path", lambda _: Path("/proc/sportel/erasures.ledger"))
    with pytest.raises(Problem, match="SPORTEL_KEY_FILE") as refused:
        erase(backend, PERSON)
    assert refused.value.status == 503
    monkeypatch.undo()
    assert not erased(backend, PERSON)
    assert erase(backend, PERSON).versions > 0


def test_whether_something_is_erased_costs_one_query(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(backend)
    erase(backend, PERSON)
    with backend.app.app_context():
        form = forms_called(1, "visit")[0]
        is_erased(form.id, OTHER)
        asked: list[Prepared] = []
        rows = Prepared.rows
        monkeypatch.setattr(Prepared, "rows", lambda self, given: asked.append(self) or rows(self, given))
        event.listen(db.engine, "before_cursor_execute", lambda *arguments: pytest.fail(arguments[2]))
        assert is_erased(form.id, PERSON)
        assert not is_erased(form.id, OTHER)
        assert len(asked) == 2


def test_a_form_that_is_made_anew_does_not_forget(backend: Backend) -> None:
    fill(backend)
    erase(backend, PERSON)
    admin = backend.admin
    assert admin.delete("/projects/1/forms/visit").status_code == 200
    admin.publish(simple("visit"))
    assert erased(backend, PERSON)
    # And a submission of the form that was deleted can still be erased.
    assert erase(backend, OTHER).versions == 2


def test_an_erasure_that_cannot_be_written_down_is_not_done(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(backend)
    before = blobs(backend)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger, "append_lines", full)
    with pytest.raises(Problem, match="No space"):
        erase(backend, PERSON)
    assert not erased(backend, PERSON)
    assert blobs(backend) == before
    with backend.app.app_context():
        assert fsck().sound


def test_a_lost_ledger_file_is_written_again_from_the_rows_and_lines_are_not_doubled(backend: Backend) -> None:
    fill(backend)
    erase(backend, PERSON)
    content = ledger_file(backend).read_text()
    for damage in ("", content[:50], content):
        ledger_file(backend).write_text(damage)
        with backend.app.app_context():
            write_missing_lines(backend.app.extensions["sportel"].settings)
        assert [line.reason for line in read_lines(ledger_file(backend))] == [REASON]


def test_the_wrapped_key_is_not_left_in_the_pages_of_the_embedded_database(lite: Backend) -> None:
    fill(lite)
    with lite.app.app_context():
        key_id = db.session.scalars(
            select(models.Submission.data_key_id).where(models.Submission.instance_id == PERSON)
        ).one()
        wrapped = db.session.get_one(models.DataKey, key_id).wrapped
        db.session.rollback()
    assert wrapped is not None

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in (lite.folder / "db").iterdir())

    assert wrapped in on_disk()
    erase(lite, PERSON)
    assert wrapped not in on_disk()


def test_an_erasure_and_a_sender_at_the_same_time_leave_nothing_that_opens(backend: Backend) -> None:
    """The sender waits for the row, and finds a submission that is no more."""
    phone = fill(backend)
    erase(backend, PERSON)
    answer = phone.send(
        instance("visit", f"<who>{CANARY}</who><age>30</age><pic>a.jpg</pic>", instance_id=PERSON), {"a.jpg": b"x"}
    )
    assert answer.status_code in (404, 409)
    (submission,) = rows(backend, models.Submission, models.Submission.instance_id == PERSON)
    assert submission.deleted_at is not None
    with backend.app.app_context():
        with transaction():
            assert db.session.get_one(models.DataKey, submission.data_key_id).wrapped is None
        assert fsck().sound


def test_what_is_erased_at_the_moment_it_is_refused_is_not_kept_aside(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, keep = fill(backend), intake._keep_all
    before = count(backend, models.Quarantine)

    def erased_first(*arguments: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(erase, backend, PERSON).result()
        keep(*arguments)

    monkeypatch.setattr(intake, "_keep_all", erased_first)
    assert send(phone, PERSON, "<who>Changed</who>") == 409
    assert count(backend, models.Quarantine) == before
    assert_no_orphans(backend)


def test_the_command_asks_first_and_tells_what_is_left(backend: Backend) -> None:
    fill(backend)
    arguments = ("erase", "uuid:case", "--project", "1", "--form", "intake", "--reason", REASON)
    stopped = run(backend, *arguments, input="n\n")
    assert stopped.exit_code == 1
    assert not erased(backend, "uuid:case", form="intake")
    told = run(backend, *arguments, "--yes")
    assert told.exit_code == 0
    assert f"cases {CASE} (made only by this submission)" in told.stdout
    told = run(backend, *arguments, "--yes", "--json")
    assert json.loads(told.stdout)["versions"] == 1
    missing = run(backend, "erase", "uuid:never", "--project", "1", "--form", "intake", "--reason", REASON, "--yes")
    assert missing.exit_code == 1
    assert missing.stderr.count("\n") == 1
    assert (
        "there is no form nosuch"
        in run(backend, "erase", "x", "--project", "1", "--form", "nosuch", "--reason", REASON).stderr
    )
