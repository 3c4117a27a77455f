"""Where does a phone send a filled form? HEAD answers 204; POST answers 201 only when the submission is durable.

Source: docs.getodk.org/openrosa-form-submission; only 201 and 202 mean success to ODK Collect.
"""

from __future__ import annotations

from flask import Response, request

from app import problems
from app.db.queries import forms as form_queries
from app.permissions import SIGNED_IN, holds_role_in
from app.problems import Problem
from app.runtime import runtime
from app.services.blind_edits import refuse_blind_edit
from app.services.receive_submission import Arrival, Sender, receive_submission
from app.services.uploads import StoredFile, discard_files
from app.services.views import view_of_form
from app.web.door import Door, Here
from app.web.errors import openrosa_message
from app.web.metrics import submission_taken
from app.web.openrosa.headers import openrosa_headers, openrosa_response
from app.web.openrosa.multipart import read_upload
from app.web.room import refuse_without_room
from forms.errors import FormsError
from forms.submission import parse_submission

door = Door("openrosa_submission", tag="OpenRosa", speaks_openrosa=True)

THANKS = "Dërgimi u mor. / The submission was received."


@door.route(
    "GET",  # and HEAD with it, which is what a phone asks
    "/projects/<int:project_id>/submission",
    verb=SIGNED_IN,
    summary="May this phone send, and how much at once?",
    status=204,
)
def announce(here: Here) -> Response:
    if not holds_role_in(here.actor, here.project_id):
        raise problems.insufficient_rights()
    return openrosa_headers(Response(status=204))


@door.route(
    "POST",
    "/projects/<int:project_id>/submission",
    verb=SIGNED_IN,
    summary="Send a submission with its files",
    status=201,
    body_types=("multipart/form-data",),
    answer_types=("text/xml",),
)
def submit(here: Here) -> Response:
    refuse_without_room()
    upload = read_upload(runtime().settings)
    assert upload.xml is not None  # read_upload refuses a request without it
    if not here.actor.is_app_user:
        _refuse_blind_edit(here, upload.xml, upload.files)
    receipt = receive_submission(sender_of(here), here.project_id, Arrival(upload.xml, tuple(upload.files)))
    submission_taken(is_new=receipt.is_new)
    return openrosa_response(openrosa_message(THANKS, "submit_success"), status=201)


def _refuse_blind_edit(here: Here, xml: bytes, files: list[StoredFile]) -> None:
    """A person may speak as phones do, and may have read here what is sent back. Raises Problem 400.8 or 403.11."""
    try:
        form = form_queries.form(here.project_id, parse_submission(xml).xml_form_id)
    except FormsError:
        return  # refused with its reason where it is taken in
    if form is None:
        return
    try:
        refuse_blind_edit(here.actor, view_of_form(here.actor, here.project, form), form, xml)
    except Problem:
        discard_files(files)
        raise


def sender_of(here: Here) -> Sender:
    """The actor with what the device says of itself."""
    return Sender(here.actor, request.args.get("deviceID"), request.headers.get("User-Agent"))
