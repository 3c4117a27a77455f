"""Files of each version, clearing one, and what each edit changed, as far as its reader may see it."""

from __future__ import annotations

import pytest

from app.permissions import Grant
from tests.app.looking import assert_no_orphans, blobs
from tests.support.backend import Backend, Person, instance

FORM = """
| survey |              |       |       |                     |
|        | type         | name  | label | bind::sportel:class |
|        | text         | who   | Who   | identifying         |
|        | integer      | age   | Age   | quasi               |
|        | image        | pic   | Pic   | identifying         |
|        | begin_repeat | child | Child |                     |
|        | text         | name  | Name  | identifying         |
|        | integer      | years | Years | quasi               |
|        | end_repeat   |       |       |                     |
| settings |         |         |                              |
|          | form_id | version | namespaces                   |
|          | visit   | 1       | sportel="urn:sportel:xforms" |
"""
ONE = "/projects/1/forms/visit/submissions/uuid:1"
DRAFT_ONE = "/projects/1/forms/visit/draft/submissions/uuid:1"


def answers(new: str, who: str, age: int, *, old: str | None = None, more: str = "") -> str:
    meta = "" if old is None else f"<orx:deprecatedID>{old}</orx:deprecatedID>"
    return instance("visit", f"<who>{who}</who><age>{age}</age><pic>a.jpg</pic>{more}", instance_id=new, meta=meta)


@pytest.fixture
def reader(backend: Backend) -> Person:
    """A submission, and an edit of it that changes two answers, adds a child and keeps the file."""
    backend.admin.publish(FORM)
    phone = backend.phone()
    assert phone.send(answers("uuid:1", "Drita", 30), {"a.jpg": b"photo"}).status_code == 201
    child = "<child><name>Teuta</name><years>4</years></child>"
    assert phone.send(answers("uuid:2", "Mira", 31, old="uuid:1", more=child)).status_code == 201
    return backend.admin


def test_who_reads_everything_sees_every_change(reader: Person) -> None:
    assert reader.get(f"{ONE}/diffs").json == {
        "uuid:2": [
            {"old": "Drita", "new": "Mira", "path": ["who"]},
            {"old": "30", "new": "31", "path": ["age"]},
            {"old": "uuid:1", "new": "uuid:2", "path": ["meta", "instanceID"]},
            {"new": "uuid:1", "path": ["meta", "deprecatedID"]},
            {"new": {"name": "Teuta", "years": "4"}, "path": [["child", 0]]},
        ]
    }


def test_of_what_a_reader_may_not_see_no_change_is_told(backend: Backend, reader: Person) -> None:
    viewer = backend.person(Grant("viewer", 1, all_offices=True))
    (changes,) = viewer.get(f"{ONE}/diffs").json.values()
    assert [each["path"] for each in changes if each["path"][0] in ("who", "pic")] == []
    assert {"old": "30", "new": "31", "path": ["age"]} in changes
    masked = {"name": None, "name@sportel.masked": "identifying", "years": "4"}
    assert {"new": masked, "path": [["child", 0]]} in changes
    text = viewer.get(f"{ONE}/diffs").text
    assert not [each for each in ("Drita", "Mira", "Teuta") if each in text]


def test_each_version_has_its_files(reader: Person) -> None:
    for version in ("uuid:1", "uuid:2"):
        at = f"{ONE}/versions/{version}/attachments"
        assert reader.get(at).json == [{"name": "a.jpg", "exists": True}]
        assert reader.get(f"{at}/a.jpg").data == b"photo"
        assert reader.get(f"{at}/b.jpg").status_code == 404
    assert reader.get(f"{ONE}/versions/uuid:9/attachments").status_code == 404


def test_a_file_that_is_cleared_waits_for_another_and_the_other_version_keeps_its_own(
    backend: Backend, reader: Person
) -> None:
    for _ in range(2):
        assert reader.delete(f"{ONE}/attachments/a.jpg").json == {"success": True}
    assert reader.get(f"{ONE}/attachments").json == [{"name": "a.jpg", "exists": False}]
    assert reader.get(f"{ONE}/versions/uuid:1/attachments/a.jpg").data == b"photo"
    assert reader.delete(f"{ONE}/versions/uuid:1/attachments/a.jpg").status_code == 200
    assert blobs(backend) == set()
    assert reader.post(f"{ONE}/attachments/a.jpg", data=b"another").status_code == 200
    assert reader.get(f"{ONE}/attachments/a.jpg").data == b"another"
    assert reader.delete(f"{ONE}/attachments/b.jpg").status_code == 404
    assert_no_orphans(backend)


def test_nobody_takes_away_a_file_that_they_may_not_see(backend: Backend, reader: Person) -> None:
    manager = backend.person(Grant("manager", 1, all_offices=True))
    assert manager.delete(f"{ONE}/attachments/a.jpg").json["code"] == 403.11
    assert reader.get(f"{ONE}/attachments/a.jpg").data == b"photo"


@pytest.mark.parametrize("at", [ONE, f"{ONE}/versions/uuid:1", DRAFT_ONE], ids=["current", "version", "draft"])
def test_who_only_reads_another_offices_submission_neither_clears_nor_fills_its_files(
    backend: Backend, at: str
) -> None:
    """Who manages one office and reads all: the right to read reaches further than the right to change."""
    form = FORM.replace("Pic   | identifying", "Pic   | operational")
    here, there = backend.office("tr-01"), backend.office("vl-02")
    backend.admin.publish(form)
    drafted = backend.admin.post("/projects/1/forms/visit/draft?ignoreWarnings=true")
    assert drafted.status_code == 200, drafted.text
    owner = backend.person(Grant("manager", 1), office=there)
    for all_of_them in ("/projects/1/forms/visit/submissions", "/projects/1/forms/visit/draft/submissions"):
        sent = owner.post(all_of_them, data=answers("uuid:1", "Drita", 30), content_type="text/xml")
        assert sent.status_code == 200, sent.text
    current = at.split("/versions/")[0] + "/attachments/a.jpg"
    neighbour = backend.person(Grant("manager", 1), Grant("viewer", 1, all_offices=True), office=here)

    assert neighbour.post(current, data=b"false").json["code"] == 404.1
    assert blobs(backend) == set()
    assert owner.post(current, data=b"photo").status_code == 200
    assert neighbour.delete(f"{at}/attachments/a.jpg").json["code"] == 404.1
    assert neighbour.get(current).data == b"photo"
    assert owner.delete(f"{at}/attachments/a.jpg").status_code == 200


def test_who_has_sent_something_is_listed_once_by_name(backend: Backend, reader: Person) -> None:
    for name in ("Zana", "Anila"):
        assert backend.phone(name=name).send(answers(f"uuid:{name}", "x", 1)).status_code == 201
    answer = reader.get("/projects/1/forms/visit/submissions/submitters").json
    assert [each["displayName"] for each in answer] == ["Anila", "Phone", "Zana"]


def test_a_client_that_asks_for_keys_before_it_exports_learns_that_it_needs_none(reader: Person) -> None:
    assert reader.get("/projects/1/forms/visit/submissions/keys").json == []
    assert reader.get("/projects/1/forms/visit/draft/submissions/keys").status_code == 404


def test_who_asks_for_more_learns_who_sent_each_version_and_of_which_form_version(reader: Person) -> None:
    extended = {"X-Extended-Metadata": "true"}
    (one,) = reader.get("/projects/1/forms/visit/submissions", headers=extended).json
    assert (one["submitter"]["displayName"], one["currentVersion"]["submitter"]["type"]) == ("Phone", "field_key")
    versions = reader.get(f"{ONE}/versions", headers=extended).json
    assert [(each["formVersion"], each["submitter"]["displayName"]) for each in versions] == [("1", "Phone")] * 2
    plain = reader.get(f"{ONE}/versions").json[0]
    assert not {"submitter", "formVersion"} & set(plain)
