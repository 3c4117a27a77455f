"""Which actions does the audit know? One table: the name, what it says, and whether something was changed or looked at.

The names are ODK Central's where it has the same; ours are written in the same way. A line's details hold numbers,
instance IDs and names of things that an administrator named; never an answer, and no name that a sender gave a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Was something changed, was something looked at, or was that refused?"""

    WRITE = "write"
    READ = "read"
    DENIAL = "denial"


@dataclass(frozen=True)
class Action:
    """One kind of line. `group`: Central's filter that it comes under. `verbose`: one of very many."""

    name: str
    what: str
    kind: Kind = Kind.WRITE
    group: str = ""
    verbose: bool = False


def _of(group: str, *, verbose: bool = False, kind: Kind = Kind.WRITE, **named: str) -> tuple[Action, ...]:
    return tuple(Action(name.replace("__", "."), what, kind, group, verbose) for name, what in named.items())


_WRITES = (
    *_of(
        "user",
        user__create="A person was given an account.",
        user__update="A person's account was changed.",
        user__delete="A person's account was ended.",
        user__password__update="A person's password was changed; all their sessions ended.",  # noqa: S106  (a name)
        user__password__code="A code to choose a password was mailed to a person.",  # noqa: S106  (a name)
        user__password__invalidate="A person's password, sessions and API keys were ended.",  # noqa: S106  (a name)
        user__second_factor__create="A person set up a second factor; all their sessions ended.",
        user__second_factor__update="A person was given new recovery codes.",
        user__second_factor__recovery="A person signed in, or changed their second factor, with a recovery code.",
        user__second_factor__delete="A person's lost second factor was taken away; all their sessions ended.",
        user__security_key__create="A person added a security key.",
        user__security_key__delete="A person took a security key of theirs away; all their sessions ended.",
        user__session__create="A person signed in.",
        user__session__end="A session was ended.",
    ),
    *_of("api_key", api_key__create="A person made an API key.", api_key__delete="An API key was revoked."),
    *_of(
        "field_key",
        field_key__create="A phone was added to a project.",
        field_key__update="A phone was changed.",
        field_key__property__set="What is noted of a phone was changed: under which names.",
        field_key__delete="A phone's access was revoked.",
        field_key__lost="A phone was reported lost and put out: how much it had sent and fetched.",
        field_key__rotate="A phone was given its next token.",
    ),
    *_of(
        "public_link",
        public_link__create="A link was added with which anybody fills a form.",
        public_link__property__set="What is noted of a link was changed: under which names.",
        public_link__delete="A link was ended.",
    ),
    *_of("actor_property", actor_property__create="A project's phones were given a property."),
    *_of(
        "assignment",
        assignment__create="A role was given to somebody.",
        assignment__delete="A role was taken from somebody.",
    ),
    *_of("backup", backup__run="A backup was asked for over the network."),
    *_of(
        "config",
        config__set="Something was set for the whole site: under which name.",
        config__delete="A setting of the whole site was taken away.",
    ),
    *_of("office", office__create="An office was added.", office__update="An office was changed."),
    *_of(
        "project",
        project__create="A project was added.",
        project__update="A project was changed.",
        project__delete="A project was ended.",
    ),
    *_of(
        "form",
        form__create="A form was added.",
        form__update="A form's state was changed.",
        form__delete="A form was deleted.",
        form__restore="A deleted form was brought back.",
        form__purge="What a form deleted long ago had held was purged: how many submissions, how much kept aside.",
        form__attachment__update="A file of a form was put in place or taken away.",
        form__update__draft__set="A form was given a draft.",
        form__update__draft__loosening="A second person agreed that a form's draft lets more people read questions.",
        form__update__draft__delete="A form's draft was discarded.",
        form__update__publish="A form's draft was published.",
    ),
    *_of(
        "submission",
        verbose=True,
        submission__create="A submission was taken.",
        submission__update__version="An edit of a submission was taken.",
        submission__attachment__update="A submission's file arrived.",
        submission__attachment__clear="A file was taken out of a submission.",
        submission__backlog__hold="An update of a case waits for the one that it builds on.",
        submission__backlog__reprocess="An update of a case that waited was applied.",
        submission__backlog__force="An update of a case that waited too long was applied as it was.",
    ),
    *_of(
        "submission",
        submission__erase="A submission was erased for good.",
        submission__hand_over="A submission was handed to another office.",
        submission__update="A submission's review state was changed.",
        submission__delete="A submission was deleted; it can be restored for 30 days.",
        submission__restore="A deleted submission was restored.",
        submission__purge="A submission that was deleted for 30 days was erased for good.",
        submission__comment="Somebody commented on a submission.",
    ),
    *_of(
        "dataset",
        dataset__create="An entity list was added.",
        dataset__update="An entity list was changed: how it is used, or which properties it has.",
        dataset__delete="An entity list was put into the trash, with all its cases.",
        dataset__purge="An entity list was purged after its time in the trash.",
    ),
    *_of(
        "entity",
        verbose=True,
        entity__create="A case was opened.",
        entity__update__version="A case was changed.",
        entity__update__resolve="The conflict of a case was resolved.",
        entity__delete="A case was put into the trash.",
        entity__restore="A case was taken out of the trash.",
        entity__purge="A case was purged after its time in the trash: its content and its key are gone.",
        entity__error="A submission's change of a case could not be applied.",
    ),
    *_of(
        "entity",
        entity__hand_over="A case was handed to another office.",
        entity__bulk__create="Many cases were added from one source: how many.",
    ),
    *_of("quarantine", verbose=True, quarantine__add="What a sender sent was put aside."),
    *_of(
        "quarantine",
        quarantine__release="What was put aside was taken in.",
        quarantine__discard="What was put aside was discarded for good.",
    ),
)
_READS = (
    *_of(
        "submission",
        verbose=True,
        kind=Kind.READ,
        submission__list="Submissions of a form were listed: how many.",
        submission__read="A submission was looked at: its facts, its XML, its versions or the names of its files.",
        submission__attachment__read="A submission's file was fetched.",
    ),
    *_of(
        "form",
        kind=Kind.READ,
        form__submission__export="An export of a form's submissions began.",
        form__submission__export__end="An export reached its end: how many submissions went out.",
    ),
    *_of(
        "form",
        verbose=True,
        kind=Kind.READ,
        form__table__read="A form's cleaned table began to be read as a feed.",
        form__table__read__end="A feed reached its end: how many submissions were read for it.",
    ),
    *_of(
        "entity",
        verbose=True,
        kind=Kind.READ,
        entity__list="Cases of a list were looked at: how many.",
        entity__read="A case was looked at.",
    ),
    *_of("entity", kind=Kind.READ, entity__export="The cases of a list were exported: how many."),
    *_of("field_key", kind=Kind.READ, field_key__lost__read="The report of a lost phone was looked at."),
    *_of("submission", kind=Kind.READ, submission__reveal="Masked answers of a submission were shown: which, and why."),
    *_of("entity", kind=Kind.READ, entity__reveal="Masked properties of a case were shown: which, and why."),
    *_of("reveal", kind=Kind.READ, reveal__alarm="Somebody came close to the end of their budget of reveals."),
    *_of("dataset", verbose=True, kind=Kind.READ, dataset__phone__read="A phone fetched an entity list."),
    *_of("quarantine", kind=Kind.READ, quarantine__read="The content of what was put aside was looked at."),
)
_DENIALS = (
    *_of(
        "user",
        kind=Kind.DENIAL,
        user__session__refuse="Somebody whom the institution's sign-in sent back was not let in: why.",
        user__security_key__refuse="A security key was refused that had not counted on: there may be a copy of it.",
    ),
    *_of(
        "access",
        kind=Kind.DENIAL,
        access__denied="Somebody who is known asked for data without the right, or for what is not there for them.",
    ),
    *_of(
        "form",
        kind=Kind.DENIAL,
        form__submission__decrypt__refuse="A passphrase that opens nothing was given for an export.",
    ),
    *_of("reveal", kind=Kind.DENIAL, reveal__refuse="A reveal was refused: the budget of the day was spent."),
)

ACTIONS: dict[str, Action] = {action.name: action for action in (*_WRITES, *_READS, *_DENIALS)}
READS = frozenset(action.name for action in ACTIONS.values() if action.kind is Kind.READ)
GROUPS = frozenset(action.group for action in ACTIONS.values())

# Central's word for: without what comes in great numbers.
NONVERBOSE = "nonverbose"
VERBOSE = frozenset(action.name for action in ACTIONS.values() if action.verbose)


def named(word: str) -> tuple[frozenset[str] | None, frozenset[str]]:
    """Which actions a filter's word means: one of these (None: any), and none of those.

    A word is an action, a group of them, `nonverbose`, or one of our own kinds: `read`, `write`, `denial`.
    A word that is none of these means no line, as in Central.
    """
    if word == NONVERBOSE:
        return None, VERBOSE
    found = {each.name for each in ACTIONS.values() if word in (each.name, each.group, each.kind.value)}
    return frozenset(found or {word}), frozenset()
