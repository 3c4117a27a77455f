"""To whose rows is this request held? Kept with the request: an export goes on when the view has answered."""

from __future__ import annotations

from flask import has_request_context, request

from app.db.row_scope import Offices, hold_running_transaction

_KEY = "sportel.offices"


def hold_to(offices: Offices) -> None:
    """From here on, this request reads rows of these offices only."""
    if offices is not True:
        request.environ[_KEY] = offices
        hold_running_transaction(offices)


def held_offices() -> Offices:
    """True, all of them, where nothing was said: outside of a request, and in one that is not for reading."""
    held: Offices = request.environ.get(_KEY, True) if has_request_context() else True
    return held
