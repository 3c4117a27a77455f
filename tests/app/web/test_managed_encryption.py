"""A project whose submissions are encrypted on phones: forms get the key, the server reads nothing, the passphrase opens."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from werkzeug.test import TestResponse

from app.db import models
from app.permissions import Grant
from app.sealing.phone_encryption import make_key_pair
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.app.shown_forms import CASES, simple
from tests.support.backend import Backend, Person, instance
from tests.support.phone_encryption import EncryptingPhone

PASSPHRASE = "correct horse battery"
WRONG = "correct horse batterx"
FORM = """
| survey |              |       |       |                     |
|        | type         | name  | label | bind::sportel:class |
|        | text         | who   | Who   | identifying         |
|        | integer      | age   | Age   | quasi               |
|        | image        | pic   | Pic   | quasi               |
|        | image        | scan  | Scan  | special:health      |
|        | begin_repeat | child | Child |                     |
|        | text         | name  | Name  | identifying         |
|        | end_repeat   |       |       |                     |
| settings |         |         |                              |
|          | form_id | version | namespaces                   |
|          | visit   | 1       | sportel="urn:sportel:xforms" |
"""
AT = "/projects/1/forms/visit"
PHOTO = bytes(range(256)) * 700  # of many pieces, and not whole blocks
SCAN = b"a scan"
BODY = (
    "<who>Drita ë</who><age>30</age><pic>a.jpg</pic><scan>s.jpg</scan>"
    "<child><name>Teuta</name></child><child><name>Besa</name></child>"
)


def encrypted(backend: Backend) -> Backend:
    """The form, published, in a project that is encrypted."""
    backend.admin.publish(FORM)
    assert backend.admin.post("/projects/1/key", json={"passphrase": PASSPHRASE, "hint": "horse"}).status_code == 200
    return backend


def send(
    backend: Backend,
    instance_id: str = "uuid:1",
    *,
    inside: str | None = None,
    mask: hashes.HashAlgorithm | None = None,
    change: Callable[[dict[str, bytes]], object] = dict,
) -> bytes:
    """Fill the form on a phone that fetched it, and send it encrypted; the envelope. `inside`: another's answers."""
    phone = backend.phone()
    collect = EncryptingPhone(phone.get("/forms/visit.xml").data, mask)
    xml = instance("visit", BODY, version=collect.version, instance_id=inside or instance_id).encode()
    envelope, files = collect.encrypt(instance_id, xml, {"a.jpg": PHOTO, "s.jpg": SCAN})
    change(files)
    answer = phone.send(envelope, files)
    assert answer.status_code == 201, answer.text
    return envelope


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def opened(by: Person, path: str = "submissions.csv", passphrase: str = PASSPHRASE, query: str = "") -> TestResponse:
    number = by.get("/projects/1").json["keyId"]
    return by.post(f"{AT}/{path}{query}", data={str(number): passphrase})


def unzipped(answer: TestResponse) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_form_gets_a_version_with_the_key_and_every_later_draft_too(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(FORM)
    before = admin.get(AT).json
    draft = FORM.replace("| 1       |", "| 2       |").encode()
    assert admin.post(f"{AT}/draft?ignoreWarnings=true", data=draft, content_type="text/markdown").status_code == 200
    assert (admin.get("/projects/1").json["keyId"], before["keyId"]) == (None, None)
    encrypted_by = admin.post("/projects/1/key", json={"passphrase": PASSPHRASE})
    assert encrypted_by.json == {"success": True}
    after, drafted = admin.get(AT).json, admin.get(f"{AT}/draft").json
    assert after["version"].startswith("1[encrypted:")
    assert after["hash"] != before["hash"]
    assert drafted["version"] == after["version"].replace("1[", "2[", 1)
    assert admin.publish(simple("later")) == "later"
    later = admin.get("/projects/1/forms/later").json
    assert later["version"].startswith("1[encrypted:")
    for path in (f"{AT}.xml", f"{AT}/draft.xml", "/projects/1/forms/later.xml"):
        assert admin.get(path).data.count(b"base64RsaPublicKey=") == 1
    assert admin.get("/projects/1").json["keyId"] == after["keyId"] == drafted["keyId"] == later["keyId"] is not None
    assert len(admin.get(f"{AT}/versions").json) == 2


def test_what_a_phone_encrypted_is_kept_whole_and_opens_with_the_passphrase_field_by_field(backend: Backend) -> None:
    admin = encrypted(backend).admin
    assert admin.get(f"{AT}/submissions/keys").json == []
    envelope = send(backend)
    assert admin.get(f"{AT}/submissions/uuid:1.xml").data == envelope
    files = admin.get(f"{AT}/submissions/uuid:1/attachments").json
    assert {each["name"]: each["exists"] for each in files} == dict.fromkeys(
        ("a.jpg.enc", "s.jpg.enc", "submission.xml.enc"), True
    )
    (key,) = admin.get(f"{AT}/submissions/keys").json
    assert (key["id"], key["managed"], key["hint"]) == (admin.get("/projects/1").json["keyId"], True, "horse")
    # Without the passphrase: metadata.
    (closed,) = table(admin.get(f"{AT}/submissions.csv").text)
    assert (closed["who"], closed["age"], closed["Status"], closed["KEY"]) == ("", "", "not decrypted", "uuid:1")
    (row,) = admin.rows("visit")
    assert (row["who"], row["age"], row["__system"]["status"]) == (None, None, "notDecrypted")
    assert admin.rows("visit", "Submissions.child") == []
    assert set(unzipped(admin.get(f"{AT}/submissions.csv.zip"))) == {"visit.csv", "visit-child.csv"}
    # With it: everything.
    (line,) = table(opened(admin).text)
    assert (line["who"], line["age"], line["pic"], line["Status"]) == ("Drita ë", "30", "a.jpg", "")
    archive = unzipped(opened(admin, "submissions.csv.zip"))
    assert (archive.pop("media/a.jpg"), archive.pop("media/s.jpg")) == (PHOTO, SCAN)
    assert [each["name"] for each in table(archive.pop("visit-child.csv").decode())] == ["Teuta", "Besa"]
    assert set(archive) == {"visit.csv"}


def test_who_exports_sees_of_it_what_the_own_classes_show_and_an_analyst_nothing(lite: Backend) -> None:
    send(encrypted(lite))
    viewer = lite.person(Grant("viewer", 1, all_offices=True))
    (line,) = table(opened(viewer).text)
    assert (line["who"], line["age"]) == ("[masked: identifying]", "30")
    archive = unzipped(opened(viewer, "submissions.csv.zip"))
    assert archive.pop("media/a.jpg") == PHOTO  # its question is of a class that viewers read; the scan's is not
    assert set(archive) == {"visit.csv", "visit-child.csv"}
    assert b"Teuta" not in archive["visit-child.csv"]
    analyst = lite.person(Grant("analyst", 1, all_offices=True))
    for text in (opened(analyst).text, opened(lite.admin, query="?deidentified=true").text):
        (line,) = table(text)
        assert (line["age"], line["Status"]) == ("", "not decrypted")
        # A pseudonym may begin as the name does.
        assert not any(re.search(rf"{secret}(?![\w-])", text) for secret in ("Drita", "a.jpg", "uuid:1"))


def test_one_that_does_not_open_is_named_and_stops_no_other(lite: Backend) -> None:
    send(encrypted(lite), "uuid:1", mask=hashes.SHA1())  # as some phones' libraries do
    send(lite, "uuid:2", change=lambda files: files.pop("submission.xml.enc"))
    send(lite, "uuid:3", inside="uuid:1")
    send(lite, "uuid:4", change=lambda files: files.update({"submission.xml.enc": b"cut"}))
    send(lite, "uuid:5", change=lambda files: files.update({"a.jpg.enc": files["a.jpg.enc"][:-3]}))
    send(lite, "uuid:6", change=lambda files: [files.pop(name) for name in ("a.jpg.enc", "s.jpg.enc")])
    # The storage lost it: an operator's fault, which fsck tells, and not the other persons'.
    (lost,) = (each for each in rows(lite, models.SubmissionAttachment)[-3:] if each.blob_key)
    next((lite.folder / "blobs").rglob(lost.blob_key.rpartition("/")[2])).unlink()
    archive = unzipped(opened(lite.admin, "submissions.csv.zip"))
    lines = {each["KEY"]: (each["who"], each["Status"]) for each in table(archive["visit.csv"].decode())}
    assert lines == {
        "uuid:1": ("Drita ë", ""),
        "uuid:2": ("", "missing encrypted form data"),
        "uuid:3": ("", "not decrypted"),
        "uuid:4": ("", "not decrypted"),
        "uuid:5": ("Drita ë", ""),
        "uuid:6": ("", "missing encrypted form data"),
    }
    # The newest comes first, as in the tables; what was sent cut stays cut.
    assert len(PHOTO) - 16 < len(archive["media/a.jpg"]) < len(PHOTO)
    assert archive["media/uuid_1-a.jpg"] == PHOTO
    statuses = {each["__id"]: each["__system"]["status"] for each in lite.admin.rows("visit")}
    assert statuses["uuid:2"] == "missingEncryptedFormData"
    assert {statuses[each] for each in ("uuid:1", "uuid:3", "uuid:5")} == {"notDecrypted"}


def test_an_envelope_that_names_one_file_again_and_again_gives_it_once(lite: Backend) -> None:
    phone = encrypted(lite).phone()
    collect = EncryptingPhone(phone.get("/forms/visit.xml").data)
    xml = instance("visit", BODY, version=collect.version, instance_id="uuid:1").encode()
    # The answers' place in the order is the fourth here, whatever the names are.
    envelope, files = collect.encrypt("uuid:1", xml, {"a.jpg": PHOTO, "b.jpg": b"", "c.jpg": b""})
    for name in (b"b.jpg.enc", b"c.jpg.enc"):
        envelope = envelope.replace(
            b"<file>" + name, b"<file>" + (b"a.jpg.enc" if name[:1] == b"b" else b"submission.xml.enc")
        )
    sent = {name: files[name] for name in ("a.jpg.enc", "submission.xml.enc")}
    assert phone.send(envelope, sent).status_code == 201
    archive = unzipped(opened(lite.admin, "submissions.csv.zip"))
    assert set(archive) == {"visit.csv", "visit-child.csv", "media/a.jpg"}
    assert archive["media/a.jpg"] == PHOTO


WRONG_BODIES: list[tuple[dict[str, Any], float]] = [
    ({"data": {"1": WRONG}}, 400.12),
    ({"json": {"1": WRONG}}, 400.12),
    ({"json": {"1": 7}}, 400.11),
    ({"json": [PASSPHRASE]}, 400.11),
    ({"data": b"x", "content_type": "text/plain"}, 415.1),
    ({"query_string": {"1": PASSPHRASE}}, 400.8),
]


def test_a_passphrase_that_opens_nothing_is_refused_and_none_is_logged(
    lite: Backend, capfd: pytest.CaptureFixture[str]
) -> None:
    admin = encrypted(lite).admin
    assert admin.get("/projects/1").json["keyId"] == 1
    for path in ("submissions.csv", "submissions.csv.zip"):
        for body, code in WRONG_BODIES:
            answer = admin.post(f"{AT}/{path}", **body)
            assert answer.json["code"] == code, (path, body)
            assert "correct" not in answer.text
        answer = admin.get(f"{AT}/{path}?1={PASSPHRASE}")
        assert (answer.json["code"], "POST" in answer.json["message"]) == (400.8, True)
        assert admin.post(f"{AT}/{path}", json={"7": "of no key of ours", "other": 7}).status_code == 200
    assert actions(lite, "form.submission.decrypt") == ["form.submission.decrypt.refuse"] * 4
    assert "correct" not in "".join(capfd.readouterr())
    assert "correct" not in str([line.details for line in rows(lite, models.Audit)])


def test_who_guesses_at_the_passphrase_must_wait_and_nobody_else(make_lite: MakeBackend) -> None:
    lite = encrypted(make_lite(sign_in_tries=2))
    guesser, other = lite.admin, lite.admin
    # A right one ends the count; two wrong ones in a row lock, also for the zip.
    tried = [opened(guesser, passphrase=each).status_code for each in (WRONG, PASSPHRASE, WRONG, WRONG, PASSPHRASE)]
    assert tried == [400, 200, 400, 400, 429]
    refused = opened(guesser, "submissions.csv.zip")
    assert (refused.json["code"], refused.headers["Retry-After"].isdigit()) == (429.1, True)
    assert (opened(other).status_code, guesser.get(f"{AT}/submissions.csv").status_code) == (200, 200)
    assert actions(lite, "form.submission.decrypt") == ["form.submission.decrypt.refuse"] * 5


def test_a_project_gets_one_key_with_a_good_passphrase_and_only_forms_that_open_no_case(lite: Backend) -> None:
    admin = lite.admin

    def code(body: object, path: str = "/projects/1/key") -> float:
        return float(admin.post(path, json=body).json["code"])

    assert [code({}), code({"passphrase": "short"}), code({"passphrase": 7})] == [400.2, 400.21, 400.8]
    assert code({"passphrase": PASSPHRASE}, "/projects/9/key") == 404.1
    admin.publish(FORM)
    admin.publish(CASES)
    # All forms, or none.
    assert code({"passphrase": PASSPHRASE}) == 409.53
    assert (admin.get(AT).json["version"], admin.get("/projects/1").json["keyId"]) == ("1", None)


def test_a_version_that_has_no_room_for_the_mark_of_encryption_is_refused(backend: Backend) -> None:
    admin = encrypted(backend).admin
    long = FORM.replace("| 1       |", f"| {'9' * 250} |").encode()
    answer = admin.post(f"{AT}/draft?ignoreWarnings=true", data=long, content_type="text/markdown")
    assert (answer.json["code"], answer.json["details"]["field"]) == (400.8, "version")


def test_an_encrypted_project_keeps_its_key_sealed_and_takes_no_form_that_opens_cases(lite: Backend) -> None:
    admin = encrypted(lite).admin
    assert admin.post("/projects/1/key", json={"passphrase": PASSPHRASE}).json["code"] == 409.4
    answer = admin.post("/projects/1/forms", data=CASES.encode(), content_type="text/markdown")
    assert answer.json["code"] == 409.53
    (row,) = rows(lite, models.EncryptionKey)
    assert b"PRIVATE" not in row.private_sealed
    assert PASSPHRASE.encode() not in row.private_sealed
    assert row.data_key_id is not None


def test_a_test_of_a_draft_opens_like_what_is_sent_to_the_form(lite: Backend) -> None:
    admin = encrypted(lite).admin
    assert admin.post(f"{AT}/draft?ignoreWarnings=true").status_code == 200
    draft = admin.get(f"{AT}/draft").json
    collect = EncryptingPhone(admin.get(f"{AT}/draft.xml").data)
    xml = instance("visit", BODY, version=collect.version, instance_id="uuid:1").encode()
    envelope, files = collect.encrypt("uuid:1", xml, {"a.jpg": PHOTO})
    sent = {"xml_submission_file": envelope} | files
    parts = {name: (io.BytesIO(content), name) for name, content in sent.items()}
    at = f"/v1/test/{draft['draftToken']}{AT}/draft"
    assert lite.client.post(f"{at}/submission", data=parts).status_code == 201
    (key,) = admin.get(f"{AT}/draft/submissions/keys").json
    assert (key["id"], admin.get(f"{AT}/submissions/keys").json) == (draft["keyId"], [])
    closed = unzipped(admin.get(f"{AT}/draft/submissions.csv.zip"))
    archive = unzipped(admin.post(f"{AT}/draft/submissions.csv.zip", json={str(key["id"]): PASSPHRASE}))
    assert (archive["media/a.jpg"], "media/a.jpg" in closed) == (PHOTO, False)
    assert b"Drita" in archive["visit.csv"]


def test_a_key_of_the_authors_needs_a_second_administrator_and_is_never_opened_here(lite: Backend) -> None:
    encrypted(lite)
    author, other = lite.admin, lite.admin
    key = make_key_pair("of the author's").public
    own = FORM.replace("| namespaces  ", "| public_key | namespaces  ").replace("| sportel=", f"| {key} | sportel=")
    answer = author.post(f"{AT}/draft?ignoreWarnings=true", data=own.encode(), content_type="text/markdown")
    assert answer.status_code == 200, answer.text
    refused = author.post(f"{AT}/draft/publish?version=9")
    assert (refused.json["code"], refused.json["details"]["questions"][0]["path"]) == (409.41, "/")
    assert other.post(f"{AT}/draft/loosening", json={"approve": True}).status_code == 200
    assert author.post(f"{AT}/draft/publish?version=9").status_code == 200
    assert author.get(AT).json["version"] == "9"
    send(lite)
    (line,) = table(opened(author).text)
    assert (line["who"], line["Status"]) == ("", "not decrypted")
    (shown,) = author.get(f"{AT}/submissions/keys").json
    assert (shown["public"], shown["managed"]) == (key, False)
    assert author.get(AT).json["keyId"] == shown["id"] != author.get("/projects/1").json["keyId"]
