"""Does every form ask in the fixed order: safety, interpreter, age and child, consent, content?"""

from __future__ import annotations

import pytest

from tests.xlsforms.shipped import load

# The first question of each step, and the first content.
STEPS = {
    "identification": [
        "sf_med",
        "interp_need",
        "age_years",
        "ch_worker",
        "con_Consent",
        "g_stop",
        "casecat",
        "ind_a",
    ],
    "needs_assessment": ["sf_ok", "ch_ok", "con_Consent", "dg_now", "emp", "pl_type"],
    "needs_assessment_returnee": ["sf_ok", "ch_ok", "con_Consent", "dg_now", "emp", "pl_type"],
    "consular_assistance": [
        "danger",
        "interp_need",
        "wish",
        "is_child",
        "con_Consent",
        "ok",
        "prs_FirstName",
    ],
    "consular_update": ["danger", "wish", "fam", "act", "out"],
}
CONSENT = {"identification": "proceed", "consular_assistance": "ok"}


@pytest.mark.parametrize(("stem", "steps"), STEPS.items())
def test_steps_come_in_the_fixed_order(stem: str, steps: list[str]) -> None:
    names = list(load(stem).by_name)
    assert [name for name in names if name in steps] == steps


@pytest.mark.parametrize("stem", ["identification", "consular_assistance", "needs_assessment"])
def test_nothing_identifying_or_special_is_asked_of_the_person_before_consent(stem: str) -> None:
    form = load(stem)
    names = list(form.by_name)
    before = names[: names.index("con_Consent")]
    asked = {name: form.by_name[name].get("bind::sportel:class", "") for name in before}
    # What the worker observes, or must know to keep the person safe.
    observed = {"sf_med", "ch_guard_sus", "cat", "cat_more", "danger", "ch_sus"}
    sensitive = {"identifying", "contact"} | {name for name in asked.values() if name.startswith("special:")}
    assert {name for name, sensitivity in asked.items() if sensitivity in sensitive} <= observed


def test_both_builds_of_the_needs_assessment_differ_only_in_their_list() -> None:
    victims, returnees = load("needs_assessment"), load("needs_assessment_returnee")
    different = {
        column
        for one, other in zip(victims.survey, returnees.survey, strict=True)
        for column in one.keys() | other.keys()
        if one.get(column, "").replace("cases", "returnees").replace("nrm", "returnee")
        != other.get(column, "").replace("nrm", "returnee")
    }
    assert different == {"hint::English (en)", "hint::Shqip (sq)"}  # K- codes there, R- codes here
    assert victims.choices == returnees.choices
