"""Can identification open a question about the person before it is safe, and can a worker get stuck in it?

The walk goes through every combination of answers to the gate questions, the unanswered ones included, on the
form engine that the phones use. What must be open is worked out here from the rules, in plain Python, and not
from the form's own expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest

from tests.phone.phone import PhoneDriver
from tests.xlsforms.gates import GateTree, Situation

CONTENT = frozenset({"/g_route", "/g_person", "/g_ind", "/g_res"})
STOP = "/g_stop"
WATCHED = [*sorted(CONTENT), STOP, "/g_con"]
ALL_SEVEN = "purpose use research access storage withdraw free"

SAFETY = {
    "/g_safe/sf_med": ["yes", "no", ""],
    "/g_safe/sf_danger": ["none", "possible", "immediate", ""],
    "/g_safe/sf_compan": ["alone", "own_child", "family", "adult", "suspect", ""],
    "/g_safe/sf_private": ["yes", "no", ""],
}
SAFE = dict(zip(SAFETY, ["no", "none", "alone", "yes"], strict=True))
INTERPRETER = {
    "/g_lang/interp_need": ["yes", "no", ""],
    "/g_lang/interp_type": ["none", "prof", "mediator", "phone", ""],
    "/g_lang/interp_safe": ["yes", "no", ""],
}
AGE = {"/g_age/age_years": ["12", "17", "18", "30", ""], "/g_age/age_doubt": ["yes", "no", ""]}
CHILD = {
    "/g_child/ch_worker": ["yes", "no", ""],
    "/g_child/ch_assent": ["yes", "no", ""],
    "/g_child/ch_guard": ["parent", "legal", "temp", "none", ""],
    "/g_child/ch_guard_sus": ["yes", "no", "unk", ""],
}
CONSENT = {
    "/g_con/con_told": [ALL_SEVEN, "purpose use", ""],
    "/g_con/con_Consent": ["TRUE", "FALSE", ""],
    "/g_con/con_store": ["TRUE", "FALSE", ""],
    "/g_con/con_by": ["guardian", "temp", "cpw", ""],
}
# One value for each kind of answer, so that the whole tree from the first gate to the last stays small.
COARSE = {
    **SAFETY,
    **INTERPRETER,
    "/g_lang/interp_type": ["none", "prof", ""],
    "/g_age/age_years": ["12", "30", ""],
    "/g_age/age_doubt": ["yes", "no", ""],
    **CHILD,
    "/g_child/ch_guard": ["parent", "none"],
    "/g_child/ch_guard_sus": ["unk", "no"],
    "/g_con/con_told": [ALL_SEVEN, ""],
    "/g_con/con_Consent": ["TRUE", "FALSE", ""],
    "/g_con/con_store": ["TRUE", "FALSE"],
    "/g_con/con_by": ["guardian", ""],
}
FINE = {
    **INTERPRETER,
    "/g_age/age_years": ["12", "30", ""],
    "/g_age/age_doubt": ["yes", "no", ""],
    **CHILD,
    **CONSENT,
}
# What else the form demands before the gates of a finished form; no gate depends on it.
REQUIRED_BESIDES = {
    "/g_ctx/id_point": "KAP",
    "/g_ctx/screener_role": "sw_state",
    "/g_safe/sf_uniform": "no",
    "/g_safe/sf_basic": "yes",
}


class Rules:
    """The gates as the rules state them, for one set of answers; "" is an unanswered question."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.by_name = {path.rsplit("/", 1)[1]: value for path, value in answers.items()}
        self.answers = answers

    def __getitem__(self, name: str) -> str:
        return self.by_name.get(name, "")

    def private_and_safe(self) -> bool:
        return self["sf_med"] == "no" and self["sf_danger"] in ("none", "possible") and self["sf_private"] == "yes"

    def understood(self) -> bool:
        independent = self["interp_type"] in ("prof", "mediator", "phone") and self["interp_safe"] == "yes"
        return self["interp_need"] == "no" or (self["interp_need"] == "yes" and independent)

    def age_known(self) -> bool:
        return "" not in (self["age_years"], self["age_doubt"])

    def is_child(self) -> bool:
        return self["age_doubt"] == "yes" or (self["age_years"] != "" and int(self["age_years"]) < 18)

    def child_protected(self) -> bool:
        return not self.is_child() or (self["ch_worker"], self["ch_assent"]) == ("yes", "yes")

    def child_approved(self) -> bool:
        """Besides the child someone approves who exists and is above suspicion."""
        guardian = self["ch_guard"] in ("parent", "legal")
        trusted = self["ch_guard_sus"] == "no"
        may = {
            "guardian": guardian and trusted,
            # Beside a parent under suspicion a temporary guardian may have been appointed in the meantime.
            "temp": guardian or (self["ch_guard"] == "temp" and trusted),
            "cpw": True,
        }
        return not self.is_child() or may.get(self["con_by"], False)

    def informed_consent(self) -> bool:
        return self["con_Consent"] == "TRUE" and self["con_told"] == ALL_SEVEN

    def may_ask_for_consent(self) -> bool:
        return self.private_and_safe() and self.understood() and self.age_known() and self.child_protected()

    def may_open(self) -> bool:
        return self.may_ask_for_consent() and self.informed_consent() and self.child_approved()

    def answered_to_the_end(self) -> bool:
        return "" not in self.answers.values()

    def must_correct(self) -> bool:
        """Consent is said to be given, but not as it must be: the phone asks to correct it before the end."""
        return self.may_ask_for_consent() and self["con_Consent"] == "TRUE" and not self.may_open()


def breaches(situation: Situation, answers: Mapping[str, str]) -> set[str]:
    """Which rules does this situation break? An empty set is the only good answer."""
    rules = Rules(answers)
    content, stop = situation.open & CONTENT, STOP in situation.open
    found = {
        "content without a private and safe place": content and not rules.private_and_safe(),
        "content without a common language": content and not rules.understood(),
        "content without knowing whether it is a child": content and not rules.age_known(),
        "content with an unprotected child": content and not rules.child_protected(),
        "content without informed consent": content and not rules.informed_consent(),
        "content without approval for the child": content and not rules.child_approved(),
        "identity without consent to store": "/g_person" in content and rules["con_store"] != "TRUE",
        "stop and content together": content and stop,
        "consent asked too early": "/g_con" in situation.open and not rules.may_ask_for_consent(),
        "content closed although everything is in order": rules.may_open() and not content >= CONTENT - {"/g_person"},
        "identity closed although consented": (
            rules.may_open() and rules["con_store"] == "TRUE" and "/g_person" not in content
        ),
        "dead end": rules.answered_to_the_end() and not content and not stop and not rules.must_correct(),
    }
    return {name for name, broken in found.items() if broken}


def broken(situations: list[Situation], fixed: Mapping[str, str] | None = None) -> dict[str, Mapping[str, str]]:
    """Each broken rule with the first answers that break it."""
    first: dict[str, Mapping[str, str]] = {}
    for situation in situations:
        answers = {**(fixed or {}), **situation.answers}
        for breach in breaches(situation, answers):
            first.setdefault(breach, answers)
    return first


def test_no_way_through_all_gates_opens_content_too_early_or_ends_nowhere(
    gate_tree: GateTree, xforms: dict[str, Path]
) -> None:
    situations = list(gate_tree.situations(xforms["identification"], COARSE, WATCHED))
    assert len(situations) > 10_000
    assert broken(situations) == {}


def test_no_combination_of_interpreter_child_and_consent_opens_content_too_early(
    gate_tree: GateTree, xforms: dict[str, Path]
) -> None:
    situations = list(gate_tree.situations(xforms["identification"], FINE, WATCHED, initial=SAFE))
    assert len(situations) > 10_000
    assert broken(situations, SAFE) == {}


@pytest.mark.parametrize("age", ["12", "30"])
def test_answers_left_from_before_open_nothing_when_a_gate_closes(
    gate_tree: GateTree, xforms: dict[str, Path], age: str
) -> None:
    # A form filled to the end, then opened again: the person goes back and changes earlier answers.
    filled = {
        **SAFE,
        "/g_lang/interp_need": "yes",
        "/g_lang/interp_type": "prof",
        "/g_lang/interp_safe": "yes",
        "/g_age/age_years": age,
        "/g_age/age_doubt": "no",
        "/g_child/ch_worker": "yes",
        "/g_child/ch_assent": "yes",
        "/g_child/ch_guard": "parent",
        "/g_child/ch_guard_sus": "no",
        "/g_con/con_told": ALL_SEVEN,
        "/g_con/con_Consent": "TRUE",
        "/g_con/con_store": "TRUE",
        "/g_con/con_by": "guardian",
    }
    gates = {
        **SAFETY,
        **INTERPRETER,
        "/g_child/ch_worker": ["yes", "no", ""],
        "/g_child/ch_assent": ["yes", "no", ""],
    }
    situations = list(gate_tree.situations(xforms["identification"], gates, WATCHED, initial=filled))
    unchanged = {path: value for path, value in filled.items() if path not in gates}
    assert broken(situations, unchanged) == {}


def test_everyone_under_18_and_everyone_in_doubt_is_a_child(gate_tree: GateTree, xforms: dict[str, Path]) -> None:
    ages = {"/g_age/age_years": [str(years) for years in range(111)], "/g_age/age_doubt": ["yes", "no"]}
    situations = gate_tree.situations(xforms["identification"], ages, ["/g_child"], initial=SAFE)
    wrong = [one.answers for one in situations if bool(one.open) != Rules(one.answers).is_child()]
    assert wrong == []


def asked(gates: Mapping[str, list[str]], skip: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Every complete combination of these gates (nothing left unanswered)."""
    answered = {path: [value for value in values if value] for path, values in gates.items()}
    return [{**(skip or {}), **dict(zip(answered, values, strict=True))} for values in product(*answered.values())]


def complete_cases() -> list[dict[str, str]]:
    """Complete answers to every gate that is asked, and to no other."""
    cases = [safety for safety in asked(SAFETY) if not Rules(safety).private_and_safe()]
    for interpreter, age in product(
        [
            {"/g_lang/interp_need": "no"},
            {"/g_lang/interp_need": "yes", "/g_lang/interp_type": "none"},
            *asked(
                {
                    "/g_lang/interp_need": ["yes"],
                    "/g_lang/interp_type": ["prof", "phone"],
                    "/g_lang/interp_safe": ["yes", "no"],
                }
            ),
        ],
        asked({"/g_age/age_years": ["12", "30"], "/g_age/age_doubt": ["yes", "no"]}),
    ):
        start = {**SAFE, **interpreter, **age}
        child = Rules(start).is_child()
        for protection in asked({path: CHILD[path] for path in list(CHILD)[:2]}) if child else [{}]:
            gates = {**start, **protection}
            if child:
                gates |= {"/g_child/ch_guard": "parent", "/g_child/ch_guard_sus": "no"}
            if not Rules(gates).may_ask_for_consent():
                cases.append(gates)
                continue
            gates["/g_con/con_told"] = ALL_SEVEN
            cases.append({**gates, "/g_con/con_Consent": "FALSE"})
            for store in ("TRUE", "FALSE"):
                agreed = {**gates, "/g_con/con_Consent": "TRUE", "/g_con/con_store": store}
                cases.append({**agreed, "/g_con/con_by": "cpw"} if child else agreed)
    return cases


def typed(case: Mapping[str, str]) -> dict[str, object]:
    """The answers as the phone takes them: a list for the tick boxes."""
    return {
        path: value.split() if path.endswith("con_told") else value
        for path, value in {**REQUIRED_BESIDES, **case}.items()
    }


def test_every_complete_way_through_the_gates_can_be_finalized_and_sent(
    phone_driver: PhoneDriver, xforms: dict[str, Path]
) -> None:
    cases = complete_cases()
    results = phone_driver.probe(xforms["identification"], [typed(case) for case in cases])
    stuck = [(case, result.refused) for case, result in zip(cases, results, strict=True) if not result.finalized]
    assert stuck == []
    for case, result in zip(cases, results, strict=True):
        content = CONTENT & set(result.relevant_at_end)
        assert bool(content) == Rules(case).may_open(), case
        assert (STOP in result.relevant_at_end) != bool(content), case


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"/g_con/con_told": "purpose use"}, "/g_con/con_told"),
        ({"/g_con/con_by": "guardian", "/g_child/ch_guard_sus": "yes"}, "/g_con/con_by"),
        ({"/g_con/con_by": "guardian", "/g_child/ch_guard_sus": "unk"}, "/g_con/con_by"),
        (
            {"/g_con/con_by": "temp", "/g_child/ch_guard": "temp", "/g_child/ch_guard_sus": "unk"},
            "/g_con/con_by",
        ),
        # The question about suspicion was about the temporary guardian: it says nothing of the parents.
        ({"/g_con/con_by": "guardian", "/g_child/ch_guard": "temp"}, "/g_con/con_by"),
        ({"/g_con/con_by": "guardian", "/g_child/ch_guard": "none"}, "/g_con/con_by"),
        ({"/g_con/con_by": "temp", "/g_child/ch_guard": "none"}, "/g_con/con_by"),
    ],
)
def test_a_consent_that_is_not_one_is_refused_with_its_message(
    phone_driver: PhoneDriver, xforms: dict[str, Path], changed: dict[str, str], refused: str
) -> None:
    child = {
        **SAFE,
        "/g_lang/interp_need": "no",
        "/g_age/age_years": "12",
        "/g_age/age_doubt": "no",
        "/g_child/ch_worker": "yes",
        "/g_child/ch_assent": "yes",
        "/g_child/ch_guard": "parent",
        "/g_child/ch_guard_sus": "no",
        "/g_con/con_told": ALL_SEVEN,
        "/g_con/con_Consent": "TRUE",
        "/g_con/con_store": "TRUE",
        "/g_con/con_by": "cpw",
        **changed,
    }
    (result,) = phone_driver.probe(xforms["identification"], [typed(child)])
    assert not result.finalized
    assert result.refused[refused] == "constraint"
    assert not CONTENT & set(result.relevant)


@pytest.mark.parametrize(
    ("met", "due"), [("2025-10-26", "2025-10-27"), ("2025-03-30", "2025-03-31"), ("2026-01-31", "2026-02-01")]
)
def test_the_authority_is_due_on_the_next_day_also_when_the_clocks_change(
    phone_driver: PhoneDriver, xforms: dict[str, Path], met: str, due: str
) -> None:
    # On the last Sunday of October midnight plus 24 hours is still the same day in Tirana.
    agreed = {
        **SAFE,
        "/g_ctx/enc_date": met,
        "/g_lang/interp_need": "no",
        "/g_age/age_years": "30",
        "/g_age/age_doubt": "no",
        "/g_con/con_told": ALL_SEVEN,
        "/g_con/con_Consent": "TRUE",
    }
    filled = phone_driver.fill_file(xforms["identification"], typed(agreed), seed=1, optional=0)
    assert filled.calculated["/g_res/due_ra"] == due


@pytest.mark.parametrize(("apparent", "asks"), [("a0_13", True), ("a14_17", True), ("a18_24", False)])
def test_a_child_who_is_met_in_danger_is_not_forgotten(
    phone_driver: PhoneDriver, xforms: dict[str, Path], apparent: str, asks: bool
) -> None:
    # The age is not asked when the safety gates stop the form, so the apparent age group decides.
    danger = {**SAFE, "/g_safe/sf_danger": "immediate", "/g_stop/stop_age": apparent}
    (result,) = phone_driver.probe(xforms["identification"], [typed(danger)])
    assert ("/g_stop/stop_cpu" in result.relevant) == asks
    assert result.finalized
