"""A release that is cut off, repeated or done by two at once ends as one that went well."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from app.db import models
from app.services import quarantine, quarantine_discard, quarantine_files, release_quarantine
from tests.app.looking import actions, assert_no_orphans, count, rows
from tests.app.operations.kept import (
    AT,
    CANARY,
    WAYS,
    assert_no_spare_keys,
    listed,
    photo,
    publish_later,
    publish_second,
    ready,
    release,
    set_deleted,
    visit,
    waiting,
    who,
)
from tests.support.backend import AppUser, Backend

# What must be done so that what is kept for the reason can be released; and is it released as an edit?
PREPARE: dict[str, Callable[[Backend, AppUser], object]] = {
    "unknown-form": lambda backend, phone: publish_later(backend),
    "unknown-version": lambda backend, phone: publish_second(backend),
    "unknown-original": lambda backend, phone: phone.send(visit("original", instance_id="uuid:0")),
    "unnamed-file": lambda backend, phone: phone.send(visit("first", instance_id="uuid:2", old="uuid:1", pic="k.jpg")),
    "submission-deleted": lambda backend, phone: set_deleted(backend, False),
}
EDITS = {"xml-conflict", "stale-edit"}
FILES = {"unnamed-file", "file-conflict"}
ENDS = ("quarantine.discard", "quarantine.release")


class Killed(BaseException):
    """The process is gone."""


def prepared(backend: Backend, reason: str) -> int:
    """Something kept for the reason that can be released; the number of its XML, or of the file."""
    phone = ready(backend)
    WAYS[reason](backend, phone)
    PREPARE.get(reason, lambda *_: None)(backend, phone)
    entries = listed(backend.admin)
    return int(next((each["id"] for each in entries if each["name"] == "submission.xml"), entries[0]["id"]))


def state(backend: Backend) -> tuple[object, ...]:
    """What a release can change, but for the moments."""
    form = "later" if backend.admin.get("/projects/1/forms/later").status_code == 200 else "visit"
    return (
        who(backend, form),
        photo(backend),
        waiting(backend),
        count(backend, models.SubmissionVersion),
        sorted(each for each in actions(backend, "submission") if not each.endswith(".read")),
        count(backend, models.SubmissionAttachment, models.SubmissionAttachment.blob_key.is_not(None)),
    )


@pytest.mark.parametrize("reason", sorted(WAYS))
def test_a_release_that_is_killed_before_the_kept_rows_are_gone_is_done_by_the_next(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    entry_id = prepared(backend, reason)
    admin = backend.admin
    before = waiting(backend)

    def kill(_: object) -> list[str]:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(quarantine_files if reason in FILES else release_quarantine, "take_out", kill)
        with pytest.raises(Killed):
            release(admin, entry_id, edit=reason in EDITS)
    assert [each for each in before if each not in waiting(backend)] == []  # all of it is kept still
    assert release(admin, entry_id, edit=reason in EDITS).status_code == 200
    assert actions(backend, "quarantine.release") == ["quarantine.release"]
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
    ended = state(backend)
    again = release(admin, entry_id, edit=reason in EDITS)
    assert again.status_code == (200 if reason in EDITS else 404)
    assert state(backend) == ended


@pytest.mark.parametrize("reason", ["unknown-version", "xml-conflict", "file-conflict"])
def test_two_who_release_the_same_at_once_end_as_one(backend: Backend, reason: str) -> None:
    entry_id = prepared(backend, reason)
    people = [backend.admin for _ in range(4)]
    barrier = Barrier(len(people))

    def go(person: object) -> int:
        barrier.wait()
        status: int = release(person, entry_id, edit=reason in EDITS).status_code  # type: ignore[arg-type]
        return status

    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(go, people))
    assert set(answers) <= {200, 404} and 200 in answers, answers
    assert actions(backend, "quarantine.release") == ["quarantine.release"]
    assert count(backend, models.SubmissionVersion) == (1 if reason == "file-conflict" else 2)
    assert waiting(backend) == ([("file-conflict", "a.jpg")] if reason == "file-conflict" else [])
    assert photo(backend) in {"file-conflict": (CANARY.encode(),)}.get(reason, (b"first photo", b"kept photo"))
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)


def test_who_is_overtaken_by_another_release_as_an_edit_hears_where_it_went(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_id = prepared(backend, "xml-conflict")
    copies, others = release_quarantine._copies, [backend.admin]

    def late(files: Any) -> Any:
        if others:
            assert release(others.pop(), entry_id, edit=True).status_code == 200
        return copies(files)

    monkeypatch.setattr(release_quarantine, "_copies", late)
    answer = release(backend.admin, entry_id, edit=True)
    assert (answer.status_code, answer.json["files"]) == (200, 0)
    assert actions(backend, "quarantine.release") == ["quarantine.release"]


def test_a_phone_that_sends_it_again_at_the_same_moment_changes_nothing(backend: Backend) -> None:
    phone = ready(backend)
    WAYS["unknown-version"](backend, phone)
    publish_second(backend)
    admin = backend.admin
    entry_id = next(each["id"] for each in listed(admin) if each["name"] == "submission.xml")
    sent = visit(CANARY, instance_id="uuid:k", version="2")
    calls = [
        lambda: release(admin, entry_id).status_code,
        *[lambda: phone.send(sent, {"a.jpg": b"kept photo"}).status_code] * 3,
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        assert list(pool.map(lambda call: call(), calls)) == [200, 201, 201, 201]
    assert who(backend) == [CANARY, "first"]
    assert waiting(backend) == []
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)


def test_who_discards_while_another_releases_leaves_nothing_half_done(backend: Backend) -> None:
    entry_id = prepared(backend, "unknown-version")
    one, other = backend.admin, backend.admin
    calls = [
        lambda: release(one, entry_id).status_code,
        lambda: other.delete(f"{AT}/{entry_id}", json={"reason": "a test", "whole": True}).status_code,
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = list(pool.map(lambda call: call(), calls))
    assert set(answers) <= {200, 404} and 200 in answers, answers
    assert waiting(backend) == []
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)


def test_a_discard_that_overtakes_a_release_leaves_a_line_of_each(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_id = prepared(backend, "unknown-version")
    both = sorted(each["id"] for each in listed(backend.admin))
    one, other = backend.admin, backend.admin
    take_in = release_quarantine.receive_submission

    def discard() -> int:
        return other.delete(f"{AT}/{entry_id}", json={"reason": "a test", "whole": True}).status_code

    def overtaken(*arguments: Any, **options: Any) -> Any:
        taken = take_in(*arguments, **options)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(discard).result() == 200
        return taken

    monkeypatch.setattr(release_quarantine, "receive_submission", overtaken)
    assert release(one, entry_id).status_code == 200
    discarded, released = rows(backend, models.Audit, models.Audit.action.in_(ENDS))
    assert (discarded.action, discarded.details["entries"]) == ("quarantine.discard", both)
    assert (released.action, released.details["entries"]) == ("quarantine.release", both)
    assert who(backend) == [CANARY, "first"]
    assert_no_orphans(backend)


def test_a_discard_has_on_record_what_it_discarded_and_not_what_somebody_else_took(
    lite: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_id = prepared(lite, "unknown-version")
    look = quarantine_discard.queries.sent_together

    def and_one_goes(kept: Any) -> Any:
        found = look(kept)
        quarantine.take_out([each.id for each in found if each.id != entry_id])
        return found

    monkeypatch.setattr(quarantine_discard.queries, "sent_together", and_one_goes)
    assert lite.admin.delete(f"{AT}/{entry_id}", json={"reason": "a test", "whole": True}).status_code == 200
    (line,) = rows(lite, models.Audit, models.Audit.action.in_(ENDS))
    assert line.details["entries"] == [entry_id]


def test_a_release_as_an_edit_goes_on_top_of_one_that_comes_at_the_same_moment(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = ready(backend)
    WAYS["xml-conflict"](backend, phone)
    admin = backend.admin
    entry_id = next(each["id"] for each in listed(admin) if each["name"] == "submission.xml")
    rivals = iter([visit("rival", instance_id="uuid:r", old="uuid:1")])
    real = release_quarantine.as_edit

    def made_and_overtaken(xml: bytes, **ids: str) -> bytes:
        made = real(xml, **ids)
        for rival in rivals:
            with backend.app.app_context():
                assert phone.send(rival).status_code == 201
        return made

    monkeypatch.setattr(release_quarantine, "as_edit", made_and_overtaken)
    assert release(admin, entry_id, edit=True).status_code == 200
    assert who(backend) == [CANARY]
    assert count(backend, models.SubmissionVersion) == 3
    assert waiting(backend) == []
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
