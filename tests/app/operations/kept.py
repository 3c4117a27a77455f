"""Ways into the quarantine and what comes of them: one sender for each reason, and short-hands to look."""

from __future__ import annotations

from typing import Any

from app.db import models
from tests.app.looking import rows
from tests.app.shown_forms import VISIT, simple
from tests.support.backend import AppUser, Backend, Person, instance

CANARY = "Drita-Kanarina-4711"
AT = "/projects/1/quarantine"
SUBMISSIONS = "/projects/1/forms/visit/submissions"


def visit(who: str, *, instance_id: str = "uuid:1", old: str | None = None, pic: str = "a.jpg", **more: str) -> str:
    """A visit's XML; an edit if it names the version that it replaces."""
    meta = f"<orx:deprecatedID>{old}</orx:deprecatedID>" if old is not None else ""
    return instance(
        "visit", f"<who>{who}</who><age>30</age><pic>{pic}</pic>", instance_id=instance_id, meta=meta, **more
    )


def ready(backend: Backend) -> AppUser:
    """The form, a phone of the office tr-01, and one submission of it with its photo."""
    backend.admin.publish(VISIT)
    phone = backend.phone(office=backend.office("tr-01"))
    assert phone.send(visit("first"), {"a.jpg": b"first photo"}).status_code == 201
    return phone


def make_unknown_form(backend: Backend, phone: AppUser) -> None:
    xml = instance("later", f"<who>{CANARY}</who>", instance_id="uuid:k")
    assert phone.send(xml, {"k.jpg": CANARY.encode()}).status_code == 404


def make_unknown_version(backend: Backend, phone: AppUser) -> None:
    assert phone.send(visit(CANARY, instance_id="uuid:k", version="2"), {"a.jpg": b"kept photo"}).status_code == 404


def make_form_closed(backend: Backend, phone: AppUser) -> None:
    backend.admin.patch("/projects/1/forms/visit", json={"state": "closed"})
    assert phone.send(visit(CANARY, instance_id="uuid:k"), {"a.jpg": b"kept photo"}).status_code == 409


def make_unknown_original(backend: Backend, phone: AppUser) -> None:
    assert phone.send(visit(CANARY, instance_id="uuid:k", old="uuid:0"), {"a.jpg": b"kept photo"}).status_code == 404


def make_foreign_office(backend: Backend, phone: AppUser) -> None:
    other = backend.phone(office=backend.office("vl-02"))
    assert other.send(visit(CANARY, instance_id="uuid:k", old="uuid:1"), {"a.jpg": b"kept photo"}).status_code == 404


def make_xml_conflict(backend: Backend, phone: AppUser) -> None:
    assert phone.send(visit(CANARY), {"a.jpg": b"kept photo"}).status_code == 409


def make_stale_edit(backend: Backend, phone: AppUser) -> None:
    assert phone.send(visit("second", instance_id="uuid:2", old="uuid:1")).status_code == 201
    assert phone.send(visit(CANARY, instance_id="uuid:k", old="uuid:1"), {"a.jpg": b"kept photo"}).status_code == 409


def make_unnamed_file(backend: Backend, phone: AppUser) -> None:
    assert phone.send(visit("first"), {"k.jpg": CANARY.encode()}).status_code == 201


def make_file_conflict(backend: Backend, phone: AppUser) -> None:
    assert phone.send(visit("first"), {"a.jpg": CANARY.encode()}).status_code == 409


def make_submission_deleted(backend: Backend, phone: AppUser) -> None:
    set_deleted(backend, True)
    assert phone.send(visit("first"), {"a.jpg": CANARY.encode()}).status_code == 409


WAYS = {
    "unknown-form": make_unknown_form,
    "unknown-version": make_unknown_version,
    "form-closed": make_form_closed,
    "unknown-original": make_unknown_original,
    "foreign-office": make_foreign_office,
    "xml-conflict": make_xml_conflict,
    "stale-edit": make_stale_edit,
    "unnamed-file": make_unnamed_file,
    "file-conflict": make_file_conflict,
    "submission-deleted": make_submission_deleted,
}


def set_deleted(backend: Backend, deleted: bool) -> None:
    """Delete or restore every submission, as a door to come will."""
    from app.clock import now

    with backend.database() as session:
        session.query(models.Submission).update({"deleted_at": now() if deleted else None})
        session.commit()


def publish_later(backend: Backend) -> None:
    """The form that `make_unknown_form` was for."""
    backend.admin.publish(simple("later"))


def publish_second(backend: Backend) -> None:
    """The version that `make_unknown_version` was for."""
    backend.admin.publish_version("visit", VISIT.replace("| 1       |", "| 2       |"))


def listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = person.get(AT, query_string=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json
    return found


def entry_of(person: Person, name: str = "submission.xml") -> int:
    """The number of the one entry with this name."""
    (found,) = [each["id"] for each in listed(person) if each["name"] == name]
    return int(found)


def release(person: Person, entry_id: int, *, edit: bool = False) -> Any:
    return person.post(f"{AT}/{entry_id}/release{'?as=edit' if edit else ''}")


def who(backend: Backend, form: str = "visit") -> list[str]:
    """The answers to the first question, sorted."""
    return sorted(row["who"] for row in backend.admin.rows(form))


def photo(backend: Backend, instance_id: str = "uuid:1", name: str = "a.jpg") -> bytes:
    content: bytes = backend.admin.get(f"{SUBMISSIONS}/{instance_id}/attachments/{name}").data
    return content


def waiting(backend: Backend) -> list[tuple[str, str | None]]:
    """What waits in the quarantine: reason and name; sorted."""
    kept = rows(backend, models.Quarantine, models.Quarantine.released_at.is_(None))
    return sorted((row.reason, row.name) for row in kept)


def assert_no_spare_keys(backend: Backend) -> None:
    """Every kept row has its key, and there is none besides."""
    keys = {row.id for row in rows(backend, models.DataKey, models.DataKey.purpose == "quarantine")}
    assert keys == {row.data_key_id for row in rows(backend, models.Quarantine)}
