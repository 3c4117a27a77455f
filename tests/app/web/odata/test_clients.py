"""Clients that were not written for us read the feed: one from PyPI, and the requests of Excel and Power BI."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator

import pytest
import requests
from lxml import etree
from odata import ODataService
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from app.permissions import Grant
from app.services.add_user import add_user
from tests.support.backend import PASSWORD, Backend, instance

FORM = """
| survey |              |       |       |                     |
|        | type         | name  | label | bind::sportel:class |
|        | integer      | age   | Age   | quasi               |
|        | date         | day   | Day   | operational         |
|        | text         | who   | Who   | identifying         |
|        | begin_repeat | child | Child |                     |
|        | text         | name  | Name  | open                |
|        | end_repeat   |       |       |                     |
| settings |            |       |       |                     |
|          | form_id | version | title | namespaces                   |
|          | fed     | 1       | Fed   | sportel="urn:sportel:xforms" |
"""
SVC = "/v1/projects/1/forms/fed.svc"
SENT = 7
EMAIL = "analyst@example.org"


@pytest.fixture
def fed(lite: Backend) -> Backend:
    lite.admin.publish(FORM)
    phone = lite.phone()
    for number in range(SENT):
        body = f"<age>{number}</age><day>2026-01-{number + 1:02d}</day><who>Who</who><child><name>a</name></child>"
        assert phone.send(instance("fed", body, instance_id=f"uuid:{number}")).status_code == 201
    return lite


@pytest.fixture
def served(fed: Backend) -> Iterator[str]:
    """The service's address on a port of this machine."""
    server = make_server("127.0.0.1", 0, fed.app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}{SVC}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_generic_client_reads_types_rows_filters_and_repeats(fed: Backend, served: str) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {fed.admin.token}"
        service = ODataService(served, reflect_entities=True, session=session, quiet_progress=True)
        submissions, children = service.entities["Submissions"], service.entities["Submissions.child"]
        rows = list(service.query(submissions).all())
        assert [(row.age, row.day, row.who) for row in rows] == [
            (number, f"2026-01-{number + 1:02d}", "Who") for number in reversed(range(SENT))
        ]
        query = service.query(submissions)
        older = query.filter(submissions.age > 4).order_by(submissions.age.asc())
        assert [row.age for row in older] == [5, 6]
        assert len(list(service.query(children).all())) == SENT


def test_excel_and_power_bi_read_with_a_key_page_by_page(fed: Backend) -> None:
    with fed.app.app_context():
        add_user(None, EMAIL, PASSWORD, grants=(Grant("viewer", 1, all_offices=True),))
    signed = fed.client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).json["token"]
    bearer = {"Authorization": f"Bearer {signed}"}
    me = fed.client.get("/v1/users/current", headers=bearer).json["id"]
    made = fed.client.post(f"/v1/users/{me}/api-keys", json={"label": "Excel", "projectId": 1}, headers=bearer).json
    basic = b64encode(f"{EMAIL}:{made['token']}".encode()).decode()

    def ask(address: str, accept: str) -> TestResponse:
        headers = {"Authorization": f"Basic {basic}", "OData-MaxVersion": "4.0", "OData-Version": "4.0"}
        answer = fed.client.get(address, headers=headers | {"Accept": accept, "User-Agent": "Microsoft.Data.Mashup"})
        assert (answer.status_code, answer.headers["OData-Version"]) == (200, "4.0")
        return answer

    tables = (
        "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,application/xml"
    )
    # Power BI begins with the metadata, Excel with the list of tables.
    metadata = etree.fromstring(ask(f"{SVC}/$metadata", "application/xml").data)
    assert metadata.get("Version") == "4.0"
    service = ask(SVC, tables).json
    assert service["@odata.context"] == f"http://localhost{SVC}/$metadata"
    address, ages = f"{SVC}/{service['value'][0]['url']}?$filter=age lt 6&$top=4&$select=__id,age", []
    while address:
        page = ask(address, "application/json;odata.metadata=minimal;IEEE754Compatible=false;odata.streaming=true").json
        ages += [row["age"] for row in page["value"]]
        address = page.get("@odata.nextLink")
    assert ages == [5, 4, 3, 2, 1, 0]
    # How many there are, without any; and the table in a repeat, by the address that the metadata gives.
    none = ask(f"{SVC}/Submissions?$top=0&$count=true", "application/json;odata.metadata=minimal").json
    assert (none["value"], none["@odata.count"]) == ([], SENT)
    assert "@odata.nextLink" not in none
    children = ask(f"{SVC}/Submissions.child?$select=name", "*/*").json["value"]
    assert [row["name"] for row in children] == ["a"] * SENT
    for address in (SVC, f"{SVC}/$metadata", f"{SVC}/Submissions"):
        asked = {"Authorization": f"Basic {basic}", "OData-MaxVersion": "3.0"}
        assert fed.client.get(address, headers=asked).status_code == 404
