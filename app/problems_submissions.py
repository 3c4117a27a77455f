"""What can go wrong with what is done to a submission, besides what `app/problems.py` has for every door?"""

from __future__ import annotations

from app.problems import Problem


def expected_deprecation() -> Problem:
    """An edit that does not say what it replaces."""
    return Problem(
        400.19,
        "The submission XML names nothing that it replaces; put the instance ID of the current version into"
        " meta/deprecatedID, and a new one into meta/instanceID.",
    )


def no_web_form() -> Problem:
    """There is no page on which a submission could be edited."""
    return Problem(
        501.8,
        "No web form is configured on which a submission is edited; the operator sets its address as SPORTEL_EDIT_URL."
        " Edit by PUT …/submissions/{instanceId} instead.",
    )


def already_encrypted() -> Problem:
    """Once, and for good."""
    message = "The project is encrypted already; its key cannot be changed."
    return Problem(409.4, message, {"feature": "managed encryption"})


def encryption_begins() -> Problem:
    """A form that was compiled, or a draft that was looked at, before the project got its key."""
    return Problem(409.5, "The project has just begun to be encrypted; look at the form and try again.")


def cases_not_encryptable(xml_form_id: str) -> Problem:
    """What nobody on the server can read can open no case."""
    return Problem(
        409.53,
        f"The form '{xml_form_id}' opens or changes cases, which encrypted answers cannot; put it into a project that"
        " is not encrypted.",
        {"xmlFormId": xml_form_id},
    )


def undecryptable() -> Problem:
    """Another passphrase, or another key."""
    return Problem(400.12, "It could not be decrypted; check the passphrase, and the number of the key it belongs to.")
