"""A form and the project's entity lists: which it writes, and which stands for one of its files."""

from __future__ import annotations

from typing import Any

import pytest

from app.permissions import Grant
from tests.app.shown_forms import CASES, FOLLOW_UP, simple
from tests.support.backend import Backend, Person

FORMS = "/projects/1/forms"
SLOT = f"{FORMS}/follow_up/draft/attachments/cases.csv"
_OFFICE = "|        | text   | office  |"
_PHASE = "|        | text   | phase   | Phase    | phase      | operational         |              |"
WIDER = CASES.replace(_OFFICE, f"{_PHASE}\n{_OFFICE}").replace("| intake  | 1 ", "| intake  | 2 ")


@pytest.fixture
def admin(backend: Backend) -> Person:
    admin = backend.admin
    admin.publish(CASES)
    admin.publish(FOLLOW_UP)
    admin.post(f"{FORMS}/follow_up/draft")
    return admin


def upload(admin: Person, path: str, form: str) -> None:
    answer = admin.post(f"{FORMS}{path}?ignoreWarnings=true", data=form.encode(), content_type="text/markdown")
    assert answer.status_code == 200, answer.text


def test_the_lists_that_a_form_writes_with_the_properties_of_other_forms(admin: Person) -> None:
    upload(admin, "/intake/draft", WIDER)
    written = {"code": True, "custodian": True, "person": True}

    def found(path: str) -> dict[str, dict[str, dict[str, Any]]]:
        return {
            each["name"]: {one.pop("name"): one for one in each["properties"]}
            for each in admin.get(f"{FORMS}/{path}/dataset-diff").json
        }

    assert found("intake") == {"cases": {name: {"inForm": in_form} for name, in_form in written.items()}}
    (draft,) = admin.get(f"{FORMS}/intake/draft/dataset-diff").json
    assert (draft["name"], draft["isNew"]) == ("cases", False)
    assert found("intake/draft") == {
        "cases": {name: {"inForm": True, "isNew": False} for name in written}
        | {"phase": {"inForm": True, "isNew": True}}
    }
    assert admin.post(f"{FORMS}/intake/draft/publish").status_code == 200
    assert found("follow_up")["cases"]["phase"] == {"inForm": False}


def test_a_list_that_comes_with_the_draft_is_new(lite: Backend) -> None:
    admin = lite.admin
    upload(admin, "", CASES)
    (diff,) = admin.get(f"{FORMS}/intake/draft/dataset-diff").json
    assert diff["isNew"] is True
    assert {each["isNew"] for each in diff["properties"]} == {True}
    assert admin.get(f"{FORMS}/intake/dataset-diff").json["code"] == 404.1


def test_a_form_that_writes_no_list_has_no_diff(lite: Backend) -> None:
    lite.admin.publish(simple("visit"))
    assert lite.admin.get(f"{FORMS}/visit/dataset-diff").json == []
    assert lite.admin.get(f"{FORMS}/visit/draft/dataset-diff").json["code"] == 404.1


def test_a_file_gives_way_to_the_list_of_its_name_and_the_list_to_nothing(admin: Person) -> None:
    assert admin.post(SLOT, data=b"name,label\na,A\n").json["blobExists"] is True
    linked = admin.patch(SLOT, json={"dataset": True}).json
    assert (linked["name"], linked["blobExists"], linked["datasetExists"]) == ("cases.csv", False, True)
    assert admin.get(SLOT).data.startswith(b"name,label,__version")
    empty = admin.patch(SLOT, json={"dataset": False}).json
    assert (empty["exists"], empty["blobExists"], empty["datasetExists"]) == (False, False, False)
    assert admin.get(SLOT).json["code"] == 404.1
    assert admin.patch(SLOT, json={"dataset": True}).status_code == 200
    assert admin.post(f"{FORMS}/follow_up/draft/publish?version=2").status_code == 200
    assert admin.get(f"{FORMS}/follow_up/attachments").json[0]["datasetExists"] is True


LOGO = """
| survey |      |      |       |              |
|        | type | name | label | media::image |
|        | note | n    | N     | cases        |
| settings |         |         |
|          | form_id | version |
|          | shown   | 1       |
"""


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("follow_up/draft/attachments/cases.csv", {}, 400.2),
        ("follow_up/draft/attachments/cases.csv", {"dataset": "perhaps"}, 400.8),
        ("follow_up/draft/attachments/other.csv", {"dataset": True}, 404.1),
        ("shown/draft/attachments/cases", {"dataset": True}, 400.26),
        ("intake/draft/attachments/cases.csv", {"dataset": True}, 404.1),
    ],
)
def test_what_cannot_be_linked(lite: Backend, path: str, body: dict[str, Any], code: float) -> None:
    admin = lite.admin
    for form in (CASES, FOLLOW_UP):
        admin.publish(form)
    upload(admin, "", LOGO)
    admin.post(f"{FORMS}/follow_up/draft")
    assert admin.patch(f"{FORMS}/{path}", json=body).json["code"] == code


@pytest.mark.parametrize("role", ["viewer", "formfill"])
def test_who_changes_no_forms_links_nothing(lite: Backend, role: str) -> None:
    lite.admin.publish(CASES)
    lite.admin.publish(FOLLOW_UP)
    person = lite.person(Grant(role, 1))
    assert person.patch(SLOT, json={"dataset": True}).json["code"] == 403.1
    assert person.get(f"{FORMS}/intake/dataset-diff").status_code == (200 if role == "viewer" else 403)
