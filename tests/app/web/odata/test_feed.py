"""The feed as OData clients walk it: the service and its metadata first, then pages, rows by key, and only what is new."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from lxml import etree

from app.clock import now
from app.db import models
from app.db.queries import feed as queries
from app.db.queries.submissions import Scope
from app.permissions import Grant
from app.services import odata_feed
from app.web.odata import answers
from app.web.odata.answers import ROWS_HELD
from tests.app.looking import actions
from tests.support.backend import Backend, Person, instance

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
FORM = """
| survey |                    |         |       |                     |
|        | type               | name    | label | bind::sportel:class |
|        | begin_group        | home-1  | Home  |                     |
|        | geopoint           | place   | Place | operational         |
|        | geoshape           | field   | Field | operational         |
|        | end_group          |         |       |                     |
|        | date               | day     | Day   | operational         |
|        | dateTime           | at      | At    | operational         |
|        | decimal            | income  | In    | quasi               |
|        | integer            | age     | Age   | quasi               |
|        | text               | who     | Who   | identifying         |
|        | begin_repeat       | child   | Child |                     |
|        | text               | name    | Name  | identifying         |
|        | begin_repeat       | toy     | Toy   |                     |
|        | text               | colour  | C     | open                |
|        | end_repeat         |         |       |                     |
|        | end_repeat         |         |       |                     |
| settings |                  |         |       |                     |
|          | form_id | version | title    | namespaces                   |
|          | family  | 1       | A family | sportel="urn:sportel:xforms" |
"""
SVC = "/projects/1/forms/family.svc"
RING = "41 19 0 1; 41 20 0 1; 42 20 0 1; 41 19 0 1"


def filled(number: int, children: int = 2) -> str:
    toys = "".join(f"<toy><colour>c{number}.{each}</colour></toy>" for each in (1, 2))
    repeated = "".join(f"<child><name>Ana {each}</name>{toys}</child>" for each in range(children))
    answers = (
        f"<home-1><place>41.5 19.5 110 4</place><field>{RING}</field></home-1><day>2026-01-31</day>"
        f"<at>2026-01-31T10:30:00.000+01:00</at><income>0.10</income><age>{number}</age><who>Who {number}</who>"
    )
    return instance("family", answers + repeated, instance_id=f"uuid:{number}")


@pytest.fixture
def families(backend: Backend) -> Backend:
    """Five submissions of one phone: the newest is number 4; number 3 has no children."""
    backend.admin.publish(FORM)
    phone = backend.phone(name="Tablet")
    for number in range(5):
        assert phone.send(filled(number, 0 if number == 3 else 2)).status_code == 201
    return backend


def walked(person: Person, table: str, query: str) -> list[list[str]]:
    """The keys on each page, as a client that follows the links finds them."""
    pages, address = [], f"{SVC}/{table}?{query}"
    while address:
        answer = person.get(address)
        assert answer.status_code == 200, answer.text
        pages.append([row["__id"] for row in answer.json["value"]])
        address = answer.json.get("@odata.nextLink", "").removeprefix("http://localhost/v1")
    return pages


def test_the_metadata_names_every_table_property_and_type(families: Backend) -> None:
    answer = families.admin.get(f"{SVC}/$metadata")
    assert (answer.mimetype, answer.headers["OData-Version"]) == ("application/xml", "4.0")
    root = etree.fromstring(answer.data)
    types = {each.get("Name"): each for each in root.iter(f"{EDM}EntityType", f"{EDM}ComplexType")}
    ours = "org.opendatakit.user.family"
    assert {each.get("Name"): each.get("Type") for each in types["Submissions"].iter(f"{EDM}Property")} == {
        "__id": "Edm.String",
        "__system": "org.opendatakit.submission.metadata",
        "home_1": f"{ours}.home_1",
        "day": "Edm.Date",
        "at": "Edm.DateTimeOffset",
        "income": "Edm.Decimal",
        "age": "Edm.Int64",
        "who": "Edm.String",
        "meta": f"{ours}.meta",
    }
    assert [each.get("Type") for each in types["home_1"]] == ["Edm.GeographyPoint", "Edm.GeographyPolygon"]
    (link,) = types["Submissions"].iter(f"{EDM}NavigationProperty")
    assert (link.get("Name"), link.get("Type")) == ("child", f"Collection({ours}.Submissions.child)")
    assert "__Submissions-child-id" in {each.get("Name") for each in types["Submissions.child.toy"]}
    declared = {f"org.opendatakit.submission.{name}" for name in ("metadata", "Status", "ReviewState")}
    declared |= {f"{ours}.{name}" for name in types}
    named = {each.get("Type").removeprefix("Collection(").rstrip(")") for each in root.iter() if each.get("Type")}
    assert {each for each in named if not each.startswith("Edm.")} <= declared
    sets = [each.get("Name") for each in root.iter(f"{EDM}EntitySet")]
    assert sets == [each["name"] for each in families.admin.get(SVC).json["value"]]


PAGES: list[tuple[str, str, list[list[str]]]] = [
    ("Submissions", "$top=2", [["uuid:4", "uuid:3"], ["uuid:2", "uuid:1"], ["uuid:0"]]),
    ("Submissions", "$top=2&$skip=1", [["uuid:3", "uuid:2"], ["uuid:1", "uuid:0"]]),
    ("Submissions", "$top=5", [["uuid:4", "uuid:3", "uuid:2", "uuid:1", "uuid:0"]]),
    ("Submissions", "$top=0", [[]]),
    (
        "Submissions.child",
        "$top=3",
        [
            ["uuid:4/child[1]", "uuid:4/child[2]", "uuid:2/child[1]"],
            ["uuid:2/child[2]", "uuid:1/child[1]", "uuid:1/child[2]"],
            ["uuid:0/child[1]", "uuid:0/child[2]"],
        ],
    ),
]


def test_the_links_lead_through_every_row_once(families: Backend) -> None:
    admin = families.admin
    for table, query, pages in PAGES:
        assert walked(admin, table, query) == pages, (table, query)
    toys = walked(admin, "Submissions.child.toy", "$top=5")
    assert [len(page) for page in toys] == [5, 5, 5, 1]
    assert len({key for page in toys for key in page}) == 16


def test_a_page_counts_all_rows_and_begins_where_the_one_before_ended_whatever_came_since(families: Backend) -> None:
    admin = families.admin
    first = admin.get(f"{SVC}/Submissions?$top=2&$count=true").json
    assert first["@odata.count"] == 5
    assert families.phone().send(filled(5)).status_code == 201
    second = admin.get(first["@odata.nextLink"].removeprefix("http://localhost/v1")).json
    assert ([row["__id"] for row in second["value"]], second["@odata.count"]) == (["uuid:2", "uuid:1"], 6)
    assert admin.get(f"{SVC}/Submissions.child?$count=true&$top=0").json["@odata.count"] == 10
    assert admin.get(f"{SVC}/Submissions.child.toy?$count=true&$top=1").json["@odata.count"] == 20


def test_an_analyst_walks_every_row_too_and_the_links_tell_them_nothing(families: Backend) -> None:
    one, other = (families.person(Grant("analyst", 1, all_offices=True)) for _ in range(2))
    pages = walked(one, "Submissions", "$top=2")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({key for page in pages for key in page}) == 5
    link = one.get(f"{SVC}/Submissions?$top=2").json["@odata.nextLink"].removeprefix("http://localhost/v1")
    assert other.get(link).json["code"] == 400.35
    assert families.admin.get(link).json["code"] == 400.35


def test_expanded_rows_lie_in_their_parents(families: Backend) -> None:
    newest = families.admin.get(f"{SVC}/Submissions?$expand=*&$top=2").json["value"]
    assert [len(row["child"]) for row in newest] == [2, 0]
    assert [toy["colour"] for toy in newest[0]["child"][1]["toy"]] == ["c4.1", "c4.2"]
    assert newest[0]["child"][1]["toy"][0]["__Submissions-child-id"] == "uuid:4/child[2]"


SELECTS: dict[str, Any] = {
    "__id": {"__id": "uuid:4"},
    "age,who": {"age": 4, "who": "Who 4"},
    "__system/edits,age": {"__system": {"edits": 0}, "age": 4},
    "home_1/place": {
        "home_1": {"place": {"type": "Point", "coordinates": [19.5, 41.5, 110.0], "properties": {"accuracy": 4.0}}}
    },
}


def test_a_client_selects_what_it_gets(families: Backend) -> None:
    admin = families.admin
    for select, row in SELECTS.items():
        assert admin.get(f"{SVC}/Submissions?$top=1&$select={select}").json["value"] == [row], select
    assert set(admin.get(f"{SVC}/Submissions?$top=1&$select=*").json["value"][0]) >= {"__id", "__system", "home_1"}
    assert admin.get(f"{SVC}/Submissions?$select=child/name").json["code"] == 400.24
    (child, _) = admin.get(f"{SVC}/Submissions('uuid:4')/child?$select=__Submissions-id").json["value"]
    assert child == {"__Submissions-id": "uuid:4"}


def test_places_come_as_well_known_text_if_asked(families: Backend) -> None:
    home = families.admin.get(f"{SVC}/Submissions?$wkt=true&$top=1").json["value"][0]["home_1"]
    assert home["place"] == "POINT (19.5 41.5 110.0)"
    assert home["field"].startswith("POLYGON ((19.0 41.0 0.0,20.0 41.0 0.0,")


def test_a_row_is_found_by_its_key_and_its_repeats_below_it(families: Backend) -> None:
    admin = families.admin
    (row,) = admin.get(f"{SVC}/Submissions('uuid:4')").json["value"]
    assert (row["__id"], row["who"]) == ("uuid:4", "Who 4")
    children = admin.get(f"{SVC}/{row['child@odata.navigationLink']}?$count=true").json
    assert ([each["__id"] for each in children["value"]], children["@odata.count"]) == (
        ["uuid:4/child[1]", "uuid:4/child[2]"],
        2,
    )
    toys = admin.get(f"{SVC}/{children['value'][1]['toy@odata.navigationLink']}").json["value"]
    assert [each["__id"] for each in toys] == ["uuid:4/child[2]/toy[1]", "uuid:4/child[2]/toy[2]"]
    for wrong in ("Submissions('uuid:9')", "Submissions('uuid:4')/nothing", "Submissions('uuid:4')/child('"):
        assert admin.get(f"{SVC}/{wrong}").json["code"] == 404.1


def test_what_has_not_changed_is_not_sent_again(families: Backend) -> None:
    admin = families.admin
    answer = admin.get(f"{SVC}/Submissions")
    etag = answer.headers["ETag"]
    assert etag.startswith('W/"')
    for form in (etag, etag.removeprefix("W/")):
        again = admin.get(f"{SVC}/Submissions", headers={"If-None-Match": form})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    viewer = families.person(Grant("viewer", 1, all_offices=True))
    for person, query in ((admin, "?$top=1"), (viewer, "")):
        assert person.get(f"{SVC}/Submissions{query}", headers={"If-None-Match": etag}).json["value"], query
    assert families.phone().send(filled(5)).status_code == 201
    assert len(admin.get(f"{SVC}/Submissions", headers={"If-None-Match": etag}).json["value"]) == 6


@pytest.mark.parametrize("table", ["Submissions", "Submissions.child"])
def test_a_page_is_sent_again_only_if_its_own_rows_changed(families: Backend, table: str) -> None:
    admin = families.admin
    first = f"{SVC}/{table}?$top=2"
    second = admin.get(first).json["@odata.nextLink"].removeprefix("http://localhost/v1")
    known = {each: {"If-None-Match": admin.get(each).headers["ETag"]} for each in (first, second)}

    def statuses() -> list[int]:
        return [admin.get(each, headers=known[each]).status_code for each in (first, second)]

    assert statuses() == [304, 304]
    assert families.phone().send(filled(5)).status_code == 201
    assert statuses() == [200, 304]
    number = int(admin.get(second).json["value"][-1]["__id"].partition("/")[0].removeprefix("uuid:"))
    edit = (
        filled(number)
        .replace("Ana", "Mira")
        .replace(
            f"<orx:instanceID>uuid:{number}</orx:instanceID>",
            f"<orx:instanceID>uuid:e</orx:instanceID><orx:deprecatedID>uuid:{number}</orx:deprecatedID>",
        )
    )
    assert families.phone().send(edit).status_code == 201
    assert statuses() == [200, 200]


def test_a_page_that_counts_all_rows_is_sent_again_if_there_is_another_one(families: Backend) -> None:
    admin, address = families.admin, f"{SVC}/Submissions?$top=1&$skip=3&$count=true"
    before = admin.get(address)
    assert before.json["@odata.count"] == 5
    assert families.phone().send(filled(5)).status_code == 201
    assert admin.get(address, headers={"If-None-Match": before.headers["ETag"]}).json["@odata.count"] == 6


def test_every_look_at_a_page_is_on_record_also_if_it_is_not_sent_again(families: Backend) -> None:
    admin, address = families.admin, f"{SVC}/Submissions?$top=2"
    etag = admin.get(address).headers["ETag"]
    assert admin.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert actions(families, "form.table") == ["form.table.read", "form.table.read.end"] * 2


@pytest.mark.parametrize("top", [ROWS_HELD, ROWS_HELD + 1])
def test_a_page_says_the_same_whether_it_is_held_or_streamed(families: Backend, top: int) -> None:
    page = families.admin.get(f"{SVC}/Submissions?$top={top}")
    assert page.json == families.admin.get(f"{SVC}/Submissions").json
    assert ("Content-Length" in page.headers) == (top == ROWS_HELD)
    again = families.admin.get(f"{SVC}/Submissions?$top={top}", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_page_that_grows_too_large_to_be_held_is_streamed(families: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = families.admin.get(f"{SVC}/Submissions?$top=5")
    monkeypatch.setattr(answers, "BYTES_HELD", 1000)
    monkeypatch.setattr(odata_feed, "_PIECE_BYTES", 500)
    page = families.admin.get(f"{SVC}/Submissions?$top=5", headers={"If-None-Match": whole.headers["ETag"]})
    assert (page.status_code, page.data) == (200, whole.data)
    assert not {"ETag", "Content-Length"} & set(page.headers.keys())


def test_a_held_page_that_fails_is_a_problem_and_that_it_was_asked_for_is_on_record(families: Backend) -> None:
    with families.database() as session:
        session.query(models.SubmissionVersion).filter_by(instance_id="uuid:2").update({"sealed": b"damaged"})
        session.commit()
    answer = families.admin.get(f"{SVC}/Submissions?$top=5", headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.json["code"], "ETag" in answer.headers) == (500, 500.1, False)
    assert "Who" not in answer.text
    assert actions(families, "form.table") == ["form.table.read"]


def test_a_version_that_is_published_while_the_table_is_read_is_shown_at_the_next_look(
    families: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, stamp = families.admin, queries.stamp
    newer = FORM.replace("| age     |", "| years   |").replace("| 1       |", "| 2       |")

    def meanwhile(scope: Scope) -> tuple[Any, ...]:
        monkeypatch.undo()
        seen = stamp(scope)
        with ThreadPoolExecutor(1) as another:
            another.submit(admin.publish_version, "family", newer).result()
        return seen

    monkeypatch.setattr(queries, "stamp", meanwhile)
    etag = admin.get(f"{SVC}/Submissions").headers["ETag"]
    after = admin.get(f"{SVC}/Submissions", headers={"If-None-Match": etag})
    assert (after.status_code, "years" in after.text) == (200, True)


def test_another_row_under_the_number_of_one_that_a_restore_lost_is_sent(families: Backend) -> None:
    etag = families.admin.get(f"{SVC}/Submissions").headers["ETag"]
    with families.database() as session:
        session.query(models.Submission).filter_by(instance_id="uuid:4").update(
            {"instance_id": "uuid:5", "created_at": now()}
        )
        session.commit()
    answer = families.admin.get(f"{SVC}/Submissions", headers={"If-None-Match": etag})
    assert (answer.status_code, "uuid:5" in answer.text) == (200, True)


@pytest.mark.parametrize("name", ["\0", "uuid:\0", "\ud800"], ids=["null", "with null", "half a pair"])
def test_a_place_that_no_submission_can_have_is_refused(families: Backend, name: str) -> None:
    token = "01" + base64.urlsafe_b64encode(json.dumps({"instanceId": name, "row": 0}).encode()).decode()
    assert families.admin.get(f"{SVC}/Submissions?$skiptoken={token}").json["code"] == 400.35


def test_a_client_of_an_older_odata_or_one_that_reads_xml_is_answered_in_its_words(families: Backend) -> None:
    admin = families.admin
    for newest, status in (("3.0", 404), ("4.0", 200), ("4.01", 200)):
        answer = admin.get(f"{SVC}/Submissions", headers={"OData-MaxVersion": newest})
        assert (answer.status_code, bool(answer.data)) == (status, True)
    answer = admin.get(f"{SVC}/Submissions?$search=x", headers={"Accept": "application/atomsvc+xml, application/xml"})
    assert answer.mimetype == "application/xml"
    error = etree.fromstring(answer.data)
    assert (error.tag, error.get("code")) == ("error", "501.1")
    unknown = families.admin.get("/projects/1/forms/nothing.svc/$metadata")
    assert (unknown.status_code, etree.fromstring(unknown.data).get("code")) == (404, "404.1")


def test_what_was_sent_to_try_a_draft_has_a_feed_of_its_own(families: Backend) -> None:
    admin = families.admin
    body = FORM.replace("| 1       |", "| 2       |").encode()
    at = "/projects/1/forms/family/draft"
    assert admin.post(f"{at}?ignoreWarnings=true", data=body, content_type="text/markdown").status_code == 200
    token = admin.get(at).json["draftToken"]
    xml = filled(9).replace('version="1"', 'version="2"').encode()
    tried = families.client.post(
        f"/v1/test/{token}{at}/submission", data={"xml_submission_file": (io.BytesIO(xml), "submission.xml")}
    )
    assert tried.status_code == 201, tried.text
    assert [row["__id"] for row in admin.get(f"{at}.svc/Submissions").json["value"]] == ["uuid:9"]
    assert len(admin.get(f"{at}.svc/Submissions('uuid:9')/child").json["value"]) == 2
    assert len(admin.rows("family")) == 5
    assert admin.get(f"{at}.svc/$metadata").status_code == 200
    context = admin.get(f"{at}.svc").json["@odata.context"]
    assert context == "http://localhost/v1/projects/1/forms/family/draft.svc/$metadata"
