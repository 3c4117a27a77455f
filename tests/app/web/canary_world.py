"""One form with a question of each class and type, a canary in every answer, and everything else that answers get into.

The canary of class number n is a word, a number, a date and a place that occur nowhere else, each with n in it.
"""

from __future__ import annotations

from tests.app.shown_forms import FOLLOW_UP, entity
from tests.app.web.idor_world import OTHER, OURS, OWN, PEOPLE, THEIRS, UUIDS, World
from tests.support.backend import AppUser, Backend, instance

CLASSES = (
    "open",
    "operational",
    "quasi",
    "contact",
    "identifying",
    "special:health",
    "special:exploitation",
    "special:ethnicity",
    "special:criminal",
    "undeclared",
)
# What is sorted into no class at all: only who reads every class reads it.
WHOLE = "whole"


def slug(sensitivity: str) -> str:
    """The class as a part of a question's name."""
    return sensitivity.replace(":", "_")


def _word(office: str, sensitivity: str, kind: str) -> str:
    return f"canary{len(office)}{CLASSES.index(sensitivity)}{kind}"


def answers_of(sensitivity: str, office: str = OWN) -> dict[str, str]:
    """The canaries of a class, by type of the question; another office's are other ones."""
    number = CLASSES.index(sensitivity)
    far = 5 if office == OTHER else 0
    return {
        "t": _word(office, sensitivity, "text"),
        "n": f"73{far}{number}0055",
        "d": f"19{30 + number + 2 * far}-02-03",
        "g": f"41.7{far}{number}77 19.5{far}{number}33 1{number}7.25 3",
        "s": _word(office, sensitivity, "choice"),
        "b": _word(office, sensitivity, "code"),
        "f": _word(office, sensitivity, "file") + ".jpg",
    }


def needles(office: str = OWN) -> dict[str, tuple[str, ...]]:
    """By class, what must not be found by who may not read it."""
    found: dict[str, tuple[str, ...]] = {}
    for sensitivity in CLASSES:
        answers = answers_of(sensitivity, office)
        words = {**answers, "g": answers["g"].split()[0], "f": answers["f"].removesuffix(".jpg")}
        more = (_word(office, sensitivity, kind) for kind in ("repeat", "content"))
        found[sensitivity] = (*words.values(), *more)
    found["identifying"] += tuple(
        _identifying(office, kind) for kind in ("unknown", "attribute", "audit", "reason", "comment")
    )
    found[WHOLE] = tuple(_identifying(office, kind) for kind in ("changed", "unnamed", "unnamedfile"))
    return found


def _identifying(office: str, kind: str) -> str:
    return _word(office, "identifying", kind)


def form() -> str:
    """The form, as Markdown."""
    types = {
        "t": "text",
        "n": "integer",
        "d": "date",
        "g": "geopoint",
        "s": "select_one l",
        "b": "barcode",
        "f": "image",
    }
    lines = ["| survey |", "| | type | name | label | bind::sportel:class | save_to | parameters |"]
    for sensitivity in CLASSES:
        declared = "" if sensitivity == "undeclared" else sensitivity
        for letter, kind in types.items():
            save_to = f"p_{slug(sensitivity)}" if letter == "t" else ""
            lines.append(f"| | {kind} | {letter}_{slug(sensitivity)} | L | {declared} | {save_to} | |")
    lines.append("| | begin_repeat | person | P | | | |")
    lines += [f"| | text | r_{slug(each)} | L | {'' if each == 'undeclared' else each} | | |" for each in CLASSES]
    return "\n".join(
        [
            *lines,
            "| | end_repeat | | | | | |",
            "| | text | office | L | operational | custodian | |",
            "| | audit | audit | | | | track-changes=true |",
            "| choices |",
            "| | list_name | name | label |",
            "| | l | one | One |",
            "| settings |",
            "| | form_id | version | instance_name | namespaces |",
            '| | canaries | 1 | ${t_undeclared} | sportel="urn:sportel:xforms" |',
            "| entities |",
            "| | list_name | label |",
            "| | cases | ${t_undeclared} |",
        ]
    )


def files(office: str) -> dict[str, bytes]:
    """The files that are sent: one for each class, and the log that the phone keeps."""
    named = {answers_of(each, office)["f"]: _word(office, each, "content").encode() for each in CLASSES}
    return {**named, "audit.csv": _identifying(office, "audit").encode()}


def submission(office: str, changed: str = "") -> str:
    """The XML with a canary in every place."""
    body = ""
    for sensitivity in CLASSES:
        for letter, text in answers_of(sensitivity, office).items():
            body += (
                f"<{letter}_{slug(sensitivity)}>{text}{changed if letter == 't' else ''}</{letter}_{slug(sensitivity)}>"
            )
    repeated = "".join(f"<r_{slug(each)}>{_word(office, each, 'repeat')}</r_{slug(each)}>" for each in CLASSES)
    label = answers_of("undeclared", office)["t"]
    meta = f"<orx:instanceName>{label}</orx:instanceName><orx:audit>audit.csv</orx:audit>" + entity(
        f'id="{UUIDS[office]}" create="1"', label
    )
    body += (
        f'<person extra="{_identifying(office, "attribute")}">{repeated}</person><office/>'
        f"<nobody_asked>{_identifying(office, 'unknown')}</nobody_asked>"
    )
    return instance("canaries", body, instance_id=f"uuid:c-{office}", meta=meta)


def build_canaries(backend: Backend) -> World:
    """Two offices' submissions, cases, quarantine and hand-overs, and everybody who might ask for them."""
    world = World(backend)
    for office in (OURS, THEIRS):
        backend.office(office)
    backend.admin.publish(form())
    backend.admin.publish(FOLLOW_UP)
    phones = {OWN: backend.phone(office=OURS), OTHER: backend.phone(office=THEIRS)}
    for office, phone in phones.items():
        _send(phone, office)
    for office in (OWN, OTHER):
        at = f"/projects/1/forms/canaries/submissions/uuid:c-{office}"
        body = {"body": _identifying(office, "comment")}
        assert backend.admin.post(f"{at}/comments", json=body).status_code == 200
        note = {"X-Action-Notes": _identifying(office, "comment")}
        assert backend.admin.patch(at, json={"reviewState": "hasIssues"}, headers=note).status_code == 200
    _hand_over(backend, OURS, THEIRS, OWN)
    for role, grants in PEOPLE.items():
        person = backend.person(*grants, office=OURS, name="Asker")
        world.askers[role] = {"Authorization": f"Bearer {person.token}"}
    world.askers |= {"phone": {}, "nobody": {}}
    world.prefixes = dict.fromkeys(world.askers, "") | {"phone": f"/v1/key/{phones[OWN].token}"}
    return world


def _send(phone: AppUser, office: str) -> None:
    extra = {_identifying(office, "unnamedfile") + ".jpg": _identifying(office, "unnamed").encode()}
    assert phone.send(submission(office), files(office) | extra).status_code == 201
    assert phone.send(submission(office, _identifying(office, "changed"))).status_code == 409


def _hand_over(backend: Backend, ours: str, theirs: str, target: str) -> None:
    """There and back, so that the reason is kept on both."""
    at = f"/projects/1/forms/canaries/submissions/uuid:c-{target}"
    case = f"/projects/1/datasets/cases/entities/{UUIDS[target]}"
    for record in (at, case):
        for office in (theirs, ours):
            body = {"office": office, "reason": _identifying(target, "reason")}
            assert backend.admin.post(f"{record}/hand-over", json=body).status_code == 200
