"""What can go wrong with entity lists and cases, besides what `app/problems.py` has for every door?"""

from __future__ import annotations

from app.problems import Problem


def name_alike(current: str, provided: str) -> Problem:
    """An entity list whose name differs only by capital letters: phones could not tell the two apart."""
    return Problem(
        409.16,
        f"There is an entity list '{current}'; use it, or a name that differs by more than capital letters.",
        {"current": current, "provided": provided},
    )


def property_alike(current: str, provided: str) -> Problem:
    """A property whose name differs only by capital letters."""
    return Problem(
        409.17,
        f"There is a property '{current}'; use it, or a name that differs by more than capital letters.",
        {"duplicateProperties": [{"current": current, "provided": provided}]},
    )


def pending_submissions(count: int) -> Problem:
    """Whether to make cases of what was not approved yet is not said."""
    return Problem(
        400.29,
        f"There are {count} submissions that wait for approval; send ?convert=true to make cases of them now, or"
        " ?convert=false to leave them without.",
        {"count": count},
    )


def list_in_use(forms: dict[str, list[dict[str, str]]]) -> Problem:
    """It cannot be taken away: forms write or read it."""
    return Problem(
        409.43,
        "The list cannot be deleted, because forms or drafts use it; publish versions without it and close the forms"
        " whose older versions write it, since phones may hold those; or delete them and wait until they are purged,"
        " since a restored form would use it again.",
        forms,
    )


def property_in_use(property_name: str, forms: dict[str, str], cases: int, *, is_in_a_rule: bool = False) -> Problem:
    """It cannot be taken away. `forms`: the names of those that write it, by ID; `cases`: how many have a value."""
    written = [f"these forms write it: {', '.join(forms)}"] if forms else []
    filled = [f"{cases} cases have a value of it"] if cases else []
    ruled = ["the list's accessFilter asks for it"] if is_in_a_rule else []
    reasons = " and ".join(written + filled + ruled)
    by_form = [{"xmlFormId": xml_form_id, "formName": name} for xml_form_id, name in forms.items()]
    return Problem(
        409.22,
        f"The property {property_name} cannot be deleted: {reasons}; take that away first.",
        {
            "propertyName": property_name,
            "prerequisites": {
                "dependentForms": {"details": {"forms": by_form}} if forms else None,
                # Which cases: that would be a look at them.
                "nonEmptyEntities": {"details": {"totalCount": cases, "entities": []}} if cases else None,
            },
        },
    )


def no_conflict() -> Problem:
    """There is nothing to be resolved."""
    return Problem(400.32, "The case is in no conflict; leave out ?resolve=true, or fetch it to see what it says now.")


def entity_version_conflict(current: int, provided: str) -> Problem:
    """The case was changed since it was fetched."""
    return Problem(
        409.15,
        f"The case is at version {current} and you gave {provided or 'none'} as baseVersion; fetch it and change that,"
        " or send ?force=true to change it whatever it says now.",
        {"current": current, "provided": provided},
    )
