"""What can go wrong when a project is administered, besides what `app/problems.py` has for every door?"""

from __future__ import annotations

from app.problems import Problem


def dataset_link_not_allowed() -> Problem:
    """An entity list for what is shown as a picture, or heard."""
    return Problem(400.26, "Only a data file can be an entity list; give this attachment a file of its own.")
