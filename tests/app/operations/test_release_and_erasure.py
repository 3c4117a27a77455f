"""Erasing a person reaches what was kept aside of them, released or not, and nobody else's."""

from __future__ import annotations

import pytest

from app.db import models
from app.permissions import ANONYMOUS
from app.services.erase_submission import erase_submission, forms_called
from tests.app.looking import assert_no_orphans, rows
from tests.app.operations.kept import (
    AT,
    CANARY,
    assert_no_spare_keys,
    entry_of,
    listed,
    make_file_conflict,
    make_foreign_office,
    make_stale_edit,
    make_unnamed_file,
    make_xml_conflict,
    photo,
    ready,
    release,
    visit,
    waiting,
    who,
)
from tests.support.backend import Backend


def erase(backend: Backend, instance_id: str = "uuid:1") -> int:
    with backend.app.app_context():
        return erase_submission(ANONYMOUS, forms_called(1, "visit")[0], instance_id, "asked for").kept_aside


@pytest.mark.parametrize(
    "make", [make_xml_conflict, make_stale_edit, make_foreign_office, make_unnamed_file, make_file_conflict]
)
def test_what_was_kept_of_an_erased_submission_goes_with_it(backend: Backend, make: object) -> None:
    make(backend, ready(backend))  # type: ignore[operator]
    kept = len(waiting(backend))
    assert erase(backend) == kept > 0
    assert listed(backend.admin) == []
    assert_no_orphans(backend)
    assert not [row for row in rows(backend, models.DataKey, models.DataKey.purpose == "quarantine") if row.wrapped]


def test_edits_of_kept_edits_go_too_and_do_not_come_back(backend: Backend) -> None:
    phone = ready(backend)
    make_stale_edit(backend, phone)
    later = visit(CANARY, instance_id="uuid:later", old="uuid:k")
    assert phone.send(later).status_code == 404
    assert erase(backend) == 3
    for xml in (
        later,
        visit(CANARY, instance_id="uuid:k", old="uuid:1"),
        visit("x", instance_id="uuid:z", old="uuid:k"),
    ):
        assert phone.send(xml).status_code == 409
    assert waiting(backend) == []


def test_an_edit_under_anothers_id_goes_and_the_other_stays(backend: Backend) -> None:
    phone = ready(backend)
    phone.send(visit("other", instance_id="uuid:7"), {"a.jpg": b"of the other"})
    phone.send(visit(CANARY, instance_id="uuid:7", old="uuid:1"))
    assert phone.send(visit("changed", instance_id="uuid:7")).status_code == 409
    assert erase(backend) == 1
    assert who(backend) == ["other"]
    assert photo(backend, "uuid:7") == b"of the other"
    admin = backend.admin
    assert admin.get(f"{AT}/{entry_of(admin)}/content").text == visit("changed", instance_id="uuid:7")
    assert phone.send(visit("other", instance_id="uuid:7")).status_code == 201


@pytest.mark.parametrize("make", [make_xml_conflict, make_stale_edit])
def test_what_became_an_edit_is_erased_with_what_it_was_made_from(backend: Backend, make: object) -> None:
    make(backend, ready(backend))  # type: ignore[operator]
    admin = backend.admin
    assert release(admin, entry_of(admin), edit=True).status_code == 200
    assert erase(backend) == 1
    assert listed(admin, released="true") == []
    assert who(backend) == []
    assert_no_orphans(backend)


def test_an_exchanged_file_is_erased_with_the_submission(backend: Backend) -> None:
    make_file_conflict(backend, ready(backend))
    admin = backend.admin
    assert release(admin, entry_of(admin, "a.jpg")).status_code == 200
    assert_no_spare_keys(backend)
    assert erase(backend) == 1
    assert_no_orphans(backend)
