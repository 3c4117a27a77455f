"""One instance ID in several places, files in any order, a form that changes meanwhile: nothing touches anything else."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.db import db, models
from tests.app.conftest import MakeBackend
from tests.app.looking import assert_no_orphans, count, kept_aside, rows
from tests.app.shown_forms import VISIT
from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, post, xml_part
from tests.support.backend import AppUser, Backend, instance, make_backend

SUBMISSIONS = "/projects/1/forms/visit/submissions"
XML = instance("visit", "<who>Drita</who><pic>a.jpg</pic><pic2>b.jpg</pic2>", instance_id="uuid:1")
OTHER = XML.replace("Drita", "Mira")


def new_draft(backend: Backend) -> str:
    """A draft of version 2; the address at which it is tried."""
    admin = backend.admin
    content = VISIT.replace("| 1       |", "| 2       |").encode()
    admin.post("/projects/1/forms/visit/draft?ignoreWarnings=true", data=content, content_type="text/markdown")
    token = admin.get("/projects/1/forms/visit/draft").json["draftToken"]
    return f"/v1/test/{token}/projects/1/forms/visit/draft/submission"


def try_draft(backend: Backend, at: str, xml: str) -> int:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return backend.client.post(at, data=body(xml_part(xml)), content_type=content_type).status_code


@pytest.fixture
def phone(backend: Backend) -> AppUser:
    backend.admin.publish(VISIT)
    return backend.phone()


def test_a_try_of_a_draft_under_a_taken_id_is_another_submission(backend: Backend, phone: AppUser) -> None:
    at = new_draft(backend)
    assert phone.send(XML).status_code == 201
    tried = OTHER.replace('version="1"', 'version="2"')
    assert try_draft(backend, at, tried) == 201
    assert phone.send(XML).status_code == 201
    assert try_draft(backend, at, tried) == 201
    assert count(backend, models.Submission) == 2
    assert count(backend, models.Quarantine) == 0
    assert [row["who"] for row in backend.admin.rows("visit")] == ["Drita"]


def test_an_office_hears_the_same_of_an_id_that_another_office_has_used_as_of_one_that_nobody_has(
    backend: Backend, phone: AppUser
) -> None:
    backend.office("tr-01")
    backend.office("vl-02")
    first, second = backend.phone(office="tr-01"), backend.phone(office="vl-02")
    assert first.send(XML).status_code == 201
    meta = "<orx:deprecatedID>{}</orx:deprecatedID>"
    heard = [
        second.send(instance("visit", "<who>x</who>", instance_id=f"uuid:edit-{of}", meta=meta.format(of)))
        for of in ("uuid:1", "uuid:nobody")
    ]
    assert (heard[0].status_code, heard[0].text) == (heard[1].status_code, heard[1].text)
    assert heard[0].status_code == 404
    # The same bytes are a resend whoever sends them; they give nothing away that the sender did not have.
    assert second.send(XML).text == first.send(XML).text
    (row,) = rows(backend, models.Submission)
    assert row.submitter_id == first.actor_id


def test_files_in_any_order_over_several_servers_make_it_complete(backend: Backend, phone: AppUser) -> None:
    pieces = [
        {"b.jpg": b"second"},
        {},
        {"a.jpg": b"first"},
        {"b.jpg": b"second"},
        {"a.jpg": b"first", "b.jpg": b"second"},
    ]
    url = backend.app.config["SQLALCHEMY_DATABASE_URI"]
    for number, files in enumerate(pieces):
        # As after a restart, or behind a balancer: each request meets an application that knows nothing.
        server = make_backend(backend.folder, None if url.startswith("sqlite") else str(url))
        sender = AppUser(server.client, phone.token, phone.actor_id, 1)
        assert sender.send(XML, files, **({"*isIncomplete*": "yes"} if number < 4 else {})).status_code == 201
        with server.app.app_context():
            db.session.remove()
            db.engine.dispose()
    listed = backend.admin.get(f"{SUBMISSIONS}/uuid:1/attachments").json
    assert {each["name"]: each["exists"] for each in listed} == {"a.jpg": True, "b.jpg": True}
    assert count(backend, models.Submission) == 1
    assert_no_orphans(backend)


def test_a_file_that_arrives_twice_at_first_is_one_file(backend: Backend, phone: AppUser) -> None:
    assert post(phone, body(xml_part(XML), file_part("a.jpg", b"x"), file_part("a.jpg", b"x"))).status_code == 201
    assert backend.admin.get(f"{SUBMISSIONS}/uuid:1/attachments/a.jpg").data == b"x"
    assert kept_aside(backend) == []
    assert_no_orphans(backend)


def test_the_readable_answers_beside_an_encrypted_form_are_kept_aside_sealed(backend: Backend, phone: AppUser) -> None:
    files = {"submission.xml": b"<data>in the clear</data>", "a.jpg": b"photo"}
    assert phone.send(XML, files).status_code == 201
    assert kept_aside(backend) == [("unnamed-file", "submission.xml", b"<data>in the clear</data>")]
    on_disk = b"".join(path.read_bytes() for path in Path(backend.folder, "blobs").rglob("*") if path.is_file())
    assert b"in the clear" not in on_disk


def test_sending_while_versions_are_published_and_the_form_is_closed_loses_nothing(
    backend: Backend, phone: AppUser
) -> None:
    admin = backend.admin
    bodies = [XML.replace("uuid:1", f"uuid:{number}") for number in range(12)]

    def change() -> None:
        admin.publish_version("visit", VISIT.replace("| 1       |", "| 2       |"))
        admin.patch("/projects/1/forms/visit", json={"state": "closing"})
        admin.patch("/projects/1/forms/visit", json={"state": "closed"})

    with ThreadPoolExecutor(4) as pool:
        changing = pool.submit(change)
        answers = list(pool.map(lambda xml: phone.send(xml).status_code, bodies))
        changing.result()
    assert set(answers) <= {201, 409}
    taken = [xml for xml, status in zip(bodies, answers, strict=True) if status == 201]
    refused = [xml.encode() for xml, status in zip(bodies, answers, strict=True) if status == 409]
    for xml in taken:
        name = xml.split("instanceID>")[1].removesuffix("</orx:")
        assert admin.get(f"{SUBMISSIONS}/{name}.xml").text == xml
    assert sorted(content for _, _, content in kept_aside(backend)) == sorted(refused)
    assert {reason for reason, _, _ in kept_aside(backend)} <= {"form-closed"}


@pytest.mark.parametrize("answer", ["a" * 26 + "!", "a" * 100_000 + "!"])
def test_a_pattern_that_backtracks_for_years_costs_the_server_nothing(make_lite: MakeBackend, answer: str) -> None:
    backend = make_lite()
    backend.admin.publish("""
    | survey |      |      |       |                     |
    |        | type | name | label | constraint          |
    |        | text | who  | Who   | regex(., '^(a+)+$') |
    | settings |         |         |
    |          | form_id | version |
    |          | years   | 1       |
    """)
    phone = backend.phone()
    phone.send(instance("years", "<who>first</who>"))
    begun = time.process_time()
    assert phone.send(instance("years", f"<who>{answer}</who>")).status_code == 201
    # Twenty-six characters take a backtracking engine seconds.
    assert time.process_time() - begun < 0.5
    assert backend.admin.rows("years")[0]["who"] == answer
