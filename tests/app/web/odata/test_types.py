"""Every value in a feed is of the type that its metadata declares: of the full feed, and of the one without people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree

from app.permissions import Grant
from tests.support.backend import Backend, Person, instance

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
FORM = """
| survey  |                     |            |       |                     |
|         | type                | name       | label | bind::sportel:class |
|         | integer             | age        | L     | quasi               |
|         | decimal             | mosha_e    | L     | open                |
|         | integer             | calls      | L     | operational         |
|         | decimal             | paid       | L     | open                |
|         | integer             | cows       | L     | quasi               |
|         | date                | birth_date | L     | quasi               |
|         | date                | came       | L     | open                |
|         | dateTime            | met        | L     | operational         |
|         | time                | at         | L     | open                |
|         | geopoint            | place      | L     | open                |
|         | select_one yes      | agrees     | L     | open                |
|         | select_multiple yes | both       | L     | special:health      |
|         | text                | who        | L     | identifying         |
|         | begin_group         | home       | L     |                     |
|         | begin_repeat        | child      | L     |                     |
|         | integer             | age_years  | L     | special:health      |
|         | date                | seen       | L     | operational         |
|         | end_repeat          |            |       |                     |
|         | end_group           |            |       |                     |
| choices |           |      |       |
|         | list_name | name | label |
|         | yes       | y    | Y     |
| settings |         |         |       |                              |
|          | form_id | version | title | namespaces                   |
|          | typed   | 1       | Typed | sportel="urn:sportel:xforms" |
"""
SVC = "/projects/1/forms/typed.svc"
ANSWERS = (
    "<age>17</age><mosha_e>17.5</mosha_e><calls>3</calls><paid>0.50</paid><cows>2</cows><birth_date>2009-01-31</birth_date>"
    "<came>2026-01-31</came><met>2026-01-31T10:30:00.000+01:00</met><at>10:30:00.000+01:00</at><place>41 19 0 1</place>"
    "<agrees>y</agrees><both>y</both><who>Who</who>"
    "<home><child><age_years>9</age_years><seen>2026-01-31</seen></child></home>"
)
# A value of a special class is shown where so many have it.
SENT = 11


def is_moment(value: Any) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value) is not None


HOLDS: dict[str, Any] = {
    "Edm.String": lambda value: isinstance(value, str),
    "Edm.Int64": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Edm.Decimal": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Edm.Boolean": lambda value: isinstance(value, bool),
    "Edm.Date": lambda value: re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None,
    "Edm.DateTimeOffset": is_moment,
    "Edm.GeographyPoint": lambda value: value["type"] == "Point",
}


def declared(metadata: bytes) -> dict[str, dict[str, str]]:
    """By type: its properties, each with its own type."""
    found = {}
    for schema in etree.fromstring(metadata).iter(f"{EDM}Schema"):
        for kind in schema.iter(f"{EDM}EntityType", f"{EDM}ComplexType"):
            properties = kind.iter(f"{EDM}Property", f"{EDM}NavigationProperty")
            found[f"{schema.get('Namespace')}.{kind.get('Name')}"] = {
                each.get("Name"): each.get("Type") for each in properties
            }
    return found


def walk(value: Any, kind: str, types: dict[str, dict[str, str]], seen: dict[str, Any]) -> None:
    """Every name of a value, and of what lies in it, is declared, and its value is of that type."""
    if kind.startswith("Collection("):
        for each in value:
            walk(each, kind.removeprefix("Collection(").removesuffix(")"), types, seen)
    elif kind in types:
        for name, inner in value.items():
            if "@" not in name:
                assert name in types[kind], (kind, name)
                walk(inner, types[kind][name], types, seen)
                seen[name] = inner if inner is not None else seen.get(name)
    elif value is not None and kind.startswith("Edm."):
        assert HOLDS[kind](value), (kind, value)


def served(person: Person, query: str) -> dict[str, Any]:
    """What is served by each name, all of it as declared where the feed itself says."""
    seen: dict[str, Any] = {}
    for table in person.get(SVC).json["value"]:
        feed = person.get(f"{SVC}/{table['url']}{query}").json
        metadata, _, name = feed["@odata.context"].removeprefix("http://localhost/v1").partition("#")
        types = declared(person.get(metadata).data)
        assert feed["value"], table
        walk(feed["value"], f"Collection(org.opendatakit.user.typed.{name})", types, seen)
    return seen


@pytest.fixture
def typed(lite: Backend) -> Backend:
    lite.admin.publish(FORM)
    phone = lite.phone()
    for number in range(SENT):
        assert phone.send(instance("typed", ANSWERS, instance_id=f"uuid:{number}")).status_code == 201
    return lite


def test_every_value_of_the_feed_without_people_is_of_its_declared_type(typed: Backend) -> None:
    analyst = typed.person(Grant("analyst", 1, all_offices=True))
    for person, query in ((analyst, ""), (typed.admin, "?deidentified=true"), (analyst, "?$expand=*")):
        seen = served(person, query)
        assert (seen["age"], seen["mosha_e"], seen["birth_date"], seen["age_years"]) == (
            "14-17",
            "14-17",
            "14-17",
            "0-13",
        )
        assert (seen["came"], seen["met"], seen["seen"]) == ("2026-01", "2026-01", "2026-01")
        assert (seen["calls"], seen["paid"], seen["agrees"], seen["both"]) == (3, 0.5, "y", "y")
        assert not [name for name in ("cows", "at", "place", "who") if seen[name] is not None]


def test_every_value_of_the_full_feed_is_of_its_declared_type(typed: Backend) -> None:
    for query in ("", "?$expand=*"):
        seen = served(typed.admin, query)
        assert (seen["age"], seen["came"], seen["place"]["type"], seen["age_years"]) == (17, "2026-01-31", "Point", 9)
        assert not [
            name for name, value in seen.items() if value is None and not name.endswith(("At", "State", "tatus"))
        ]
