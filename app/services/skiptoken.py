"""Where does the next page of a feed begin, said so that it tells a recipient of rows without people nothing?

`01` and base64 of JSON, as ODK Central's: the submission that the page ended in, and how many of its rows were given.
In the de-identified view the place is sealed under the recipient's key: a number of ours would be the same for all.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from app import problems_odata
from app.db.queries import feed as queries
from app.sealing.envelope import SealBroken, open_sealed, seal
from app.services.views import View
from app.services.walk_records import ReadRow

_VERSION = "01"
_PLACE = "skiptoken"
# What reading a token ends with that is none.
_NOT_ONE = (ValueError, KeyError, TypeError, binascii.Error)


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
    return _written(document)


def token_of_name(kind: str, name: str) -> str:
    """The token of the place after what has this name. `kind`: its key in the token, as Central's `uuid` of a case."""
    return _written({kind: name})


def name_in(token: str, kind: str) -> str:
    """The name in such a token. Raises Problem 400.35 for what is none."""
    try:
        return _storable(_read(token)[kind])
    except _NOT_ONE:
        raise problems_odata.skiptoken_invalid() from None


def _written(document: dict[str, Any]) -> str:
    return _VERSION + base64.urlsafe_b64encode(orjson.dumps(document)).decode()


def _read(token: str) -> Any:
    if not token.startswith(_VERSION):
        raise ValueError("another version")
    return orjson.loads(base64.urlsafe_b64decode(token.removeprefix(_VERSION).encode()))


def _storable(name: Any) -> str:
    # PostgreSQL cannot even be asked for a null character.
    if not isinstance(name, str) or "\0" in name:
        raise ValueError("no name")
    return name


def place_of(view: View, token: str, *, is_draft: bool) -> Place:
    """The place of a token. Raises Problem 400.35 for what is none, 400.34 if the submission is not here."""
    try:
        document = _read(token)
        if view.recipient is not None:
            sealed = base64.b64decode(document["after"])
            number, _, row = open_sealed(view.recipient.key, sealed, _PLACE).partition(b"|")
            return Place(int(number), int(row))
        name, row = _storable(document["instanceId"]), document["row"]
    except (*_NOT_ONE, SealBroken):
        raise problems_odata.skiptoken_invalid() from None
    if not isinstance(row, int) or isinstance(row, bool) or row < 0:
        raise problems_odata.skiptoken_invalid()
    found = queries.place_of(view.scope(is_draft=is_draft), name)
    if found is None:
        raise problems_odata.skiptoken_not_found()
    return Place(found, row)
