"""XML that is not a submission: 400 with the place, nothing stored, nothing opened. And odd XML that is one."""

from __future__ import annotations

import pytest

from app.db import models
from tests.app.looking import assert_no_orphans, blobs, count, kept_aside
from tests.app.shown_forms import VISIT
from tests.app.web.openrosa.bodies import body, file_part, post, xml_part
from tests.support.backend import AppUser, Backend, instance

GOOD = instance("visit", "<who>Drita</who>", instance_id="uuid:1")
META = "<meta><instanceID>uuid:1</instanceID></meta>"


def data(inner: str, attributes: str = 'id="visit" version="1"') -> str:
    return f"<data {attributes}>{inner}</data>"


REFUSED: dict[str, str | bytes] = {
    "nothing": "",
    "no XML": "canary",
    "JSON": '{"id": "visit"}',
    "cut": GOOD[:-10],
    "two roots": GOOD + GOOD,
    "billion laughs": '<!DOCTYPE d [<!ENTITY a "canary"><!ENTITY b "&a;&a;&a;&a;">]>' + GOOD.replace("Drita", "&b;"),
    "external entity": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.replace("Drita", "&x;"),
    "entity over http": '<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd">' + GOOD,
    "parameter entity": '<!DOCTYPE d [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>' + GOOD,
    "undeclared entity": GOOD.replace("Drita", "&canary;"),
    "stylesheet": '<?xml-stylesheet href="file:///etc/passwd"?>' + GOOD,
    "too deep": data("<a>" * 200 + "</a>" * 200 + META),
    "too many elements": data("<a/>" * 60_000 + META),
    "NUL": GOOD.replace("Drita", "\0"),
    "control character": GOOD.replace("Drita", "\x08"),
    "wrong bytes": GOOD.encode().replace(b"Drita", b"\xff\xfe"),
    "latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>' + GOOD.replace("Drita", "Çela").encode("latin-1"),
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + GOOD.encode(),
    "UTF-32": GOOD.encode("utf-32"),
    "lone surrogate": GOOD.encode().replace(b"Drita", b"\xed\xa0\x80"),
    "no form ID": data(META, 'version="1"'),
    "blank form ID": data(META, 'id=" " version="1"'),
    "no meta": data("<who>canary</who>"),
    "no instance ID": data("<meta/>"),
    "blank instance ID": data("<meta><instanceID>  </instanceID></meta>"),
    "long instance ID": data(f"<meta><instanceID>{'x' * 256}</instanceID></meta>"),
    "huge instance ID": data(f"<meta><instanceID>{'x' * 4096}</instanceID></meta>"),
    "line break in the instance ID": data("<meta><instanceID>a\nb</instanceID></meta>"),
    "long deprecated ID": data(f"<meta><instanceID>a</instanceID><deprecatedID>{'x' * 256}</deprecatedID></meta>"),
    "an attribute of 20 MB": data(META, f'id="visit" x="{"y" * 4_000_000}"' + "z" * 100),
}


@pytest.fixture
def phone(lite: Backend) -> AppUser:
    lite.admin.publish(VISIT)
    return lite.phone()


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_submission_is_400_and_leaves_nothing(lite: Backend, phone: AppUser, case: str) -> None:
    answer = post(phone, body(xml_part(REFUSED[case]), file_part("a.jpg", b"photo")))
    assert (answer.status_code, answer.mimetype) == (400, "text/xml"), answer.text
    assert "canary" not in answer.text
    assert "root:" not in answer.text
    assert len(answer.text) < 500
    assert blobs(lite) == set()
    assert count(lite, models.Submission) == count(lite, models.Quarantine) == 0


def test_the_same_refusals_hold_for_sending_by_api(lite: Backend, phone: AppUser) -> None:
    admin = lite.admin
    for case, xml in REFUSED.items():
        answer = admin.post("/projects/1/forms/visit/submissions", data=xml, content_type="application/xml")
        assert answer.status_code == 400, case
        assert int(answer.json["code"]) == 400
    assert count(lite, models.Submission) == 0


TAKEN: dict[str, bytes] = {
    "UTF-8 with its mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "UTF-16 little": b"\xff\xfe" + ('<?xml version="1.0" encoding="UTF-16"?>' + GOOD).encode("utf-16-le"),
    "UTF-16 big": b"\xfe\xff" + GOOD.encode("utf-16-be"),
    "UTF-16 without a mark": GOOD.encode("utf-16-le"),
    "a declaration": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + GOOD.encode(),
    "line breaks of Windows": GOOD.replace("><", ">\r\n\t<").encode(),
    "comments and instructions": GOOD.replace("<who>", "<!-- seen --><?odd thing?><who>").encode(),
    "CDATA": GOOD.replace("Drita", "<![CDATA[Drita]]>").encode(),
    "character references": GOOD.replace("Drita", "&#68;&#x72;ita").encode(),
    "odd quotes and spaces": GOOD.replace('id="visit"', "id  =  'visit'").encode(),
    "another prefix": GOOD.replace("orx:", "x:").replace("xmlns:orx", "xmlns:x").encode(),
    "an XInclude": GOOD.replace(
        "<who>", '<i xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/><who>'
    ).encode(),
}


@pytest.mark.parametrize("case", TAKEN)
def test_odd_but_good_xml_is_taken_and_comes_back_byte_for_byte(lite: Backend, phone: AppUser, case: str) -> None:
    assert phone.send(TAKEN[case]).status_code == 201
    admin = lite.admin
    assert admin.get("/projects/1/forms/visit/submissions/uuid:1.xml").data == TAKEN[case]
    assert admin.rows("visit")[0]["who"] == "Drita"
    assert "root:" not in admin.get("/projects/1/forms/visit.svc/Submissions").text


IDS = ["../../etc/passwd", "a b", "UUID:Ä", "uuid:а", "' OR 1=1 --", "%00", "a?b#c", "😀", "x" * 255, "<&>\"'"]


def test_an_instance_id_is_opaque_text(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    for name in IDS:
        escaped = name.replace("&", "&amp;").replace("<", "&lt;")
        for _ in range(2):
            assert phone.send(instance("visit", "<who>x</who>", instance_id=escaped)).status_code == 201, name
    assert {row["__id"] for row in backend.admin.rows("visit")} == set(IDS)
    assert count(backend, models.Submission) == len(IDS)
    assert kept_aside(backend) == []
    assert_no_orphans(backend)
