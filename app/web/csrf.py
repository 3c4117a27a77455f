"""Did a page of ours ask, or one of somebody else's in the same browser?

A browser sends the session's cookie by itself. It is SameSite=Strict, so another site's page cannot use it; these
checks stand beside that, for browsers that are old and for sites that are neighbours under one domain. They are
Central's (`X-Requested-With`, or the session's second secret as `__csrf` in a form), and what newer browsers say
themselves (`Sec-Fetch-Site`). Source: OWASP ASVS 5.0, chapter 3.5; W3C Fetch Metadata.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from flask import request

from app.web.body import read_body

CSRF_FIELD = "__csrf"
FORM_BYTES = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a form or a link may send to another site, without asking first whether it may.
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
_FOREIGN = frozenset({"cross-site", "same-site"})


def sent_by_another_site() -> bool:
    """Does the browser itself say so? Also of a neighbour under the same domain, which SameSite lets through."""
    return request.headers.get("Sec-Fetch-Site") in _FOREIGN


def may_write(csrf: str) -> bool:
    """Is this a request that only a page of ours could make? `csrf`: the secret that the session's sign-in answered."""
    if request.method in SAFE_METHODS or request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return True
    if request.mimetype != "application/x-www-form-urlencoded":
        return False
    fields = parse_qs(read_body("The form", FORM_BYTES).decode("utf-8", "replace"))
    given = fields.get(CSRF_FIELD, [""])[0]
    return bool(given) and hmac.compare_digest(given.encode(), csrf.encode())
