"""Who must have a second factor? Pure: the setting, and what the person's roles may."""

from __future__ import annotations

from app.permissions import ROLES, Actor

OFF, PRIVILEGED, ALL = "off", "privileged", "all"
# A role with one of these rights opens what is sealed, or gives out every right.
_OF_PRIVILEGE = frozenset({"submission.reveal", "class.identifying"})


def is_privileged(actor: Actor) -> bool:
    """Does the person hold a role that administers, or that reveals answers?"""
    return any(grant.role == "admin" or ROLES[grant.role].verbs & _OF_PRIVILEGE for grant in actor.grants)


def must_have_factor(policy: str, actor: Actor) -> bool:
    """By SPORTEL_SECOND_FACTOR."""
    return policy == ALL or (policy == PRIVILEGED and is_privileged(actor))
