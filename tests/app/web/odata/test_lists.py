"""The cases of an entity list as OData clients walk them: pages, filters, and no more than the list of cases shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.clock import now
from app.db import models
from app.permissions import Grant
from app.services.audit_reads import record_read
from app.web.odata import lists
from tests.app.looking import rows
from tests.app.shown_forms import CASES, entity
from tests.app.web.odata.test_types import declared, walk
from tests.support.backend import Backend, Person, instance

LIST = "/projects/1/datasets/cases"
SVC = f"{LIST}.svc"
OFFICES = ("tr-01", "vl-02")
TOLD = 501.5


def uuid(number: int) -> str:
    return f"{number}1111111-1111-4111-8111-111111111111"


@pytest.fixture
def listed(backend: Backend) -> Backend:
    """Four cases: of the offices tr-01, vl-02, tr-01, vl-02; the newest is number 3."""
    admin = backend.admin
    admin.publish(CASES)
    assert admin.post(f"{LIST}/properties", json={"name": "first-come", "sensitivity": "open"}).status_code == 200
    phones = [backend.phone(office=backend.office(code)) for code in OFFICES]
    for number in range(4):
        body = f"<code>C-{number}</code><person>Drita {number}</person><office>{OFFICES[number % 2]}</office>"
        meta = entity(f'id="{uuid(number)}" create="1"', f"C-{number}")
        assert phones[number % 2].send(instance("intake", body, meta=meta)).status_code == 201
    data = {"first-come": "it's"}
    assert admin.patch(f"{LIST}/entities/{uuid(2)}?force=true", json={"data": data}).status_code == 200
    return backend


def codes(person: Person, query: str) -> list[str]:
    answer = person.get(f"{SVC}/Entities{query}")
    assert answer.status_code == 200, (query, answer.text)
    return [row["code"] for row in answer.json["value"]]


def test_a_list_is_described_and_read_as_one_table_of_texts(listed: Backend) -> None:
    admin = listed.admin
    service = admin.get(SVC)
    assert service.headers["OData-Version"] == "4.0"
    assert service.json == {
        "@odata.context": f"http://localhost/v1{SVC}/$metadata",
        "value": [{"name": "Entities", "kind": "EntitySet", "url": "Entities"}],
    }
    feed = admin.get(f"{SVC}/Entities?$count=true").json
    assert (feed["@odata.context"], feed["@odata.count"]) == (f"http://localhost/v1{SVC}/$metadata#Entities", 4)
    seen: dict[str, Any] = {}
    types = declared(admin.get(f"{SVC}/$metadata").data)
    walk(feed["value"], "Collection(org.opendatakit.user.cases.Entities)", types, seen)
    assert set(seen) == {*types["org.opendatakit.user.cases.Entities"], *types["org.opendatakit.entity.metadata"]}
    changed, first = feed["value"][1], feed["value"][3]
    assert changed["__id"] == uuid(2)
    assert (changed["label"], changed["person"], changed["first_come"]) == ("C-2", "Drita 2", "it's")
    assert (first["first_come"], first["custodian"]) == ("", "tr-01")
    system = changed["__system"]
    assert (system["updates"], system["version"], system["creatorName"], system["conflict"]) == (1, 2, "Phone", None)
    assert admin.get(f"{SVC}/Entities?$select=code,__system/version&$top=1").json["value"] == [
        {"code": "C-3", "__system": {"version": 1}}
    ]
    # By its name in OData, and by its own, as Central's clients ask.
    for name in ("first_come", "first-come"):
        assert admin.get(f"{SVC}/Entities?$select={name}&$top=1&$skip=1").json["value"] == [{"first_come": "it's"}]
    assert admin.get(f"{SVC}/Entities?$select=nothing").json["code"] == 400.23
    for address in (SVC, f"{SVC}/$metadata", f"{SVC}/Entities"):
        assert admin.get(address, headers={"OData-MaxVersion": "3.0"}).status_code == 404


def test_the_links_lead_through_every_case_once_whatever_came_since(listed: Backend) -> None:
    admin = listed.admin
    for query, pages in (
        ("?$top=3", [["C-3", "C-2", "C-1"], ["C-0"]]),
        ("?$top=2&$skip=1", [["C-2", "C-1"], ["C-0"]]),
        ("?$top=2&$orderby=code desc", [["C-3", "C-2"], ["C-1", "C-0"]]),
        ("?$top=4", [["C-3", "C-2", "C-1", "C-0"]]),
        ("?$top=0", [[]]),
    ):
        found, address = [], f"{SVC}/Entities{query}"
        while address:
            answer = admin.get(address).json
            found.append([row["code"] for row in answer["value"]])
            address = answer.get("@odata.nextLink", "").removeprefix("http://localhost/v1")
        assert found == pages, query
    link = admin.get(f"{SVC}/Entities?$top=2").json["@odata.nextLink"].removeprefix("http://localhost/v1")
    new = {"label": "New", "data": {"code": "C-4"}}
    assert admin.post(f"{LIST}/entities", json=new).status_code == 200
    assert admin.delete(f"{LIST}/entities/{uuid(2)}").status_code == 200
    assert [row["code"] for row in admin.get(link).json["value"]] == ["C-1", "C-0"]
    for token, code in (("01eyJ1dWlkIjoibm9uZSJ9", 400.34), ("01eyJ1dWlkIjo0fQ==", 400.35), ("x", 400.35)):
        assert admin.get(f"{SVC}/Entities?$skiptoken={token}").json["code"] == code


FILTERS = [
    ("code eq 'C-1'", ["C-1"]),
    ("code ne 'C-1' and custodian eq 'vl-02'", ["C-3"]),
    ("endswith(code, '2') or __id eq '01111111-1111-4111-8111-111111111111'", ["C-2", "C-0"]),
    ("first_come eq 'it''s'", ["C-2"]),
    ("first_come eq ''", ["C-3", "C-1", "C-0"]),
    ("__system/version gt 1", ["C-2"]),
    ("__system/updatedAt ne null and __system/conflict eq null", ["C-2"]),
    ("__system/createdAt gt now()", []),
    ("year(__system/createdAt) ge 2026 and __system/creatorId eq 999", []),
]


SEARCHES = [
    ("drita", ["C-3", "C-2", "C-1", "C-0"]),
    ("DRITA 3", ["C-3"]),
    ("dri", []),
    ('"drita 1" or C-2', ["C-2", "C-1"]),
    ("drita -1 -vl-02", ["C-2", "C-0"]),
    ("it's", ["C-2"]),
    ("!", []),
    (" ", ["C-3", "C-2", "C-1", "C-0"]),
]


def test_cases_are_searched_for_by_what_they_say(listed: Backend) -> None:
    admin = listed.admin
    for search, found in SEARCHES:
        assert codes(admin, f"?$search={search}") == found, search
        table = admin.get(f"{LIST}/entities.csv?$search={search}").text.splitlines()
        assert [line.split(",")[1] for line in table[1:]] == found, search
    asked = "$search=drita&$filter=code ne 'C-1'&$count=true"
    page = admin.get(f"{SVC}/Entities?{asked}&$top=2").json
    assert (page["@odata.count"], [row["code"] for row in page["value"]]) == (3, ["C-3", "C-2"])
    assert codes(admin, "?" + page["@odata.nextLink"].partition("?")[2]) == ["C-0"]
    assert codes(admin, f"?{asked}&$orderby=code&$skip=1&$top=1") == ["C-2"]
    assert admin.get("/projects/1/forms/intake.svc/Submissions?$search=drita").json["code"] == 501.1
    assert admin.get(f"{SVC}/Entities?$search={'a' * 501}").json["code"] == 400.18
    lines = [each.details.get("asked") for each in rows(listed, models.Audit, models.Audit.action == "entity.list")]
    assert lines[-1] == ["code", "$search"]


def test_cases_are_found_by_what_lies_in_clear(listed: Backend) -> None:
    admin = listed.admin
    for condition, found in FILTERS:
        assert codes(admin, f"?$filter={condition}") == found, condition
        assert admin.get(f"{SVC}/Entities?$count=true&$top=0&$filter={condition}").json["@odata.count"] == len(found)
    assert codes(admin, "?$orderby=custodian asc,code desc") == ["C-2", "C-0", "C-3", "C-1"]
    for name in ("person", "label", "__system/creatorName", "nothing"):
        for asked in (f"$filter={name} eq 'Drita 1'", f"$orderby={name}"):
            assert admin.get(f"{SVC}/Entities?{asked}").json["code"] == TOLD, asked
    assert admin.get(f"{SVC}/Entities?$filter=code eq").json["code"] == 400.18
    # Who asks by the moment of deletion gets what is in the trash too.
    assert admin.delete(f"{LIST}/entities/{uuid(1)}").status_code == 200
    assert codes(admin, "") == ["C-3", "C-2", "C-0"]
    assert codes(admin, "?$filter=__system/deletedAt ne null") == ["C-1"]
    assert codes(admin, "?$filter=__system/deletedAt eq null") == ["C-3", "C-2", "C-0"]


def test_a_reader_gets_the_own_offices_cases_and_no_more_of_them_than_elsewhere(listed: Backend) -> None:
    viewer = listed.person(Grant("viewer", 1), office="tr-01")
    answer = viewer.get(f"{SVC}/Entities?$count=true")
    assert (answer.json["@odata.count"], [row["code"] for row in answer.json["value"]]) == (2, ["C-2", "C-0"])
    assert "Drita" not in answer.text
    (row,) = viewer.get(f"{SVC}/Entities?$top=1&$select=person").json["value"]
    assert row == {"person": None, "person@sportel.masked": "identifying"}
    assert codes(viewer, "?$filter=custodian eq 'vl-02' or __system/deletedAt ne null") == []
    token = listed.admin.get(f"{SVC}/Entities?$top=1").json["@odata.nextLink"].partition("?")[2]
    assert viewer.get(f"{SVC}/Entities?{token}").json["code"] == 400.34
    for role in ("analyst", "formfill"):
        assert listed.person(Grant(role, 1, all_offices=True)).get(f"{SVC}/Entities").status_code == 403
    for option in ("$expand=*", "$wkt=true", "deidentified=true"):
        assert viewer.get(f"{SVC}/Entities?{option}").json["code"] == 501.1, option
    # What is masked is found by nobody, and says nothing that could be left out either.
    assert codes(viewer, "?$search=drita") == []
    assert codes(viewer, "?$search=-drita") == codes(viewer, "?$search=c") == ["C-2", "C-0"]
    # Each row as it is seen: the label is the code, until somebody types one.
    assert listed.admin.patch(f"{LIST}/entities/{uuid(2)}?force=true", json={"label": "Mira"}).status_code == 200
    assert (codes(viewer, "?$search=mira"), codes(listed.admin, "?$search=mira")) == ([], ["C-2"])


def test_what_has_not_changed_is_not_sent_again_and_every_look_is_on_record(listed: Backend) -> None:
    admin, address = listed.admin, f"{SVC}/Entities?$filter=code ne 'C-9'&$top=2"
    etag = admin.get(address).headers["ETag"]
    assert etag.startswith('W/"')
    again = admin.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert admin.patch(f"{LIST}/entities/{uuid(3)}?force=true", json={"data": {"code": "X"}}).status_code == 200
    assert admin.get(address, headers={"If-None-Match": etag}).json["value"][0]["code"] == "X"
    lines = [each.details for each in rows(listed, models.Audit, models.Audit.action == "entity.list")]
    assert lines[-1] == {"dataset": "cases", "count": 2, "asked": ["code"]}
    assert len(lines) == 3


def test_a_page_is_sent_again_only_if_its_own_cases_changed(listed: Backend) -> None:
    admin, first = listed.admin, f"{SVC}/Entities?$top=2"
    second = admin.get(first).json["@odata.nextLink"].removeprefix("http://localhost/v1")
    known = {each: {"If-None-Match": admin.get(each).headers["ETag"]} for each in (first, second, f"{SVC}/Entities")}
    assert admin.patch(f"{LIST}/entities/{uuid(0)}?force=true", json={"data": {"code": "X"}}).status_code == 200
    answers = {each: admin.get(each, headers=headers) for each, headers in known.items()}
    assert [each.status_code for each in answers.values()] == [304, 200, 200]
    assert "X" in [row["code"] for row in answers[second].json["value"]]


def test_a_case_that_comes_while_the_list_is_read_is_sent_at_the_next_look(
    listed: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, phone = listed.admin, listed.phone()
    xml = instance("intake", "<code>C-4</code>", meta=entity(f'id="{uuid(4)}" create="1"', "C-4"))

    def meanwhile(*arguments: Any, **about: Any) -> None:
        monkeypatch.undo()
        record_read(*arguments, **about)
        with ThreadPoolExecutor(1) as another:
            assert another.submit(phone.send, xml).result().status_code == 201

    monkeypatch.setattr(lists, "record_read", meanwhile)
    before = admin.get(f"{SVC}/Entities")
    assert "C-4" not in before.text
    after = admin.get(f"{SVC}/Entities", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, "C-4" in after.text) == (200, True)


def test_another_case_under_the_number_of_one_that_a_restore_lost_is_sent(listed: Backend) -> None:
    etag = listed.admin.get(f"{SVC}/Entities").headers["ETag"]
    with listed.database() as session:
        session.query(models.Entity).filter_by(uuid=uuid(3)).update({"created_at": now()})
        session.commit()
    assert listed.admin.get(f"{SVC}/Entities", headers={"If-None-Match": etag}).status_code == 200
