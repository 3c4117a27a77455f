"""Does a worker understand every question, refusal and demand, in both languages?"""

from __future__ import annotations

import pytest

from tests.xlsforms.shipped import ALBANIAN, ENGLISH, METADATA, UNSEEN, Row, Shipped
from tools.house_style import CLASSES

BOTH = (ENGLISH, ALBANIAN)


def lacking(rows: list[Row], column: str) -> list[tuple[str, str]]:
    return [
        (row["name"], language) for row in rows for language in BOTH if not row.get(f"{column}::{language}", "").strip()
    ]


def test_every_visible_row_has_a_label_in_both_languages(shipped: Shipped) -> None:
    visible = [row for row in shipped.survey if row["type"] not in UNSEEN and not row["type"].startswith("end_")]
    assert lacking(visible, "label") == []


def test_every_choice_has_a_label_in_both_languages(shipped: Shipped) -> None:
    assert lacking(list(shipped.choices), "label") == []


def test_every_constraint_says_what_to_do_in_both_languages(shipped: Shipped) -> None:
    assert lacking([row for row in shipped.survey if row.get("constraint")], "constraint_message") == []


def test_every_required_question_says_so_in_both_languages(shipped: Shipped) -> None:
    assert lacking([row for row in shipped.survey if row.get("required")], "required_message") == []


@pytest.mark.parametrize("column", ["hint", "constraint_message", "required_message", "label"])
def test_a_text_in_one_language_is_there_in_the_other(shipped: Shipped, column: str) -> None:
    uneven = [
        row.get("name") for row in shipped.survey if (f"{column}::{ENGLISH}" in row) != (f"{column}::{ALBANIAN}" in row)
    ]
    assert uneven == []


def test_messages_stand_only_where_something_is_demanded(shipped: Shipped) -> None:
    idle = [
        row["name"]
        for row in shipped.survey
        if (f"constraint_message::{ENGLISH}" in row and "constraint" not in row)
        or (f"required_message::{ENGLISH}" in row and "required" not in row)
    ]
    assert idle == []


def test_every_question_declares_its_class_of_sensitivity(shipped: Shipped) -> None:
    assert [row["name"] for row in shipped.questions if row.get("bind::sportel:class") not in CLASSES] == []


def test_groups_declare_no_class_because_they_hold_no_answer(shipped: Shipped) -> None:
    marks = [row for row in shipped.survey if row["type"].startswith(("begin_", "end_"))]
    assert [row["name"] for row in marks if "bind::sportel:class" in row] == []


@pytest.mark.parametrize(
    ("field", "sensitivity"),
    [
        ("prs_FirstName", "identifying"),
        ("prs_SecondName", "identifying"),
        ("prs_Birthdate", "identifying"),
        ("prs_IdentityNumber", "identifying"),
        ("safe_contact", "contact"),
        ("safe_phone", "contact"),
        ("prs_Email", "contact"),
        ("ind_a", "special:exploitation"),
        ("vuln", "special:health"),
        ("p_disc", "special:ethnicity"),
        ("status_why", "special:criminal"),
        ("username", "operational"),
    ],
)
def test_fields_that_must_not_lie_in_clear_keep_their_class(shipped: Shipped, field: str, sensitivity: str) -> None:
    row = shipped.by_name.get(field)
    assert row is None or row["bind::sportel:class"] == sensitivity


def test_free_text_about_a_person_is_short(shipped: Shipped) -> None:
    # Names, town and e-mail address are single words; everything else that is typed has a limit of 300.
    single = {"prs_FirstName", "prs_SecondName", "prs_Email", "city"}
    long = [
        row["name"]
        for row in shipped.survey
        if row["type"] == "text"
        and row["name"] not in single
        and not row.get("constraint", "").startswith(("string-length(.) <= ", "regex("))
    ]
    assert long == []


def test_narrative_fields_warn_not_to_write_names(shipped: Shipped) -> None:
    narrative = [row for row in shipped.survey if row.get("constraint") == "string-length(.) <= 300"]
    silent = [
        row["name"]
        for row in narrative
        for language, words in ((ENGLISH, "no names"), (ALBANIAN, "pa emra"))
        if words not in row[f"label::{language}"] and words not in row.get(f"hint::{language}", "")
    ]
    assert silent == []


def test_metadata_needs_no_label(shipped: Shipped) -> None:
    assert all(f"label::{ENGLISH}" not in shipped.by_name[name] for name in METADATA)
