"""Headquarters changes a form: sees the mistake at its cell, tries the draft, publishes, and loses nothing."""

from __future__ import annotations

import base64
import json
import zlib
from urllib.parse import urlsplit

from app.permissions import Grant
from tests.app.web.openrosa.bodies import BOUNDARY, body, xml_part
from tests.support.backend import Backend, instance

AT = "/projects/1/forms/needs"


def form(version: str, *, more: str = "", kind: str = "integer") -> bytes:
    return f"""
| survey |           |      |       |                     |
|        | type      | name | label | bind::sportel:class |
|        | text      | who  | Who   | identifying         |
|        | {kind}    | age  | Age   | quasi               |
{more}
| settings |         |           |       |                              |
|          | form_id | version   | title | namespaces                   |
|          | needs   | {version} | Needs | sportel="urn:sportel:xforms" |
""".replace("\n\n", "\n").encode()


def test_a_form_is_corrected_tried_and_published_while_phones_go_on(backend: Backend) -> None:
    manager = backend.person(Grant("manager", 1, all_offices=True), Grant("case-reader", 1, all_offices=True))
    kind = {"content_type": "text/markdown"}
    wrong = manager.post("/projects/1/forms", data=form("1", kind="intreger"), **kind)
    assert wrong.json["code"] == 400.15
    assert (wrong.json["details"]["sheet"], wrong.json["details"]["row"]) == ("survey", 3)
    assert manager.post("/projects/1/forms?publish=true&ignoreWarnings=true", data=form("1"), **kind).status_code == 200

    new = manager.post("/projects/1/app-users", json={"displayName": "Counter 3"}).json
    settings = json.loads(zlib.decompress(base64.b64decode(new["settingsQr"]["payload"])))
    server = urlsplit(settings["general"]["server_url"]).path
    client = backend.client

    def send(to: str, xml: str) -> int:
        content_type = f"multipart/form-data; boundary={BOUNDARY}"
        return client.post(f"{to}/submission", data=body(xml_part(xml)), content_type=content_type).status_code

    assert send(server, instance("needs", "<who>Ana</who><age>30</age>", instance_id="uuid:1")) == 201

    assert manager.post(f"{AT}/draft", data=form("2", kind="date"), **kind).json["code"] == 400.17
    more = "|        | text      | town | Town  | quasi               |"
    assert manager.post(f"{AT}/draft?ignoreWarnings=true", data=form("2", more=more), **kind).status_code == 200
    token = manager.get(f"{AT}/draft").json["draftToken"]
    trial = instance("needs", "<who>Test</who><town>Korçë</town>", version="2", instance_id="uuid:trial")
    assert send(f"/v1/test/{token}{AT}/draft", trial) == 201
    assert "<version>1</version>" in client.get(f"{server}/formList").text
    assert manager.post(f"{AT}/draft/publish").status_code == 200
    assert "<version>2</version>" in client.get(f"{server}/formList").text

    # One phone has updated, another has not.
    assert send(server, instance("needs", "<who>Ben</who><town>Vlorë</town>", version="2", instance_id="uuid:2")) == 201
    assert send(server, instance("needs", "<who>Cen</who><age>40</age>", instance_id="uuid:3")) == 201
    rows = [(row["who"], row["age"], row["town"], row["__system"]["formVersion"]) for row in manager.rows("needs")]
    assert rows == [("Cen", 40, None, "1"), ("Ben", None, "Vlorë", "2"), ("Ana", 30, None, "1")]

    # The phone is lost: its next request is refused, what it sent stays.
    manager.delete(f"/projects/1/app-users/{new['id']}")
    assert send(server, instance("needs", "<who>Thief</who>", version="2")) == 403
    assert len(manager.rows("needs")) == 3
