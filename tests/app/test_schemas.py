"""A form version is read once: when its draft is checked, or when somebody first asks for it."""

from __future__ import annotations

import pytest

from app.db import db, models
from app.services import schemas
from forms.schema import FormSchema, read_schema
from tests.app.shown_forms import simple
from tests.support.backend import Backend


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The XForms that are read from the database from now on."""
    found: list[bytes] = []

    def note(xform: bytes) -> FormSchema:
        found.append(xform)
        return read_schema(xform)

    monkeypatch.setattr(schemas, "read_schema", note)
    return found


def schema(backend: Backend, xml_form_id: str) -> FormSchema:
    with backend.app.app_context():
        version = db.session.scalars(
            db.select(models.FormVersion)
            .join(models.Form, models.Form.id == models.FormVersion.form_id)
            .where(models.Form.xml_form_id == xml_form_id)
        ).one()
        return schemas.schema_of(version.id, version.sha256)


def test_what_was_read_to_check_a_draft_is_not_read_again_to_publish_it(lite: Backend, read: list[bytes]) -> None:
    lite.admin.publish(simple("read-once"))
    assert schema(lite, "read-once").xml_form_id == "read-once"
    assert read == []


def test_what_was_checked_longer_ago_is_read_from_the_database_once(lite: Backend, read: list[bytes]) -> None:
    lite.admin.publish(simple("first"))
    before = schema(lite, "first")
    schemas._remembered.cache_clear()
    for number in range(schemas._MOST_JUST_READ):
        lite.admin.publish(simple(f"later-{number}"))
    assert [schema(lite, "first") for _ in range(3)] == [before] * 3
    assert len(read) == 1
