"""Where does the next page of a feed begin, said so that it tells a recipient of rows without people nothing?

`01` and base64 of JSON, as ODK Central's: the submission that the page ended in, and how many of its rows were given.
In the de-identified view the place is sealed under the recipient's key: a number of ours would be the same for all.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import orjson

from app import problems_odata
from app.db.queries import feed as queries
from app.sealing.envelope import SealBroken, open_sealed, seal
from app.services.views import View
from app.services.walk_records import ReadRow

_VERSION = "01"
_PLACE = "skiptoken"


@dataclass(frozen=True)
class Place:
    """After so many rows of this submission (its row's number); `row` is 0 for the table of submissions itself."""

    submission_id: int
    row: int


def token_of(view: View, read: ReadRow, row: int) -> str:
    """The token of a place."""
    if view.recipient is None:
        document = {"instanceId": read.facts.instance_id, "row": row}
    else:
        place = seal(view.recipient.key, b"%d|%d" % (read.facts.id, row), _PLACE)
        document = {"after": base64.b64encode(place).decode()}
    return _VERSION + base64.urlsafe_b64encode(orjson.dumps(document)).decode()


def place_of(view: View, token: str, *, is_draft: bool) -> Place:
    """The place of a token. Raises Problem 400.35 for what is none, 400.34 if the submission is not here."""
    try:
        if not token.startswith(_VERSION):
            raise ValueError("another version")
        document = orjson.loads(base64.urlsafe_b64decode(token.removeprefix(_VERSION).encode()))
        if view.recipient is not None:
            sealed = base64.b64decode(document["after"])
            number, _, row = open_sealed(view.recipient.key, sealed, _PLACE).partition(b"|")
            return Place(int(number), int(row))
        name, row = document["instanceId"], document["row"]
    except (ValueError, KeyError, TypeError, binascii.Error, SealBroken):
        raise problems_odata.skiptoken_invalid() from None
    if not isinstance(name, str) or not isinstance(row, int) or isinstance(row, bool) or row < 0:
        raise problems_odata.skiptoken_invalid()
    if "\0" in name:
        raise problems_odata.skiptoken_invalid()  # PostgreSQL cannot even be asked for it
    found = queries.place_of(view.scope(is_draft=is_draft), name)
    if found is None:
        raise problems_odata.skiptoken_not_found()
    return Place(found, row)
