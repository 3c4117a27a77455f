"""Who asks the consulates for help? One case of each category, and what happens next."""

from __future__ import annotations

import datetime as dt

from demo.stories import Answers, under


def days(number: int) -> dt.date:
    return dt.date.today() + dt.timedelta(days=number)


# mission, category, urgency, who asks, first and family name, city, actions, result, what the category asks
CASES: tuple[tuple[str, str, str, str, str, str, str, str, str, Answers], ...] = (
    ("IT_MIL", "general", "normal", "self", "Ana", "Shembulli", "Milano", "advice", "solved", {}),
    (
        *(
            "IT_MIL",
            "detention",
            "u24h",
            "self",
            "Bledi",
            "Prova",
            "Monza",
            "visit lawyer_list interp",
            "open",
        ),
        under(
            "g_det",
            det_kind="remand",
            det_since=days(-9),
            det_place="Monza",
            det_notif=days(-7),
            det_rights="yes",
            det_ill="no",
            det_med="yes",
            det_visit=days(2),
            det_hear=days(20),
            det_transfer="pns",
        ),
    ),
    (
        *("IT_MIL", "labour", "u3d", "self", "Fatos", "Modeli", "Brescia", "advice lawyer_list", "referred"),
        under("g_tra", tra_safe="yes", tra_host="no", tra_wage="yes"),
    ),
    ("IT_MIL", "destitute", "u24h", "self", "Gjon", "Fiktivi", "Bergamo", "money ticket", "solved", {}),
    (
        *(
            "GR_ATH",
            "death",
            "u24h",
            "child",
            "Hamit",
            "Shembulli",
            "Athinë",
            "call_auth doc family",
            "partly",
        ),
        under(
            "g_dea",
            dea_date=days(-3),
            dea_cert="yes",
            dea_kin="yes",
            dea_rep="yes",
            dea_permit=days(0),
            dea_inq="no",
        ),
    ),
    (
        *("GR_ATH", "hospital", "u24h", "spouse", "Ilir", "Prova", "Pire", "visit call_auth", "open"),
        under("g_hos", hos_since=days(-4), hos_state="possible", hos_ins="no", hos_move="unk"),
    ),
    (
        *("GR_ATH", "repatriation", "u3d", "self", "Jeta", "Modeli", "Athinë", "doc ticket sm", "referred"),
        under(
            "g_doc",
            doc_state="expired",
            doc_police="no",
            doc_need=["laissez"],
            doc_idok="yes",
            doc_issued=days(0),
        )
        | under("g_rep", rep_wish="yes", rep_safe="support", rep_how="voluntary", rep_date=days(6), rep_bcp="KAK")
        | under("g_rep", rep_meet="yes", rep_sm="SM_GJ"),
    ),
    (
        *("GR_ATH", "trafficking", "u2h", "self", "Klea", "Fiktivi", "Patra", "shelter nrm doc", "referred"),
        under("g_doc", doc_state="held", doc_police="no", doc_need=["laissez"], doc_idok="yes")
        | under("g_rep", rep_wish="yes", rep_safe="unsafe", rep_how="trafficking", rep_meet="no")
        | under("g_tra", tra_safe="yes", tra_host="yes", tra_wage="unk"),
    ),
    (
        *("DE_BER", "lost_doc", "normal", "self", "Luan", "Shembulli", "Berlin", "doc", "solved"),
        under(
            "g_doc",
            doc_state="none",
            doc_police="yes",
            doc_need=["passport"],
            doc_idok="yes",
            doc_issued=days(0),
        ),
    ),
    (
        *("DE_BER", "minor", "u24h", "authority", "Mira", "Prova", "Leipzig", "cpu call_auth", "open"),
        under("g_min", min_kind=["care"], min_host="yes", min_al="yes", min_bia="yes", min_fam="unk"),
    ),
    ("DE_BER", "legal_aid", "u3d", "self", "Nora", "Modeli", "Hamburg", "lawyer_list interp", "solved", {}),
    (
        *("DE_BER", "other", "normal", "relative", "Petrit", "Fiktivi", "Dresden", "advice", "solved"),
        {},
    ),
    (
        *("GB_LON", "missing", "u24h", "parent", "Rina", "Shembulli", "London", "call_auth", "open"),
        under("g_mis", mis_last=days(-12), mis_where="Croydon", mis_why="possible", mis_pol="yes"),
    ),
    (
        *("GB_LON", "crime_victim", "u24h", "self", "Sara", "Prova", "Leeds", "shelter call_auth", "partly"),
        under("g_tra", tra_safe="yes", tra_host="yes", tra_wage="no"),
    ),
    (
        *("GB_LON", "crisis", "u2h", "self", "Teuta", "Modeli", "London", "advice ticket", "solved"),
        under("g_cri", cri_n=3, cri_evac="no"),
    ),
    # The person does not want help: nothing about their identity is stored.
    ("GB_LON", "general", "normal", "relative", "", "", "", "", "", {}),
)
COUNTRY = {"IT_MIL": "IT", "GR_ATH": "GR", "DE_BER": "DE", "GB_LON": "GB"}
GENDER_OF = {"Ana", "Jeta", "Klea", "Mira", "Nora", "Rina", "Sara", "Teuta"}


def cases() -> dict[str, list[Answers]]:
    """Office code of a mission -> the cases that are entered there."""
    found: dict[str, list[Answers]] = {}
    for case in CASES:
        found.setdefault(case[0], []).append(_case(*case))
    return found


def _case(
    mission: str,
    category: str,
    urgency: str,
    who: str,
    first: str,
    family: str,
    city: str,
    actions: str,
    outcome: str,
    own: Answers,
) -> Answers:
    received = dt.datetime.now().replace(second=0, microsecond=0) - dt.timedelta(hours=5)
    answers = under("g_ctx", mission=mission, req_dt=received, chan="phone", cat=category, urg=urgency, who=who)
    if not first:
        return answers | under("g_safe", danger="none", interp_need="no", wish="refuses", is_child="no")
    unable = category in ("death", "missing", "minor")
    child = category == "minor"
    answers |= under("g_safe", danger="none", interp_need="no", wish="unable" if unable else "wants")
    answers |= under("g_safe", is_child="yes" if child else "no", fam="yes" if unable else "safe_only")
    if child:
        answers |= under("g_safe", ch_guard="parent", ch_sus="unk")
    if unable:
        answers |= under("g_safe", basis="child" if child else "legal")
    else:
        answers |= under("g_safe", con_Consent="TRUE", con_stats="TRUE")
    answers |= under("g_per", prs_FirstName=first, prs_SecondName=family, cit=["AL"], city=city, stay="regular")
    answers |= under("g_per", gender="Feminine" if first in GENDER_OF else "Masculine", host=COUNTRY[mission])
    if who != "self":
        answers |= under("g_per", app_contact="Kërkuesi: shembull, tel. +355 00 000 000")
    return answers | own | _actions(actions, outcome, received)


def _actions(actions: str, outcome: str, received: dt.datetime) -> Answers:
    names = actions.split()
    answers = under("g_act", act=names, act_dt=received + dt.timedelta(hours=2), out=outcome)
    answers |= under("g_act", fam_told="no")
    if {"nrm", "sm", "iom", "cpu"} & set(names):
        answers |= under("g_act", ref_to={"nrm": "AP", "sm": "SHKP", "cpu": "ASHF"}.get(names[-1], "AP"))
    if {"money", "ticket"} & set(names):
        answers |= under("g_act", cost=140.5)
    return answers | (under("g_act", closed=dt.date.today()) if outcome == "solved" else {})


# danger, wish, may the family know, actions, result, note: what comes after the first day
UPDATES = (
    ("none", "wants", "yes", "visit call_auth", "partly", "Vizita u krye, kërkohet edhe një dokument."),
    ("none", "wants", "safe_only", "doc", "solved", "Dokumenti u dorëzua."),
    (
        "possible",
        "not_reached",
        "safe_only",
        "call_auth",
        "open",
        "Nuk përgjigjet në telefon, provohet nesër.",
    ),
)


def updates() -> list[Answers]:
    """What is entered about cases of the list, except which case it is."""
    now = dt.datetime.now().replace(second=0, microsecond=0)
    return [
        {
            "/u_dt": now - dt.timedelta(minutes=30),
            "/danger": danger,
            "/wish": wish,
            "/fam": family,
            "/act": actions.split(),
            "/out": outcome,
            "/note": note,
        }
        for danger, wish, family, actions, outcome, note in UPDATES
    ]
