"""How does a phone try a draft? The same doors under the draft's own token, for that one form."""

from __future__ import annotations

from flask import Response, request

from app import problems
from app.db.queries import forms as form_queries
from app.permissions import ANYBODY
from app.problems import Problem
from app.runtime import runtime
from app.services.blind_edits import refuse_masks
from app.services.open_forms import OpenForm, check_draft_token, draft_as_open_form
from app.services.receive_submission import Arrival, receive_submission
from app.services.uploads import discard_files
from app.web.addresses import api_url
from app.web.door import Door, Here
from app.web.errors import openrosa_message
from app.web.files import form_file_response, xform_response
from app.web.openrosa.form_list import XML, form_list_document, manifest_document
from app.web.openrosa.headers import openrosa_headers, openrosa_response
from app.web.openrosa.multipart import read_upload
from app.web.openrosa.submission import THANKS, sender_of
from app.web.prefix import TEST_TOKEN
from app.web.room import refuse_without_room

door = Door("openrosa_draft", tag="Draft testing", speaks_openrosa=True)

# The token in the path is checked by every view: there is no actor behind it.
RULE = "/test/projects/<int:project_id>/forms/<xml_form_id>/draft"


def draft_of_token(here: Here) -> OpenForm:
    """The draft that the path's token opens. Raises Problem 404.4."""
    token = request.environ.get(TEST_TOKEN)
    if not token:
        raise problems.draft_access_failed()
    if here.maybe_project_id is None:
        raise problems.draft_access_failed()
    return draft_as_open_form(check_draft_token(here.maybe_form, token))


@door.route("GET", f"{RULE}/formList", verb=ANYBODY, summary="The draft as a form list", answer_types=XML)
def form_list(here: Here) -> Response:
    draft = draft_of_token(here)
    return openrosa_response(form_list_document([draft], f"{api_url()}/projects/{here.project_id}", draft=True))


@door.route("GET", f"{RULE}/manifest", verb=ANYBODY, summary="The files of the draft", answer_types=XML)
def manifest(here: Here) -> Response:
    return openrosa_response(manifest_document(draft_of_token(here), here, draft=True))


@door.route("GET", f"{RULE}.xml", verb=ANYBODY, summary="The draft's XForm", answer_types=XML)
def xform(here: Here) -> Response:
    draft = draft_of_token(here)
    return xform_response(draft.version)


@door.route(
    "GET",
    f"{RULE}/attachments/<name>",
    verb=ANYBODY,
    summary="One file of the draft",
    answer_types=("application/octet-stream",),
)
def attachment(here: Here, name: str) -> Response:
    draft = draft_of_token(here)
    file = form_queries.attachment(draft.version.id, name)
    if file is None:
        raise problems.not_found()
    return form_file_response(file, here.actor)


@door.route("GET", f"{RULE}/submission", verb=ANYBODY, summary="May a test be sent?", status=204)
def announce(here: Here) -> Response:
    draft_of_token(here)
    return openrosa_headers(Response(status=204))


@door.route(
    "POST",
    f"{RULE}/submission",
    verb=ANYBODY,
    summary="Send a test of the draft",
    status=201,
    body_types=("multipart/form-data",),
    answer_types=XML,
)
def submit(here: Here) -> Response:
    draft = draft_of_token(here)
    refuse_without_room()
    upload = read_upload(runtime().settings)
    assert upload.xml is not None  # read_upload refuses a request without it
    try:
        refuse_masks(upload.xml)
    except Problem:
        discard_files(upload.files)
        raise
    arrival = Arrival(upload.xml, tuple(upload.files))
    receive_submission(sender_of(here), here.project_id, arrival, draft_of=draft.form)
    return openrosa_response(openrosa_message(THANKS, "submit_success"), status=201)
