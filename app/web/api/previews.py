"""A look at a photo without taking the file home."""

from __future__ import annotations

from flask import Response

from app.services.preview_file import MEDIA_TYPE, preview
from app.web.api.submissions import ITEM, sent_file
from app.web.door import Door, Here

door = Door("previews", tag="Submissions")


@door.route(
    "GET",
    f"{ITEM}/attachments/<name>/preview",
    verb="submission.read",
    summary="A picture of at most 1,600 pixels a side, drawn again without EXIF",
    answer_types=(MEDIA_TYPE,),
)
def attachment_preview(here: Here, instance_id: str, name: str) -> Response:
    _, chunks = sent_file(here, instance_id, name)
    return Response(preview(chunks), content_type=MEDIA_TYPE)
