"""Do the forms create and update the case lists as specified, and is every saved property documented?"""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.xlsforms.shipped import FORMS, Shipped, load, table
from tools.house_style import CLASSES

ENTITIES = "{http://www.opendatakit.org/xforms/entities}"
DECLARED = {
    "identification": {
        "list_name": "cases",
        "create_if": "${proceed}='1' and ${con_store}='TRUE' and ${status}!='NotAVictimOfTrafficking'",
        "label": "${case_code}",
    },
    "needs_assessment": {"list_name": "cases", "entity_id": "${case}", "update_if": "${con_Consent}='TRUE'"},
    "needs_assessment_returnee": {
        "list_name": "returnees",
        "entity_id": "${case}",
        "update_if": "${con_Consent}='TRUE'",
    },
    "consular_assistance": {"list_name": "consular", "create_if": "${ok}='1'", "label": "${ccode}"},
    "consular_update": {"list_name": "consular", "entity_id": "${case}"},
}
SAVED = {
    "identification": {
        "code": "case_code", "opened": "enc_date", "lang": "lang", "minor": "is_child",
        "c_store": "con_store", "c_refer": "con_refer", "c_stats": "con_stats",
        "custodian": "custodian", "due": "due_ra", "stage": "stage0", "status": "cas_Status",
    },
    "needs_assessment": {"qark": "qark", "due": "next_fu", "stage": "stage2"},
    "needs_assessment_returnee": {"qark": "qark", "due": "next_fu", "stage": "stage2"},
    "consular_assistance": {
        "code": "ccode", "custodian": "mission", "urg": "urg", "fam": "fam", "status": "out",
    },
    "consular_update": {"fam": "fam", "status": "out"},
}  # fmt: skip


def test_entity_declarations_are_as_specified(shipped: Shipped) -> None:
    assert [dict(row) for row in shipped.entities] == [DECLARED[shipped.stem]]


def test_each_property_is_saved_from_its_question(shipped: Shipped) -> None:
    saved = {row["save_to"]: row["name"] for row in shipped.survey if "save_to" in row}
    assert saved == SAVED[shipped.stem]


def test_entity_declaration_reaches_the_xform(xforms: dict[str, Path], shipped: Shipped) -> None:
    tree = etree.parse(xforms[shipped.stem])
    (entity,) = tree.iter(f"{ENTITIES}entity", "{http://www.w3.org/2002/xforms}entity")
    assert entity.get("dataset") == DECLARED[shipped.stem]["list_name"]
    saveto = {bind.get(f"{ENTITIES}saveto") for bind in tree.iter("{*}bind")} - {None}
    assert saveto == set(SAVED[shipped.stem])


@pytest.mark.parametrize("stem", sorted(FORMS))
def test_every_saved_property_is_documented_with_the_class_of_its_question(stem: str) -> None:
    form = load(stem)
    dataset = form.entities[0]["list_name"]
    documented = {
        row["property"]: row["class"] for row in table("shared/entity_lists.csv") if row["dataset"] == dataset
    }
    saved = {row["save_to"]: row["bind::sportel:class"] for row in form.survey if "save_to" in row}
    assert {name: documented.get(name) for name in saved} == saved


def test_entity_lists_carry_no_identity_contact_or_citizenship() -> None:
    rows = table("shared/entity_lists.csv")
    assert {row["dataset"] for row in rows} == {"cases", "returnees", "consular"}
    assert {row["class"] for row in rows} <= set(CLASSES) - {"identifying", "contact"}
    assert not {row["property"] for row in rows} & {"name", "phone", "citizenship", "birthdate", "gender"}


def test_forms_that_update_a_list_choose_the_case_from_that_list() -> None:
    for stem, declared in DECLARED.items():
        chooser = load(stem).by_name.get("case")
        assert (chooser is None) == ("entity_id" not in declared)
        if chooser is not None:
            assert chooser["type"] == f"select_one_from_file {declared['list_name']}.csv"
