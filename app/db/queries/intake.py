"""What must be known before a submission becomes rows? Few statements, made once, that fetch no more than is needed.

Intake is what the server does most; everything here is asked for each submission.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from app.db import db, models

# Tables, not classes: rows that become objects cost three times as much.
_form: Any = models.Form.__table__
_version: Any = models.FormVersion.__table__
_sent: Any = models.SubmissionVersion.__table__
_erasure: Any = models.Erasure.__table__


@dataclass(frozen=True)
class FilledForm:
    """A live form, and its published version of the name that was asked for, if there is one."""

    id: int
    xml_form_id: str
    state: str
    version_id: int | None
    version_sha256: str | None


@dataclass(frozen=True, repr=False)
class KnownVersion:
    """A version of a submission that is there already."""

    id: int
    submission_id: int
    xml_hmac: bytes


_FILLED_FORM = (
    select(_form.c.id, _form.c.xml_form_id, _form.c.state, _version.c.id, _version.c.sha256)
    .select_from(
        _form.outerjoin(
            _version,
            (_version.c.form_id == _form.c.id)
            & (_version.c.version == bindparam("version"))
            & _version.c.published_at.is_not(None),
        )
    )
    .where(
        _form.c.project_id == bindparam("project_id"),
        _form.c.xml_form_id == bindparam("xml_form_id"),
        _form.c.deleted_at.is_(None),
    )
)
_KNOWN_VERSION = select(_sent.c.id, _sent.c.submission_id, _sent.c.xml_hmac).where(
    _sent.c.form_id == bindparam("form_id"),
    _sent.c.is_draft == bindparam("is_draft"),
    _sent.c.instance_id == bindparam("instance_id"),
)
_ERASED = select(_erasure.c.id).where(_erasure.c.item_hash.in_(bindparam("hashes", expanding=True))).limit(1)


def filled_form(project_id: int, xml_form_id: str, version: str) -> FilledForm | None:
    """The form with the published version that was filled, `""` for one without a name."""
    given = {"project_id": project_id, "xml_form_id": xml_form_id, "version": version}
    row = db.session.connection().execute(_FILLED_FORM, given).first()
    return None if row is None else FilledForm(*row)


def known_version(form_id: int, is_draft: bool, instance_id: str) -> KnownVersion | None:
    """The version with this instance ID, of any submission of the form, whoever's it is."""
    given = {"form_id": form_id, "is_draft": is_draft, "instance_id": instance_id}
    row = db.session.connection().execute(_KNOWN_VERSION, given).first()
    return None if row is None else KnownVersion(*row)


def has_erased(item_hashes: Collection[bytes]) -> bool:
    """Is one of these in the ledger of what was erased?"""
    return db.session.connection().execute(_ERASED, {"hashes": list(item_hashes)}).first() is not None
