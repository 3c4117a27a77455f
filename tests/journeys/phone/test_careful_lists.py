"""A list whose cases need an approval, and that gives each phone only what is noted of it."""

from __future__ import annotations

import pytest

from tests.app.shown_forms import CASES, FOLLOW_UP
from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.journeys.phone.test_case_following import cases_on, sent
from tests.phone.phone import PhoneError


def test_a_case_is_on_the_phone_once_it_is_approved_and_while_the_lists_rule_leaves_it(
    own_project: Project, new_phone: NewPhone
) -> None:
    central, at = own_project.central, f"{own_project.at}/datasets/cases"
    for form in (CASES, FOLLOW_UP):
        own_project.publish(form)
    central.patch(at, json={"approvalRequired": True})
    user = own_project.app_user("Police", "NRC")
    phone = new_phone(own_project, app_user=user)

    intake = phone.fill("intake", {"/code": "C-1", "/person": "Arta"})
    (made,) = intake.entities
    # Not even its own phone takes it for a case before that.
    with pytest.raises(PhoneError) as unknown:
        phone.fill("follow_up", {"/case": made["id"]})
    assert (unknown.value.kind, unknown.value.details) == ("refused", {"/case": "no-choices"})
    sent(phone, intake)
    assert own_project.entities("cases") == {}
    assert cases_on(phone) == {}
    central.patch(f"{own_project.at}/forms/intake/submissions/{intake.instance_id}", json={"reviewState": "approved"})
    assert list(own_project.entities("cases")) == list(cases_on(phone)) == [made["id"]]
    sent(phone, phone.fill("follow_up", {"/case": made["id"], "/code": "C-2", "/person": "Arta"}))
    assert own_project.entities("cases")[made["id"]]["currentVersion"]["version"] == 2

    central.post(f"{own_project.at}/actor-properties", json={"name": "area"})
    rule = {"datasetProperty": "code", "actorProperty": "area"}
    central.patch(at, json={"accessFilter": {"type": "property", "rules": [rule]}})
    assert cases_on(phone) == {}
    central.patch(f"{own_project.at}/app-users/{user['id']}", json={"properties": {"area": "C-2"}})
    assert cases_on(phone)[made["id"]]["version"] == 2
