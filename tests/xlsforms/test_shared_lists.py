"""Do the lists beside the workbooks agree with them: shared choices, offices, programmes?"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.xlsforms.shipped import ALBANIAN, ENGLISH, FOLDER, FORMS, Shipped, load, table

KINDS = {
    "police_point", "border_crossing", "mobile_unit", "shelter", "reception_centre", "migration_counter",
    "consulate", "ministry", "coordinator", "organization",
}  # fmt: skip
REGIONS = {f"AL{number:02}" for number in range(1, 13)}
# Choices that name no institution, so no account can belong to them.
NO_OFFICE = {"OTHP", "OTHM", "OTHO", "MIS"}
COLUMNS = ("name", f"label::{ENGLISH}", f"label::{ALBANIAN}")


def shared_lists() -> dict[str, list[tuple[str, ...]]]:
    lists: dict[str, list[tuple[str, ...]]] = {}
    for row in table("shared/choices.csv"):
        lists.setdefault(row["list_name"], []).append(tuple(row[column] for column in COLUMNS))
    return lists


def listed(shipped: Shipped) -> dict[str, list[tuple[str, ...]]]:
    return {name: [tuple(row[column] for column in COLUMNS) for row in rows] for name, rows in shipped.lists().items()}


def test_shared_lists_are_the_same_in_every_workbook(shipped: Shipped) -> None:
    shared = shared_lists()
    assert {name: rows for name, rows in listed(shipped).items() if name in shared and rows != shared[name]} == {}


def test_exactly_the_lists_of_more_than_one_form_are_shared() -> None:
    used = Counter(name for stem in FORMS for name in load(stem).lists())
    assert set(shared_lists()) == {name for name, forms in used.items() if forms > 1}


def test_codes_are_unique_in_their_list_and_free_of_blanks(shipped: Shipped) -> None:
    for name, rows in listed(shipped).items():
        codes = [row[0] for row in rows]
        assert len(codes) == len(set(codes)), name
        assert [code for code in codes if not code.replace("_", "").isalnum()] == [], name


def test_every_list_of_a_workbook_is_used_by_a_question(shipped: Shipped) -> None:
    used = {
        row["type"].split()[1] for row in shipped.survey if row["type"].startswith(("select_one ", "select_multiple "))
    }
    assert set(shipped.lists()) == used


def test_the_question_mark_of_an_unverified_code_is_in_its_own_column_only() -> None:
    rows = table("shared/choices.csv")
    assert {row["to_confirm"] for row in rows} == {"", "yes"}
    assert [row["name"] for row in rows if "?" in row["name"]] == []
    assert {row["name"] for row in rows if row["to_confirm"]} == {"TRE", "KFZ", "PSN", "ASHF", "LEGAL"}


def test_identification_points_include_every_border_crossing() -> None:
    lists = listed(load("identification"))
    assert set(lists["bcp"]) <= set(lists["point"])


def test_every_institution_of_the_forms_is_an_office() -> None:
    codes = {row["code"] for row in table("shared/offices.csv")}
    institutions = {"org": "identification", "point": "identification", "mission": "consular_assistance"}
    institutions["sm"] = "consular_assistance"
    named = {row[0] for list_name, stem in institutions.items() for row in listed(load(stem))[list_name]}
    assert codes == named - NO_OFFICE


def test_office_codes_are_unique_and_parents_exist() -> None:
    rows = table("shared/offices.csv")
    codes = [row["code"] for row in rows]
    assert len(codes) == len(set(codes))
    assert {row["parent"] for row in rows} - {""} <= set(codes)
    assert {row["kind"] for row in rows} == KINDS
    assert {row["region"] for row in rows} - {""} == REGIONS
    assert all(row["name_en"] and row["name_sq"] for row in rows)


def test_there_are_36_migration_counters_in_all_twelve_regions() -> None:
    counters = [row for row in table("shared/offices.csv") if row["kind"] == "migration_counter"]
    assert len(counters) == 36
    assert {row["region"] for row in counters} == REGIONS
    assert {row["parent"] for row in counters} == {"SHKP"}


@pytest.mark.parametrize(
    ("code", "kind", "region", "parent"),
    [
        ("NRC", "reception_centre", "AL11", "SHSSH"),
        ("VATRA", "shelter", "AL12", ""),
        ("SM_PG", "migration_counter", "AL06", "SHKP"),
        ("PD_AL07", "police_point", "AL07", "PSH"),
        ("PSH", "organization", "", "MB"),
        ("PSN", "border_crossing", "AL08", "PKM"),
        ("GR_ATH", "consulate", "", "MPJ"),
        ("MU", "mobile_unit", "", ""),
    ],
)
def test_offices_are_of_their_kind_region_and_parent(code: str, kind: str, region: str, parent: str) -> None:
    (office,) = [row for row in table("shared/offices.csv") if row["code"] == code]
    assert (office["kind"], office["region"], office["parent"]) == (kind, region, parent)


def test_each_workbook_belongs_to_one_programme() -> None:
    rows = table("programmes.csv")
    assert {row["form_file"]: row["form_id"] for row in rows} == {f"{stem}.xlsx": form for stem, form in FORMS.items()}
    assert {row["form_file"] for row in rows} == {path.name for path in FOLDER.glob("[!~]*.xlsx")}
    assert {row["programme"]: row["name_en"] for row in rows} == {
        "CT": "Counter-trafficking",
        "MA": "Migrant assistance",
    }
    assert {row["form_id"] for row in rows if row["programme"] == "CT"} == {"id_screening", "needs_nrm"}


def test_readme_names_every_workbook_and_every_unverified_code() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    files = [f"{stem}.xlsx" for stem in FORMS]
    doubtful = {row["code"] for row in table("shared/offices.csv") if row["to_confirm"]}
    assert [name for name in [*files, *sorted(doubtful)] if name not in readme] == []
