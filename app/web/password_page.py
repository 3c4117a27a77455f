"""The page that a mailed code opens: choose a password, or have another code sent. It works without a script.

The code comes behind the # of the link, which a browser keeps to itself, or is typed; either way it goes to the server
in the body of a form, and so into no log, no history of a proxy and no Referer.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from flask import Response, render_template, request

from app import problems
from app.permissions import ANYBODY
from app.problems import Problem
from app.services import password_reset
from app.services.sign_in import LEAST_PASSWORD_CHARACTERS
from app.web.body import read_body
from app.web.csrf import FORM_BYTES, sent_by_another_site
from app.web.door import Door, Here
from app.web.storable import is_storable

door = Door("password_page", tag="Pages")

_HTML = ("text/html",)
_FORM = ("application/x-www-form-urlencoded",)
_MOST_CHARACTERS = {"code": 64, "new": 1024, "again": 1024, "email": 320}

_CHANGED = ("Fjalëkalimi u ndryshua. Tani mund të hyni.", "The password was changed. You can sign in now.")
_ASKED = (
    "Nëse ka një llogari me këtë adresë, kodi është nisur me e-mail.",
    "If there is an account with this address, a code is on its way by mail.",
)
_DIFFERENT = ("Dy fjalëkalimet nuk janë njësoj.", "The two passwords are not the same.")
# What the page says instead of the API's words.
_IN_WORDS = {
    400.21: (
        f"Fjalëkalimi është i shkurtër: të paktën {LEAST_PASSWORD_CHARACTERS} shenja.",
        f"The password is too short: at least {LEAST_PASSWORD_CHARACTERS} characters.",
    ),
    401.2: (
        "Kodi nuk vlen: është përdorur, ka skaduar ose është shkruar gabim. Kërkoni një tjetër më poshtë.",
        "The code is no good: it was used, has expired or was mistyped. Ask for another one below.",
    ),
    401.8: (
        "Këtu hyhet me llogarinë e institucionit, pa fjalëkalim.",
        "Here people sign in with their institution's account, without a password.",
    ),
    429.4: (
        "Shumë kërkesa për e-mail. Shihni kutinë postare, ose provoni pas një ore.",
        "Mail was asked for too often. Look into the mailbox, or try again in an hour.",
    ),
    501.41: (
        "Ky server nuk dërgon e-mail. Njoftoni administratorin.",
        "This server sends no mail. Tell your administrator.",
    ),
}


@door.route("GET", "/password", verb=ANYBODY, summary="The page for choosing a password", answer_types=_HTML)
def page(here: Here) -> Response:
    return _page()


@door.route(
    "POST",
    "/password",
    verb=ANYBODY,
    summary="Choose a password: `code`, `new`, and `again` the same",
    body_types=_FORM,
    answer_types=_HTML,
)
def choose(here: Here) -> Response:
    given = _fields("code", "new", "again")
    if given["new"] != given["again"]:
        return _page(_DIFFERENT, code=given["code"], status=400)
    try:
        password_reset.choose_password(given["code"], given["new"])
    except Problem as problem:
        # A code that is good is not typed twice.
        kept = given["code"] if problem.code == problems.password_too_short(0).code else ""
        return _refused(problem, code=kept)
    return _page(_CHANGED, is_done=True)


@door.route(
    "POST",
    "/password/forgotten",
    verb=ANYBODY,
    summary="Have a code mailed to `email`",
    body_types=_FORM,
    answer_types=_HTML,
)
def forgotten(here: Here) -> Response:
    given = _fields("email")
    try:
        password_reset.ask(given["email"], address=request.remote_addr)
    except Problem as problem:
        return _refused(problem)
    return _page(_ASKED)


def _fields(*names: str) -> dict[str, str]:
    """The fields of a form of ours. Raises Problem 400.2, 400.8, 403.1 for another site's, 415.1."""
    if sent_by_another_site():
        raise problems.insufficient_rights()
    if request.mimetype != _FORM[0]:
        raise problems.unsupported_media_type(list(_FORM))
    try:
        found = parse_qs(read_body("The form", FORM_BYTES).decode(), max_num_fields=len(_MOST_CHARACTERS))
    except ValueError:
        raise problems.unparseable("a form", "send the fields of the page") from None
    given = {}
    for name in names:
        if name not in found:
            raise problems.missing_parameter(name)
        given[name] = found[name][0]
        if len(given[name]) > _MOST_CHARACTERS[name] or not is_storable(given[name]):
            raise problems.unexpected_value(name, "it is too long, or has a character that no text may have")
    return given


def _refused(problem: Problem, code: str = "") -> Response:
    if problem.code not in _IN_WORDS:
        raise problem
    answer = _page(_IN_WORDS[problem.code], code=code, status=problem.status)
    if problem.details is not None and "retryAfterSeconds" in problem.details:
        answer.headers["Retry-After"] = str(problem.details["retryAfterSeconds"])
    return answer


def _page(said: tuple[str, str] | None = None, *, code: str = "", status: int = 200, is_done: bool = False) -> Response:
    text = render_template(
        "password.html",
        said=said,
        is_fault=status >= 400,
        is_done=is_done,
        code=code,
        least=LEAST_PASSWORD_CHARACTERS,
    )
    return Response(text, status=status, mimetype="text/html")
