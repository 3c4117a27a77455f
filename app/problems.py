"""What can go wrong towards a client, and under which of Central's codes?

The whole part of a code is the HTTP status. The catalogue's numbers and meanings are ODK Central's, because
its clients test for them; the words are ours: they name the fault, its place and the remedy, and never an
answer, a token or a password.
"""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """A fault to tell the client: `code` 404.1 answers with status 404. `details` are safe facts."""

    def __init__(self, code: float, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status: the whole part of the code."""
        return int(self.code)


def unparseable(format: str, reason: str) -> Problem:
    """The body is not what its type says."""
    return Problem(400.1, f"The data could not be read as {format}: {reason}", {"format": format})


def missing_parameter(field: str, remedy: str = "add it and send again") -> Problem:
    """A parameter that must be there is not."""
    return Problem(400.2, f"Required parameter {field} is missing; {remedy}.", {"field": field})


def missing_parameters(expected: list[str], got: list[str]) -> Problem:
    """Several are not."""
    names = ", ".join(expected)
    return Problem(400.3, f"Required parameters are missing; send {names}.", {"expected": expected, "got": got})


def unexpected_value(field: str, reason: str, value: str | None = None) -> Problem:
    """A parameter is there and cannot be used. `value` only where it can hold no answer and no secret."""
    details = {"field": field, "reason": reason} | ({} if value is None else {"value": value})
    return Problem(400.8, f"The value of {field} cannot be used: {reason}.", details)


def wrong_type(field: str, expected: str) -> Problem:
    """A parameter is of another type."""
    return Problem(400.11, f"{field} has the wrong type; expected {expected}.", {"field": field, "expected": expected})


def xlsform_invalid(error: str, warnings: list[str], **place: Any) -> Problem:
    """The workbook does not compile. `place`: sheet, row, column where known."""
    where = ", ".join(f"{key} {value}" for key, value in place.items() if value is not None)
    message = f"The XLSForm is not valid{' (' + where + ')' if where else ''}: {error}"
    return Problem(400.15, message, {"error": error, "warnings": warnings} | place)


def form_warnings(warnings: dict[str, Any]) -> Problem:
    """The form compiles with warnings, and nobody has said yet that they are acceptable."""
    return Problem(
        400.16,
        "The form is valid, but with warnings; look at them and send again with ?ignoreWarnings=true to accept.",
        {"warnings": warnings},
    )


def field_type_conflict(path: str, type: str) -> Problem:
    """A question changed its type between versions."""
    return Problem(
        400.17,
        f"The question at {path} had the type {type} in an earlier version; keep the type or rename the question.",
        {"path": path, "type": type},
    )


def password_too_short(least: int) -> Problem:
    """Longer, please."""
    return Problem(400.21, f"The password is too short; use at least {least} characters.")


def invalid_entity_form(reason: str) -> Problem:
    """The form's entity declaration cannot be kept."""
    return Problem(400.25, f"The entity definition within the form is invalid: {reason}", {"reason": reason})


def invalid_entity(reason: str) -> Problem:
    """The entity's data cannot be taken."""
    return Problem(400.28, f"The entity is invalid: {reason}", {"reason": reason})


def multipart_unreadable(reason: str) -> Problem:
    """The multipart body is cut or malformed."""
    return Problem(400.39, f"The multipart body could not be read: {reason}; send it again.", {"reason": reason})


def authentication_failed() -> Problem:
    """Deliberately without a reason."""
    return Problem(401.2, "Could not authenticate with the given credentials.")


def https_only() -> Problem:
    """A password would have travelled in clear."""
    return Problem(401.3, "This way to sign in is only possible over HTTPS.")


def basic_off() -> Problem:
    """A password alone, from somebody who has or needs a second factor."""
    return Problem(
        401.5,
        "This account needs a second factor, so its password alone opens nothing. Programs sign in with an API key in"
        " place of the password (POST /v1/users/{id}/api-keys), people with POST /v1/sessions.",
    )


def code_needed(*, is_wrong: bool = False, public_key: dict[str, Any] | None = None) -> Problem:
    """The password is right, and not enough. `is_wrong`: a code came, of another secret or moment, or used before.

    `public_key`: what the browser of somebody who has security keys is to ask them.
    """
    if is_wrong:
        message = (
            "The code is wrong, or was used before; wait for the next one and check the phone's clock. /"
            " Kodi është i gabuar ose i përdorur; prisni kodin tjetër."
        )
    else:
        message = (
            "A second factor is needed: send the code of your authenticator, or a recovery code, as `code`; or your"
            " security key's answer as `assertion`. / Nevojitet kodi i aplikacionit tuaj, ose një kod rezervë."
        )
    return Problem(401.7, message, {"field": "code"} | ({} if public_key is None else {"publicKey": public_key}))


def must_enrol() -> Problem:
    """Signed in, and able to do one thing only."""
    return Problem(
        403.7,
        "Set up a second factor first: POST /v1/users/current/second-factor, then confirm its code and sign in again."
        " / Vendosni së pari kodin e dytë të hyrjes.",
    )


def insufficient_rights() -> Problem:
    """Known, and not allowed."""
    return Problem(403.1, "The credentials that you gave do not allow this action.")


def class_hidden(sensitivity: str) -> Problem:
    """Known, let in, and not for this class of answers."""
    return Problem(
        403.11,
        f"This is of the class {sensitivity}, which you may not read; reveal it with a reason, or ask an administrator"
        " for a role that reads this class. / Kjo është e klasës "
        f"{sensitivity}, që nuk mund ta lexoni.",
        {"class": sensitivity},
    )


def whole_hidden() -> Problem:
    """Nobody has sorted it into classes, so it needs them all."""
    return Problem(
        403.12,
        "This was not sorted into classes, so only who reads every class may read it; ask an administrator for the role"
        " case-reader. / Vetëm kush lexon çdo klasë mund ta lexojë këtë.",
        {"role": "case-reader"},
    )


def not_found() -> Problem:
    """Not there, or not for you: the two are told apart by nothing."""
    return Problem(404.1, "Could not find what you were looking for.")


def missing_api_version() -> Problem:
    """No /v1 in front."""
    return Problem(404.2, "The address must start with an API version: /v1.")


def unexpected_api_version(got: str) -> Problem:
    """/v2 and the like."""
    return Problem(404.3, "This server speaks version 1 of the API: start the address with /v1.", {"got": got})


def draft_access_failed() -> Problem:
    """The draft's token is not valid any more."""
    return Problem(
        404.4,
        "This draft does not exist any more, or the test link has ended. If the form was published, set the phone up"
        " with an app user's code; if there is a new draft, scan its code.",
    )


def deprecated_id_not_found() -> Problem:
    """An edit of something that we do not have."""
    return Problem(404.5, "The submission that this edit replaces is not here; send the original first.")


def form_version_not_found(version: str) -> Problem:
    """The form is known, this version is not."""
    return Problem(
        404.6, f"The form has no version '{version}'; update the form on the phone.", {"formVersion": version}
    )


def unacceptable_format(allowed: list[str]) -> Problem:
    """Nothing that you accept can be given."""
    return Problem(406.1, f"This resource can be had as: {', '.join(allowed)}.", {"allowed": allowed})


_NO_PREVIEW = {
    "unknown": ("it is no JPEG, PNG or WebP", "nuk është JPEG, PNG ose WebP"),
    "large": ("it is too large to be drawn again", "është tepër e madhe"),
    "broken": ("it is damaged", "është e dëmtuar"),
}


def no_preview(reason: str) -> Problem:
    """The file cannot be shown, only downloaded."""
    why, why_in_albanian = _NO_PREVIEW[reason]
    return Problem(
        406.2,
        f"There is no preview of this file: {why}; download the file. /"
        f" Skedari nuk mund të shfaqet: {why_in_albanian}; shkarkojeni.",
        {"reason": reason},
    )


def xml_conflict() -> Problem:
    """Changed content under a known instance ID."""
    return Problem(
        409.1,
        "A submission with this ID is already here with other answers. The first was kept, and yours was put aside"
        " for an administrator to compare. / Një dërgim me këtë ID ekziston me përgjigje të tjera.",
    )


def not_accepting() -> Problem:
    """The form is closed."""
    return Problem(
        409.2,
        "This form takes no submissions now; ask your coordinator. / Ky formular nuk pranon dërgime tani.",
    )


def already_exists(fields: list[str], values: list[Any]) -> Problem:
    """A second one of what must be single."""
    return Problem(
        409.3,
        f"There is already one with {', '.join(fields)} {', '.join(str(value) for value in values)}; choose another.",
        {"fields": fields, "values": values},
    )


def taken_meanwhile() -> Problem:
    """Two at once wanted to add what must be single."""
    return Problem(409.3, "Somebody else has just added the same; look at what is there and try again.")


def version_exists(xml_form_id: str, version: str) -> Problem:
    """The version's name is used up."""
    return Problem(
        409.6,
        f"The form '{xml_form_id}' already has a published version '{version}'; change the version in the form's"
        " settings, or publish with ?version= and a new one.",
        {"xmlFormId": xml_form_id, "version": version},
    )


def no_published_version() -> Problem:
    """The only version cannot be taken away."""
    return Problem(409.7, "The draft cannot be deleted, because the form was never published; delete the form instead.")


def instance_id_conflict() -> Problem:
    """An edit under an ID that is taken."""
    return Problem(409.8, "The edit's instance ID is already in use; send it with a new one.")


def deprecating_old_submission() -> Problem:
    """An edit of what has since been edited."""
    return Problem(
        409.9,
        "The submission was changed by somebody else in the meantime; your edit was put aside, not lost. Fetch the new"
        " version and edit again. / Dërgimi është ndryshuar ndërkohë nga dikush tjetër.",
    )


LOOSENING = 409.41


def loosening(questions: list[dict[str, str]]) -> Problem:
    """More people would read a question than before, and only one person wants that."""
    named = ", ".join(f"{each['path']} ({each['before']} → {each['after']})" for each in questions[:10])
    more = f" and {len(questions) - 10} more" if len(questions) > 10 else ""
    return Problem(
        LOOSENING,
        f"This draft lets more people read: {named}{more}. An administrator who neither made nor publishes it must"
        " agree first, by POST …/draft/loosening; the draft is kept.",
        {"questions": questions},
    )


def own_loosening() -> Problem:
    """The second person is the first."""
    return Problem(409.42, "You made this draft; another administrator must agree that it lets more people read.")


def submission_deleted() -> Problem:
    """Known, and deleted."""
    return Problem(409.18, "This submission was deleted on the server. / Ky dërgim është fshirë në server.")


def last_administrator() -> Problem:
    """Nobody could give rights any more."""
    return Problem(409.32, "This is the last administrator of the site; make somebody else one first.")


def still_kept(reason: str, why: str, why_in_albanian: str) -> Problem:
    """What was put aside cannot be released as things are; it stays where it is."""
    return Problem(409.31, f"It stays kept aside: {why}. / Mbetet e veçuar: {why_in_albanian}.", {"reason": reason})


def too_large(what: str, limit_bytes: int) -> Problem:
    """Over a limit."""
    return Problem(
        413.1,
        f"{what} is larger than {limit_bytes} bytes; make it smaller and send again.",
        {"what": what, "limitBytes": limit_bytes},
    )


def unsupported_media_type(expected: list[str]) -> Problem:
    """A body of another kind."""
    return Problem(415.1, f"Send the body as one of: {', '.join(expected)}.", {"expected": expected})


def too_many_tries(seconds: int) -> Problem:
    """To sign in, the same for whoever is there and is not; or to open a key with its passphrase."""
    return Problem(
        429.1,
        f"Too many wrong tries; wait {seconds} seconds. / Shumë përpjekje të gabuara; prisni {seconds} sekonda.",
        {"retryAfterSeconds": seconds},
    )


def too_fast(seconds: int) -> Problem:
    """A phone sends more than any phone has to send."""
    return Problem(
        429.2,
        f"Too many submissions at once; nothing was taken, and it is safe to send again in {seconds} seconds. /"
        f" Shumë dërgime njëherësh; provoni përsëri pas {seconds} sekondash.",
        {"retryAfterSeconds": seconds},
    )


REVEAL_BUDGET_SPENT = 429.3


def reveal_budget_spent(budget: int) -> Problem:
    """Looked at more people today than the work should need."""
    return Problem(
        REVEAL_BUDGET_SPENT,
        f"You have revealed answers of {budget} records today; more are not shown, and those who watch over the data"
        " were told. Go on tomorrow, or ask an administrator for a role that reads these answers. /"
        " Keni arritur kufirin e zbulimeve.",
        {"budget": budget},
    )


def not_implemented(feature: str) -> Problem:
    """A part of OData that is not there."""
    return Problem(501.1, f"{feature} is not supported by this server.", {"feature": feature})


def internal_error() -> Problem:
    """A fault of ours; the log has the reference."""
    return Problem(500.1, "Something went wrong on the server; nothing was taken. Try again, or tell the operator.")


def unavailable(reason: str = "the database cannot be reached") -> Problem:
    """For now: try again."""
    return Problem(
        503.1,
        f"The service is not ready ({reason}); nothing was taken, and it is safe to send again. /"
        " Shërbimi nuk është gati; provoni përsëri.",
    )


def storage_full() -> Problem:
    """No room for what was sent."""
    return Problem(507.1, "The server has no room left; nothing was taken, and it is safe to send again later.")
