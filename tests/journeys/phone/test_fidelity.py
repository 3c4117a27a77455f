"""A cleaned row is what the phone entered: every field of hundreds of randomly filled forms, typed.

The forms go over HTTP, as a phone sends them; what comes back is compared with what the person typed, never with the
XML. 200 of each form on SQLite, fewer on PostgreSQL, where only the database differs.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from demo.stories.screening import age, child, consent, language, safe
from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.entered import FormTables, Table
from tests.journeys.phone.kitchen_sink import FORM_ID, KITCHEN_SINK, QUESTION_TYPES, TABLES
from tests.journeys.phone.served import Project, Served
from tests.journeys.phone.test_case_following import potential_victim, sent
from tests.journeys.phone.typed import Question, from_csv, from_json, same
from tests.phone.phone import Filled, Phone

# How the gates are passed, so that all of a form is seen; {} leaves everything to chance.
GATES = safe() | language("sqi") | consent()
WAYS: dict[str, Sequence[Mapping[str, Any]]] = {
    "id_screening": (
        GATES | age(30, "Feminine", "document"),
        GATES | age(14, "Masculine") | child("separated", "parent", "no"),
        GATES | age(30, "Masculine") | {"/g_con/con_store": "FALSE"},
        {},
    ),
    "needs_nrm": ({"/sf_ok": "yes", "/ch_ok": "yes", "/con_Consent": "TRUE"}, {"/sf_ok": "yes"}, {}),
    "needs_returnee": ({"/sf_ok": "yes", "/ch_ok": "yes", "/con_Consent": "TRUE"}, {"/sf_ok": "yes"}, {}),
    "consular": ({"/g_safe/wish": "wants", "/g_safe/con_Consent": "TRUE"}, {"/g_safe/wish": "unable"}, {}),
    "consular_update": ({},),
    FORM_ID: ({},),
}


@pytest.fixture
def count(served: Served) -> int:
    """How many of each form are filled."""
    return 20 if "SPORTEL_DATABASE_URL" in served.environment else 200


def fill_and_send(phone: Phone, form_id: str, count: int) -> list[Filled]:
    """Fill and send so many forms, each with a seed of its own; half of them in English."""
    ways = WAYS[form_id]
    done = []
    for seed in range(count):
        filled = phone.fill(
            form_id, ways[seed % len(ways)], seed=seed, language="sq" if seed % 2 else "en", strict=False
        )
        done.append(sent(phone, filled))
    return done


def compare(project: Project, form_id: str, filled: Sequence[Filled]) -> FormTables:
    """Hold the cleaned tables against what was entered; the first difference is told with its place."""
    form = FormTables(project.central.get(f"{project.at}/forms/{form_id}/fields"))
    expected = [form.rows(each) for each in filled]
    for repeat, questions in form.questions.items():
        wanted: Table = {key: row for tables in expected for key, row in tables[repeat].items()}
        given = _given_rows(project, form_id, form.name(repeat), filled)
        assert given.keys() == wanted.keys(), f"the rows of {form.name(repeat)}"
        above = form.name(form.parent(repeat)).replace(".", "-")
        for key, (parent, answers) in wanted.items():
            assert repeat == "" or given[key][f"__{above}-id"] == parent
            for question in questions:
                value = from_json(question, _at(given[key], question.path.removeprefix(repeat)))
                assert same(value, answers.get(question.path)), f"{key} {question.path} in the table"
    _compare_csv(project, form_id, form.questions[""], expected)
    return form


def _given_rows(project: Project, form_id: str, table: str, filled: Sequence[Filled]) -> dict[str, dict[str, Any]]:
    text = project.central.content(f"{project.at}/forms/{form_id}.svc/{table}")
    mine = {each.instance_id for each in filled}
    rows = [row for row in json.loads(text, parse_float=Decimal)["value"] if row["__id"].split("/")[0] in mine]
    assert len({row["__id"] for row in rows}) == len(rows)
    return {row["__id"]: row for row in rows}


def _at(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for name in path.strip("/").split("/"):
        value = value[name]  # every question has its place in every row, blank or not
    return value


def _compare_csv(
    project: Project, form_id: str, questions: Sequence[Question], expected: Sequence[Mapping[str, Table]]
) -> None:
    text = project.central.content(f"{project.at}/forms/{form_id}/submissions.csv").decode()
    lines = {line["KEY"]: line for line in csv.DictReader(io.StringIO(text, newline=""))}
    for tables in expected:
        ((key, (_, answers)),) = tables[""].items()
        for question in questions:
            assert same(from_csv(question, lines[key]), answers.get(question.path)), f"{key} {question.path} in CSV"


def compare_bytes(project: Project, form_id: str, filled: Sequence[Filled]) -> int:
    """Hold the XML and the files against the phone's own; how many files there were."""
    files = 0
    for each in filled:
        assert project.xml(form_id, each.instance_id) == each.xml
        for file in each.attachments:
            assert project.file(form_id, each.instance_id, file.name) == file.read_bytes()
            files += 1
    return files


def answered(filled: Sequence[Filled]) -> set[str]:
    """The questions that were answered at least once, without positions in repeats."""
    places = {place for each in filled for place in each.entered}
    return {"/".join(step.partition("[")[0] for step in place.split("/")) for place in places}


def test_identification(counter_trafficking: Project, new_phone: NewPhone, count: int) -> None:
    filled = fill_and_send(new_phone(counter_trafficking, "PD_AL11"), "id_screening", count)
    compare(counter_trafficking, "id_screening", filled)
    compare_bytes(counter_trafficking, "id_screening", filled)
    assert {"/g_ind/ind_a", "/g_res/status", "/g_stop/stop_why", "/g_person/prs_FirstName"} <= answered(filled)


def test_needs_of_cases_that_were_identified_by_phone(
    counter_trafficking: Project, new_phone: NewPhone, count: int
) -> None:
    police = new_phone(counter_trafficking, "PD_AL11", forms=["id_screening"])
    for _ in range(5):
        sent(police, police.fill("id_screening", potential_victim("TV"), language="sq"))
    shelter = new_phone(counter_trafficking, "TV")
    before = counter_trafficking.entities("cases")
    filled = fill_and_send(shelter, "needs_nrm", count)
    compare(counter_trafficking, "needs_nrm", filled)
    compare_bytes(counter_trafficking, "needs_nrm", filled)
    assert {"/plan/pl_obj", "/g_health/h_phys", "/g_eco/emp"} <= answered(filled)

    # Every update that the phone finalized arrived in its order: one version of a case each, none in conflict.
    updates = sum(len(each.entities) for each in filled)
    after = counter_trafficking.entities("cases")
    gained = sum(
        after[case]["currentVersion"]["version"] - before[case]["currentVersion"]["version"] for case in before
    )
    assert gained == updates > 0
    assert {after[case]["conflict"] for case in before} == {None}


def test_needs_of_returnees(migrants: Project, new_phone: NewPhone, count: int) -> None:
    for number, minor in enumerate("01001"):
        migrants.add_entity("returnees", f"R-FIDEL{number}", {"custodian": "SM_KC", "minor": minor})
    filled = fill_and_send(new_phone(migrants, "SM_KC"), "needs_returnee", count)
    compare(migrants, "needs_returnee", filled)
    compare_bytes(migrants, "needs_returnee", filled)
    assert {"/plan/pl_obj", "/g_ret/ret_type", "/g_eco/emp"} <= answered(filled)


def test_consular_assistance(migrants: Project, new_phone: NewPhone, count: int) -> None:
    filled = fill_and_send(new_phone(migrants, "DE_BER"), "consular", count)
    compare(migrants, "consular", filled)
    compare_bytes(migrants, "consular", filled)
    assert {"/g_det/det_kind", "/g_rep/rep_how", "/g_act/act"} <= answered(filled)


def test_updates_of_consular_cases(migrants: Project, new_phone: NewPhone, count: int) -> None:
    for number, family in enumerate(("yes", "no", "safe_only")):
        migrants.add_entity("consular", f"C-FIDEL{number}", {"custodian": "GB_LON", "fam": family})
    filled = fill_and_send(new_phone(migrants, "GB_LON"), "consular_update", count)
    compare(migrants, "consular_update", filled)
    compare_bytes(migrants, "consular_update", filled)
    assert {"/case", "/act", "/out"} <= answered(filled)


def test_every_data_type_in_groups_and_repeats(own_project: Project, new_phone: NewPhone, count: int) -> None:
    own_project.publish(KITCHEN_SINK)
    filled = fill_and_send(new_phone(own_project), FORM_ID, count)
    form = compare(own_project, FORM_ID, filled)
    assert {form.name(repeat) for repeat in form.questions} == set(TABLES)
    assert compare_bytes(own_project, FORM_ID, filled) > count
    assert {entry.type for each in filled for entry in each.entries} == QUESTION_TYPES
    assert all(len(row["__id"].split("/")) == 4 for row in own_project.rows(FORM_ID, TABLES[3]))
    everything = {question.path for questions in form.questions.values() for question in questions}
    assert everything - answered(filled) == {
        *("/begun", "/ended", "/day", "/device", "/user", "/meta/instanceID"),
        *("/double", "/greeting", "/unseen", "/house/inside/room/bed/twice"),
    }
