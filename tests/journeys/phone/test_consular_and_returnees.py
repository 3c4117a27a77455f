"""A consulate follows a request over two phones; a migration counter assesses a person who returned."""

from __future__ import annotations

import datetime as dt

from demo.stories import consular
from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.journeys.phone.test_case_following import assessment, sent


def test_a_consular_case_is_updated_from_another_phone_of_the_same_mission(
    migrants: Project, new_phone: NewPhone
) -> None:
    first, second, elsewhere = (new_phone(migrants, office) for office in ("IT_MIL", "IT_MIL", "GR_ATH"))
    request = next(case for case in consular.cases()["IT_MIL"] if case["/g_ctx/cat"] == "detention")
    opened = sent(first, first.fill("consular", request, seed=1, optional=0, language="sq"))
    (made,) = opened.entities
    case = migrants.entities("consular")[made["id"]]["currentVersion"]
    assert (case["version"], case["data"]["custodian"], case["data"]["urg"]) == (1, "IT_MIL", "u24h")
    assert case["data"]["status"] == "open"

    for phone in (second, elsewhere):
        phone.update_forms()
    assert made["id"] in second.lists["consular"]
    assert made["id"] not in elsewhere.lists["consular"]

    what = {
        "/case": made["id"],
        "/u_dt": dt.datetime.now().replace(second=0, microsecond=0) - dt.timedelta(minutes=5),
        "/danger": "none",
        "/wish": "wants",
        "/fam": "yes",
        "/act": ["visit", "call_auth"],
        "/out": "partly",
        "/note": "Vizita u krye.",
    }
    update = sent(second, second.fill("consular_update", what, seed=1, optional=0, language="sq"))
    case = migrants.entities("consular")[made["id"]]["currentVersion"]
    assert (case["version"], case["baseVersion"]) == (2, 1)
    assert (case["data"]["status"], case["data"]["fam"]) == ("partly", "yes")
    assert case["data"]["code"] == opened.calculated["/ccode"]
    assert migrants.row("consular_update", update.instance_id)["act"] == "visit call_auth"


def test_a_returnees_file_opened_at_headquarters_is_assessed_by_the_counter(
    migrants: Project, new_phone: NewPhone
) -> None:
    file = migrants.add_entity(
        "returnees",
        "R-ABCD2345",
        {"code": "R-ABCD2345", "custodian": "SM_TR", "minor": "0", "lang": "sqi", "status": "Active"},
    )
    counter, other = new_phone(migrants, "SM_TR"), new_phone(migrants, "SM_DR")
    assert counter.lists["returnees"][file]["label"] == "R-ABCD2345"
    assert file not in other.lists["returnees"]

    needs = sent(counter, counter.fill("needs_returnee", assessment(file), language="sq", seed=1, optional=0))
    case = migrants.entities("returnees")[file]["currentVersion"]
    assert (case["version"], case["data"]["qark"], case["data"]["custodian"]) == (2, "AL03", "SM_TR")
    row = migrants.row("needs_returnee", needs.instance_id)
    assert (row["case"], row["g_prof"]["qark"]) == (file, "AL03")
    assert len(migrants.rows_below("needs_returnee", "Submissions.plan", [needs.instance_id])) == 2


def test_a_case_made_without_network_is_followed_up_before_anything_is_sent(
    migrants: Project, new_phone: NewPhone
) -> None:
    travelling, desk = new_phone(migrants, "GB_LON"), new_phone(migrants, "GB_LON")
    request = next(case for case in consular.cases()["GB_LON"] if case["/g_ctx/cat"] == "crisis")
    opened = travelling.fill("consular", request, seed=1, optional=0, language="sq")
    (made,) = opened.entities

    # The network is back for a moment: the list has changed, and it does not know the new case yet.
    sent(desk, desk.fill("consular", request, seed=2, optional=0, language="sq"))
    travelling.update_forms()
    assert made["id"] in travelling.lists["consular"]

    what = {
        "/case": made["id"],
        "/danger": "none",
        "/wish": "wants",
        "/fam": "yes",
        "/act": ["advice"],
        "/out": "solved",
    }
    update = travelling.fill("consular_update", what, seed=3, optional=0, language="sq")
    for filled in (opened, update):
        sent(travelling, filled)
    case = migrants.entities("consular")[made["id"]]
    assert (case["currentVersion"]["version"], case["conflict"]) == (2, None)
    assert case["currentVersion"]["data"]["status"] == "solved"
    travelling.update_forms()
    assert travelling.lists["consular"][made["id"]]["offline"] is False
