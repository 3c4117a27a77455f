"""Many at once: one row, one winner, and every other body kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.db import models
from tests.app.looking import actions, assert_no_orphans, blobs, count, kept_aside
from tests.app.shown_forms import CASES, VISIT, entity, simple
from tests.support.backend import AppUser, Backend, instance

MANY = 8


def at_once(*calls: Callable[[], int]) -> Counter[int]:
    """Run them in threads that start together; how often each status was answered."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], int]) -> int:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(run, calls))


@pytest.fixture
def phone(backend: Backend) -> AppUser:
    backend.admin.publish(VISIT)
    return backend.phone()


def test_the_same_form_sent_many_times_at_once_is_one_row_and_all_hear_201(backend: Backend, phone: AppUser) -> None:
    xml = instance("visit", "<who>Drita</who><pic>a.jpg</pic>", instance_id="uuid:1")
    answers = at_once(*[lambda: phone.send(xml, {"a.jpg": b"photo"}).status_code] * MANY)
    assert answers == {201: MANY}
    assert count(backend, models.Submission) == count(backend, models.SubmissionVersion) == 1
    assert count(backend, models.DataKey, models.DataKey.purpose == "submission") == 1
    assert actions(backend, "submission.create") == ["submission.create"]
    assert len(blobs(backend)) == 1
    assert_no_orphans(backend)


def test_different_bodies_under_one_id_have_one_winner_and_all_others_are_kept(
    backend: Backend, phone: AppUser
) -> None:
    bodies = [instance("visit", f"<who>{number}</who>", instance_id="uuid:1") for number in range(MANY)]
    answers = at_once(*[lambda xml=xml: phone.send(xml).status_code for xml in bodies])
    assert answers == {201: 1, 409: MANY - 1}
    winner = backend.admin.get("/projects/1/forms/visit/submissions/uuid:1.xml").text
    assert {winner, *(text.decode() for _, _, text in kept_aside(backend))} == set(bodies)
    assert_no_orphans(backend)


def test_edits_of_one_version_have_one_winner_and_all_others_are_kept(backend: Backend, phone: AppUser) -> None:
    phone.send(instance("visit", "<who>first</who>", instance_id="uuid:0"))
    meta = "<orx:deprecatedID>uuid:0</orx:deprecatedID>"
    bodies = [
        instance("visit", f"<who>{number}</who>", instance_id=f"uuid:{number}", meta=meta) for number in range(1, MANY)
    ]
    answers = at_once(*[lambda xml=xml: phone.send(xml).status_code for xml in bodies])
    assert answers == {201: 1, 409: MANY - 2}
    winner = backend.admin.get("/projects/1/forms/visit/submissions/uuid:0.xml").text
    assert {winner, *(text.decode() for _, _, text in kept_aside(backend))} == set(bodies)
    assert backend.admin.rows("visit")[0]["__system"]["edits"] == 1


def test_the_same_missing_photo_sent_many_times_at_once_is_stored_once(backend: Backend, phone: AppUser) -> None:
    xml = instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:1")
    phone.send(xml)
    assert at_once(*[lambda: phone.send(xml, {"a.jpg": b"photo"}).status_code] * MANY) == {201: MANY}
    assert len(blobs(backend)) == 1
    assert_no_orphans(backend)


def test_different_photos_for_one_place_have_one_winner_and_all_others_are_kept(
    backend: Backend, phone: AppUser
) -> None:
    xml = instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:1")
    phone.send(xml)
    photos = [b"photo %d" % number for number in range(MANY)]
    answers = at_once(*[lambda each=each: phone.send(xml, {"a.jpg": each}).status_code for each in photos])
    assert answers == {201: 1, 409: MANY - 1}
    winner = backend.admin.get("/projects/1/forms/visit/submissions/uuid:1/attachments/a.jpg").data
    assert {winner, *(content for _, _, content in kept_aside(backend))} == set(photos)
    assert_no_orphans(backend)


def test_different_photos_by_api_have_one_winner_and_all_others_are_kept(backend: Backend, phone: AppUser) -> None:
    phone.send(instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:1"))
    admin, path = backend.admin, "/projects/1/forms/visit/submissions/uuid:1/attachments/a.jpg"
    photos = [b"photo %d" % number for number in range(MANY)]
    answers = at_once(*[lambda each=each: admin.post(path, data=each).status_code for each in photos])
    assert answers == {200: 1, 409: MANY - 1}
    assert {admin.get(path).data, *(content for _, _, content in kept_aside(backend))} == set(photos)
    assert_no_orphans(backend)


def test_submissions_that_create_one_case_at_once_are_all_taken_and_create_it_once(backend: Backend) -> None:
    backend.admin.publish(CASES)
    phone = backend.phone()
    meta = entity('id="11111111-1111-4111-8111-111111111111" create="1"', "C-1")
    bodies = [instance("intake", f"<code>{number}</code>", meta=meta) for number in range(MANY)]
    assert at_once(*[lambda xml=xml: phone.send(xml).status_code for xml in bodies]) == {201: MANY}
    assert count(backend, models.Submission) == MANY
    assert count(backend, models.Entity) == count(backend, models.EntityVersion) == 1
    assert Counter(actions(backend, "entity")) == {"entity.create": 1, "entity.error": MANY - 1}


def test_one_form_added_many_times_at_once_is_added_once(backend: Backend) -> None:
    admin = backend.admin
    content = "\n".join(line.strip() for line in simple("a").splitlines()).encode()
    answers = at_once(
        *[lambda: admin.post("/projects/1/forms", data=content, content_type="text/markdown").status_code] * 4
    )
    assert answers == {200: 1, 409: 3}
    assert count(backend, models.Form) == count(backend, models.FormVersion) == 1


def test_one_draft_published_many_times_at_once_is_published_once(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("a"))
    admin.post("/projects/1/forms/a/draft")
    answers = at_once(*[lambda: admin.post("/projects/1/forms/a/draft/publish?version=2").status_code] * 4)
    assert answers[200] == 1
    assert set(answers) <= {200, 404, 409}
    assert [each["version"] for each in admin.get("/projects/1/forms/a/versions").json] == ["2", "1"]


def test_one_user_added_many_times_at_once_is_added_once(backend: Backend) -> None:
    admin = backend.admin
    answers = at_once(*[lambda: admin.post("/users", json={"email": "a@example.org"}).status_code] * 4)
    assert answers == {200: 1, 409: 3}
