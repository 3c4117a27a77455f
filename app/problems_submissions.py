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
