"""A new version that lets more people read a question needs a second administrator."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.db import db, models
from app.permissions import Grant
from tests.app.looking import actions, count, rows
from tests.app.operations.places import run
from tests.support.backend import Backend, Person

DRAFT = "/projects/1/forms/visit/draft"


def version(number: int, who: str = "identifying", age: str = "quasi") -> str:
    """The form with these classes of its questions."""
    return f"""
| survey |         |      |       |                     |
|        | type    | name | label | bind::sportel:class |
|        | text    | who  | Who   | {who}               |
|        | integer | age  | Age   | {age}               |
| settings |         |          |         |                              |
|          | form_id | version  | title   | namespaces                   |
|          | visit   | {number} | A visit | sportel="urn:sportel:xforms" |
"""


def draft(by: Person, markdown: str) -> None:
    answer = by.post(f"{DRAFT}?ignoreWarnings=true", data=markdown.encode(), content_type="text/markdown")
    assert answer.status_code == 200, answer.text


@pytest.fixture
def published(backend: Backend) -> Backend:
    backend.admin.publish(version(1))
    return backend


def code(by: Person, path: str = "/publish", **options: object) -> float | None:
    answer = by.post(f"{DRAFT}{path}", **options)
    return None if answer.status_code == 200 else answer.json["code"]


AGREE = {"json": {"approve": True}}


@pytest.mark.parametrize(
    ("who", "age", "questions"),
    [
        ("identifying", "quasi", []),
        ("special:health", "contact", []),
        ("contact", "quasi", [("/who", "identifying", "contact")]),
        ("open", "open", [("/who", "identifying", "open"), ("/age", "quasi", "open")]),
    ],
)
def test_a_looser_class_is_not_published_by_one_person(
    published: Backend, who: str, age: str, questions: list[tuple[str, str, str]]
) -> None:
    admin = published.admin
    draft(admin, version(2, who, age))
    shown = admin.get(f"{DRAFT}/loosening").json["questions"]
    assert [(each["path"], each["before"], each["after"]) for each in shown] == questions
    answer = admin.post(f"{DRAFT}/publish")
    if not questions:
        assert answer.status_code == 200
        return
    assert (answer.json["code"], answer.json["details"]["questions"]) == (409.41, shown)
    assert all(path in answer.json["message"] for path, _, _ in questions)
    assert admin.get("/projects/1/forms/visit").json["version"] == "1"


def test_another_administrator_agrees_and_the_one_who_made_it_publishes(published: Backend) -> None:
    maker, second = published.admin, published.admin
    draft(maker, version(2, "contact"))
    assert code(maker, "/loosening", **AGREE) == 409.42
    assert code(second, "/loosening", **AGREE) is None
    assert code(second) == 409.41, "who agreed does not publish too"
    assert code(maker) is None
    assert maker.get("/projects/1/forms/visit").json["version"] == "2"
    (line,) = rows(published, models.Audit, models.Audit.action == "form.update.draft.loosening")
    assert (line.actor_id, line.details["fields"]) == (second.actor_id, ["/who"])


def test_a_manager_does_not_agree(published: Backend) -> None:
    draft(published.admin, version(2, "contact"))
    manager = published.person(Grant("manager", 1, all_offices=True))
    assert code(manager, "/loosening", **AGREE) == 403.1
    assert count(published, models.LooseningApproval) == 0


def test_an_agreement_is_for_the_draft_that_was_looked_at(published: Backend) -> None:
    maker, second = published.admin, published.admin
    draft(maker, version(2, "contact"))
    looked_at = second.get(f"{DRAFT}/loosening").json["sha256"]
    draft(maker, version(2, "open"))
    assert code(second, "/loosening", json={"approve": True, "sha256": looked_at}) == 400.8
    draft(maker, version(2, "contact"))
    assert code(second, "/loosening", json={"approve": True, "sha256": looked_at}) is None
    draft(maker, version(2, "open"))
    assert code(maker) == 409.41
    assert maker.get(f"{DRAFT}/loosening").json["approvals"] == []


def test_who_agrees_and_then_sets_the_same_draft_is_no_second_person(published: Backend) -> None:
    maker, second = published.admin, published.admin
    draft(maker, version(2, "contact"))
    assert code(second, "/loosening", **AGREE) is None
    draft(second, version(2, "contact"))
    assert (code(maker), code(second)) == (409.41, 409.41)


COPY = "|        | calculate | copy | | {sensitivity} | {calculation} |"


def with_copy(number: int, calculation: str, sensitivity: str = "open") -> str:
    """The form with a question that is made of others."""
    text = version(number).replace("bind::sportel:class |", "bind::sportel:class | calculation |")
    return text.replace(
        "| settings |", f"{COPY.format(calculation=calculation, sensitivity=sensitivity)}\n| settings |"
    )


def test_a_question_that_is_newly_made_of_a_stricter_one_is_not_published_by_one_person(published: Backend) -> None:
    admin = published.admin
    draft(admin, with_copy(2, "${who}"))
    found = {"path": "/copy", "before": "identifying", "after": "open", "version": "1", "reads": "/who"}
    assert admin.get(f"{DRAFT}/loosening").json["questions"] == [found]
    assert code(admin) == 409.41
    draft(admin, with_copy(2, "${who}", "identifying"))
    assert code(admin) is None
    draft(admin, with_copy(3, "${age}", "quasi").replace("| copy |", "| other |"))
    assert code(admin) is None


def test_what_was_so_from_the_first_version_on_is_no_loosening(lite: Backend) -> None:
    """Who made the form said so before anybody answered."""
    admin = lite.admin
    admin.publish(with_copy(1, "string-length(${who})"))
    admin.publish_version("visit", with_copy(2, "string-length(${who}) + 1"))


def test_a_question_that_went_away_does_not_come_back_looser(published: Backend) -> None:
    admin = published.admin
    without = "\n".join(line for line in version(2).splitlines() if "| who" not in line)
    published.admin.publish_version("visit", without)
    draft(admin, version(3, "quasi"))
    assert code(admin) == 409.41


def test_a_class_that_was_taken_away_counts_as_the_projects_default(published: Backend) -> None:
    admin = published.admin
    with published.database() as session:
        session.query(models.Project).filter_by(id=1).update({"default_sensitivity": "operational"})
        session.commit()
    draft(admin, version(2, ""))
    assert admin.get(f"{DRAFT}/loosening").json["questions"] == [
        {"path": "/who", "before": "identifying", "after": "operational", "version": "1", "reads": None}
    ]


def test_nothing_is_agreed_to_where_nothing_is_loosened(published: Backend) -> None:
    second = published.admin
    assert code(second, "/loosening", **AGREE) == 404.1
    draft(published.admin, version(2))
    assert code(second, "/loosening", **AGREE) == 400.8
    assert code(second, "/loosening", json={"approve": False}) == 400.8
    assert actions(published, "form.update.draft.loosening") == []


def test_the_command_line_asks_for_the_second_person_too(lite: Backend, tmp_path: Path) -> None:
    for number, who in ((1, "identifying"), (2, "contact")):
        (tmp_path / f"{number}.md").write_text(version(number, who))
    publish = ("publish", str(tmp_path / "2.md"), "--project", "1")
    assert run(lite, "publish", str(tmp_path / "1.md"), "--project", "1").exit_code == 0
    refused = run(lite, *publish)
    assert refused.exit_code == 1
    assert "/who (identifying → contact)" in refused.output
    with lite.app.app_context():
        db.session.remove()
    assert code(lite.admin, "/loosening", **AGREE) is None
    assert run(lite, *publish).exit_code == 0
    assert lite.admin.get("/projects/1/forms/visit").json["version"] == "2"
