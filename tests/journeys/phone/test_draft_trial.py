"""A draft with its files is tried on a phone by its own token, apart from what counts, and then filled for real."""

from __future__ import annotations

from pathlib import Path

from app.services.collect_settings import payload
from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project
from tests.phone.phone import Phone, PhoneDriver

FORM = """
| survey |                                |        |                  |              |                                                  |
|        | type                           | name   | label            | media::image | calculation                                      |
|        | note                           | office | This is the door | door.png     |                                                  |
|        | select_one_from_file towns.csv | town   | Town             |              |                                                  |
|        | calculate                      | county |                  |              | instance('towns')/root/item[name=${town}]/county |
|        | image                          | photo  | Photo            |              |                                                  |
| settings |         |         |       |
|          | form_id | version | title |
|          | trial   | 1       | Trial |
"""
FILES = {
    "towns.csv": "name,label,county\nhas,Krumë,Kukës\nkruje,Krujë,Durrës\n".encode(),
    "door.png": b"\x89PNG a door",
}


def test_a_draft_with_a_list_and_a_picture_is_tried_and_then_filled(
    own_project: Project, driver: PhoneDriver, new_phone: NewPhone, tmp_path: Path
) -> None:
    photo = tmp_path / "door.jpg"
    photo.write_bytes(b"\xff\xd8\xff a photo")
    answers = {"/town": "kruje", "/photo": photo}
    address = own_project.add_draft("trial", FORM, FILES)
    tester = Phone(driver, tmp_path / "tester", payload({"general": {"server_url": address}, "admin": {}}))
    changes = tester.update_forms()
    assert (changes.downloaded, sorted(changes.files)) == (("trial",), sorted(FILES))
    tried = tester.fill("trial", answers)
    assert tester.send(tried).status == 201
    draft = f"{own_project.at}/forms/trial/draft"
    (sent,) = own_project.central.get(f"{draft}/submissions")
    at = f"{draft}/submissions/{sent['instanceId']}"
    assert sent["instanceId"] == tried.instance_id
    assert b"<county>Durr\xc3\xabs</county>" in own_project.central.content(f"{at}.xml")
    assert own_project.central.content(f"{at}/attachments/{photo.name}") == photo.read_bytes()
    own_project.central.post(f"{draft}/publish")
    phone = new_phone(own_project)
    filled = phone.fill("trial", answers)
    assert phone.send(filled).status == 201
    assert [row["county"] for row in own_project.rows("trial")] == ["Durrës"]
    assert own_project.file("trial", filled.instance_id, photo.name) == photo.read_bytes()
