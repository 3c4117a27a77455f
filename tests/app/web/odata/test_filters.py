"""Filters and orders on the form's own answers: the rows that plain Python would leave, and none for the curious."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import models
from app.permissions import Grant
from app.services import odata_conditions
from forms.odata.expression import Call, Condition, Literal, Logic, Name, Not, Operand, parse_filter
from tests.app.looking import rows
from tests.support.backend import Backend, Person, instance

FORM = """
| survey |                   |        |       |                     |
|        | type              | name   | label | bind::sportel:class |
|        | begin_group       | g-1    | G     |                     |
|        | integer           | age    | Age   | quasi               |
|        | end_group         |        |       |                     |
|        | decimal           | income | In    | quasi               |
|        | text              | town   | Town  | operational         |
|        | select_multiple l | needs  | Needs | open                |
|        | date              | day    | Day   | operational         |
|        | dateTime          | at     | At    | operational         |
|        | geopoint          | place  | Place | operational         |
|        | text              | phone  | Phone | contact             |
|        | text              | who    | Who   | identifying         |
|        | text              | ill    | Ill   | special:health      |
|        | text              | none   | None  |                     |
|        | begin_repeat      | child  | Child |                     |
|        | text              | s      | S     | open                |
|        | end_repeat        |        |       |                     |
| choices |                  |        |       |                     |
|         | list_name | name | label |
|         | l         | food | Food  |
|         | l         | roof | Roof  |
| settings |                 |        |       |                     |
|          | form_id | version | title    | namespaces                   |
|          | asked   | 1       | A family | sportel="urn:sportel:xforms" |
"""
SVC = "/projects/1/forms/asked.svc"
NAMES = ("age", "income", "town", "needs", "day", "at")
ANSWERS: list[tuple[str | None, ...]] = [
    ("3", "0.1", "Tiranë", "food", "2026-01-31", "2026-01-31T10:30:00.250+01:00"),
    ("30", "-7.25", "Vlorë", "food roof", "2025-12-01", "2026-01-31T09:30:00.250Z"),
    ("-4", "1e3", "tiranë", "roof", "2026-02-01", "2026-01-31T23:30:00.000-02:00"),
    ("9007199254740993", "12345678.5", "O'Neill", None, "0999-05-06", "2026-02-01T00:00:00.000"),
    (None, None, None, None, None, None),
    ("0", "0", "a%b_c", "roof food", "2026-01-31", None),
]


def sent(answers: tuple[str | None, ...], number: int) -> str:
    age, *others = answers
    body = f"<g-1><age>{age or ''}</age></g-1>"
    body += "".join(f"<{name}>{text or ''}</{name}>" for name, text in zip(NAMES[1:], others, strict=True))
    body += f"<place>41 19 0 1</place><phone>p{number}</phone><who>w{number}</who><ill>i</ill><none>n</none>"
    return instance("asked", f"{body}<child><s>{number}</s></child>", instance_id=f"uuid:{number}")


@pytest.fixture
def answered(backend: Backend) -> Backend:
    backend.admin.publish(FORM)
    backend.office("tr-01")
    phone = backend.phone(office="tr-01")
    for number, answers in enumerate(ANSWERS):
        assert phone.send(sent(answers, number)).status_code == 201
    return backend


def typed(answers: tuple[str | None, ...], number: int) -> dict[str, Any]:
    """The answers as Python has them, by OData's names."""
    read = (int, Decimal, str, str, date.fromisoformat, datetime.fromisoformat)
    values = [None if text is None else kind(text) for kind, text in zip(read, answers, strict=True)]
    found = dict(zip(("g_1/age", *NAMES[1:]), values, strict=True))
    if found["at"] is not None and found["at"].tzinfo is None:
        found["at"] = found["at"].replace(tzinfo=UTC)
    return found | {"__id": f"uuid:{number}", "__system/edits": 0, "__system/reviewState": None}


def value(node: Operand, row: dict[str, Any]) -> Any:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Name):
        return row[node.text]
    given_values = [value(each, row) for each in node.arguments]
    if None in given_values:
        return None
    first = given_values[0]
    if node.function in ("contains", "startswith", "endswith"):
        whole, part = given_values
        return {"contains": part in whole, "startswith": whole.startswith(part), "endswith": whole.endswith(part)}[
            node.function
        ]
    return getattr(first.astimezone(UTC) if isinstance(first, datetime) else first, node.function)


def holds(node: Condition, row: dict[str, Any]) -> bool | None:
    """Is a filter true of a row? None where a text that is not there was looked into."""
    if isinstance(node, Logic):
        both = holds(node.left, row), holds(node.right, row)
        decides = node.operator == "or"
        return decides if decides in both else None if None in both else not decides
    if isinstance(node, Not):
        inner = holds(node.inner, row)
        return None if inner is None else not inner
    if isinstance(node, Call):
        return value(node, row)
    left, right = value(node.left, row), value(node.right, row)
    if node.operator in ("eq", "ne"):
        return (left == right) == (node.operator == "eq")
    if left is None or right is None:
        return False
    return {"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}[node.operator]


def shown(person: Person, **query: str) -> list[str]:
    answer = person.get(f"{SVC}/Submissions", query_string={f"${name}": text for name, text in query.items()})
    assert answer.status_code == 200, (query, answer.text)
    return [row["__id"] for row in answer.json["value"]]


TEXTS = ["'Tiranë'", "'tiranë'", "'O''Neill'", "''", "'a'", "'%'", "'food roof'", "'ë'", "'Z'"]
VALUES = {
    "g_1/age": ["3", "30", "-4", "0", "9007199254740993", "9007199254740992", "2.5", "1e2"],
    "income": ["0.1", "0.10", "-7.25", "1000", "12345678.5", "12345678.4", "0"],
    "town": TEXTS,
    "needs": TEXTS,
    "day": ["2026-01-31", "2025-12-01", "0999-05-06", "2026-02-01"],
    "at": ["2026-01-31T09:30:00.250Z", "2026-01-31T10:30:00.251+01:00", "2026-02-01T01:30:00Z", "2026-02-01T00:00:00Z"],
    "year(day)": ["2026", "999"],
    "month(at)": ["1", "2"],
    "day(day)": ["31", "1"],
    "hour(at)": ["9", "1", "0"],
    "minute(at)": ["30"],
    "second(at)": ["0"],
    "__id": ["'uuid:3'"],
    "__system/edits": ["0", "1"],
    "__system/reviewState": ["'approved'"],
}
comparisons = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.builds(
        lambda operator, text: f"{name} {operator} {text}",
        st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
        st.sampled_from([*VALUES[name], "null"]),
    )
)
calls = st.builds(
    lambda function, name, text: f"{function}({name},{text})",
    st.sampled_from(["contains", "startswith", "endswith"]),
    st.sampled_from(["town", "needs"]),
    st.sampled_from(TEXTS),
)
filters = st.recursive(
    comparisons | calls,
    lambda inner: (
        st.builds(lambda each: f"not ({each})", inner)
        | st.builds(lambda one, word, other: f"({one}) {word} ({other})", inner, st.sampled_from(["and", "or"]), inner)
    ),
    max_leaves=4,
)


def test_a_filter_leaves_the_rows_that_python_would_leave(answered: Backend) -> None:
    table = [typed(answers, number) for number, answers in enumerate(ANSWERS)]
    viewer = answered.person(Grant("viewer", 1, all_offices=True))

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(text=filters)
    def ask(text: str) -> None:
        node = parse_filter(text)
        wanted = [row["__id"] for row in reversed(table) if holds(node, row) is True]
        assert shown(viewer, filter=text) == wanted, text

    ask()


ORDERS = {
    "g_1/age": "4 2 5 0 1 3",
    "g_1/age desc": "3 1 0 5 2 4",
    "town": "4 3 0 1 5 2",
    "day desc,income": "2 5 0 1 3 4",
    "at,__id desc": "5 4 1 0 3 2",
    "__system/submissionDate": "0 1 2 3 4 5",
}


def test_rows_come_in_the_order_that_was_asked_for_and_pages_keep_it(answered: Backend) -> None:
    viewer = answered.person(Grant("viewer", 1, all_offices=True))
    for order, numbers in ORDERS.items():
        wanted = [f"uuid:{number}" for number in numbers.split()]
        assert shown(viewer, orderby=order) == wanted, order
        address, found = f"{SVC}/Submissions?$orderby={order}&$top=4&$filter=true eq true", []
        while address:
            page = viewer.get(address).json
            found += [row["__id"] for row in page["value"]]
            address = page.get("@odata.nextLink", "").removeprefix("http://localhost/v1")
        assert found == wanted, order
    assert viewer.get(f"{SVC}/Submissions?$orderby=town&$skiptoken=01e30=").json["code"] == 501.1


def test_a_filter_counts_pages_and_reaches_repeats_by_their_submission(answered: Backend) -> None:
    viewer = answered.person(Grant("viewer", 1, all_offices=True))
    at = f"{SVC}/Submissions?$filter=g_1/age ge 0&$count=true&$top=3"
    first = viewer.get(at).json
    assert (first["@odata.count"], len(first["value"])) == (4, 3)
    second = viewer.get(first["@odata.nextLink"].removeprefix("http://localhost/v1")).json
    assert [row["__id"] for row in second["value"]] == ["uuid:0"]
    below = viewer.get(f"{SVC}/Submissions.child?$filter=$root/Submissions/g_1/age eq 3&$count=true").json
    assert ([row["s"] for row in below["value"]], below["@odata.count"]) == (["0"], 1)
    assert viewer.get(f"{SVC}/Submissions.child?$filter=s eq '0'").json["code"] == 501.5
    assert viewer.get(f"{SVC}/Submissions('uuid:0')?$filter=town eq 'x'").json["code"] == 501.1


def test_a_call_is_a_value_that_is_compared_like_others(answered: Backend) -> None:
    viewer = answered.person(Grant("viewer", 1, all_offices=True))
    wanted = {
        "contains(town,'ran') eq true": ["uuid:2", "uuid:0"],
        "false eq contains(town,'ë')": ["uuid:5", "uuid:3"],
        "startswith(town,'T') ne false": ["uuid:4", "uuid:0"],
        "endswith(town,'ll') eq null": ["uuid:4"],
        "contains(town,'ran') eq contains(needs,'roof')": ["uuid:4", "uuid:2"],
        "contains(town,'ran') in (true,null)": ["uuid:4", "uuid:2", "uuid:0"],
    }
    assert {text: shown(viewer, filter=text) for text in wanted} == wanted


@pytest.mark.parametrize(
    "text",
    [
        f"g_1/age in ({','.join('1' * 1900)})",
        " or ".join(["town eq 'a'"] * 200),
        " or ".join(["(town eq 'a' and not (day eq null))"] * 99),
        "(" * 39 + "town eq 'a'" + " or town eq 'b')" * 39,
    ],
    ids=["names", "or", "groups", "nested"],
)
def test_a_long_filter_is_answered_or_refused_and_never_breaks(answered: Backend, text: str) -> None:
    answer = answered.admin.get(f"{SVC}/Submissions", query_string={"$filter": text})
    assert (answer.status_code, answer.json.get("code")) == ((400, 400.18) if "1,1" in text else (200, None))


def test_what_a_filter_with_now_leaves_changes_with_time_and_is_never_said_to_be_the_same(
    answered: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, asked_then = f"{SVC}/Submissions", {"$filter": "at lt now() and not (town eq null)"}
    monkeypatch.setattr(odata_conditions, "now", lambda: datetime(2026, 1, 31, 12, tzinfo=UTC))
    first = answered.admin.get(at, query_string=asked_then)
    assert ([row["__id"] for row in first.json["value"]], "ETag" in first.headers) == (["uuid:1", "uuid:0"], False)
    assert "ETag" in answered.admin.get(at, query_string={"$filter": "at lt 2026-01-31T12:00:00Z"}).headers


REFUSED = {
    "town eq": 400.18,
    "town eq 3": 400.18,
    "g_1/age eq '3'": 400.18,
    "year(town) eq 3": 400.18,
    "now()": 400.18,
    "nothing eq 1": 501.5,
    "place eq null": 501.5,
    "__system/nothing eq 1": 501.5,
    "tolower(town) eq 'x'": 501.4,
}


def test_what_cannot_be_asked_is_refused_in_words(answered: Backend) -> None:
    for text, code in REFUSED.items():
        assert answered.admin.get(f"{SVC}/Submissions", query_string={"$filter": text}).json["code"] == code, text


HIDDEN = ("phone", "who", "ill", "none")


@pytest.mark.parametrize("option", ["$filter", "$orderby"])
def test_a_masked_or_sealed_answer_is_refused_alike_whatever_it_is(answered: Backend, option: str) -> None:
    viewer = answered.person(Grant("viewer", 1), office="tr-01")
    for person in (viewer, answered.admin):
        for name in HIDDEN:
            guesses = {
                person.get(f"{SVC}/Submissions", query_string={option: text}).text
                for text in ([f"{name} eq 'w1'", f"{name} eq 'x'"] if option == "$filter" else [name])
            }
            assert [json.loads(each)["code"] for each in guesses] == [501.5], name


def test_a_class_that_is_read_in_the_own_office_alone_cannot_be_asked_for_in_all(answered: Backend) -> None:
    keyed = answered.person(Grant("viewer", 1), Grant("analyst", 1, all_offices=True), office="tr-01")
    assert keyed.get(f"{SVC}/Submissions?$filter=town eq 'Vlorë'").status_code == 200
    for query in ("$filter=town eq 'Vlorë'", "$orderby=town"):
        assert keyed.get(f"{SVC}/Submissions?{query}&deidentified=true").json["code"] == 501.5


def test_a_stricter_or_an_earlier_class_closes_the_question_for_filters(answered: Backend) -> None:
    viewer = answered.person(Grant("viewer", 1, all_offices=True))
    stricter = FORM.replace("| Town  | operational ", "| Town  | identifying ").replace("| 1       |", "| 2       |")
    answered.admin.publish_version("asked", stricter)
    refused = viewer.get(f"{SVC}/Submissions?$filter=town eq 'Vlorë'").json
    assert (refused["code"], refused["details"]["text"]) == (501.5, "town")
    assert viewer.get(f"{SVC}/Submissions?$filter=income gt 0").status_code == 200


def test_the_audit_says_by_which_questions_somebody_searched_and_not_what_for(answered: Backend) -> None:
    shown(answered.admin, filter="town eq 'canary'", orderby="day")
    line, end = [each for each in rows(answered, models.Audit) if "asked" in (each.details or {})]
    assert line.details["asked"] == end.details["asked"] == ["town", "day"]
    assert "canary" not in f"{line.details}{end.details}"
