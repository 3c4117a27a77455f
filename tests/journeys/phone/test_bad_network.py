"""The network breaks: nothing is lost, nothing comes twice. A correction from the phone keeps both versions."""

from __future__ import annotations

import pytest

from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.journeys.phone.test_case_following import potential_victim

NOTE = """
| survey |      |      |       |
|        | type | name | label |
|        | text | note | Note  |
| settings |         |         |       |
|          | form_id | version | title |
|          | note    | 1       | Note  |
"""


def test_a_lost_answer_makes_one_row(own_project: Project, new_phone: NewPhone) -> None:
    own_project.publish(NOTE)
    phone = new_phone(own_project)
    filled = phone.fill("note", {"/note": "një"})
    sent = phone.send(filled, cut="before_answer", retries=1)
    assert (sent.sent, sent.status, sent.posts) == (True, 201, 2)
    assert [row["__id"] for row in own_project.rows("note")] == [filled.instance_id]
    assert own_project.xml("note", filled.instance_id) == filled.xml


@pytest.mark.parametrize("bytes_sent", [0, 1, 150, 400])
def test_an_upload_that_breaks_off_leaves_nothing_and_is_sent_again(
    own_project: Project, new_phone: NewPhone, bytes_sent: int
) -> None:
    own_project.publish(NOTE)
    phone = new_phone(own_project)
    filled = phone.fill("note", {"/note": "dy"})
    broken = phone.send(filled, cut=bytes_sent)
    assert (broken.sent, broken.kind) == (False, "network")
    assert own_project.rows("note") == []

    assert phone.send(filled).status == 201
    assert [row["note"] for row in own_project.rows("note")] == ["dy"]


def test_a_correction_from_the_phone_keeps_both_versions_and_makes_no_second_case(
    counter_trafficking: Project, new_phone: NewPhone
) -> None:
    phone = new_phone(counter_trafficking, "PD_AL11")
    first = phone.fill("id_screening", potential_victim("NRC"), language="sq")
    assert phone.send(first, delete=False).status == 201
    cases = counter_trafficking.entities("cases")

    second = phone.edit(first, {"/g_person/prs_FirstName": "Artë"}, language="sq")
    assert second.instance_id != first.instance_id
    assert phone.send(second, delete=False).status == 201
    assert phone.send(second).status == 201

    assert counter_trafficking.entities("cases") == cases
    row = counter_trafficking.row("id_screening", first.instance_id)
    assert (row["g_person"]["prs_FirstName"], row["__system"]["edits"]) == ("Artë", 1)
    at = f"{counter_trafficking.at}/forms/id_screening/submissions/{first.instance_id}/versions"
    versions = counter_trafficking.central.get(at)
    assert [(each["instanceId"], each["current"]) for each in versions] == [
        (second.instance_id, True),
        (first.instance_id, False),
    ]
    for filled in (first, second):
        assert counter_trafficking.central.content(f"{at}/{filled.instance_id}.xml") == filled.xml


def test_a_correction_of_an_old_version_is_put_aside(own_project: Project, new_phone: NewPhone) -> None:
    own_project.publish(NOTE)
    phone = new_phone(own_project)
    first = phone.fill("note", {"/note": "një"})
    assert phone.send(first, delete=False).status == 201
    second, late = (phone.edit(first, {"/note": text}) for text in ("dy", "tre"))
    assert phone.send(second, delete=False).status == 201
    refused = phone.send(late)
    assert (refused.sent, refused.status) == (False, 409)
    assert "ndryshuar ndërkohë" in refused.message
    assert own_project.row("note", first.instance_id)["note"] == "dy"
