"""Which cases does a phone still hold that it should forget?

Collect asks for the cases that vanished from its list; one that was deleted or handed to another office is `deleted`.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from flask import Response, request

from app import problems
from app.db.queries import entities
from app.permissions import SIGNED_IN, holds_role_in, may_somewhere
from app.services.access_rules import kept_for
from app.web.api.datasets import found
from app.web.door import Door, Here
from app.web.openrosa.headers import openrosa_response
from forms.submission import entity_uuid

door = Door("openrosa_integrity", tag="OpenRosa", speaks_openrosa=True)

_MOST_IDS = 10_000


@door.route(
    "GET",
    "/projects/<int:project_id>/datasets/<name>/integrity",
    verb=SIGNED_IN,
    summary="Which of these cases are gone for this phone?",
    answer_types=("text/xml",),
    # A case that is another office's now is told of as gone; one that is not there at all is not told of.
    reads_every_office=True,
)
def integrity(here: Here, name: str) -> Response:
    if not holds_role_in(here.actor, here.project.id):
        raise problems.insufficient_rights()
    dataset = found(here, name)
    asked = [each for each in request.args.get("id", "").split(",") if entity_uuid(each)][:_MOST_IDS]
    # Not only phones fill: whoever gets cases with a form by the list's rules forgets them by the same.
    fills = may_somewhere(here.actor, "open_form.cases", here.project.id)
    condition = kept_for(here.actor, dataset) if fills else None
    gone = entities.deleted_state(dataset.id, asked, here.actor.cases_office_id, condition=condition)
    items = "".join(
        f"<entity id={quoteattr(uuid)}><deleted>{str(deleted).lower()}</deleted></entity>"
        for uuid, deleted in gone.items()
    )
    return openrosa_response(f"<data><entities>{items}</entities></data>")
