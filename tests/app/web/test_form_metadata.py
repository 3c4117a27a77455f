"""What does the API tell of a form beside its name: counts by the reader's reach, its maker, its notes, its versions?"""

from __future__ import annotations

import pytest

from app.db import models
from app.permissions import Grant
from tests.app.shown_forms import CASES, FOLLOW_UP, simple
from tests.app.web.test_forms import SURVEY, XLSX, add, xlsx
from tests.support.backend import Backend, Person, instance

FORMS = "/projects/1/forms"
EXTENDED = {"X-Extended-Metadata": "true"}


def extended(person: Person, form: str) -> dict[str, object]:
    """What one form and the list say of it: the same."""
    one: dict[str, object] = person.get(f"{FORMS}/{form}", headers=EXTENDED).json
    assert one in person.get(FORMS, headers=EXTENDED).json
    return one


def test_the_counts_are_of_what_the_reader_may_list(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("visit"))
    for office in ("one", "two"):
        backend.office(office)
    phones = [backend.phone(office="one"), backend.phone(office="one"), backend.phone(office="two")]
    for number, phone in enumerate(phones):
        phone.send(instance("visit", "<who>x</who>", instance_id=f"uuid:{number}"))
    with backend.database() as session:
        session.query(models.Submission).filter_by(instance_id="uuid:0").update({"review_state": "hasIssues"})
        session.query(models.Submission).filter_by(instance_id="uuid:2").update({"review_state": "approved"})
        session.commit()
    seen = {
        "all": extended(admin, "visit"),
        "one": extended(backend.person(Grant("viewer", 1), office="one"), "visit"),
        "two": extended(backend.person(Grant("viewer", 1), office="two"), "visit"),
        "none": extended(backend.person(Grant("formfill", 1), office="one"), "visit"),
    }
    assert {who: (each["submissions"], each["reviewStates"]) for who, each in seen.items()} == {
        "all": (3, {"received": 1, "hasIssues": 1, "edited": 0}),
        "one": (2, {"received": 1, "hasIssues": 1, "edited": 0}),
        "two": (1, {"received": 0, "hasIssues": 0, "edited": 0}),
        "none": (0, {"received": 0, "hasIssues": 0, "edited": 0}),
    }
    assert seen["none"]["lastSubmission"] is None
    assert seen["one"]["lastSubmission"] is not None


def test_a_form_tells_who_made_it_and_whether_it_opens_cases(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(CASES)
    admin.publish(simple("visit"))
    made = extended(admin, "intake")
    assert (made["entityRelated"], made["createdBy"]["displayName"]) == (True, "Administrator")
    assert extended(admin, "visit")["entityRelated"] is False
    assert "submissions" not in admin.get(f"{FORMS}/visit").json


def test_the_notes_of_a_version_are_for_who_changes_forms(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("visit"))
    admin.post(f"{FORMS}/visit/draft")
    admin.post(f"{FORMS}/visit/draft/publish?version=2", json={"publishNotes": "One question more"})
    for person, notes in ((admin, "One question more"), (lite.person(Grant("viewer", 1)), None)):
        for path in ("visit", "visit/versions/2"):
            assert person.get(f"{FORMS}/{path}", headers=EXTENDED).json["publishNotes"] == notes


def test_a_version_tells_who_published_it(backend: Backend) -> None:
    backend.admin.publish(simple("visit"))
    other = backend.person(Grant("manager", 1, all_offices=True), name="Other")
    other.post(f"{FORMS}/visit/draft")
    assert other.post(f"{FORMS}/visit/draft/publish?version=2").status_code == 200
    listed = other.get(f"{FORMS}/visit/versions", headers=EXTENDED).json
    published = {each["version"]: each["publishedBy"]["displayName"] for each in listed}
    assert published == {"1": "Administrator", "2": "Other"}
    assert other.get(f"{FORMS}/visit/versions/1", headers=EXTENDED).json["publishedBy"]["type"] == "user"
    assert "publishedBy" not in other.get(f"{FORMS}/visit/versions/1").json


def test_each_version_keeps_its_workbook_fields_and_files(backend: Backend) -> None:
    admin = backend.admin
    settings = [["form_id", "version"], ["visit", "1"]]
    first = xlsx(survey=SURVEY, settings=settings)
    assert add(admin, first, XLSX, "?publish=true&ignoreWarnings=true").status_code == 200
    longer = [*([*row, ""] for row in SURVEY), ["note", "logo", "Logo", "logo.png"]]
    longer[0][-1] = "media::image"
    second = xlsx(survey=longer, settings=[settings[0], ["visit", "2"]])
    at = f"{FORMS}/visit"
    assert admin.post(f"{at}/draft?ignoreWarnings=true", data=second, content_type=XLSX).status_code == 200
    assert admin.post(f"{at}/draft/attachments/logo.png", data=b"a picture").status_code == 200
    assert admin.post(f"{at}/draft/publish").status_code == 200

    def paths(version: str) -> list[str]:
        fields = admin.get(f"{at}/versions/{version}/fields").json
        return [each["path"] for each in fields if not each["path"].startswith("/meta")]

    assert (paths("1"), paths("2")) == (["/who"], ["/who", "/logo"])
    assert admin.get(f"{at}/versions/1.xlsx").data == first
    admin.post(f"{at}/draft")
    assert admin.get(f"{at}/draft.xlsx").data == second
    assert admin.get(f"{at}/draft.xls").json["code"] == 404.1
    assert admin.get(f"{at}/versions/2.xlsx").data == second
    assert admin.get(f"{at}/versions/1/attachments").json == []
    assert [each["name"] for each in admin.get(f"{at}/versions/2/attachments").json] == ["logo.png"]
    assert admin.get(f"{at}/versions/2/attachments/logo.png").data == b"a picture"
    not_there = ("1/attachments/logo.png", "3/fields", "3/attachments", "3.xlsx", "1.xls", "2/attachments/x")
    assert {admin.get(f"{at}/versions/{path}").json["code"] for path in not_there} == {404.1}


@pytest.mark.parametrize(("state", "status"), [("open", 200), ("closing", 200), ("closed", 404)])
def test_who_only_fills_forms_gets_no_file_of_a_closed_one(lite: Backend, state: str, status: int) -> None:
    admin = lite.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    phone = lite.phone()
    admin.patch(f"{FORMS}/follow_up", json={"state": state})
    for path in ("attachments/cases.csv", "versions/1/attachments/cases.csv"):
        assert phone.get(f"/forms/follow_up/{path}").status_code == status
        assert admin.get(f"{FORMS}/follow_up/{path}").status_code == 200
