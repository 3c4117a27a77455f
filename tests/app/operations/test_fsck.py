"""The check reads everything again and names the row of whatever is not as it was."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select, text, update

from app.clock import now
from app.db import db, models
from app.services.fsck import fsck
from app.services.keys import add_data_key
from app.services.transaction import transaction
from tests.app.operations.places import OTHER, PERSON, fill, run
from tests.support.backend import Backend


def faults(backend: Backend) -> list[tuple[str, str]]:
    with backend.app.app_context():
        return [(fault.kind, fault.place.split(" ")[0]) for fault in fsck().faults]


def test_a_sound_place_has_no_faults_and_everything_was_read(backend: Backend) -> None:
    fill(backend)
    told = run(backend, "fsck", "--json")
    assert told.exit_code == 0
    outcome = json.loads(told.stdout)
    assert outcome["faults"] == []
    # Three visits in four versions, one of them the case; two photos; one XML kept aside.
    assert outcome["counts"] == {
        "submission_versions": 4,
        "submission_attachments": 2,
        "quarantine": 1,
        "entity_versions": 1,
        "comments": 0,
        "encryption_keys": 0,
    }


def damage_blob(backend: Backend) -> None:
    key = db.session.scalars(
        select(models.SubmissionAttachment.blob_key).where(models.SubmissionAttachment.name == "b.jpg")
    ).one()
    path = backend.folder / "blobs" / key[:2] / key
    content = bytearray(path.read_bytes())
    content[100_000] ^= 1
    path.write_bytes(content)


def cut_blob(backend: Backend) -> None:
    key = db.session.scalars(select(models.Quarantine.blob_key)).one()
    path = backend.folder / "blobs" / key[:2] / key
    path.write_bytes(path.read_bytes()[:-1])


def lose_blob(backend: Backend) -> None:
    key = db.session.scalars(
        select(models.SubmissionAttachment.blob_key).where(models.SubmissionAttachment.name == "a.jpg")
    ).one()
    (backend.folder / "blobs" / key[:2] / key).unlink()


def version_named(instance_id: str) -> models.SubmissionVersion:
    return db.session.scalars(
        select(models.SubmissionVersion).where(models.SubmissionVersion.instance_id == instance_id)
    ).one()


def swap_xml(backend: Backend) -> None:
    """A sealed XML put into another row."""
    version_named(PERSON).xml_sealed = version_named(OTHER).xml_sealed


def damage_record(backend: Backend) -> None:
    row = version_named(PERSON)
    assert row.sealed is not None
    row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])


def other_hash(backend: Backend) -> None:
    version_named(PERSON).xml_hmac = b"\x00" * 32


def other_size(backend: Backend) -> None:
    db.session.scalars(
        select(models.SubmissionAttachment).where(models.SubmissionAttachment.name == "a.jpg")
    ).one().size_bytes = 1


def lose_key(backend: Backend) -> None:
    key_id = db.session.scalars(select(models.Quarantine.data_key_id)).one()
    db.session.get_one(models.DataKey, key_id).wrapped = None


def other_wrapping(backend: Backend) -> None:
    key_id = db.session.scalars(select(models.Entity.data_key_id)).one()
    db.session.get_one(models.DataKey, key_id).wrapping_key_id = "deadbeef"


def damage_case(backend: Backend) -> None:
    db.session.scalars(select(models.EntityVersion)).one().sealed = b"\x00" * 64


def write_what_does_not_open(backend: Backend) -> None:
    version = version_named(PERSON)
    db.session.add(models.Comment(submission_id=version.submission_id, body_sealed=b"\x00" * 64, created_at=now()))


def keep_a_key_that_does_not_open(backend: Backend) -> None:
    data_key_id, _ = add_data_key("encryption-key")
    db.session.add(
        models.EncryptionKey(
            project_id=1, public="x", private_sealed=b"\x00" * 64, data_key_id=data_key_id, created_at=now()
        )
    )


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (damage_blob, ("rot", "submission_attachments")),
        (cut_blob, ("rot", "quarantine")),
        (lose_blob, ("dangling", "submission_attachments")),
        (swap_xml, ("broken-seal", "submission_versions")),
        (damage_record, ("broken-seal", "submission_versions")),
        (other_hash, ("other-content", "submission_versions")),
        (other_size, ("other-content", "submission_attachments")),
        (lose_key, ("missing-key", "quarantine")),
        (other_wrapping, ("missing-key", "entity_versions")),
        (damage_case, ("broken-seal", "entity_versions")),
        (write_what_does_not_open, ("broken-seal", "comments")),
        (keep_a_key_that_does_not_open, ("broken-seal", "encryption_keys")),
    ],
)
def test_whatever_was_changed_is_found_and_named(
    backend: Backend, damage: Callable[[Backend], None], expected: tuple[str, str]
) -> None:
    fill(backend)
    with backend.app.app_context(), transaction():
        damage(backend)
    assert faults(backend) == [expected]
    told = run(backend, "fsck")
    assert told.exit_code == 1
    assert f": {expected[0]}: " in told.stdout


def test_pages_are_walked_to_the_end(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.fsck.BATCH", 2)
    fill(backend, visits=7)
    with backend.app.app_context():
        assert fsck().counts["submission_versions"] == 9
        with transaction():
            db.session.execute(update(models.SubmissionVersion).values(xml_hmac=b"\x00" * 32))
    assert len(faults(backend)) == 9


def test_orphans_are_counted_and_are_no_fault(backend: Backend) -> None:
    fill(backend)
    (backend.folder / "blobs" / "aa").mkdir(exist_ok=True)
    (backend.folder / "blobs" / "aa" / ("a" * 40)).write_bytes(b"x")
    told = run(backend, "fsck", "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["orphans"] == 1


def test_without_the_servers_own_key_the_check_refuses_in_one_line(backend: Backend) -> None:
    with backend.app.app_context():
        db.session.execute(text("UPDATE data_keys SET wrapping_key_id = 'deadbeef'"))
        db.session.commit()
    told = run(backend, "fsck")
    assert told.exit_code == 1
    assert "the key file lacks the key deadbeef" in told.stderr
    assert told.stderr.count("\n") == 1
