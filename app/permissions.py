"""May this actor do this here? One pure table of roles and verbs.

Roles and verbs are ODK Central's; `analyst` (de-identified data only), `case-reader` and the verbs of the classes of
sensitivity are ours. What no role grants is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """A named set of verbs. `id` and `system` are what Central's API shows."""

    id: int
    system: str
    name: str
    verbs: frozenset[str]


# Class of sensitivity -> the verb that reads it. What is open needs none.
CLASS_VERBS: dict[str, str] = {
    "operational": "class.operational",
    "quasi": "class.quasi",
    "contact": "class.contact",
    "identifying": "class.identifying",
    "special:health": "class.special_health",
    "special:exploitation": "class.special_exploitation",
    "special:ethnicity": "class.special_ethnicity",
    "special:criminal": "class.special_criminal",
}
# Whoever may give the role gives these along, also without having them: a manager sets up phones, and reads no cases.
_GIVEN_ALONG = frozenset({"open_form.cases"})

# What `submission.reveal` opens, one record at a time; a special class only for who reads it anyway.
REVEALED_CLASSES = frozenset({"contact", "identifying"})

_READER = frozenset(
    [
        "project.read",
        "form.list",
        "form.read",
        "submission.read",
        "submission.list",
        "dataset.list",
        "dataset.read",
        "entity.list",
        "entity.read",
        "deidentified.read",
        "class.operational",
        "class.quasi",
    ]
)
_VIEWER = _READER | {"submission.reveal"}
_CASE_READER = _READER | frozenset(CLASS_VERBS.values())
_RUNS_PROJECT = _READER | frozenset(
    [
        "project.update",
        "form.create",
        "form.update",
        "form.delete",
        "form.restore",
        "submission.create",
        "submission.update",
        "submission.delete",
        "submission.restore",
        "submission.hand_over",
        "app_user.list",
        "app_user.create",
        "app_user.update",
        "app_user.revoke",
        "public_link.list",
        "public_link.create",
        "public_link.update",
        "public_link.delete",
        "dataset.create",
        "dataset.update",
        "dataset.delete",
        "entity.create",
        "entity.update",
        "entity.delete",
        "entity.restore",
        "entity.hand_over",
        "open_form.list",
        "open_form.read",
        "assignment.list",
        "assignment.create",
        "assignment.delete",
        "office.list",
        "quarantine.list",
        "quarantine.release",
        "quarantine.discard",
    ]
)
_MANAGER = _RUNS_PROJECT | {"class.contact", "submission.reveal"}
_APP_USER = frozenset(["open_form.list", "open_form.read", "open_form.cases", "submission.create"])
# Whoever has the link: one form, and no case to choose from.
_PUB_LINK = frozenset(["open_form.list", "open_form.read", "submission.create"])
_FORMFILL = _APP_USER | frozenset(["project.read", "form.list", "form.read"])
_SITE = frozenset(
    [
        "user.list",
        "user.create",
        "user.read",
        "user.update",
        "user.delete",
        "office.create",
        "office.update",
        "form.approve_loosening",
        "project.create",
        "project.delete",
        "audit.read",
        "backup.run",
        "config.read",
        "config.set",
    ]
)

ROLES: dict[str, Role] = {
    role.system: role
    for role in (
        # Runs everything and reads little: who gives out rights is not who reads what people said.
        Role(1, "admin", "Administrator", _RUNS_PROJECT | _SITE),
        Role(2, "app-user", "App User", _APP_USER),
        Role(5, "manager", "Project Manager", _MANAGER),
        Role(6, "viewer", "Project Viewer", _VIEWER),
        Role(7, "formfill", "Data Collector", _FORMFILL),
        Role(8, "analyst", "Analyst", frozenset({"project.read", "deidentified.read"})),
        Role(9, "case-reader", "Case Reader", _CASE_READER),
        Role(10, "pub-link", "Public Link", _PUB_LINK),
    )
}

VERBS: frozenset[str] = frozenset().union(*(role.verbs for role in ROLES.values()))

# Those that read rows which belong to an office.
READS_ROWS = (
    "submission.list",
    "submission.read",
    "deidentified.read",
    "entity.list",
    "quarantine.list",
    "open_form.cases",
)

# Verbs that need nobody's right: everybody may ask them, signed in or not.
ANYBODY = "anybody"
# Verbs that need only a valid sign-in.
SIGNED_IN = "signed-in"
# The same, also from whoever must set up a second factor before anything else.
HALF_SIGNED_IN = "half-signed-in"


@dataclass(frozen=True)
class Grant:
    """A role held somewhere: on the site (no project), a project, or one form of it."""

    role: str
    project_id: int | None = None
    form_id: int | None = None
    all_offices: bool = False


@dataclass(frozen=True)
class Actor:
    """Who is asking: a frozen value, so that a transaction's end cannot change it.

    `verbs`: the only ones that count, if not all of the roles'; `key_id`: the API key that asks for the person;
    `must_enrol`: all that they may is set up a second factor.
    """

    id: int
    type: str  # user, field_key (an app user), public_link, anonymous
    display_name: str
    office_id: int | None
    grants: tuple[Grant, ...] = ()
    verbs: frozenset[str] | None = None
    key_id: int | None = None
    must_enrol: bool = False

    @property
    def is_app_user(self) -> bool:
        """A phone."""
        return self.type == "field_key"

    @property
    def is_public_link(self) -> bool:
        """Anybody who has a link."""
        return self.type == "public_link"

    @property
    def has_address_token(self) -> bool:
        """A phone or a link: its token stands in the address, and opens no session."""
        return self.is_app_user or self.is_public_link

    @property
    def cases_office_id(self) -> int | None:
        """The office whose cases the actor gets with a form: a link, which anybody may have, gets none."""
        return None if self.is_public_link else self.office_id


ANONYMOUS = Actor(0, "anonymous", "", None)


def _grants(actor: Actor, verb: str, project_id: int | None, form_id: int | None) -> Iterable[Grant]:
    if actor.verbs is not None and verb not in actor.verbs:
        return
    for grant in actor.grants:
        on_site = grant.project_id is None
        on_project = grant.project_id == project_id and grant.form_id is None
        on_form = grant.project_id == project_id and form_id is not None and grant.form_id == form_id
        if verb in ROLES[grant.role].verbs and (on_site or on_project or on_form):
            yield grant


def may(actor: Actor, verb: str, *, project_id: int | None = None, form_id: int | None = None) -> bool:
    """True if a role that the actor holds there (or above) has the verb. Unknown verbs are refused."""
    return verb in VERBS and any(True for _ in _grants(actor, verb, project_id, form_id))


def may_somewhere(actor: Actor, verb: str, project_id: int) -> bool:
    """The same for the project or any one form of it."""
    forms = {grant.form_id for grant in actor.grants if grant.project_id == project_id}
    return any(may(actor, verb, project_id=project_id, form_id=form_id) for form_id in {None, *forms})


def verbs_on(actor: Actor, project_id: int | None = None) -> frozenset[str]:
    """All that the actor may do in the project, or on the whole site."""
    grants = (grant for grant in actor.grants if grant.project_id in (None, project_id) and grant.form_id is None)
    verbs: frozenset[str] = frozenset().union(*(ROLES[grant.role].verbs for grant in grants))
    return verbs if actor.verbs is None else verbs & actor.verbs


def holds_role_in(actor: Actor, project_id: int) -> bool:
    """True if the actor has any role on the site, in the project or on one form of it."""
    return any(grant.project_id in (None, project_id) for grant in actor.grants)


def office_scope(actor: Actor, verb: str, *, project_id: int | None, form_id: int | None = None) -> int | bool:
    """Whose rows the verb reaches: True for all offices, an office's id for one, False for none.

    An administrator of the site reaches all offices with what an administrator may.
    """
    grants = list(_grants(actor, verb, project_id, form_id))
    if any(grant.all_offices or is_site_administrator(grant) for grant in grants):
        return True
    if not grants or actor.office_id is None:
        return False
    return actor.office_id


def widest_office_scope(actor: Actor, *, project_id: int | None, form_id: int | None = None) -> int | bool:
    """The widest reach of all verbs that read rows of offices there; without a project, of all that the actor holds.

    What a request may read at the very most, whatever it is about.
    """
    places = {(project_id, form_id)}
    if project_id is None:
        places |= {(grant.project_id, grant.form_id) for grant in actor.grants}
    reaches = [
        office_scope(actor, verb, project_id=project, form_id=form) for project, form in places for verb in READS_ROWS
    ]
    return any(each is True for each in reaches) or next((each for each in reaches if each is not False), False)


def is_site_administrator(grant: Grant) -> bool:
    """Is it the administrator's role on the whole site?"""
    return grant.role == "admin" and grant.project_id is None


def may_grant(
    actor: Actor,
    role: str,
    *,
    office_id: int | None,
    all_offices: bool,
    project_id: int | None,
    to_self: bool,
    form_id: int | None = None,
) -> bool:
    """May the actor give this role there to somebody of this office, or take it away? Only what they hold themselves.

    Each verb of the role must be theirs there, and reach what it would reach in the other's hands: all offices, or
    the other's own. An administrator of the site gives others every role, also to read what they may not read; to
    themselves (`to_self`) only what they hold.
    """
    if not may(actor, "assignment.create", project_id=project_id, form_id=form_id):
        return False
    if not to_self and any(is_site_administrator(grant) for grant in actor.grants):
        return True
    verbs = ROLES[role].verbs - _GIVEN_ALONG
    reaches = [office_scope(actor, verb, project_id=project_id, form_id=form_id) for verb in verbs]
    # An office's number is compared only where it is one: True is no office, though it equals 1.
    return all(each is True or (each is not False and not all_offices and each == office_id) for each in reaches)


def reaches_office(
    actor: Actor, verb: str, office_id: int | None, *, project_id: int, form_id: int | None = None
) -> bool:
    """Is a row of this office the actor's own, or does the verb reach all offices?

    Nothing is a link's own, nor nobody's: who has no more than a draft's token belongs to no office, as some tests do.
    """
    if actor.is_public_link or not actor.id:
        return False
    return office_id == actor.office_id or office_scope(actor, verb, project_id=project_id, form_id=form_id) is True


def visible_projects(actor: Actor, verb: str = "project.read") -> set[int] | None:
    """The projects on which the actor has the verb; None means all."""
    found: set[int] = set()
    if actor.verbs is not None and verb not in actor.verbs:
        return found
    for grant in actor.grants:
        if verb in ROLES[grant.role].verbs:
            if grant.project_id is None:
                return None
            found.add(grant.project_id)
    return found
