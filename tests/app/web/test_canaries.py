"""No answer leaves by any door for somebody who may not read its class: not in a status, header, body, log or metric.

Every GET route of the map is asked by every role. `READS` is written by hand from what each role is for.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from app.db.queries.audits import Wanted
from app.services.audit_export import export
from forms.submission import Mask
from tests.app.conftest import MakeBackend
from tests.app.web.canary_world import CLASSES, WHOLE, answers_of, build_canaries, files, needles
from tests.app.web.idor_world import OTHER, OWN, ROLES, UUIDS, World
from tests.app.web.test_idor_matrix import text_of
from tests.app.web.test_routes import WITHOUT_DOOR, verbs
from tests.support.backend import Backend

CLEAR = {"open", "operational", "quasi"}
EVERY = {*CLASSES}
# Which classes a role reads in the own office's rows, and in the other's.
READS: dict[str, tuple[set[str], set[str]]] = {
    "admin": (CLEAR, CLEAR),
    "manager, all": (CLEAR | {"contact"}, CLEAR | {"contact"}),
    "manager": (CLEAR | {"contact"}, set()),
    "manager who reads": (EVERY | {WHOLE}, set()),
    "case-reader": (EVERY, set()),
    "viewer, all": (CLEAR, CLEAR),
    "viewer": (CLEAR, set()),
    "formfill": (set(), set()),
    "analyst": (set(), set()),
    "stranger": (set(), set()),
    "phone": (set(), set()),
    "nobody": (set(), set()),
}
# Who fills a form chooses among the own office's cases: by their label, with the properties that lie in clear.
_FORM = "/v1/projects/<int:project_id>/forms/<xml_form_id>"
FILLING = {f"{_FORM}/attachments/<name>", f"{_FORM}/versions/<version>/attachments/<name>"}
FILLERS = {"phone", "formfill"}
# Numbers that say nothing of a person stay in the tables without people.
LEFT = {answers_of(each)["n"] for each in ("open", "operational")}


def addresses(world: World, rule: str) -> Iterator[str]:
    """Every address of a rule that names something of what is there."""
    sent = [*files(OWN), *files(OTHER)] if "<instance_id>" in rule else ["cases.csv"]
    names = ["cases"] if "/datasets/" in rule else sent
    entries = [each["id"] for each in world.backend.admin.get("/projects/1/quarantine").json]
    given = {
        "project_id": ["1"],
        "xml_form_id": ["canaries"] if "<instance_id>" in rule else ["canaries", "follow_up"],
        "instance_id": [f"uuid:c-{OWN}", f"uuid:c-{OTHER}"],
        "version_id": [f"uuid:c-{OWN}", f"uuid:c-{OTHER}"],
        "version": ["1"],
        "table": ["Submissions", "Submissions.person"],
        "part": ["person"],
        "name": names,
        "uuid": [UUIDS[OWN], UUIDS[OTHER]],
        "entry_id": [str(each) for each in entries],
        "dataset_id": ["1"],
        "actor_id": ["1"],
        "role": ["viewer"],
        "code": ["office-ours"],
        "token": ["none"],
        "nonce": ["none"],
        "key_id": ["1"],
        "key": ["logo", "login-appearance"],
        "link_id": ["1"],
        "form_link_id": ["none"],
    }
    wanted = re.findall(r"<(?:\w+:)?(\w+)>", rule)
    for values in itertools.product(*(given.get(each, ["1"]) for each in wanted)):
        chosen = dict(zip(wanted, values, strict=True))
        yield re.sub(r"<(?:\w+:)?(\w+)>", lambda name, chosen=chosen: quote(chosen[name[1]], safe=""), rule)


def rules(world: World) -> list[str]:
    found = (rule for rule in world.backend.app.url_map.iter_rules() if rule.endpoint not in WITHOUT_DOOR)
    return sorted({str(rule) for rule in found if "GET" in verbs(rule)})


def said(world: World, role: str, path: str) -> str:
    """Everything that comes back: status, headers, body, an archive unpacked."""
    headers = {"X-Extended-Metadata": "true"} | world.askers[role]
    prefix = world.prefixes[role]
    full = prefix + (path.removeprefix("/v1") if prefix else path)
    with world.backend.client.get(full, headers=headers) as answer:
        # The address of a redirection holds what was asked for.
        return f"{answer.status} {dict(answer.headers)}\n{text_of(answer.data)}"


def may_read(role: str, rule: str, office: str, sensitivity: str) -> bool:
    if rule in FILLING and role in FILLERS and office == OWN:
        return sensitivity in CLEAR | {"undeclared"}
    return sensitivity in READS[role][office == OTHER]


def leaks(world: World, asked: list[str], seen: dict[str, str], roles: tuple[str, ...] = ROLES) -> list[str]:
    """Each canary that came to somebody who may not read it. What everybody saw is added to `seen`."""
    found = []
    for rule in asked:
        for role, path in itertools.product(roles, [*addresses(world, rule)]):
            text = said(world, role, path)
            seen[role] = seen.get(role, "") + text
            for office in (OWN, OTHER):
                for sensitivity, words in needles(office).items():
                    if not may_read(role, rule, office, sensitivity):
                        there = {word for word in words if word in text} - (LEFT if role == "analyst" else set())
                        found += [f"{role}, {path}: {word} ({sensitivity})" for word in sorted(there)]
    return found


@pytest.fixture
def world(make_lite: MakeBackend) -> World:
    return build_canaries(make_lite(log_format="json"))


def test_no_answer_leaves_for_who_may_not_read_its_class(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    seen: dict[str, str] = {}
    assert leaks(world, rules(world), seen) == []
    for role, (own, other) in READS.items():
        if own - {WHOLE}:
            missing = [
                word
                for office, classes in ((OWN, own), (OTHER, other))
                for sensitivity in classes - {WHOLE}
                for word in needles(office)[sensitivity]
                if word not in seen[role]
            ]
            assert missing == [], role
    logged = "".join(capfd.readouterr())
    with world.backend.app.app_context():
        exported = "\n".join(str(each) for each in export(Wanted()))
    assert "submission.read" in exported and "request" in logged
    for text in (logged, exported):
        assert [
            word for office in (OWN, OTHER) for words in needles(office).values() for word in words if word in text
        ] == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_no_answer_leaves_where_postgresql_finds_it(backend: Backend) -> None:
    """The doors behind which the database itself chooses what is shown."""
    world = build_canaries(backend)
    lists = (
        ".svc/<table>",
        "/submissions",
        "/submissions.csv",
        "/entities",
        "/<uuid>",
        "/<instance_id>",
        "/quarantine",
    )
    asked = [each for each in rules(world) if each.endswith(lists)]
    seen: dict[str, str] = {}
    roles = ("admin", "manager", "viewer", "case-reader", "analyst")
    assert leaks(world, asked, seen, roles) == []
    assert answers_of("special:health")["t"] in seen["case-reader"]
    assert answers_of("special:health")["t"] not in seen["manager"]


def test_who_reads_every_class_gets_all_of_it_in_every_format(world: World) -> None:
    at = "/v1/projects/1/forms/canaries"
    formats = {
        f"{at}/submissions/uuid:c-{OWN}.xml": "tndgsbf",
        f"{at}.svc/Submissions": "tndgsbf",
        f"{at}/submissions.csv": "tndgsbf",
        f"{at}/submissions.csv.zip": "tndgsbf",
        f"/v1/projects/1/datasets/cases/entities/{UUIDS[OWN]}": "t",
    }
    for path, letters in formats.items():
        text = said(world, "case-reader", path)
        for sensitivity in CLASSES:
            for letter in letters:
                assert answers_of(sensitivity)[letter].split()[0] in text, (path, sensitivity, letter)


def test_what_is_masked_is_there_with_its_class_as_the_reason(world: World) -> None:
    at = "/v1/projects/1/forms/canaries"
    (row,) = json.loads(said(world, "viewer", f"{at}.svc/Submissions").split("\n", 1)[1])["value"]
    assert (row["t_special_health"], row["t_special_health@sportel.masked"]) == (None, "special:health")
    assert (row["t_undeclared"], row["t_undeclared@sportel.masked"]) == (None, "identifying")
    assert "t_quasi@sportel.masked" not in row
    header, line = said(world, "viewer", f"{at}/submissions.csv").splitlines()[1:3]
    cells = dict(zip(header.split(","), line.split(","), strict=True))
    assert cells["t_contact"] == cells["g_contact-Latitude"] == "[masked: contact]"
    xml = said(world, "viewer", f"{at}/submissions/uuid:c-{OWN}.xml")
    assert '<t_contact sportel:masked="contact"/>' in xml
    case = json.loads(said(world, "viewer", f"/v1/projects/1/datasets/cases/entities/{UUIDS[OWN]}").split("\n", 1)[1])
    assert case["currentVersion"]["label"] is None
    assert case["currentVersion"]["label@sportel.masked"] == "identifying"
    assert case["currentVersion"]["data"]["p_special_criminal@sportel.masked"] == "special:criminal"


def test_a_mask_with_a_hole_would_be_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mask, "of", lambda self, path: None)
    doors = [each for each in rules(world) if each.endswith((".svc/<table>", "/submissions.csv", "<instance_id>.xml"))]
    found = leaks(world, doors, {})
    for role in ("admin", "manager", "viewer"):
        for door in ("Submissions", "submissions.csv", ".xml"):
            assert any(each.startswith(f"{role}, ") and door in each for each in found), (role, door)
