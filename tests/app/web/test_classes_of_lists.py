"""A list keeps the classes that it ever had: what was masked stays masked, whatever is deleted and added again."""

from __future__ import annotations

import pytest

from app.permissions import Grant
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import Backend, Person, instance

LIST = "/projects/1/datasets/cases"
UUID = "11111111-1111-4111-8111-111111111111"
CASE = f"{LIST}/entities/{UUID}"


def viewer(backend: Backend) -> Person:
    return backend.person(Grant("viewer", 1, all_offices=True), office="tr-01")


@pytest.mark.parametrize("hidden_by", ["the trash", "a blank"])
def test_a_property_that_is_deleted_and_added_again_is_not_looser_than_it_was(backend: Backend, hidden_by: str) -> None:
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    phone = backend.phone(office=backend.office("tr-01"))
    assert admin.post(f"{LIST}/properties", json={"name": "tel", "sensitivity": "contact"}).status_code == 200
    meta = entity(f'id="{UUID}" create="1"', "C-1")
    phone.send(instance("intake", "<code>C-1</code><office>tr-01</office>", meta=meta))
    backend.work()
    assert admin.patch(f"{CASE}?force=true", json={"data": {"tel": "0691234567"}}).status_code == 200
    if hidden_by == "the trash":
        assert admin.delete(CASE).status_code == 200
    else:
        assert admin.patch(f"{CASE}?force=true", json={"data": {"tel": ""}}).status_code == 200
    assert admin.delete(f"{LIST}/properties/tel").status_code == 200
    assert "tel" not in [each["name"] for each in admin.get(LIST).json["properties"]]
    assert admin.post(f"{LIST}/properties", json={"name": "tel", "sensitivity": "open"}).status_code == 200
    if hidden_by == "the trash":
        assert admin.post(f"{CASE}/restore").status_code == 200
    reader = viewer(backend)
    shown = [reader.get(CASE).text, reader.get(f"{CASE}/versions").text]
    shown.append(phone.get("/forms/follow_up/attachments/cases.csv").text)
    assert [("C-1" in text, "0691234567" in text) for text in shown] == [(True, False)] * 3
    classes = {each["name"]: each["sensitivity"] for each in admin.get(LIST).json["properties"]}
    assert classes["tel"] == "contact"
