"""How does a project begin to have its submissions encrypted on phones, and which forms are?

The server makes a key pair; its private half lies sealed under a passphrase that the server does not keep, and under a
key of ours besides. Every form gets a new version that carries the public half, at once; from then on every draft does.
It cannot be taken back: who has the passphrase decrypts when exporting. A form that carries a key of its author's keeps
it, and nobody here can decrypt what is sent to it.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from app import problems, problems_submissions
from app.clock import now
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import encryption as queries
from app.db.queries import forms as form_queries
from app.permissions import Actor
from app.sealing.envelope import open_sealed, seal
from app.sealing.phone_encryption import KeyPair, make_key_pair
from app.services.audit import record
from app.services.compile_form import CompiledSource
from app.services.keys import add_data_key
from app.services.schemas import schema_of
from app.services.transaction import transaction
from forms.schema import read_schema
from forms.schema.public_key import with_public_key

SHORTEST_PASSPHRASE = 10
VERSION_CHARACTERS = 255


def set_key(actor: Actor, project: models.Project, passphrase: str, hint: str | None) -> None:
    """Encrypt from now on. All of the project's forms, or nothing.

    Raises Problem 400.21 for a short passphrase, 409.4 if there is a key already, 409.53 if a form opens cases.
    """
    if queries.managed_key(project.id) is not None:
        raise problems_submissions.already_encrypted()
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise problems.password_too_short(SHORTEST_PASSPHRASE)
    project_id, pair, suffix = project.id, make_key_pair(passphrase), _suffix()
    try:
        with transaction():
            # Whoever adds a form or a draft meanwhile waits, and is then told to try again.
            project = db.session.get_one(models.Project, project_id, with_for_update={"key_share": True})
            project.updated_at = now()
            key_id = _add_key(project_id, pair, hint)
            for form, version in queries.versions_in_use(project_id):
                if version.key_id is None:
                    _encrypt(form, version, key_id, pair.public, suffix)
            record("project.update", actor, project_id=project_id, changed=["key"])
    except IntegrityError:
        raise problems_submissions.already_encrypted() from None


def encrypted_source(project: models.Project, compiled: CompiledSource) -> CompiledSource:
    """What a draft is made of: with the project's key, if the project has one and the form carries none yet.

    Raises Problem 409.53 for a form that opens cases and would be encrypted, 400.8 for too long a version.
    """
    key = queries.managed_key(project.id)
    public = compiled.schema.submission_public_key
    if compiled.schema.entities and (public or key is not None):
        raise problems_submissions.cases_not_encryptable(compiled.schema.xml_form_id)
    if key is None or public:
        return compiled
    suffix = _suffix()
    _name(compiled.schema.xml_form_id, compiled.schema.version, suffix)
    xform = with_public_key(compiled.xform, key.public, suffix)
    return replace(compiled, xform=xform, schema=read_schema(xform))


def key_of_draft(project: models.Project, compiled: CompiledSource) -> int | None:
    """The number of the key that a draft carries, in the running transaction. One of its author's gets a number.

    To be asked before anything else is locked: `set_key` holds the project, and then wants the forms.
    Raises Problem 409.5 if the project got its key after `encrypted_source` had looked.
    """
    managed, public = queries.managed_key_locked(project.id), compiled.schema.submission_public_key
    if public is None:
        if managed is not None:
            raise problems_submissions.encryption_begins()
        return None
    new = insert_if_new(models.EncryptionKey, project_id=project.id, public=public, created_at=now())
    return new if new is not None else queries.key_by_public(project.id, public)


def open_private(key: bytes, row: Any) -> bytes:
    """The private half, still sealed under its passphrase, of a row with the columns of `EncryptionKey`.

    Raises SealBroken.
    """
    return open_sealed(key, row.private_sealed, _place(row.project_id))


def _suffix() -> str:
    # As Central's, milliseconds since 1970, so that people know what they see.
    milliseconds = int(now().timestamp() * 1000)
    return f"[encrypted:{b64encode(milliseconds.to_bytes(6, 'big')).decode()}]"


def _add_key(project_id: int, pair: KeyPair, hint: str | None) -> int:
    data_key_id, key = add_data_key("encryption-key")
    row = models.EncryptionKey(
        project_id=project_id,
        public=pair.public,
        hint=hint,
        private_sealed=seal(key, pair.private_sealed, _place(project_id)),
        data_key_id=data_key_id,
        created_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def _place(project_id: int) -> str:
    return f"encryption-key|{project_id}"


def _encrypt(form: models.Form, version: models.FormVersion, key_id: int, public: str, suffix: str) -> None:
    if schema_of(version.id, version.sha256).entities:
        raise problems_submissions.cases_not_encryptable(form.xml_form_id)
    xml = with_public_key(form_queries.version_xml(version.id), public, suffix)
    name = _name(form.xml_form_id, version.version, suffix)
    if version.published_at is None:
        _put(version, name, xml, key_id)
    else:
        _publish_copy(form, version, name, xml, key_id)
    form.updated_at = now()
    db.session.flush()


def _name(xml_form_id: str, version: str, suffix: str) -> str:
    """The version with what is put behind it. Raises Problem 400.8 if no column holds that."""
    if len(version) + len(suffix) > VERSION_CHARACTERS:
        most = VERSION_CHARACTERS - len(suffix)
        raise problems.unexpected_value(
            "version", f"the form '{xml_form_id}' is encrypted, which takes up to {most} characters; shorten it"
        )
    return version + suffix


def _put(version: models.FormVersion, name: str, xml: bytes, key_id: int) -> None:
    version.version = name
    version.xml = xml
    version.md5 = hashlib.md5(xml, usedforsecurity=False).hexdigest()
    version.sha256 = hashlib.sha256(xml).hexdigest()
    version.key_id = key_id


def _publish_copy(form: models.Form, before: models.FormVersion, name: str, xml: bytes, key_id: int) -> None:
    """A published version that differs in nothing but the key. Phones fetch it, since its version is another."""
    before.is_current = False
    db.session.flush()
    moment = now()
    copy = models.FormVersion(
        form_id=form.id,
        name=before.name,
        xlsform=form_queries.version_xlsform(before.id),
        xlsform_type=before.xlsform_type,
        warnings=list(before.warnings),
        is_current=True,
        created_by_id=before.created_by_id,
        created_at=moment,
        published_at=moment,
    )
    _put(copy, name, xml, key_id)
    db.session.add(copy)
    db.session.flush()
    for file in form_queries.attachments(before.id):
        columns = ("name", "type", "content", "content_type", "md5", "size_bytes", "dataset_id", "updated_at")
        values = {column: getattr(file, column) for column in columns}
        db.session.add(models.FormAttachment(form_version_id=copy.id, **values))
