"""A new version reaches the phone; what was filled with the old one is still taken. A form closes."""

from __future__ import annotations

import pytest

from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.phone.phone import PhoneError

FIRST = """
| survey |         |      |             |
|        | type    | name | label       |
|        | text    | who  | Who         |
|        | integer | age  | Age (years) |
| settings |         |         |         |
|          | form_id | version | title   |
|          | visit   | 1       | A visit |
"""
SECOND = """
| survey |         |      |             |
|        | type    | name | label       |
|        | text    | who  | Who         |
|        | integer | age  | Age (years) |
|        | text    | need | Need        |
| settings |         |         |         |
|          | form_id | version | title   |
|          | visit   | 2       | A visit |
"""


def test_a_new_version_arrives_and_what_was_filled_before_is_still_taken(
    own_project: Project, new_phone: NewPhone
) -> None:
    own_project.publish(FIRST)
    phone = new_phone(own_project)
    first = phone.forms()["visit"]
    before = phone.fill("visit", {"/who": "Agim", "/age": 30})

    own_project.publish_version("visit", SECOND)
    assert phone.update_forms().downloaded == ("visit",)
    second = phone.forms()["visit"]
    assert (first["version"], second["version"]) == ("1", "2")
    assert first["hash"] != second["hash"]
    assert phone.update_forms().downloaded == ()

    after = phone.fill("visit", {"/who": "Drita", "/age": 31, "/need": "strehë"})
    assert [phone.send(filled).status for filled in (before, after)] == [201, 201]
    old, new = (own_project.row("visit", filled.instance_id) for filled in (before, after))
    assert (old["who"], old["age"], old["need"], old["__system"]["formVersion"]) == ("Agim", 30, None, "1")
    assert (new["who"], new["age"], new["need"], new["__system"]["formVersion"]) == ("Drita", 31, "strehë", "2")


def test_a_closing_form_leaves_the_phone_but_takes_what_is_filled(own_project: Project, new_phone: NewPhone) -> None:
    own_project.publish(FIRST)
    phone = new_phone(own_project)
    filled = phone.fill("visit", {"/who": "Agim"})
    own_project.set_state("visit", "closing")
    assert phone.send(filled).status == 201
    assert own_project.row("visit", filled.instance_id)["who"] == "Agim"


def test_a_closed_form_is_taken_off_the_phone_and_takes_nothing(own_project: Project, new_phone: NewPhone) -> None:
    own_project.publish(FIRST)
    phone = new_phone(own_project)
    late = phone.fill("visit", {"/who": "Agim"})
    own_project.set_state("visit", "closed")

    refused = phone.send(late)
    assert (refused.sent, refused.status) == (False, 409)
    assert "Ky formular nuk pranon dërgime tani" in refused.message
    assert phone.update_forms().removed == ("visit",)
    with pytest.raises(PhoneError) as no_form:
        phone.fill("visit", {"/who": "Drita"})
    assert no_form.value.kind == "unknown-form"
    assert own_project.rows("visit") == []

    # The form that was filled stays on the phone; it goes through once the form opens again.
    own_project.set_state("visit", "open")
    assert phone.send(late).status == 201
    assert own_project.row("visit", late.instance_id)["who"] == "Agim"


def test_a_revoked_phone_is_refused_on_its_next_request_and_keeps_its_form(
    own_project: Project, new_phone: NewPhone
) -> None:
    own_project.publish(FIRST)
    lost = own_project.app_user("Lost")
    phone = new_phone(own_project, app_user=lost)
    filled = phone.fill("visit", {"/who": "Agim"})
    own_project.revoke(lost)

    with pytest.raises(PhoneError) as refused:
        phone.update_forms()
    assert (refused.value.kind, refused.value.details["status"]) == ("form-list", "403")
    refusal = phone.send(filled)
    assert (refusal.sent, refusal.kind) == (False, "not-openrosa")
    assert "403" in refusal.message
    assert own_project.rows("visit") == []
    assert (filled.folder / "submission.xml").read_bytes() == filled.xml


def test_a_phone_revoked_between_asking_and_sending_is_told_so(own_project: Project, new_phone: NewPhone) -> None:
    own_project.publish(FIRST)
    lost = own_project.app_user("Lost")
    phone = new_phone(own_project, app_user=lost)
    filled = phone.fill("visit", {"/who": "Agim"})
    address = phone.head()["address"]
    own_project.revoke(lost)
    answer = own_project.central.post_form(address, {"xml_submission_file": filled.xml})
    assert answer.status_code == 403
    assert "<message" in answer.text
    assert own_project.rows("visit") == []
