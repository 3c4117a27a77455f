"""What was kept aside: list, look, read, release, discard."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.db.queries import quarantine as queries
from app.services import quarantine_entries as entries
from app.services.quarantine_discard import discard
from app.services.quarantine_inspection import Inspected, inspect
from app.services.quarantine_reasons import REASONS
from app.services.release_quarantine import release, releaser_of
from app.services.views import reads_whole
from app.web.door import Door, Here
from app.web.files import sent_file_response
from app.web.schemas import masked
from app.web.schemas.quarantine import (
    DiscardedSchema,
    DiscardSchema,
    QuarantineDetailSchema,
    QuarantineEntrySchema,
    QuarantineQuerySchema,
    ReleasedSchema,
    ReleaseQuerySchema,
)
from forms.submission import Masked

door = Door("quarantine", tag="Quarantine")

ALL = "/projects/<int:project_id>/quarantine"
ITEM = f"{ALL}/<int:entry_id>"


@door.route(
    "GET",
    ALL,
    verb="quarantine.list",
    summary="What was kept aside, of the senders of my office, the newest first",
    query=QuarantineQuerySchema(),
    returns=QuarantineEntrySchema(many=True),
)
def list_entries(here: Here, query: dict[str, Any]) -> list[dict[str, Any]]:
    return [_shown(here, each) for each in queries.entries(_reach(here, "quarantine.list"), **query)]


@door.route(
    "GET",
    ITEM,
    verb="quarantine.list",
    summary="One file of it: what happened, what to do, may it be released now",
    returns=QuarantineDetailSchema(),
)
def get(here: Here, entry_id: int) -> dict[str, Any]:
    return _detailed(here, inspect(releaser_of(here.actor, here.project.id), _reach(here, "quarantine.list"), entry_id))


@door.route(
    "GET",
    f"{ITEM}/content",
    verb="quarantine.list",
    summary="The file as it came, as a download; that it was read is audited",
    answer_types=("application/octet-stream",),
)
def content(here: Here, entry_id: int) -> Response:
    kept, chunks = entries.read_content(here.actor, _reach(here, "quarantine.list"), entry_id)
    return sent_file_response(chunks, kept.name or f"quarantine-{kept.id}", kept.size_bytes)


@door.route(
    "POST",
    f"{ITEM}/release",
    verb="quarantine.release",
    summary="Take it in with what came with it; a conflict with ?as=edit",
    query=ReleaseQuerySchema(),
    returns=ReleasedSchema(),
)
def release_entry(here: Here, entry_id: int, query: dict[str, Any]) -> Any:
    return release(releaser_of(here.actor, here.project.id), entry_id, edit=query["edit"] is not None)


@door.route(
    "DELETE",
    ITEM,
    verb="quarantine.discard",
    summary="Discard it for good; the body says why",
    body=DiscardSchema(),
    returns=DiscardedSchema(),
)
def discard_entry(here: Here, entry_id: int, body: dict[str, Any]) -> dict[str, int]:
    reach = _reach(here, "quarantine.discard")
    return {"discarded": discard(here.actor, reach, entry_id, body["reason"], whole=body["whole"])}


def _reach(here: Here, verb: str) -> queries.Reach:
    return entries.reach_of(here.actor, verb, here.project.id)


def _shown(here: Here, kept: queries.Kept) -> dict[str, Any]:
    reason = REASONS[kept.reason]
    return {
        "id": kept.id,
        "reason": kept.reason,
        "happened": reason.happened,
        "remedy": reason.remedy,
        "release": reason.how.value,
        "xml_form_id": kept.xml_form_id,
        "instance_id": kept.instance_id,
        **masked("name", _name(here, kept)),
        "content_type": kept.content_type,
        "size": kept.size_bytes,
        "sender_id": kept.actor_id,
        "sender": kept.sender,
        "office": kept.office,
        "received_at": kept.received_at,
        "released_at": kept.released_at,
    }


def _name(here: Here, kept: queries.Kept) -> str | Masked | None:
    """What the file is called: an answer, unless it is what every phone calls its XML."""
    is_open = kept.name in (None, entries.XML_NAME) or reads_whole(here.actor, kept.project_id, kept.office_id)
    return kept.name if is_open else Masked("identifying")


def _detailed(here: Here, inspected: Inspected) -> dict[str, Any]:
    return _shown(here, inspected.kept) | {
        "releasable": inspected.releasable,
        "obstacle": inspected.obstacle,
        "sent": inspected.sent,
        "together": inspected.together,
    }
