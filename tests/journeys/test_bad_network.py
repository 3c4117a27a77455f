"""A phone in the mountains: answers that never arrive, batches, and a form that changed in between."""

from __future__ import annotations

from tests.app.looking import assert_no_orphans, blobs
from tests.app.web.openrosa.bodies import body, file_part, post, xml_part
from tests.support.backend import Backend, instance

FORM = """
| survey |                |       |         |                     |
|        | type           | name  | label   | bind::sportel:class |
|        | text           | who   | Who     | identifying         |
|        | begin_repeat   | page  | Page    |                     |
|        | image          | photo | Photo   | identifying         |
|        | end_repeat     |       |         |                     |
| settings |         |           |             |                              |
|          | form_id | version   | title       | namespaces                   |
|          | papers  | {version} | Some papers | sportel="urn:sportel:xforms" |
"""
PHOTOS = {f"{number}.jpg": b"photo %d " % number * 5000 for number in range(6)}


def test_everything_arrives_once_however_often_the_network_fails(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(FORM.format(version="2026-01"))
    phone = backend.phone()
    pages = "".join(f"<page><photo>{name}</photo></page>" for name in PHOTOS)
    xml = instance("papers", f"<who>Drita</who>{pages}", version="2026-01", instance_id="uuid:papers")

    # The first try breaks off in the third photo.
    whole = body(xml_part(xml), *(file_part(name, content) for name, content in PHOTOS.items()))
    broken = whole[: whole.index(b"photo 2 ") + 70_000]
    assert post(phone, broken, environ_overrides={"CONTENT_LENGTH": str(len(whole))}).status_code == 400
    assert blobs(backend) == set()

    # Meanwhile the form changes; the phone has filled the old version.
    admin.publish_version("papers", FORM.format(version="2026-02"))

    # The second try goes in batches, and the answer to each is lost once.
    names = list(PHOTOS)
    for batch in (names[:2], names[2:4], names[4:]):
        fields = {} if batch == names[4:] else {"*isIncomplete*": "yes"}
        for _ in range(2):
            assert phone.send(xml, {name: PHOTOS[name] for name in batch}, **fields).status_code == 201

    (row,) = admin.rows("papers")
    assert (row["who"], row["__system"]["formVersion"]) == ("Drita", "2026-01")
    assert (row["__system"]["attachmentsPresent"], row["__system"]["attachmentsExpected"]) == (6, 6)
    at = "/projects/1/forms/papers/submissions/uuid:papers"
    assert {name: admin.get(f"{at}/attachments/{name}").data for name in names} == PHOTOS
    assert [each["photo"] for each in admin.rows("papers", "Submissions.page")] == names
    assert len(blobs(backend)) == len(PHOTOS)
    assert_no_orphans(backend)
