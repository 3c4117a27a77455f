"""Who steals the database and the files, but not the key, reads no person in them."""

from __future__ import annotations

import base64
import sqlite3

import pytest
from sqlalchemy import select

from app.db import db
from app.sealing.envelope import SealBroken
from app.services.reclean import reclean
from tests.app.shown_forms import entity
from tests.support.backend import Backend, instance

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
)
IN_CLEAR = {"open", "operational", "quasi"}

FORM = "\n".join(
    [
        "| survey |",
        "|        | type | name | label | bind::sportel:class | save_to |",
        *(f"| | text | {name.replace(':', '_')} | L | {name} | p_{name.replace(':', '_')} |" for name in CLASSES),
        "| | text | undeclared | L | | p_undeclared |",
        "| | begin_repeat | person | P | | |",
        "| | text | repeated | L | identifying | |",
        "| | end_repeat | | | | |",
        "| | image | photo | L | identifying | |",
        "| settings |",
        "| | form_id | version | instance_name | namespaces |",
        '| | sealed | 1 | ${undeclared} | sportel="urn:sportel:xforms" |',
        "| entities |",
        "| | list_name | label |",
        "| | cases | ${undeclared} |",
    ]
)


def canary(name: str) -> str:
    """A word that occurs nowhere else."""
    return f"canary7{name.replace(':', '_')}7"


SECRET = (
    *(set(CLASSES) - IN_CLEAR),
    "undeclared",
    "repeated",
    "instanceName",
    "label",
    "unknown",
    "attribute",
    "photo",
    "unnamed",
    "conflict",
    "edited",
    "api",
)


@pytest.fixture
def filled(backend: Backend) -> Backend:
    """A backend to which every canary was sent, by every way that something is kept."""
    admin = backend.admin
    admin.publish(FORM)
    phone = backend.phone()
    answers = "".join(f"<{name.replace(':', '_')}>{canary(name)}</{name.replace(':', '_')}>" for name in CLASSES)
    answers += (
        f"<undeclared>{canary('undeclared')}</undeclared><person><repeated>{canary('repeated')}</repeated></person>"
    )
    answers += f'<photo>photo.jpg</photo><unknown x="{canary("attribute")}">{canary("unknown")}</unknown>'
    meta = f"<orx:instanceName>{canary('instanceName')}</orx:instanceName>"
    meta += entity('id="11111111-1111-4111-8111-111111111111" create="1"', canary("label"))
    xml = instance("sealed", answers, instance_id="uuid:1", meta=meta)
    files = {"photo.jpg": canary("photo").encode() * 9000, "extra.bin": canary("unnamed").encode()}
    assert phone.send(xml, files).status_code == 201
    assert phone.send(xml.replace(canary("contact"), canary("conflict"))).status_code == 409
    edited = f"<undeclared>{canary('edited')}</undeclared>"
    edit = instance("sealed", edited, instance_id="uuid:2", meta="<orx:deprecatedID>uuid:1</orx:deprecatedID>")
    assert phone.send(edit).status_code == 201
    body = {"label": canary("api"), "data": {"p_undeclared": canary("api"), "p_open": canary("open")}}
    assert admin.post("/projects/1/datasets/cases/entities", json=body).status_code == 200
    return backend


def everything(backend: Backend) -> bytes:
    """All that lies on disk but the key: a dump of every table, every file, the database's own files."""
    dump: list[bytes] = []
    with backend.app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(select(table)):
                dump += [value if isinstance(value, bytes) else str(value).encode() for value in row]
        if db.engine.dialect.name == "sqlite":
            db.session.remove()
            db.engine.dispose()
    files = [path.read_bytes() for path in backend.folder.rglob("*") if path.is_file() and "keys" not in path.parts]
    return b"\n".join([*dump, *files])


def test_what_lies_on_disk_holds_no_answer_of_a_person(filled: Backend) -> None:
    stolen = everything(filled)
    assert [name for name in SECRET if canary(name).encode() in stolen] == []
    assert [name for name in SECRET if canary(name).encode("utf-16-le") in stolen] == []
    assert [name for name in SECRET if base64.b64encode(canary(name).encode())[:12] in stolen] == []


def test_the_classes_that_may_lie_in_clear_can_be_searched(filled: Backend) -> None:
    stolen = everything(filled)
    assert [name for name in CLASSES if canary(name).encode() in stolen] == [
        name for name in CLASSES if name in IN_CLEAR
    ]


def test_the_key_file_is_nowhere_in_the_database_or_the_files(filled: Backend) -> None:
    encoded = (filled.folder / "keys" / "sealing.key").read_text().split()[2]
    stolen = everything(filled)
    assert encoded.encode() not in stolen
    assert base64.b64decode(encoded) not in stolen


def test_whoever_may_read_gets_every_answer_back(filled: Backend) -> None:
    admin = filled.admin
    (row,) = admin.rows("sealed")
    assert row["undeclared"] == canary("edited")
    first = admin.get("/projects/1/forms/sealed/submissions/uuid:1/versions/uuid:1.xml").text
    assert all(canary(name) in first for name in CLASSES)
    cases = admin.get("/projects/1/datasets/cases/entities").json
    assert {each["currentVersion"]["label"] for each in cases} == {canary("label"), canary("api")}


def test_a_sealed_record_that_was_moved_to_another_row_does_not_open(filled: Backend) -> None:
    told: list[str] = []
    with filled.app.app_context():
        from app.db import models

        one, two = db.session.query(models.SubmissionVersion).order_by(models.SubmissionVersion.id)
        one.xml_sealed, two.xml_sealed = two.xml_sealed, one.xml_sealed
        db.session.commit()
        done = reclean(told.append)
    assert (done.cleaned, done.unreadable) == (0, 2)
    assert all(line.endswith(SealBroken.__name__) for line in told)
    answer = filled.admin.get("/projects/1/forms/sealed/submissions/uuid:1.xml")
    assert (answer.status_code, answer.json["code"]) == (500, 500.1)
    assert "canary" not in answer.text


def test_a_draft_that_is_taken_away_leaves_nothing_of_its_tests_in_free_pages(lite: Backend) -> None:
    admin = lite.admin
    content = "\n".join(
        [
            "| survey |",
            "| | type | name | label | bind::sportel:class |",
            "| | text | town | Town | quasi |",
            "| settings |",
            "| | form_id | version | namespaces |",
            '| | trial | 1 | sportel="urn:sportel:xforms" |',
        ]
    )
    admin.publish(content)
    admin.post("/projects/1/forms/trial/draft")
    token = admin.get("/projects/1/forms/trial/draft").json["draftToken"]
    from tests.app.web.openrosa.bodies import BOUNDARY, body, xml_part

    xml = instance("trial", "<town>canary7trial7</town>")
    sent = lite.client.post(
        f"/v1/test/{token}/projects/1/forms/trial/draft/submission",
        data=body(xml_part(xml)),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )
    assert sent.status_code == 201
    assert b"canary7trial7" in everything(lite)
    assert admin.delete("/projects/1/forms/trial/draft").status_code == 200
    with sqlite3.connect(lite.folder / "db" / "sportel.sqlite3") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert b"canary7trial7" not in everything(lite)
