"""What must be known before a submission becomes rows? Few statements, made once, that fetch no more than is needed.

Intake is what the server does most; everything here is asked for each submission.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, select

from app.db import models
from app.db.prepared import Prepared

# Tables, not classes: rows that become objects cost three times as much.
_project: Any = models.Project.__table__
_form: Any = models.Form.__table__
_version: Any = models.FormVersion.__table__
_sent: Any = models.SubmissionVersion.__table__
_erasure: Any = models.Erasure.__table__


@dataclass(frozen=True, repr=False)
class KnownVersion:
    """A version of a submission that is there already."""

    id: int
    submission_id: int
    xml_hmac: bytes


@dataclass(frozen=True)
class FilledForm:
    """A live form, and its published version of the name that was asked for, if there is one.

    `is_erased`: one of the instance IDs that were asked about is in the ledger of what was erased. `known`: the live
    version of a submission that has the instance ID already.
    """

    id: int
    xml_form_id: str
    state: str
    default_sensitivity: str
    version_id: int | None
    version_sha256: str | None
    is_erased: bool
    known: KnownVersion | None


_IS_ERASED = exists().where(_erasure.c.item_hash.in_([bindparam("hash_1"), bindparam("hash_2")]))
_FILLED_FORM = Prepared(
    select(
        _form.c.id,
        _form.c.xml_form_id,
        _form.c.state,
        _project.c.default_sensitivity,
        _version.c.id,
        _version.c.sha256,
        _IS_ERASED,
        _sent.c.id,
        _sent.c.submission_id,
        _sent.c.xml_hmac,
    )
    .select_from(
        _form.join(_project, _project.c.id == _form.c.project_id)
        .outerjoin(
            _version,
            (_version.c.form_id == _form.c.id)
            & (_version.c.version == bindparam("version"))
            & _version.c.published_at.is_not(None),
        )
        .outerjoin(
            _sent,
            (_sent.c.form_id == _form.c.id)
            & (_sent.c.is_draft == bindparam("is_draft"))
            & (_sent.c.instance_id == bindparam("instance_id")),
        )
    )
    .where(
        _form.c.project_id == bindparam("project_id"),
        _form.c.xml_form_id == bindparam("xml_form_id"),
        _form.c.deleted_at.is_(None),
    )
)
_KNOWN_VERSION = Prepared(
    select(_sent.c.id, _sent.c.submission_id, _sent.c.xml_hmac).where(
        _sent.c.form_id == bindparam("form_id"),
        _sent.c.is_draft == bindparam("is_draft"),
        _sent.c.instance_id == bindparam("instance_id"),
    )
)
_HAS_ERASED = Prepared(select(_IS_ERASED))


def filled_form(
    project_id: int, xml_form_id: str, version: str, instance_id: str, item_hashes: Sequence[bytes]
) -> FilledForm | None:
    """The form with the published version that was filled, `""` for one without a name."""
    given = {
        "project_id": project_id,
        "xml_form_id": xml_form_id,
        "version": version,
        "is_draft": False,
        "instance_id": instance_id,
        **_hashes(item_hashes),
    }
    row = _FILLED_FORM.first(given)
    if row is None:
        return None
    fields = (*row[:7], None if row[7] is None else KnownVersion(*row[7:]))
    return FilledForm(*fields)


def known_version(form_id: int, is_draft: bool, instance_id: str) -> KnownVersion | None:
    """The version with this instance ID, of any submission of the form, whoever's it is."""
    row = _KNOWN_VERSION.first({"form_id": form_id, "is_draft": is_draft, "instance_id": instance_id})
    return None if row is None else KnownVersion(*row)


def has_erased(item_hashes: Sequence[bytes]) -> bool:
    """Is one of these, one or two, in the ledger of what was erased?"""
    ((found,),) = _HAS_ERASED.rows(_hashes(item_hashes))
    return bool(found)


def _hashes(item_hashes: Sequence[bytes]) -> dict[str, bytes]:
    return {"hash_1": item_hashes[0], "hash_2": item_hashes[-1]}
