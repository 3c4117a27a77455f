"""From a published form to a cleaned row, over HTTP."""

from __future__ import annotations

from tests.support.backend import Backend, instance

FORM = """
| survey |         |      |             |                      |
|        | type    | name | label       | bind::sportel:class  |
|        | text    | who  | Who         | identifying          |
|        | integer | age  | Age (years) | quasi                |
|        | image   | pic  | Picture     | identifying          |
| settings |         |         |         |                              |
|          | form_id | version | title   | namespaces                   |
|          | visit   | 1       | A visit | sportel="urn:sportel:xforms" |
"""


def test_a_sent_form_becomes_a_cleaned_row(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(FORM)
    phone = backend.phone()
    xml = instance("visit", "<who>Drita</who><age>31</age><pic>a.jpg</pic>", instance_id="uuid:one")
    answer = phone.send(xml, {"a.jpg": b"\xff\xd8picture"})
    assert answer.status_code == 201, answer.text
    (row,) = admin.rows("visit")
    assert (row["__id"], row["who"], row["age"], row["pic"]) == ("uuid:one", "Drita", 31, "a.jpg")
    assert row["__system"]["attachmentsPresent"] == 1
    assert admin.get("/projects/1/forms/visit/submissions/uuid:one.xml").data == xml.encode()
    assert admin.get("/projects/1/forms/visit/submissions/uuid:one/attachments/a.jpg").data == b"\xff\xd8picture"
