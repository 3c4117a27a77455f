"""Masked answers are shown for a reason, on record before they are opened, and not more than a budget allows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest

from app.clock import now
from app.db import models
from app.permissions import Grant
from app.services import reveal
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, count, rows
from tests.app.shown_forms import CASES, VISIT, entity
from tests.support.backend import Backend, Person, instance

FORM = """
| survey |              |        |       |                     |
|        | type         | name   | label | bind::sportel:class |
|        | text         | phone  | L     | contact             |
|        | text         | who    | L     |                     |
|        | text         | ill    | L     | special:health      |
|        | begin_repeat | child  | L     |                     |
|        | text         | name   | L     | identifying         |
|        | end_repeat   |        |       |                     |
| settings |         |         |         |                              |
|          | form_id | version | title   | namespaces                   |
|          | visit   | 1       | A visit | sportel="urn:sportel:xforms" |
"""
UUID = "11111111-1111-4111-8111-111111111111"
SUBMISSION = "/projects/1/forms/visit/submissions/uuid:1"
CASE = f"/projects/1/datasets/cases/entities/{UUID}"
REASON = "Calling back about the bed"


@pytest.fixture
def filled(backend: Backend) -> Backend:
    return fill(backend)


def fill(backend: Backend) -> Backend:
    backend.admin.publish(FORM)
    backend.admin.publish(CASES)
    phone = backend.phone(office=backend.office("tr-01"))
    answers = "<phone>0691</phone><who>Drita</who><ill>asthma</ill><child><name>Ana</name></child><child/>"
    assert phone.send(instance("visit", answers, instance_id="uuid:1")).status_code == 201
    case = instance("intake", "<code>C1</code><person>Drita</person>", meta=entity(f'id="{UUID}" create="1"', "C1"))
    assert phone.send(case).status_code == 201
    return backend


def viewer(backend: Backend) -> Person:
    return backend.person(Grant("viewer", 1), office="tr-01", name="Viewer")


def shown(answer: Any) -> list[tuple[str, str | None, str, Any]]:
    assert answer.status_code == 200, answer.text
    return [(each["field"], each["row"], each["class"], each["value"]) for each in answer.json["values"]]


def test_a_reveal_shows_what_was_asked_for(filled: Backend) -> None:
    person = viewer(filled)
    one = person.post(f"{SUBMISSION}/reveal", json={"reason": REASON, "fields": ["/who", "/child/name"]})
    assert shown(one) == [
        ("/who", "uuid:1", "identifying", "Drita"),
        ("/child/name", "uuid:1/child[1]", "identifying", "Ana"),
    ]
    of_class = person.post(f"{SUBMISSION}/reveal", json={"reason": REASON, "classes": ["contact"]})
    assert shown(of_class) == [("/phone", "uuid:1", "contact", "0691")]
    case = person.post(f"{CASE}/reveal", json={"reason": REASON, "fields": ["person", "label"]})
    assert shown(case) == [("person", None, "identifying", "Drita"), ("label", None, "operational", "C1")]


def test_the_reason_is_on_record_and_no_value(filled: Backend) -> None:
    person = viewer(filled)
    person.post(f"{SUBMISSION}/reveal", json={"reason": REASON, "fields": ["/who"]})
    person.post(f"{CASE}/reveal", json={"reason": REASON, "classes": ["identifying"]})
    one, other = (
        rows(filled, models.Audit, models.Audit.action == f"{kind}.reveal")[0] for kind in ("submission", "entity")
    )
    assert (one.actor_id, one.details["reason"], one.details["fields"]) == (person.actor_id, REASON, ["/who"])
    assert (other.details["uuid"], other.details["reason"], other.details["fields"]) == (UUID, REASON, ["person"])
    assert one.submission_id is not None and other.entity_id is not None
    assert "Drita" not in str([vars(row) for row in rows(filled, models.Audit)])


def test_a_special_class_is_revealed_to_nobody_who_may_not_read_it(filled: Backend) -> None:
    person = viewer(filled)
    for body in ({"fields": ["/ill"]}, {"classes": ["special:health"]}, {"fields": ["/who", "/ill"]}):
        answer = person.post(f"{SUBMISSION}/reveal", json={"reason": REASON, **body})
        assert (answer.json["code"], answer.json["details"]) == (403.11, {"class": "special:health"})
    both = filled.person(Grant("viewer", 1), Grant("case-reader", 1), office="tr-01")
    assert shown(both.post(f"{SUBMISSION}/reveal", json={"reason": REASON, "fields": ["/ill"]}))[0][3] == "asthma"
    assert count(filled, models.RevealCount) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"fields": ["/who"]}, 400.2),
        ({"reason": "too short", "fields": ["/who"]}, 400.8),
        ({"reason": "          " * 3, "fields": ["/who"]}, 400.8),
        ({"reason": "x" * 501, "fields": ["/who"]}, 400.8),
        ({"reason": REASON}, 400.2),
        ({"reason": REASON, "fields": ["/nowhere"]}, 400.8),
        ({"reason": REASON, "fields": ["/child"]}, 400.8),
        ({"reason": REASON, "classes": ["secret"]}, 400.8),
    ],
)
def test_a_reveal_needs_a_reason_and_something_to_show(lite: Backend, body: dict[str, Any], code: float) -> None:
    person = viewer(fill(lite))
    assert person.post(f"{SUBMISSION}/reveal", json=body).json["code"] == code
    assert count(lite, models.RevealCount) == 0
    assert actions(lite, "submission.reveal") == []


def test_nothing_is_opened_if_the_line_cannot_be_written(filled: Backend) -> None:
    person = viewer(filled)
    broken = mock.patch.object(reveal, "record", side_effect=RuntimeError)
    opened = mock.patch.object(reveal, "record_of", side_effect=AssertionError("it was opened"))
    with broken, opened:
        assert person.post(f"{SUBMISSION}/reveal", json={"reason": REASON, "fields": ["/who"]}).status_code == 500
    assert count(filled, models.RevealCount) == 0


def test_a_file_is_fetched_for_a_reason(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone(office=backend.office("tr-01"))
    xml = instance("visit", "<who>Drita</who><pic>a.jpg</pic>", instance_id="uuid:1")
    assert phone.send(xml, {"a.jpg": b"photo"}).status_code == 201
    person, at = viewer(backend), f"{SUBMISSION}/attachments"
    assert person.get(f"{at}/a.jpg").json["code"] == 403.11
    assert person.post(f"{at}/a.jpg/reveal", json={"reason": "short"}).json["code"] == 400.8
    answer = person.post(f"{at}/a.jpg/reveal", json={"reason": REASON})
    assert (answer.status_code, answer.data) == (200, b"photo")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert person.post(f"{at}/b.jpg/reveal", json={"reason": REASON}).json["code"] == 404.1
    (line,) = rows(backend, models.Audit, models.Audit.action == "submission.reveal")
    assert line.details["reason"] == REASON and "a.jpg" not in str(line.details)
    assert [row.count for row in rows(backend, models.RevealCount)] == [1]


def test_the_budget_ends_with_an_alarm_before_it_and_a_refusal_after_it(
    make_lite: MakeBackend, capfd: pytest.CaptureFixture[str]
) -> None:
    backend = fill(make_lite(reveal_budget=5, log_format="json"))
    person, other = viewer(backend), viewer(backend)
    ask = {"reason": REASON, "fields": ["/who"]}
    codes = [person.post(f"{SUBMISSION}/reveal", json=ask).status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    answer = person.post(f"{CASE}/reveal", json={"reason": REASON, "fields": ["person"]})
    assert (answer.json["code"], answer.json["details"]) == (429.3, {"budget": 5})
    assert other.post(f"{SUBMISSION}/reveal", json=ask).status_code == 200
    assert actions(backend, "reveal.") == ["reveal.alarm", "reveal.refuse", "reveal.refuse", "reveal.refuse"]
    assert [row.count for row in rows(backend, models.RevealCount)] == [5, 1]
    metrics = backend.client.get("/metrics").text
    assert 'sportel_reveal_alarms_total{kind="near"} 1.0' in metrics
    assert 'sportel_reveal_alarms_total{kind="spent"} 3.0' in metrics
    logged = "".join(capfd.readouterr())
    assert "reveal.budget-near" in logged and "reveal.budget-spent" in logged
    assert REASON not in logged and "Drita" not in logged


def test_two_at_once_do_not_both_take_the_last_one(backend: Backend) -> None:
    person, ask = viewer(fill(backend)), {"reason": REASON, "fields": ["/who"]}
    day = now().strftime("%Y-%m-%d")
    with backend.database() as session:
        session.add(models.RevealCount(actor_id=person.actor_id, day=day, count=49))
        session.commit()
    start = threading.Barrier(2)

    def reveal_one() -> int:
        client = Person(backend.client, person.token, person.actor_id)
        start.wait()
        return client.post(f"{SUBMISSION}/reveal", json=ask).status_code

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(reveal_one) for _ in range(2)]
        assert sorted(each.result() for each in asked) == [200, 429]
    assert [row.count for row in rows(backend, models.RevealCount)] == [50]


def test_another_day_has_a_budget_of_its_own(make_lite: MakeBackend) -> None:
    backend = fill(make_lite(reveal_budget=1))
    person, ask = viewer(backend), {"reason": REASON, "fields": ["/who"]}
    assert [person.post(f"{SUBMISSION}/reveal", json=ask).status_code for _ in range(2)] == [200, 429]
    with backend.database() as session:
        session.query(models.RevealCount).update({"day": "2026-01-01"})
        session.commit()
    assert person.post(f"{SUBMISSION}/reveal", json=ask).status_code == 200


def test_another_offices_record_is_not_revealed_by_who_reads_all_and_reveals_the_own(filled: Backend) -> None:
    filled.office("vl-02")
    person = filled.person(Grant("case-reader", 1), Grant("viewer", 1), office="vl-02")
    assert person.post(f"{SUBMISSION}/reveal", json={"reason": REASON, "fields": ["/who"]}).json["code"] == 404.1
