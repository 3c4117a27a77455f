"""A list keeps the classes that it ever had: what was masked stays masked, whatever is deleted and added again."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.clock import now
from app.db import db, models
from app.permissions import Grant
from app.services.purge_forms import purge_forms
from app.services.transaction import transaction
from app.services.trash import KEPT_FOR
from tests.app.shown_forms import CASES, FOLLOW_UP, entity
from tests.support.backend import Backend, Person, instance

LIST = "/projects/1/datasets/cases"
UUID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
# The same list, with a label that is made of a name.
BY_NAME = CASES.replace("intake", "by_name").replace("${code}", "${person}")
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


def send_case(backend: Backend, uuid: str, *, form: str, label: str) -> None:
    meta = entity(f'id="{uuid}" create="1"', label)
    body = instance(form, "<code>C-1</code><person>Drita</person><office>tr-01</office>", meta=meta)
    assert backend.phone(office="tr-01").send(body).status_code == 201
    backend.work()


def purge(backend: Backend, form: str) -> None:
    assert backend.admin.delete(f"/projects/1/forms/{form}").status_code == 200
    with backend.app.app_context():
        with transaction():
            earlier = now() - KEPT_FOR
            db.session.execute(update(models.Form).where(models.Form.xml_form_id == form).values(deleted_at=earlier))
        assert purge_forms() == 1


def labels(reader: Person) -> dict[str, str | None]:
    found = (reader.get(f"{LIST}/entities/{uuid}").json for uuid in (UUID, OTHER))
    return {each["uuid"]: each["currentVersion"]["label"] for each in found}


def test_a_label_stays_masked_when_the_form_that_wrote_it_is_purged(backend: Backend) -> None:
    backend.office("tr-01")
    backend.admin.publish(BY_NAME)
    backend.admin.publish(CASES)
    send_case(backend, UUID, form="by_name", label="Drita")
    send_case(backend, OTHER, form="intake", label="C-1")
    reader = viewer(backend)
    assert labels(reader) == {UUID: None, OTHER: None}
    purge(backend, "by_name")
    assert labels(reader) == {UUID: None, OTHER: "C-1"}


def test_a_label_stays_masked_when_every_form_that_wrote_such_is_purged_one_after_another(lite: Backend) -> None:
    lite.office("tr-01")
    for form in (BY_NAME, BY_NAME.replace("by_name", "also"), CASES):
        lite.admin.publish(form)
    send_case(lite, UUID, form="by_name", label="Drita")
    send_case(lite, OTHER, form="intake", label="C-1")
    for form in ("by_name", "also"):
        purge(lite, form)
        assert labels(viewer(lite))[UUID] is None
    assert labels(viewer(lite))[OTHER] == "C-1"


def test_a_purged_form_masks_no_label_that_the_forms_left_make_of_the_same(lite: Backend) -> None:
    lite.office("tr-01")
    lite.admin.publish(CASES)
    lite.admin.publish(CASES.replace("intake", "second"))
    send_case(lite, UUID, form="second", label="C-1")
    send_case(lite, OTHER, form="intake", label="C-2")
    purge(lite, "second")
    assert labels(viewer(lite)) == {UUID: "C-1", OTHER: "C-2"}


def test_a_masked_property_is_not_named_among_those_in_conflict(lite: Backend) -> None:
    lite.office("tr-01")
    lite.admin.publish(CASES)
    lite.admin.publish(FOLLOW_UP)
    send_case(lite, UUID, form="intake", label="C-1")
    phone = lite.phone(office="tr-01")
    for number in ("1", "2"):
        meta = entity(f'id="{UUID}" update="1" baseVersion="1"')
        answers = f"<case>{UUID}</case><code>C-{number}1</code><person>Name {number}</person><office>tr-01</office>"
        assert phone.send(instance("follow_up", answers, meta=meta)).status_code == 201
    lite.work()
    for reader, named in ((viewer(lite), ["code"]), (lite.admin, ["code", "person"])):
        assert reader.get(f"{CASE}/versions").json[-1]["conflictingProperties"] == named
        assert reader.get(CASE).json["currentVersion"]["conflictingProperties"] == named
