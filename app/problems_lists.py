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
        {"current": current, "provided": provided},
    )


def list_in_use(forms: dict[str, list[dict[str, str]]]) -> Problem:
    """It cannot be taken away: forms write or read it."""
    return Problem(
        409.43,
        "The list cannot be deleted, because forms or drafts use it; publish versions without it, or delete those.",
        forms,
    )


def property_in_use(property_name: str, forms: list[str]) -> Problem:
    """It cannot be taken away. `forms`: those that write it; none if there are cases with a value."""
    why = f"these forms write it: {', '.join(forms)}" if forms else "there are cases with a value of it"
    return Problem(
        409.44,
        f"The property {property_name} cannot be deleted, because {why}; take that away first.",
        {"propertyName": property_name, "forms": forms},
    )


def entity_version_conflict(current: int, provided: str) -> Problem:
    """The case was changed since it was fetched."""
    return Problem(
        409.15,
        f"The case is at version {current} and you gave {provided or 'none'} as baseVersion; fetch it and change that,"
        " or send ?force=true to change it whatever it says now.",
        {"current": current, "provided": provided},
    )
