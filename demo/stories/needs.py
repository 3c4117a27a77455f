"""What do a case manager and a returned person agree on? Assessment and a plan of two or three objectives."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

from demo.stories import Answers, under

OBJECTIVES = (
    ("x_Housing", "high", "Një vend i sigurt për të jetuar", "Kërkesë për banim social, shoqërim në bashki"),
    ("Health", "high", "Të flejë më mirë dhe të ndihet e qetë", "Takime javore me psikologun e qendrës"),
    ("x_Documents", "high", "Të ketë dokumentet e veta", "Aplikim për kartë identiteti në gjendjen civile"),
    ("Livelihood", "med", "Të punojë në rrobaqepësi", "Kurs profesional dhe regjistrim si punëkërkues"),
    ("Education", "med", "Të mbarojë shkollën", "Regjistrim në shkollën e natës"),
    ("Legal", "med", "Të marrë pagat e papaguara", "Ndihmë juridike falas, kërkesë me shkrim"),
    ("x_Family", "low", "Të flasë me motrën", "Telefonatë e mbikëqyrur një herë në javë"),
    ("Financial", "low", "Të shlyejë borxhin e udhëtimit", "Plan shlyerjeje me ndihmën e sportelit"),
)
CHILD_OBJECTIVES = (
    ("SocialCare", "high", "Të jetë i sigurt dhe i qetë", "Kujdestar i përkohshëm dhe shoqërim i përditshëm"),
    ("Education", "high", "Të kthehet në shkollë", "Regjistrim me ndihmën e njësisë për mbrojtjen e fëmijës"),
    ("Health", "med", "Kontroll i plotë te mjeku", "Vizitë te pediatri dhe vaksinat që mungojnë"),
)
QARKS = [f"AL{number:02}" for number in range(1, 13)]


def assessment(case: str, *, is_child: bool, track: str, office: str, random: Random) -> Answers:
    """Answers of `needs_nrm` (track "nrm") or `needs_returnee` (track "returnee") for one listed person."""
    answers: Answers = {
        "/case": case,
        "/as_type": random.choice(["high", "med"]),
        "/as_date": dt.date.today(),
        "/sf_ok": "yes",
        "/con_Consent": "TRUE",
    }
    if is_child:
        answers["/ch_ok"] = "yes"
    answers["/con_share"] = sorted({"NRC", "SHKP", office} & {"NRC", "DE", "VATRA", "TV", "SHKP"})
    answers |= _danger(track, random) | _profile(is_child, random) | _return(track, is_child, random)
    answers |= _life(is_child, random) | _health(random)
    if is_child:
        answers |= under("g_eco", emp="student")
    else:
        answers |= under(
            "g_eco",
            emp=random.choice(["seeking", "informal", "inactive"]),
            emp_reg=random.choice(["yes", "no"]),
            sk_have=random.sample(["agri", "constr", "tailor", "hosp", "care", "lang"], 2),
            sk_want=random.sample(["it", "hair", "drive", "mech"], 1),
            inc_ok=random.choice(["often", "some", "rare"]),
            debt=random.choice(["yes", "no", "pns"]),
            biz=random.choice(["yes", "no", "unk"]),
        )
    return answers | _plan(is_child, office, random) | _agreement(random)


def _danger(track: str, random: Random) -> Answers:
    answers = under("g_safe", dg_now=random.choice(["none", "possible"]), dg_self=random.choice(["no", "pns"]))
    answers |= under("g_safe", dg_home=random.choice(["safe", "support", "unsafe"]))
    answers |= under("g_safe", vuln=random.choice([["none"], ["single_par"], ["ill"], ["single_par", "viol"]]))
    return answers | (under("g_safe", dg_traf=random.choice(["yes", "no", "unk"])) if track == "nrm" else {})


def _profile(is_child: bool, random: Random) -> Answers:
    if is_child:
        return under("g_prof", age_band="a14_17", gender="Feminine", qark=random.choice(QARKS), n_hh=5)
    children = random.randint(0, 3)
    return under(
        "g_prof",
        age_band=random.choice(["a18_24", "a25_34", "a35_49"]),
        gender=random.choice(["Feminine", "Masculine"]),
        qark=random.choice(QARKS),
        marital=random.choice(["Single", "Married", "Divorced"]),
        n_child=children,
        n_child_with=random.randint(0, children),
        n_hh=random.randint(1, 6),
        educ=random.choice(["PrimaryEducation", "LowerSecondaryEducation", "UpperSecondaryEducation"]),
    )


def _return(track: str, is_child: bool, random: Random) -> Answers:
    if is_child:
        return under("g_ret", ret_type="none")
    return under(
        "g_ret",
        ret_type="trafficking" if track == "nrm" else random.choice(["voluntary", "avrr", "readm"]),
        ret_from=random.choice(["IT", "GR", "DE", "GB"]),
        ret_date=dt.date.today() - dt.timedelta(days=random.randint(10, 400)),
        ret_years=random.randint(0, 15),
        ret_why=random.sample(["work", "legal", "family", "safety"], 2),
        ret_again=random.choice(["yes", "no", "pns"]),
    )


def _life(is_child: bool, random: Random) -> Answers:
    return under(
        "g_soc",
        house="shelter" if is_child else random.choice(["shelter", "rent", "family", "temp"]),
        house_q=random.choice(["v2", "v3", "v4"]),
        doc_id=random.choice(["yes", "no"]),
        doc_need=random.choice([["none"], ["civil"], ["info", "compens"]]),
        hc=random.choice(["yes", "no"]),
        acc_serv=random.choice(["v2", "v3", "v4"]),
        aid=random.choice(["yes", "no"]),
    )


def _health(random: Random) -> Answers:
    return under(
        "g_health",
        h_phys=random.choice(["v2", "v3", "v4"]),
        h_urg=random.choice(["yes", "no"]),
        h_psy=random.choice(["often", "some"]),
        h_psyw=random.choice(["yes", "pns"]),
        p_net=random.choice(["v1", "v3", "v4"]),
        fam_contact=random.choice(["yes", "no"]),
    )


def _plan(is_child: bool, office: str, random: Random) -> Answers:
    pool = CHILD_OBJECTIVES if is_child else OBJECTIVES
    chosen = random.sample(pool, random.randint(2, 3))
    answers: dict[str, Any] = {}
    for number, (area, priority, objective, action) in enumerate(chosen, start=1):
        row = f"/plan[{number}]"
        answers |= {f"{row}/pl_type": area, f"{row}/pl_prio": priority, f"{row}/pl_obj": objective}
        answers |= {f"{row}/pl_act": action}
        answers |= {f"{row}/pl_end": dt.date.today() + dt.timedelta(days=30 * number)}
        if office in ("NRC", "DE", "VATRA", "TV"):
            answers[f"{row}/pl_org"] = office
    return answers


def _agreement(random: Random) -> Answers:
    days = dt.timedelta(days=random.choice([7, 14, 30]))
    return under("g_fin", agree="yes", next_fu=dt.date.today() + days)
