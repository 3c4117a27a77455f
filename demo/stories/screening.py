"""Who is met at the identification points, and what does the worker enter?"""

from __future__ import annotations

import datetime as dt

from demo.stories import Answers, under

TOLD = ["purpose", "use", "research", "access", "storage", "withdraw", "free"]


def setting(point: str, role: str, how: str, days_ago: int = 0) -> Answers:
    day = dt.date.today() - dt.timedelta(days=days_ago)
    return under("g_ctx", id_point=point, enc_date=day, screener_role=role, how_came=how)


def safe(company: str = "alone", **changed: str) -> Answers:
    answers = {
        "sf_med": "no",
        "sf_danger": "none",
        "sf_compan": company,
        "sf_private": "yes",
        "sf_uniform": "no",
        "sf_basic": "yes",
        "sf_pref": "yes",
    }
    return under("g_safe", **(answers | changed))


def language(lang: str, interpreter: str | None = None) -> Answers:
    if interpreter is None:
        return under("g_lang", lang=lang, interp_need="no")
    return under("g_lang", lang=lang, interp_need="yes", interp_type=interpreter, interp_safe="yes")


def age(years: int, gender: str, basis: str = "stated", doubt: str = "no") -> Answers:
    return under("g_age", age_years=years, age_basis=basis, age_doubt=doubt, gender=gender)


def child(company: str, guardian: str, suspected: str) -> Answers:
    answers = under("g_child", ch_uasc=company, ch_worker="yes", ch_guard=guardian, ch_assent="yes", ch_bia="yes")
    return answers | (under("g_child", ch_guard_sus=suspected) if guardian != "none" else {})


def consent(police: str = "FALSE", by: str | None = None) -> Answers:
    answers = under(
        "g_con",
        con_told=TOLD,
        con_Consent="TRUE",
        con_store="TRUE",
        con_refer="TRUE",
        con_police=police,
        con_stats="TRUE",
        con_how="verbal",
    )
    return answers | (under("g_con", con_by=by) if by else {})


def refusal() -> Answers:
    return under("g_con", con_told=["purpose", "free"], con_Consent="FALSE")


def stopped(why: str, band: str, *help_offered: str) -> Answers:
    again = dt.datetime.combine(dt.date.today() + dt.timedelta(days=1), dt.time(10, 0))
    return under("g_stop", stop_why=why, stop_age=band, stop_help=list(help_offered), stop_again=again)


def route(category: str, country: str | None = None, entry: str | None = None) -> Answers:
    answers = under("g_route", casecat=category)
    if country:
        answers |= under("g_route", from_country=country)
    return answers | (under("g_route", entry_point=entry) if entry else {})


def person(first: str, family: str, citizenship: str, qark: str | None = None, document: str = "own") -> Answers:
    answers = under(
        "g_person",
        prs_FirstName=first,
        prs_SecondName=family,
        prs_Citizenship=[citizenship],
        doc_state=document,
        safe_contact="Përmes punonjësit social, pas orës 17",
    )
    return answers | (under("g_person", res_qark=qark) if qark else {})


def indicators(exploitation: str, means: str, movement: str, seen: str = "none") -> Answers:
    return under("g_ind", ind_a=exploitation.split(), ind_b=means.split(), ind_c=movement.split(), ind_o=seen.split())


def result(status: str, needs: str, custodian: str | None, *, decided_by: str = "Police", asylum: str = "") -> Answers:
    accept = "no" if custodian is None else "yes"
    answers = under("g_res", status=status, dec_org=decided_by, needs_now=needs.split(), accept=accept)
    if custodian:
        answers |= under("g_res", custodian=custodian)
    return answers | (under("g_res", asylum=asylum) if asylum else {})


def end(distress: str | None = "no") -> Answers:
    return under("g_end", card="yes") | (under("g_end", distress=distress) if distress else {})


POTENTIAL, NOT_VICTIM = "PossibleVictimOfTrafficking", "NotAVictimOfTrafficking"


def screenings() -> dict[str, list[Answers]]:
    """Office code of a point -> what is entered there, one after the other."""
    return {
        "PD_AL11": [
            setting("PD_AL11", "sw_state", "ngo", 2)
            | safe()
            | language("sqi")
            | age(27, "Feminine", "document")
            | consent(police="TRUE")
            | route("al_returned", "IT", "RIN")
            | person("Arta", "Shembulli", "AL", "AL03")
            | indicators("forced_acts no_pay", "FalsePromises WithholdsDocuments", "offer terms third_paid", "fear")
            | result(POTENTIAL, "shelter psych legal", "NRC")
            | end(),
            # A child, with the municipality's child protection worker; the parent is kept out.
            setting("PD_AL11", "sw_state", "school", 1)
            | safe("family")
            | language("sqi")
            | age(14, "Masculine")
            | child("accompanied", "parent", "yes")
            | consent(by="cpw")
            | route("al_internal")
            | person("Besi", "Prova", "AL", "AL11")
            | indicators("begging hours", "ThreatensChildrenFamily TakesEarnings", "moved child_alone", "spoken_for")
            | result(POTENTIAL, "shelter child school", "NRC")
            | end("yes"),
            # Nobody may listen: the interview is not held.
            setting("PD_AL11", "atpol", "police_op")
            | safe("suspect", sf_private="no")
            | stopped("no_privacy", "a18_24", "shelter", "food")
            | end(None),
        ],
        "KAP": [
            # A foreigner in transit, with an interpreter by phone.
            setting("KAP", "bmp", "border", 3)
            | safe("adult")
            | language("ukr", "phone")
            | age(31, "Feminine", "document")
            | consent()
            | route("transit", "GR", "KAP")
            | person("Olena", "Pryklad", "UA", document="held")
            | indicators("sexual forced_acts", "DebtBondage x_RestrictsMovement", "escorted third_paid", "fear lost")
            | result(POTENTIAL, "shelter medical interp asylum", "DE", asylum="yes")
            | end("yes"),
            # Consent refused: no identity is stored, help was offered.
            setting("KAP", "bmp", "readm")
            | safe()
            | language("sqi")
            | age(38, "Masculine")
            | refusal()
            | stopped("no_consent", "a35_49", "food", "transport")
            | end(None),
            setting("KAP", "bmp", "readm", 5)
            | safe()
            | language("sqi")
            | age(45, "Masculine", "document")
            | consent()
            | route("al_returned", "GR", "KAP")
            | person("Genti", "Modeli", "AL", "AL06")
            | indicators("none", "none", "third_paid")
            | result(NOT_VICTIM, "work docs", None)
            | end(),
        ],
        "PDU": [
            setting("PDU", "bmp", "border", 4)
            | safe("adult")
            | language("sqi")
            | age(22, "Feminine", "document")
            | consent(police="TRUE")
            | route("al_returned", "IT", "PDU")
            | person("Drita", "Provëza", "AL", "AL12")
            | indicators("sexual", "PsychologicalAbuse TakesEarnings", "offer terms", "no_money")
            | result(POTENTIAL, "shelter psych medical", "VATRA")
            | end(),
            # Urgent medical help comes first.
            setting("PDU", "bmp", "border") | safe(sf_med="yes") | stopped("medical", "a50p", "medical") | end(None),
        ],
        "MU": [
            setting("MU", "mobile", "public", 6)
            | safe()
            | language("rom", "mediator")
            | age(17, "Feminine", "estimated", "yes")
            | child("separated", "none", "")
            | consent(by="cpw")
            | route("al_internal")
            | person("Lule", "Fiktivi", "AL", "AL04", "none")
            | indicators("marriage domestic", "x_RestrictsMovement", "sold child_alone", "fear rehearsed")
            | result(POTENTIAL, "shelter child docs", "VATRA", decided_by="NGO")
            | end(),
            setting("MU", "mobile", "self", 1)
            | safe()
            | language("eng", "prof")
            | age(29, "Masculine")
            | consent()
            | route("foreign", "TR", "RIN")
            | person("Daniel", "Sample", "MD", document="expired")
            | indicators("forced_acts hours no_pay", "WithholdsDocuments DebtBondage", "terms irregular")
            | result(POTENTIAL, "shelter work legal", "DE", decided_by="NGO", asylum="no")
            | end(),
        ],
    }
