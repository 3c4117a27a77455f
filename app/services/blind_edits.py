"""May somebody replace answers that they cannot see?

What a reader with fewer classes fetches has holes where answers are; sent back as an edit it would put the holes into
the record. So the mark of a hole is refused from anybody, and an edit from a person who may not read all that it
replaces. A phone edits what was filled on it, without having read anything here.
"""

from __future__ import annotations

from app import problems
from app.db import db, models
from app.db.queries import submissions as queries
from app.permissions import Actor
from app.services.read_submissions import mask_of, schema_for
from app.services.views import View
from forms.errors import FormsError
from forms.submission import Submission, is_masked_xml, parse_submission


def refuse_masks(xml: bytes) -> None:
    """Raise Problem 400.8 for XML with masked answers."""
    sent = _parsed(xml)
    if sent is not None:
        _refuse_masks(sent)


def _parsed(xml: bytes) -> Submission | None:
    try:
        return parse_submission(xml)
    except FormsError:
        return None  # refused with its reason where it is taken in


def _refuse_masks(sent: Submission) -> None:
    if is_masked_xml(sent.root):
        raise problems.unexpected_value(
            "the submission XML",
            "it has answers that were masked for you (sportel:masked); edit what you may read whole",
        )


def refuse_blind_edit(actor: Actor, view: View, form: models.Form, xml: bytes, *, is_draft: bool = False) -> None:
    """Raise Problem 400.8 for XML with masked answers, 403.11 for an edit of a record that the actor sees masked."""
    sent = _parsed(xml)
    if sent is None:
        return
    _refuse_masks(sent)
    if sent.deprecated_id is None or actor.has_address_token:
        return  # a link's edit is kept aside where it is taken in
    before = queries.version_by_instance(form.id, is_draft, sent.deprecated_id)
    if before is None:
        return
    submission = db.session.get_one(models.Submission, before.submission_id)
    if view.offices is not True and submission.office_id != actor.office_id:
        return  # another office's: taking it in keeps it aside, and tells nothing
    mask = mask_of(view, submission, before)
    hidden = [mask.of(each.path) for each in schema_for(before).fields if each.kind == "field"]
    for each in hidden:
        if each is not None:
            raise problems.class_hidden(each.sensitivity)
