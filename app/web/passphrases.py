"""Which passphrases does a request give, by the number of the key? In its body, and never in its address."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from flask import request

from app import problems
from app.web.body import read_body
from app.web.door import parse_json
from app.web.storable import is_storable

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_MOST_BYTES = 16 * 1024
_NUMBER = re.compile(r"[0-9]{1,9}")


def _refuse_in_address() -> None:
    """Raise Problem 400.8 for an address as Central takes it: `?1=passphrase`."""
    if any(_NUMBER.fullmatch(name) for name in request.args):
        raise problems.unexpected_value(
            "the address",
            'a passphrase never goes there, since addresses are logged; send it by POST, as {"keyId": "passphrase"} or'
            " a form, and take care of who may have read this one",
        )


def given_passphrases() -> dict[int, str]:
    """The passphrases of the body, a form or JSON; none of a GET. Raises Problem 400.1, 400.8, 400.11 or 415.1."""
    _refuse_in_address()
    body = read_body("The body", _MOST_BYTES) if request.method == "POST" else b""
    if not body:
        return {}
    if request.mimetype == JSON:
        given = parse_json(body, 'send {"keyId": "passphrase"}')
        if not isinstance(given, dict):
            raise problems.wrong_type("the body", "an object of passphrases by the number of their key")
        pairs = list(given.items())
    elif request.mimetype == FORM:
        pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    else:
        raise problems.unsupported_media_type([FORM, JSON])
    named = {name: text for name, text in pairs if _NUMBER.fullmatch(name)}
    if not all(isinstance(text, str) and is_storable(text) for text in named.values()):
        raise problems.wrong_type("the body", "an object of passphrases by the number of their key")
    return {int(name): text for name, text in named.items()}
