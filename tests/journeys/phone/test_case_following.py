"""A person met at a police point becomes a case; the centre that takes it over finds it, nobody else does."""

from __future__ import annotations

import datetime as dt
from typing import Any

from demo.stories import Answers
from demo.stories.screening import (
    age,
    consent,
    end,
    indicators,
    language,
    person,
    refusal,
    result,
    route,
    safe,
    setting,
    stopped,
)
from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.phone.phone import Filled, Phone


def potential_victim(custodian: str) -> Answers:
    return (
        setting("PD_AL11", "sw_state", "ngo")
        | safe()
        | language("sqi")
        | age(27, "Feminine", "document")
        | consent(police="TRUE")
        | route("al_returned", "IT", "RIN")
        | person("Arta", "Shembulli", "AL", "AL03")
        | indicators("forced_acts no_pay", "FalsePromises", "offer terms", "fear")
        | result("PossibleVictimOfTrafficking", "shelter psych legal", custodian)
        | end()
    )


def sent(phone: Phone, filled: Filled) -> Filled:
    answer = phone.send(filled, delete=False)
    assert (answer.sent, answer.status) == (True, 201), answer.message
    return filled


def cases_on(phone: Phone) -> dict[str, Any]:
    """The list as the phone has it after an update."""
    phone.update_forms()
    return phone.lists.get("cases", {})


def test_a_potential_victim_becomes_a_case_of_the_centre_that_takes_it_over(
    counter_trafficking: Project, new_phone: NewPhone
) -> None:
    police = new_phone(counter_trafficking, "PD_AL11", forms=["id_screening"])
    screening = sent(police, police.fill("id_screening", potential_victim("NRC"), language="sq"))
    (made,) = screening.entities
    case = counter_trafficking.entities("cases")[made["id"]]["currentVersion"]
    code = screening.calculated["/case_code"]
    assert (case["version"], case["label"]) == (1, code)
    assert (case["data"]["code"], case["data"]["custodian"], case["data"]["minor"]) == (code, "NRC", "0")
    assert not {"Arta", "Shembulli", "27"} & set(case["data"].values())

    # Only the phone of the centre has it, among the choices of the question "which case".
    centre, other = new_phone(counter_trafficking, "NRC"), new_phone(counter_trafficking, "VATRA")
    assert made["id"] in cases_on(centre)
    assert made["id"] not in cases_on(other)
    assert cases_on(police) == {}

    answers = assessment(made["id"])
    needs = sent(centre, centre.fill("needs_nrm", answers, seed=1, optional=0, language="sq", labels=True))
    assert [entry.shown for entry in needs.entries if entry.path == "/case"] == [(code,)]

    case = counter_trafficking.entities("cases")[made["id"]]["currentVersion"]
    assert (case["version"], case["baseVersion"], case["conflictingProperties"]) == (2, 1, None)
    assert (case["data"]["qark"], case["data"]["custodian"], case["data"]["code"]) == ("AL03", "NRC", code)
    assert cases_on(police) == {}
    assert cases_on(centre)[made["id"]]["version"] == 2

    plan = counter_trafficking.rows_below("needs_nrm", "Submissions.plan", [needs.instance_id])
    assert sorted((row["__id"], row["pl_type"], row["pl_obj"], row["pl_end"]) for row in plan) == [
        (f"{needs.instance_id}/plan[1]", "x_Housing", "Një vend i sigurt", day(30)),
        (f"{needs.instance_id}/plan[2]", "Legal", "Të marrë pagat", day(60)),
    ]
    assert {row["__Submissions-id"] for row in plan} == {needs.instance_id}


def day(number: int) -> str:
    return (dt.date.today() + dt.timedelta(days=number)).isoformat()


def assessment(case: str) -> Answers:
    """What a worker enters about an adult, with a plan of two objectives; a seed answers what else is required."""
    return {
        "/case": case,
        "/as_type": "high",
        "/as_date": dt.date.today(),
        "/sf_ok": "yes",
        "/con_Consent": "TRUE",
        "/g_safe/dg_now": "none",
        "/g_prof/qark": "AL03",
        "/g_prof/age_band": "a25_34",
        "/plan[1]/pl_type": "x_Housing",
        "/plan[1]/pl_obj": "Një vend i sigurt",
        "/plan[1]/pl_act": "Kërkesë për banim social",
        "/plan[1]/pl_prio": "high",
        "/plan[1]/pl_end": day(30),
        "/plan[2]/pl_type": "Legal",
        "/plan[2]/pl_obj": "Të marrë pagat",
        "/plan[2]/pl_act": "Ndihmë juridike falas",
        "/plan[2]/pl_prio": "med",
        "/plan[2]/pl_end": day(60),
        "/g_fin/agree": "yes",
        "/g_fin/next_fu": day(14),
    }


def test_a_screening_that_stops_makes_no_case_and_stores_no_identity(
    counter_trafficking: Project, new_phone: NewPhone
) -> None:
    police = new_phone(counter_trafficking, "PD_AL11")
    before = set(counter_trafficking.entities("cases"))
    no_privacy = (
        setting("PD_AL11", "atpol", "police_op")
        | safe("suspect", sf_private="no")
        | stopped("no_privacy", "a18_24", "shelter", "food")
        | end(None)
    )
    # The worker has already entered the person's name when consent is withdrawn: the form drops it.
    begun = police.fill("id_screening", potential_victim("NRC"), language="sq")
    withdrawn = {"/g_con/con_Consent": "FALSE"} | stopped("no_consent", "a25_34", "food")
    refused = (
        setting("PD_AL11", "sw_state", "ngo")
        | safe()
        | language("sqi")
        | age(27, "Feminine", "document")
        | refusal()
        | stopped("no_consent", "a25_34", "food")
        | end(None)
    )
    for filled in (
        police.fill("id_screening", no_privacy, language="sq"),
        police.fill("id_screening", refused, language="sq"),
        police.edit(begun, withdrawn, language="sq", seed=1),
    ):
        assert b"Arta" not in filled.xml
        assert not filled.entities
        if b"deprecatedID" in filled.xml:
            continue
        sent(police, filled)
        row = counter_trafficking.row("id_screening", filled.instance_id)
        assert row["g_stop"]["stop_why"] in ("no_privacy", "no_consent")
        assert set(row["g_person"].values()) == {None}
        assert (row["g_res"]["status"], row["g_res"]["custodian"]) == (None, None)
    assert set(counter_trafficking.entities("cases")) == before
