"""A form that phones encrypt, from the key to the export: ODK's engine fills it, and the export is what was typed."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.support.phone_encryption import EncryptingPhone

PASSPHRASE = "correct horse battery"
VISIT = """
| survey |              |       |       |
|        | type         | name  | label |
|        | text         | who   | Who   |
|        | integer      | age   | Age   |
|        | image        | photo | Photo |
|        | begin repeat | child | Child |
|        | text         | name  | Name  |
|        | end repeat   |       |       |
| settings |         |         |         |
|          | form_id | version | title   |
|          | visit   | 1       | A visit |
"""


def test_what_a_phone_encrypted_is_exported_as_it_was_typed(
    own_project: Project, new_phone: NewPhone, tmp_path: Path
) -> None:
    central, at = own_project.central, f"{own_project.at}/forms/visit/submissions"
    own_project.publish(VISIT)
    app_user = own_project.app_user("Phone")
    old = new_phone(own_project, app_user=app_user)
    assert old.forms()["visit"]["version"] == "1"
    central.post(f"{own_project.at}/key", json={"passphrase": PASSPHRASE})
    # The phone has the form without the key; the next update brings the one with it.
    assert old.update_forms().downloaded == ("visit",)

    photo = tmp_path / "foto ë.jpg"
    photo.write_bytes(bytes(range(256)) * 300)
    answers = {"/who": "Drita ë", "/age": 30, "/photo": photo, "/child[1]/name": "Teuta", "/child[2]/name": "Besa"}
    filled = old.fill("visit", answers)
    form = central.content(f"{own_project.at}/forms/visit.xml")
    collect = EncryptingPhone(form)
    assert filled.version == collect.version
    envelope, files = collect.encrypt(filled.instance_id, filled.xml, {photo.name: photo.read_bytes()})
    sent = central.post_form(f"{old.server_url}/submission", {"xml_submission_file": envelope} | files)
    assert sent.status_code == 201, sent.text

    (row,) = own_project.rows("visit")
    assert (row["who"], row["__system"]["status"]) == (None, "notDecrypted")
    (key,) = central.get(f"{at}/keys")
    answer = central.request("POST", f"{at}.csv.zip", data={str(key["id"]): PASSPHRASE})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        tables = {name: _lines(archive.read(name)) for name in archive.namelist() if name.endswith(".csv")}
        assert archive.read(f"media/{photo.name}") == photo.read_bytes()
    (line,) = tables["visit.csv"]
    assert (line["who"], line["age"], line["photo"], line["Status"]) == ("Drita ë", "30", photo.name, "")
    assert [each["name"] for each in tables["visit-child.csv"]] == ["Teuta", "Besa"]


def _lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))
