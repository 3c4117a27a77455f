"""What was kept aside is shown to who may act on it, and to nobody else."""

from __future__ import annotations

import pytest

from app.db import models
from app.permissions import Grant
from app.services import quarantine
from app.services.quarantine_reasons import REASONS
from tests.app.looking import actions, assert_no_orphans, blobs, count, rows
from tests.app.operations.kept import (
    AT,
    CANARY,
    WAYS,
    assert_no_spare_keys,
    entry_of,
    listed,
    make_unknown_form,
    make_unknown_version,
    make_xml_conflict,
    publish_second,
    ready,
    release,
    visit,
    waiting,
)
from tests.support.backend import Backend, Person


def test_every_reason_that_intake_knows_is_explained() -> None:
    known = {value for name, value in vars(quarantine).items() if name.isupper()}
    assert known == set(REASONS) == set(WAYS)


MANAGER_OF_ALL = Grant("manager", 1, all_offices=True)
READER_OF_ALL = Grant("case-reader", 1, all_offices=True)


@pytest.mark.parametrize("reason", sorted(WAYS))
def test_each_reason_is_listed_explained_and_read_back_byte_for_byte(backend: Backend, reason: str) -> None:
    phone = ready(backend)
    WAYS[reason](backend, phone)
    manager = backend.person(MANAGER_OF_ALL, READER_OF_ALL)
    entries = listed(manager)
    assert {each["reason"] for each in entries} == {reason}
    contents = []
    for each in entries:
        one = manager.get(f"{AT}/{each['id']}").json
        assert {name: one[name] for name in each} == each
        assert one["happened"]["en"] and one["happened"]["sq"] and one["remedy"]["en"] and one["remedy"]["sq"]
        assert one["release"] in ("again", "edit", "file")
        assert one["releasable"] == (one["obstacle"] is None)
        answer = manager.get(f"{AT}/{each['id']}/content")
        assert len(answer.data) == one["size"]
        contents.append(answer.data)
    assert any(CANARY.encode() in content for content in contents)
    assert CANARY not in str(entries)
    assert actions(backend, "quarantine.read") == ["quarantine.read"] * len(entries)
    assert all(CANARY not in str(row.details) for row in rows(backend, models.Audit))


def test_only_who_reads_every_class_reads_what_was_sorted_into_none(backend: Backend) -> None:
    phone = ready(backend)
    make_unknown_version(backend, phone)
    entry = entry_of(backend.admin)
    manager = backend.person(MANAGER_OF_ALL)
    assert manager.get(f"{AT}/{entry}/content").json["code"] == 403.12
    assert manager.get(f"{AT}/{entry}").json["name"] == "submission.xml"
    assert actions(backend, "quarantine.read") == []
    own_office_only = backend.person(MANAGER_OF_ALL, Grant("case-reader", 1), office=backend.office("vl-09"))
    assert own_office_only.get(f"{AT}/{entry}/content").json["code"] == 403.12


def test_an_entry_says_who_sent_what_from_where_and_what_it_waits_for(backend: Backend) -> None:
    phone = ready(backend)
    make_unknown_version(backend, phone)
    admin = backend.admin
    one = admin.get(f"{AT}/{entry_of(admin)}").json
    assert one["sent"] == {"xmlFormId": "visit", "version": "2", "deprecatedId": None}
    assert (one["xmlFormId"], one["instanceId"], one["name"]) == ("visit", "uuid:k", "submission.xml")
    assert (one["contentType"], one["size"]) == ("text/xml", len(visit(CANARY, instance_id="uuid:k", version="2")))
    assert (one["sender"], one["senderId"], one["office"]) == ("Phone", phone.actor_id, "tr-01")
    assert one["together"] == sorted(each["id"] for each in listed(admin))
    assert one["releasable"] is False
    assert "publish it, then release again" in one["obstacle"]["en"]
    publish_second(backend)
    one = admin.get(f"{AT}/{entry_of(admin)}").json
    assert (one["releasable"], one["obstacle"]) == (True, None)


def test_a_file_is_a_download_that_no_browser_shows(backend: Backend) -> None:
    phone = ready(backend)
    assert phone.send(visit("first"), {"page.html": b"<script>alert(1)</script>"}).status_code == 201
    admin = backend.admin
    answer = admin.get(f"{AT}/{entry_of(admin, 'page.html')}/content")
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_list_is_filtered_and_paged_the_newest_first(backend: Backend) -> None:
    phone = ready(backend)
    make_unknown_form(backend, phone)
    make_unknown_version(backend, phone)
    make_xml_conflict(backend, phone)
    admin = backend.admin
    every = listed(admin)
    assert [each["id"] for each in every] == sorted((each["id"] for each in every), reverse=True)
    assert {each["reason"] for each in listed(admin, reason="unknown-form")} == {"unknown-form"}
    assert {each["reason"] for each in listed(admin, xmlFormId="visit")} == {"unknown-version", "xml-conflict"}
    assert listed(admin, limit=2, offset=1) == every[1:3]
    assert listed(admin, released="true") == []
    answer = admin.get(AT, query_string={"reason": "no-such"})
    assert (answer.status_code, answer.json["code"]) == (400, 400.8)


def everything(person: Person, entry_id: int) -> list[tuple[int, bytes]]:
    answers = [
        person.get(AT),
        person.get(f"{AT}/{entry_id}"),
        person.get(f"{AT}/{entry_id}/content"),
        person.post(f"{AT}/{entry_id}/release"),
        person.post(f"{AT}/{entry_id}/release?as=edit"),
        person.delete(f"{AT}/{entry_id}", json={"reason": "because"}),
    ]
    return [(answer.status_code, answer.data) for answer in answers]


@pytest.mark.parametrize(
    "grants",
    [
        (),
        (Grant("viewer", 1, all_offices=True),),
        (Grant("formfill", 1, all_offices=True),),
        (Grant("analyst", 1, all_offices=True),),
        (Grant("manager", 2, all_offices=True),),
    ],
)
def test_who_is_no_manager_of_the_project_sees_nothing_and_can_do_nothing(
    backend: Backend, grants: tuple[Grant, ...]
) -> None:
    make_xml_conflict(backend, ready(backend))
    backend.admin.post("/projects", json={"name": "Other"})
    before = waiting(backend)
    for status, content in everything(backend.person(*grants, office="tr-01"), entry_of(backend.admin)):
        assert status == 403
        assert CANARY.encode() not in content
    assert waiting(backend) == before


def test_a_phone_may_not_look_not_even_at_what_it_sent(backend: Backend) -> None:
    phone = ready(backend)
    make_xml_conflict(backend, phone)
    entry_id = entry_of(backend.admin)
    for path in ("", f"/{entry_id}", f"/{entry_id}/content"):
        answer = phone.get(f"/quarantine{path}")
        assert answer.status_code == 403
        assert CANARY.encode() not in answer.data


def test_what_another_office_sent_does_not_exist(backend: Backend) -> None:
    make_xml_conflict(backend, ready(backend))
    entry_id = entry_of(backend.admin)
    backend.office("vl-02")
    for office in ("vl-02", None):
        person = backend.person(Grant("manager", 1), office=office)
        (listing, *others) = everything(person, entry_id)
        assert listing == (200, b"[]")
        for status, content in others:
            assert status == 404
            assert CANARY.encode() not in content
    assert actions(backend, "quarantine.read") == []
    own = backend.person(Grant("manager", 1), office="tr-01")
    assert len(listed(own)) == 2
    assert release(own, entry_id, edit=True).status_code == 200


def test_what_lies_in_another_project_does_not_exist(backend: Backend) -> None:
    make_xml_conflict(backend, ready(backend))
    entry_id = entry_of(backend.admin)
    admin = backend.admin
    other = admin.post("/projects", json={"name": "Other"}).json["id"]
    assert admin.get(f"/projects/{other}/quarantine").json == []
    assert admin.get(f"/projects/{other}/quarantine/{entry_id}").status_code == 404
    assert admin.post(f"/projects/{other}/quarantine/{entry_id}/release?as=edit").status_code == 404
    assert admin.delete(f"/projects/{other}/quarantine/{entry_id}", json={"reason": "x"}).status_code == 404


def test_a_manager_of_one_office_does_not_change_another_offices_submission(backend: Backend) -> None:
    phone = ready(backend)
    other = backend.phone(office=backend.office("vl-02"))
    assert other.send(visit(CANARY)).status_code == 409  # the same ID, other answers
    manager = backend.person(Grant("manager", 1), office="vl-02")
    refused = release(manager, entry_of(manager), edit=True)
    assert (refused.status_code, refused.json["code"]) == (409, 409.31)
    assert "a manager of all offices may release it" in refused.json["message"]
    assert waiting(backend) == [("xml-conflict", "submission.xml")]
    assert backend.admin.rows("visit")[0]["who"] == "first"
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
    assert phone.send(visit("first")).status_code == 201


@pytest.mark.parametrize("path", ["/999", "/999/content", "/2147483648", "/0", "/-1", "/x"])
def test_an_unknown_number_is_not_found(backend: Backend, path: str) -> None:
    assert backend.admin.get(AT + path).status_code == 404


def test_what_is_not_kept_can_be_neither_released_nor_discarded(backend: Backend) -> None:
    admin = backend.admin
    assert release(admin, 999).status_code == 404
    assert admin.delete(f"{AT}/999", json={"reason": "because"}).status_code == 404
    assert admin.post(f"{AT}/1/release?as=something").json["code"] == 400.8


def test_what_is_discarded_is_gone_with_its_key_and_its_file_and_that_is_on_record(backend: Backend) -> None:
    make_xml_conflict(backend, ready(backend))
    admin = backend.admin
    before, entry_id = blobs(backend), entry_of(admin)
    reason = "sent twice by mistake"
    assert admin.delete(f"{AT}/{entry_id}", json={"reason": reason}).json == {"discarded": 1}
    assert waiting(backend) == [("xml-conflict", "a.jpg")]
    assert len(before - blobs(backend)) == 1
    assert_no_orphans(backend)
    assert_no_spare_keys(backend)
    (line,) = rows(backend, models.Audit, models.Audit.action == "quarantine.discard")
    assert (line.actor_id, line.details["why"], line.details["entries"]) == (admin.actor_id, reason, [entry_id])


def test_all_that_came_together_can_be_discarded_at_once(backend: Backend) -> None:
    phone = ready(backend)
    make_xml_conflict(backend, phone)
    make_unknown_version(backend, phone)
    admin = backend.admin
    conflict = next(each["id"] for each in listed(admin) if each["reason"] == "xml-conflict")
    answer = admin.delete(f"{AT}/{conflict}", json={"reason": "a test", "whole": True})
    assert answer.json == {"discarded": 2}
    assert {reason for reason, _ in waiting(backend)} == {"unknown-version"}
    assert_no_orphans(backend)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 256}, {"reason": "a\nb"}])
def test_nothing_is_discarded_without_a_reason(backend: Backend, body: dict[str, str]) -> None:
    make_xml_conflict(backend, ready(backend))
    admin = backend.admin
    answer = admin.delete(f"{AT}/{entry_of(admin)}", json=body)
    assert answer.json["code"] in (400.2, 400.8)
    assert count(backend, models.Quarantine) == 2
