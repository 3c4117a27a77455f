"""A victim is identified at a police point, sheltered elsewhere, and followed by whoever is the custodian."""

from __future__ import annotations

from app.permissions import Grant
from tests.support.backend import AppUser, Backend, instance

IDENTIFICATION = """
| survey |      |         |         |           |                     |
|        | type | name    | label   | save_to   | bind::sportel:class |
|        | text | code    | Code    | code      | operational         |
|        | text | name    | Name    | name_sq   | identifying         |
|        | text | refer   | Refer   | custodian | operational         |
| settings |         |         |                |                              |
|          | form_id | version | title          | namespaces                   |
|          | police  | 1       | Identification | sportel="urn:sportel:xforms" |
| entities |           |         |
|          | list_name | label   |
|          | cases     | ${code} |
"""
ASSESSMENT = """
| survey |                                |       |       |           |                     |
|        | type                           | name  | label | save_to   | bind::sportel:class |
|        | select_one_from_file cases.csv | case  | Case  |           | operational         |
|        | text                           | state | State | state     | operational         |
|        | text                           | refer | Refer | custodian | operational         |
| settings |         |         |            |                              |
|          | form_id | version | title      | namespaces                   |
|          | shelter | 1       | Assessment | sportel="urn:sportel:xforms" |
| entities |           |           |
|          | list_name | entity_id |
|          | cases     | ${case}   |
"""
CASE = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
ENTITIES = "http://www.opendatakit.org/xforms/entities"


def assess(case: str, base: str, answers: str) -> str:
    meta = f'<entity xmlns="{ENTITIES}" dataset="cases" id="{case}" update="1" baseVersion="{base}"/>'
    return instance("shelter", f"<case>{case}</case>{answers}", meta=meta)


def known_to(phone: AppUser) -> list[str]:
    """The codes of the cases on a phone."""
    lines = phone.get("/forms/shelter/attachments/cases.csv").text.splitlines()[1:]
    return [line.split(",")[1] for line in lines]


def test_a_case_goes_from_the_police_point_to_the_shelter_and_on(backend: Backend) -> None:
    for office in ("police_tr", "shelter_vl", "shelter_el"):
        backend.office(office)
    admin = backend.admin
    admin.publish(IDENTIFICATION)
    admin.publish(ASSESSMENT)
    police, vlora, elbasan = (backend.phone(office=each) for each in ("police_tr", "shelter_vl", "shelter_el"))

    entity = f'<entity xmlns="{ENTITIES}" dataset="cases" id="{CASE}" create="1"><label>VT-7</label></entity>'
    answers = "<code>VT-7</code><name>Drita</name><refer>shelter_vl</refer>"
    assert police.send(instance("police", answers, meta=entity)).status_code == 201
    assert (known_to(police), known_to(vlora), known_to(elbasan)) == ([], ["VT-7"], [])
    assert "Drita" not in vlora.get("/forms/shelter/attachments/cases.csv").text

    assert vlora.send(assess(CASE, "1", "<state>safe</state>")).status_code == 201
    assert vlora.send(assess(CASE, "2", "<refer>shelter_el</refer>")).status_code == 201
    assert (known_to(vlora), known_to(elbasan)) == ([], ["VT-7"])
    integrity = f"/datasets/cases/integrity?id={CASE}"
    assert "<deleted>true</deleted>" in vlora.get(integrity).text
    assert "<deleted>false</deleted>" in elbasan.get(integrity).text

    at_elbasan = backend.person(Grant("case-reader", 1), office="shelter_el")
    at_vlora = backend.person(Grant("case-reader", 1), office="shelter_vl")
    path = f"/projects/1/datasets/cases/entities/{CASE}"
    assert at_elbasan.get(path).json["currentVersion"]["data"] == {
        "code": "VT-7",
        "name_sq": "Drita",
        "custodian": "shelter_el",
        "state": "safe",
    }
    assert at_vlora.get(path).status_code == 404
    # What each office sent stays readable to it, and only to it.
    assert [len(person.rows("shelter")) for person in (at_vlora, at_elbasan)] == [2, 0]
    assert len(backend.person(Grant("viewer", 1), office="police_tr").rows("police")) == 1
