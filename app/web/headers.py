"""Which headers does every answer carry?

What a browser is told protects people from what others sent: an answer may hold a form's XML, a photo or a name that
somebody typed. `protecting_headers` is the whole table; what a view says itself of its cache stays.
Source: OWASP ASVS 5.0, chapters 3.2, 3.4 and 14.3.
"""

from __future__ import annotations

from functools import cache

from flask import Flask, Response, request

# What no answer of ours needs from a browser. A page that scans or takes a picture must say so here.
_PERMISSIONS = (
    "accelerometer", "autoplay", "bluetooth", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _PERMISSIONS)),
)
_HTTPS = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Data may be what somebody sent: XML with a script in it, say. In a sandbox it has no origin, so it can reach nothing.
_DATA = f"{_NOTHING}; sandbox"
# By blueprint: the pages that we draw, and what they need; None is what Flask serves itself: our own static files.
_PAGE = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
POLICIES = {
    "home": _PAGE,
    "oidc": _PAGE,
    "password_page": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
}
# Who asks twice gets it twice: no proxy and no browser of a shared computer keeps what people answered.
_CACHE = "no-store"


@cache
def protecting_headers(blueprint: str | None, *, secure: bool) -> tuple[tuple[str, str], ...]:
    """The headers of an answer from this blueprint; `secure` if the client came over https."""
    own = (("Content-Security-Policy", POLICIES.get(blueprint or "", _DATA)), ("Cache-Control", _CACHE))
    return (*_ALWAYS, *own, *(_HTTPS if secure else ()))


def install_headers(app: Flask) -> None:
    """Put them on every answer, also on one that no route gave."""

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        said = {name.lower() for name, _ in headers}
        for name, value in protecting_headers(request.blueprint, secure=request.is_secure):
            if name.lower() not in said:
                headers.add(name, value)
        return response
