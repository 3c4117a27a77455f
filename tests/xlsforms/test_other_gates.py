"""Do the needs assessment and the consular forms open anything that the person has not agreed to?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.phone.phone import PhoneDriver
from tests.xlsforms.gates import GateTree

NEEDS_CONTENT = ["/g_safe", "/g_prof", "/g_ret", "/g_soc", "/g_health", "/g_eco", "/g_fin"]
CONSULAR_CONTENT = ["/g_per", "/g_act"]
# The category of a request -> the part of the form that belongs to it
CATEGORY_PARTS = {
    "detention": {"/g_det"},
    "death": {"/g_dea"},
    "hospital": {"/g_hos"},
    "lost_doc": {"/g_doc"},
    "repatriation": {"/g_doc", "/g_rep"},
    "missing": {"/g_mis"},
    "minor": {"/g_min"},
    "trafficking": {"/g_doc", "/g_rep", "/g_tra"},
    "crime_victim": {"/g_tra"},
    "labour": {"/g_tra"},
    "crisis": {"/g_cri"},
    "general": set(),
    "legal_aid": set(),
    "destitute": set(),
    "other": set(),
}
PARTS = sorted({part for parts in CATEGORY_PARTS.values() for part in parts})


@pytest.fixture(scope="module", params=[("needs_assessment", "cases"), ("needs_assessment_returnee", "returnees")])
def needs_form(request: pytest.FixtureRequest, xforms: dict[str, Path]) -> Path:
    stem, entity_list = request.param
    form = xforms[stem]
    rows = [
        "name,label,__version,minor",
        "adult,X-ADULT000,1,0",
        "child,X-CHILD000,1,1",
        "untold,X-UNTOLD00,1,",
    ]
    (form.parent / f"{entity_list}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return form


def test_needs_assessment_opens_only_in_a_safe_moment_with_the_child_protected_and_consent(
    gate_tree: GateTree, needs_form: Path
) -> None:
    questions = {
        "/case": ["adult", "child", "untold", "gone", ""],
        "/sf_ok": ["yes", "no", ""],
        "/ch_ok": ["yes", "no", ""],
        "/con_Consent": ["TRUE", "FALSE", ""],
    }
    wrong = []
    for situation in gate_tree.situations(needs_form, questions, [*NEEDS_CONTENT, "/stop_n"]):
        answers = situation.answers
        protected = answers["/case"] == "adult" or answers.get("/ch_ok") == "yes"
        consents = answers.get("/con_Consent") == "TRUE"
        opens = answers["/sf_ok"] == "yes" and protected and consents
        content = situation.open - {"/stop_n"}
        complete = "" not in answers.values()
        if content != (set(NEEDS_CONTENT) if opens else set()):
            wrong.append(("content", answers))
        if complete and ("/stop_n" in situation.open) == opens:
            wrong.append(("stop", answers))
    assert wrong == []


@pytest.mark.parametrize(
    ("answers", "held"),
    [
        ({"/case": "adult", "/sf_ok": "yes", "/con_Consent": "TRUE"}, True),
        ({"/case": "adult", "/sf_ok": "yes", "/con_Consent": "FALSE"}, False),
        ({"/case": "adult", "/sf_ok": "no"}, False),
        ({"/case": "child", "/sf_ok": "yes", "/ch_ok": "yes", "/con_Consent": "TRUE"}, True),
        ({"/case": "child", "/sf_ok": "yes", "/ch_ok": "no"}, False),
        ({"/case": "untold", "/sf_ok": "yes", "/ch_ok": "no"}, False),
    ],
)
def test_needs_assessment_can_be_finalized_held_or_not(
    phone_driver: PhoneDriver, needs_form: Path, answers: dict[str, str], held: bool
) -> None:
    (result,) = phone_driver.probe(needs_form, [answers])
    assert (result.finalized, "/g_fin/agree" in result.relevant_at_end) == (True, held), result.refused


def test_children_in_the_household_may_be_given_without_the_number_of_all_children(
    phone_driver: PhoneDriver, needs_form: Path
) -> None:
    held = {"/case": "adult", "/sf_ok": "yes", "/con_Consent": "TRUE", "/g_prof/n_child_with": 2}
    skipped, too_few = phone_driver.probe(needs_form, [held, {**held, "/g_prof/n_child": 1}])
    assert skipped.finalized
    assert too_few.refused["/g_prof/n_child_with"] == "constraint"


def test_a_plan_made_earlier_still_holds_when_it_is_opened_later(phone_driver: PhoneDriver, needs_form: Path) -> None:
    # Deadlines are compared with the day of the assessment: compared with today, an edit would refuse them.
    earlier = {
        "/case": "adult", "/sf_ok": "yes", "/con_Consent": "TRUE", "/as_date": "2025-01-10", "/plan": 1,
        "/plan[1]/pl_end": "2025-02-01", "/g_fin/next_fu": "2025-02-10",
    }  # fmt: skip
    (result,) = phone_driver.probe(needs_form, [earlier])
    assert result.finalized, result.refused


def test_consular_help_opens_only_with_consent_or_a_legal_basis(gate_tree: GateTree, xforms: dict[str, Path]) -> None:
    questions = {
        "/g_safe/danger": ["none", "immediate", ""],
        "/g_safe/wish": ["wants", "refuses", "not_reached", "unable", ""],
        "/g_safe/is_child": ["yes", "no", "unk", ""],
        "/g_safe/con_Consent": ["TRUE", "FALSE", ""],
        "/g_safe/basis": ["vital", "legal", "child", ""],
        "/g_safe/fam": ["yes", "safe_only", "no", ""],
    }
    watch = [*CONSULAR_CONTENT, *PARTS, "/g_safe/stop_n"]
    initial = {"/g_ctx/cat": "detention", "/g_ctx/cat_more": " ".join(CATEGORY_PARTS)}
    wrong = []
    for situation in gate_tree.situations(xforms["consular_assistance"], questions, watch, initial=initial):
        answers = situation.answers
        agrees = answers["/g_safe/wish"] == "wants" and answers.get("/g_safe/con_Consent") == "TRUE"
        silent = answers["/g_safe/wish"] in ("unable", "not_reached") and answers.get("/g_safe/basis", "") != ""
        says_no = answers["/g_safe/wish"] == "refuses" or answers.get("/g_safe/con_Consent") == "FALSE"
        content = situation.open - {"/g_safe/stop_n"}
        if content != (set(watch) - {"/g_safe/stop_n"} if agrees or silent else set()):
            wrong.append(("content", answers))
        if ("/g_safe/stop_n" in situation.open) != says_no:
            wrong.append(("stop", answers))
        if "" not in answers.values() and bool(content) == ("/g_safe/stop_n" in situation.open):
            wrong.append(("dead end", answers))
    assert wrong == []


@pytest.mark.parametrize("place", ["/g_ctx/cat", "/g_ctx/cat_more"])
def test_each_category_opens_its_part_as_main_and_as_further_category(
    gate_tree: GateTree, xforms: dict[str, Path], place: str
) -> None:
    initial = {"/g_ctx/cat": "general", "/g_safe/wish": "wants", "/g_safe/con_Consent": "TRUE"}
    questions = {place: list(CATEGORY_PARTS)}
    situations = gate_tree.situations(xforms["consular_assistance"], questions, PARTS, initial=initial)
    assert {one.answers[place]: set(one.open) for one in situations} == CATEGORY_PARTS


@pytest.mark.parametrize(
    ("answers", "helped"),
    [
        ({"/g_safe/wish": "wants", "/g_safe/con_Consent": "TRUE"}, True),
        ({"/g_safe/wish": "wants", "/g_safe/con_Consent": "FALSE"}, False),
        ({"/g_safe/wish": "refuses"}, False),
        ({"/g_safe/wish": "unable", "/g_safe/basis": "vital"}, True),
        ({"/g_safe/wish": "not_reached", "/g_safe/basis": "legal"}, True),
    ],
)
def test_consular_form_can_be_finalized_with_or_without_help(
    phone_driver: PhoneDriver, xforms: dict[str, Path], answers: dict[str, str], helped: bool
) -> None:
    (result,) = phone_driver.probe(xforms["consular_assistance"], [answers])
    assert (result.finalized, "/g_act/out" in result.relevant_at_end) == (True, helped), result.refused


@pytest.mark.parametrize(
    ("answers", "question", "demanded"),
    [
        ({"/g_ctx/cat": "lost_doc", "/g_safe/is_child": "yes"}, "/g_min/min_kind", False),
        ({"/g_ctx/cat": "minor", "/g_safe/is_child": "yes"}, "/g_min/min_kind", True),
        ({"/g_ctx/cat": "repatriation", "/g_doc/doc_state": "own"}, "/g_doc/doc_need", False),
        ({"/g_ctx/cat": "repatriation", "/g_doc/doc_state": "none"}, "/g_doc/doc_need", True),
    ],
)
def test_a_list_without_a_true_answer_is_not_demanded(
    phone_driver: PhoneDriver, xforms: dict[str, Path], answers: dict[str, str], question: str, demanded: bool
) -> None:
    # A child with its parents who lost a passport is in none of the situations of `min_kind`.
    agreed = {"/g_safe/wish": "wants", "/g_safe/con_Consent": "TRUE", **answers}
    filled = phone_driver.fill_file(xforms["consular_assistance"], agreed, seed=3, optional=0)
    assert (question in filled.entered) == demanded


def test_consent_is_not_offered_as_a_legal_basis(phone_driver: PhoneDriver, xforms: dict[str, Path]) -> None:
    (result,) = phone_driver.probe(
        xforms["consular_assistance"], [{"/g_safe/wish": "unable", "/g_safe/basis": "consent"}]
    )
    assert result.refused["/g_safe/basis"] == "not-a-choice"


@pytest.mark.parametrize(
    ("stem", "answers", "place"),
    [
        (
            "consular_assistance",
            {
                "/g_safe/wish": "wants",
                "/g_safe/con_Consent": "TRUE",
                "/g_safe/fam": "no",
                "/g_act/act": ["family"],
            },
            "/g_act/act",
        ),
        ("consular_update", {"/case": "said-no", "/act": ["family"]}, "/act"),
    ],
)
def test_the_family_is_not_contacted_against_the_wish_of_the_person(
    phone_driver: PhoneDriver, xforms: dict[str, Path], stem: str, answers: dict[str, object], place: str
) -> None:
    listed = "name,label,__version,fam\nsaid-no,C-SAIDNO00,1,no\n"
    (xforms[stem].parent / "consular.csv").write_text(listed, encoding="utf-8")
    (result,) = phone_driver.probe(xforms[stem], [answers])
    assert result.refused[place] == "constraint"
