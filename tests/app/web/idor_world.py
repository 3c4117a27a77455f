"""Two projects, two offices, and one of everything in each: who asks and what is asked for in the matrix of rights.

What belongs to the askers' own office in project 1 is called `canary-own`, to the other office `canary-other`, to the
other project `canary-far`; what was there once is called `canary-gone`.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import AppUser, Backend, Person, instance

OWN, OTHER, FAR, GONE, MISSING = "own", "other", "far", "gone", "missing"
TARGETS = (OWN, OTHER, FAR, GONE, MISSING)
OURS, THEIRS, THIRD = "office-ours", "office-theirs", "office-third"
# Cases that were deleted, for who may bring them back; `gone` was never made.
TRASH = {target: f"{digit * 8}-2222-4222-8222-222222222222" for digit, target in zip("12345", TARGETS, strict=True)}
UUIDS = {target: f"{digit * 8}-1111-4111-8111-111111111111" for digit, target in zip("12345", TARGETS, strict=True)}

# Who asks: the grants that they hold, all of office `ours`; `phone` and `nobody` are no people.
PEOPLE: dict[str, tuple[Grant, ...]] = {
    "admin": (Grant("admin"),),
    "manager, all": (Grant("manager", 1, all_offices=True),),
    "manager": (Grant("manager", 1),),
    "viewer, all": (Grant("viewer", 1, all_offices=True),),
    "viewer": (Grant("viewer", 1),),
    "case-reader": (Grant("case-reader", 1),),
    "manager who reads": (Grant("manager", 1), Grant("case-reader", 1)),
    "formfill": (Grant("formfill", 1),),
    "analyst": (Grant("analyst", 1),),
    "stranger": (),
}
ROLES = (*PEOPLE, "phone", "nobody")

_PICTURE = "|        | image  | pic    | Picture  |            | identifying         |              |"


def canary(target: str) -> str:
    """The word in everything that belongs there."""
    return f"canary-{target}"


@dataclass
class World:
    """The backend and the path parameters of each kind of thing, by target."""

    backend: Backend
    askers: dict[str, dict[str, str]] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    params: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def ask(self, role: str, method: str, path: str, **options: Any) -> tuple[int, bytes]:
        """The status and the whole body."""
        headers = {"X-Extended-Metadata": "true"} | self.askers[role]
        inside = path.removeprefix("/v1") if self.prefixes[role] else path
        answer = self.backend.client.open(self.prefixes[role] + inside, method=method, headers=headers, **options)
        with answer:
            return answer.status_code, answer.data

    def keep(self, folder: Path) -> None:
        """Remember everything as it is."""
        self._let_go()
        shutil.copytree(self.backend.folder, folder)

    def restore(self, folder: Path) -> None:
        """Everything as it was kept: a write that was let in leaves no mark on the next question."""
        self._let_go()
        shutil.rmtree(self.backend.folder)
        shutil.copytree(folder, self.backend.folder)

    def _let_go(self) -> None:
        with self.backend.app.app_context():
            db.session.remove()
            db.engine.dispose()


def build(backend: Backend) -> World:
    """A world on an empty backend."""
    for office in (OURS, THEIRS, THIRD):
        backend.office(office)
    admin = backend.admin
    for name in (canary(FAR), canary(GONE)):
        assert admin.post("/projects", json={"name": name}).status_code == 200
    for project in (1, 2):
        _add_forms(admin, project)
    deleted_forms = {target: _trash(admin, project) for target, project in ((OWN, 1), (FAR, 2))}
    phones = {
        target: backend.phone(office=THEIRS if target == OTHER else OURS, project=2 if target == FAR else 1, name=name)
        for target, name in ((each, canary(each)) for each in (OWN, OTHER, FAR, GONE))
    }
    for target, phone in phones.items():
        _send(phone, target)
    _fill_trash(admin, phones)
    trashed = _trash_lists(backend, admin)
    for target in (OWN, OTHER, FAR):
        at = f"/projects/{2 if target == FAR else 1}/forms/intake/submissions/uuid:{canary(target)}/comments"
        assert admin.post(at, json={"body": canary(target)}).status_code == 200
    _try_drafts(backend)
    world = World(backend)
    entries = _quarantine(admin)
    assert admin.delete(f"/projects/1/app-users/{phones[GONE].actor_id}").status_code == 200
    _add_askers(world, phones[OWN])
    holders, newcomers = _add_people(backend)
    _end(backend, holders[GONE], newcomers[GONE])
    world.params = _params(phones, entries, holders, newcomers)
    world.params["deleted list"] = {
        target: {"project_id": 2 if target == FAR else 1, "dataset_id": trashed.get(target, 999_999)}
        for target in (OWN, FAR, MISSING)
    }
    world.params["trashed"] = _trashed_params(deleted_forms)
    world.params |= _link_params(admin)
    return world


def _add_forms(admin: Person, project: int) -> None:
    intake = CASES.replace("| settings", f"{_PICTURE}\n| settings", 1)
    admin.publish(intake, project=project)
    admin.publish(FOLLOW_UP, project=project)
    draft = FOLLOW_UP.replace("| 1       |", "| 2       |").encode()
    at = f"/projects/{project}/forms/follow_up/draft?ignoreWarnings=true"
    assert admin.post(at, data=draft, content_type="text/markdown").status_code == 200


def _trash(admin: Person, project: int) -> int:
    """A form that was deleted; its number."""
    at = f"/projects/{project}/forms"
    admin.publish(FOLLOW_UP.replace("follow_up", "gone"), project=project)
    assert admin.delete(f"{at}/gone").status_code == 200
    (deleted,) = admin.get(f"{at}?deleted=true").json
    number: int = deleted["id"]
    return number


def _trashed_params(trashed: dict[str, int]) -> dict[str, dict[str, Any]]:
    # The first form that was made is there, and not in the trash.
    numbers = trashed | {GONE: 1, MISSING: 999_999}
    return {
        target: {"project_id": 2 if target == FAR else 1, "form_number": number} for target, number in numbers.items()
    }


def _link_params(admin: Person) -> dict[str, dict[str, dict[str, Any]]]:
    """A link to the follow-up form of each kind, and what names that form in a browser's address."""
    links: dict[str, dict[str, Any]] = {}
    forms: dict[str, dict[str, Any]] = {GONE: {"form_link_id": "gone"}, MISSING: {"form_link_id": "0" * 32}}
    for target in (OWN, OTHER, FAR, GONE):
        project = 2 if target == FAR else 1
        at = f"/projects/{project}/forms/follow_up"
        body = {"displayName": canary(target), "office": THEIRS if target == OTHER else OURS}
        link = admin.post(f"{at}/public-links", json=body).json["id"]
        links[target] = {"project_id": project, "xml_form_id": "follow_up", "link_id": link}
        if target in (OWN, FAR):
            forms[target] = {"form_link_id": admin.get(at).json["enketoId"]}
    assert admin.delete(f"/projects/1/forms/follow_up/public-links/{links[GONE]['link_id']}").status_code == 200
    links[MISSING] = links[OWN] | {"link_id": 999_999}
    return {"link": links, "form link": forms}


def _send(phone: AppUser, target: str) -> None:
    """A submission with a picture that opens a case, and the same once more with another answer: that is kept aside."""
    word = canary(target)
    meta = entity(f'id="{UUIDS[target]}" create="1"', word)
    for answer, status in (("", 201), ("changed", 409)):
        body = f"<code>{word}</code><person>{word}{answer}</person><office/><pic>a.jpg</pic>"
        xml = instance("intake", body, instance_id=f"uuid:{word}", meta=meta)
        assert phone.send(xml, {"a.jpg": word.encode()}).status_code == status


def _fill_trash(admin: Person, phones: dict[str, AppUser]) -> None:
    for target in (OWN, OTHER, FAR):
        body, meta = f"<code>{canary(target)}</code>", entity(f'id="{TRASH[target]}" create="1"', canary(target))
        assert phones[target].send(instance("intake", body, meta=meta)).status_code == 201
        at = f"/projects/{2 if target == FAR else 1}/datasets/cases/entities/{TRASH[target]}"
        assert admin.delete(at).status_code == 200


def _trash_lists(backend: Backend, admin: Person) -> dict[str, int]:
    """A list in the trash of each project, with a case of each office; its number."""
    numbers = {}
    for target, project in ((OWN, 1), (FAR, 2)):
        at = f"/projects/{project}/datasets"
        assert admin.post(at, json={"name": "old"}).status_code == 200
        assert admin.post(f"{at}/old/properties", json={"name": "note", "sensitivity": "open"}).status_code == 200
        for office, word in ((OURS, target), (THEIRS, OTHER)) if target == OWN else ((OURS, FAR),):
            by = backend.person(Grant("manager", project), office=office)
            body = {"label": "Old", "data": {"note": canary(word)}}
            assert by.post(f"{at}/old/entities", json=body).status_code == 200
        assert admin.delete(f"{at}/old").status_code == 200
        (numbers[target],) = (each["id"] for each in admin.get(f"{at}?deleted=true").json)
    return numbers


def _try_drafts(backend: Backend) -> None:
    """A test of the draft of `follow_up` by each office, and one in the other project."""
    for target, office in ((OWN, OURS), (OTHER, THEIRS), (FAR, OURS)):
        project = 2 if target == FAR else 1
        xml = instance("follow_up", f"<code>{canary(target)}</code>", version="2", instance_id=f"uuid:{canary(target)}")
        tester = backend.person(Grant("manager", project), office=office, name=f"tester {target}")
        at = f"/projects/{project}/forms/follow_up/draft/submissions"
        assert tester.post(at, data=xml, content_type="text/xml").status_code == 200


def _quarantine(admin: Person) -> dict[str, int]:
    """The XML that was kept aside, by target; the one that is gone was discarded."""
    entries: dict[str, int] = {}
    for project in (1, 2):
        for each in admin.get(f"/projects/{project}/quarantine").json:
            if each["name"] == "submission.xml":
                entries[each["instanceId"].removeprefix("uuid:canary-")] = each["id"]
    gone = f"/projects/1/quarantine/{entries[GONE]}"
    assert admin.delete(gone, json={"reason": "for the test", "whole": True}).status_code == 200
    return entries


def _add_askers(world: World, phone: AppUser) -> None:
    for role, grants in PEOPLE.items():
        person = world.backend.person(*grants, office=OURS, name=f"asker {role}")
        world.askers[role] = {"Authorization": f"Bearer {person.token}"}
    world.askers |= {"phone": {}, "nobody": {}}
    world.prefixes = dict.fromkeys(ROLES, "") | {"phone": f"/v1/key/{phone.token}"}


def _add_people(backend: Backend) -> tuple[dict[str, int], dict[str, int]]:
    """People who hold the viewer's role everywhere where they can, and people who hold none."""
    with backend.database() as session:
        forms = {
            form.project_id: form.id
            for form in session.query(models.Form).filter_by(xml_form_id="follow_up", deleted_at=None)
        }
    holders, newcomers = {}, {}
    for target in (OWN, OTHER, FAR, GONE):
        office, project = (THEIRS if target == OTHER else OURS), (2 if target == FAR else 1)
        grants = (Grant("viewer"), Grant("viewer", project), Grant("viewer", project, forms[project]))
        holders[target] = backend.person(*grants, office=office, name=f"holder {canary(target)}").actor_id
        newcomers[target] = backend.person(office=office, name=f"newcomer {canary(target)}").actor_id
    return holders, newcomers


def _end(backend: Backend, *people: int) -> None:
    """Delete what has no door for that yet."""
    moment = now()
    with backend.database() as session:
        for model, where in (
            (models.Project, models.Project.name == canary(GONE)),
            (models.Submission, models.Submission.instance_id == f"uuid:{canary(GONE)}"),
            (models.Entity, models.Entity.uuid == UUIDS[GONE]),
            (models.Actor, models.Actor.id.in_(people)),
        ):
            assert session.query(model).filter(where).update({"deleted_at": moment}) > 0
        session.commit()


def _params(
    phones: dict[str, AppUser], entries: dict[str, int], holders: dict[str, int], newcomers: dict[str, int]
) -> dict[str, dict[str, dict[str, Any]]]:
    """By kind and target, what stands in the address. A kind that belongs to no office has no `other`."""

    def of(numbers: dict[str, int], part: str, **more: Any) -> dict[str, dict[str, Any]]:
        return {
            target: {"project_id": 2 if target == FAR else 1, part: numbers.get(target, 999_999), **more}
            for target in TARGETS
        }

    def texts(part: str, text: Any, **more: Any) -> dict[str, dict[str, Any]]:
        return {target: {"project_id": 2 if target == FAR else 1, part: text(target), **more} for target in TARGETS}

    projects = {OWN: 1, FAR: 2, GONE: 3, MISSING: 999_999}
    forms = {OWN: (1, "follow_up"), FAR: (2, "follow_up"), GONE: (1, "gone"), MISSING: (1, "nowhere")}
    intakes = {target: (project, form.replace("follow_up", "intake")) for target, (project, form) in forms.items()}
    deleted = {OWN: (1, GONE), MISSING: (1, MISSING)}
    lists = {OWN: (1, "cases"), FAR: (2, "cases"), MISSING: (1, "nothing")}
    return {
        "site": {OWN: {}},
        "project": {target: {"project_id": number} for target, number in projects.items()},
        "openrosa": {target: {"project_id": number} for target, number in projects.items()},
        "form": {target: {"project_id": p, "xml_form_id": form} for target, (p, form) in forms.items()},
        "intake": {target: {"project_id": p, "xml_form_id": form} for target, (p, form) in intakes.items()},
        "list": {target: {"project_id": p, "name": name} for target, (p, name) in lists.items()},
        "submission": {
            target: each | {"version_id": each["instance_id"]}
            for target, each in texts("instance_id", lambda each: f"uuid:{canary(each)}", xml_form_id="intake").items()
        },
        "deleted": {
            target: {"project_id": p, "xml_form_id": "intake", "instance_id": f"uuid:{canary(name)}"}
            for target, (p, name) in deleted.items()
        },
        "test": {
            target: each
            for target, each in texts(
                "instance_id", lambda each: f"uuid:{canary(each)}", xml_form_id="follow_up"
            ).items()
            if target != GONE
        },
        "entity": texts("uuid", lambda each: UUIDS[each], name="cases"),
        "deleted entity": texts("uuid", lambda each: TRASH[each], name="cases"),
        "phone": of({target: phone.actor_id for target, phone in phones.items()}, "actor_id"),
        "entry": of(entries, "entry_id"),
        "holder": of(holders, "actor_id", role="viewer", xml_form_id="follow_up"),
        "newcomer": of(newcomers, "actor_id", role="viewer", xml_form_id="follow_up"),
        "person": {target: each for target, each in of(newcomers, "actor_id", role="viewer").items() if target != FAR},
        "site holder": {
            target: each
            for target, each in of(holders, "actor_id", role="viewer").items()
            if target in (OWN, GONE, MISSING)
        },
        "office": {OWN: {"code": OURS}, MISSING: {"code": "nowhere"}},
    }
