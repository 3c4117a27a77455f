"""What can go wrong when a project is administered, besides what `app/problems.py` has for every door?"""

from __future__ import annotations

from app.problems import Problem


def key_does_not_exist(field: str, value: str, table: str) -> Problem:
    """A number that names nothing."""
    return Problem(
        400.14,
        f"There is no {field} {value} in {table}; look at what is there and send again.",
        {"field": field, "value": value, "table": table},
    )


def dataset_link_not_allowed() -> Problem:
    """An entity list for what is shown as a picture, or heard."""
    return Problem(400.26, "Only a data file can be an entity list; give this attachment a file of its own.")


def project_not_empty(forms: int) -> Problem:
    """A project that still has something to fill."""
    return Problem(409.46, f"The project still has {forms} forms; delete them first, or archive it.", {"forms": forms})


def unexpected_forms_list() -> Problem:
    """A whole project was put, and not with all of its forms."""
    return Problem(501.2, "Forms are neither added nor deleted here; give exactly the project's forms, or none at all.")


def analytics_not_configured() -> Problem:
    """Usage reports, which this server never sends."""
    return Problem(501.9, "This server sends no usage reports to anybody, so there is nothing to switch on or to show.")


def backup_not_allowed() -> Problem:
    """A backup over the network, where the operator has not allowed it."""
    return Problem(
        501.41,
        "Backups are not given out over the network here; the operator allows it with SPORTEL_BACKUP_BY_API=on, or"
        " makes one with: flask --app wsgi sportel backup.",
    )
