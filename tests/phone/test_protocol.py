"""Does the phone keep to the OpenRosa protocol, and fail loudly where Collect would be silent?"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.phone.fake_server import MediaFile, OpenRosaServer
from tests.phone.phone import Phone, PhoneDriver, PhoneError
from tests.phone.xlsform import xform

NOTE = "| survey |\n| | type | name | label |\n| | text | note | Note |"
PHOTOS = """
| survey |
|        | type         | name  | label |
|        | begin repeat | shot  | Shot  |
|        | image        | photo | Photo |
|        | end repeat   |       |       |
"""
ANNA = "11111111-1111-4111-8111-111111111111"
BEN = "22222222-2222-4222-8222-222222222222"


def note_server(**options: object) -> OpenRosaServer:
    return OpenRosaServer(forms={"note": xform(NOTE, "note").encode()}, **options)  # type: ignore[arg-type]


def updated_phone(driver: PhoneDriver, folder: Path, server: OpenRosaServer, **general: object) -> Phone:
    phone = Phone(driver, folder, server.settings_qr(**general))
    phone.update_forms()
    return phone


def names(parts: list[tuple[str, bytes]]) -> list[str]:
    return [name for name, _ in parts]


def test_first_install_downloads_fills_and_sends(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server)
        filled = phone.fill("note", {"/note": "Përshëndetje"})
        result = phone.send(filled)
    assert (result.sent, result.status, result.message) == (True, 201, "U pranua")
    assert server.posts[0].parts == [("xml_submission_file", filled.xml)]
    assert [(one.method, one.path.rsplit("/", 1)[-1]) for one in server.seen] == [
        ("GET", "formList"),
        ("GET", "note.xml"),
        ("HEAD", "submission"),
        ("POST", "submission"),
    ]


def test_every_request_names_the_device_and_collect(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server)
        phone.send(phone.fill("note", {"/note": "x"}))
    assert {tuple(one.query["deviceID"]) for one in server.seen} == {(phone.device_id,)}
    assert all(one.user_agent.startswith("org.odk.collect.android/v2026.") for one in server.seen)


@pytest.mark.parametrize("text", ["", "not base64!", "aGVsbG8="])
def test_a_text_that_is_no_settings_qr_is_refused(driver: PhoneDriver, tmp_path: Path, text: str) -> None:
    with pytest.raises(PhoneError) as refusal:
        Phone(driver, tmp_path, text)
    assert refusal.value.kind == "settings"


def test_a_phone_that_is_switched_on_again_knows_its_forms(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server() as server:
        first = updated_phone(driver, tmp_path, server)
    again = Phone(driver, tmp_path)
    assert again.device_id == first.device_id
    assert list(again.forms()) == ["note"]


@pytest.mark.parametrize("status", [200, 201, 302, 401, 404, 500])
def test_head_must_be_answered_with_204(driver: PhoneDriver, tmp_path: Path, status: int) -> None:
    with note_server(head_status=status) as server, pytest.raises(PhoneError) as refusal:
        Phone(driver, tmp_path, server.settings_qr()).head()
    assert refusal.value.kind == "not-openrosa"
    assert refusal.value.details["status"] == str(status)


def test_answers_without_the_openrosa_header_are_refused(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server(openrosa_header=False) as server:
        phone = Phone(driver, tmp_path, server.settings_qr())
        for action in (phone.head, phone.update_forms):
            with pytest.raises(PhoneError) as refusal:
                action()
            assert refusal.value.kind == "not-openrosa"


def test_a_form_whose_md5_differs_is_refused(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server(false_hashes={"note"}) as server, pytest.raises(PhoneError) as refusal:
        updated_phone(driver, tmp_path, server)
    assert refusal.value.kind == "hash"


def test_a_form_file_whose_md5_differs_is_refused(driver: PhoneDriver, tmp_path: Path) -> None:
    media = {"note": {"map.png": MediaFile(b"png")}}
    with note_server(media=media, false_hashes={"map.png"}) as server, pytest.raises(PhoneError) as refusal:
        updated_phone(driver, tmp_path, server)
    assert refusal.value.kind == "hash"


def test_only_what_changed_is_downloaded_again(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server(media={"note": {"map.png": MediaFile(b"one")}}) as server:
        phone = Phone(driver, tmp_path, server.settings_qr())
        first, second = phone.update_forms(), phone.update_forms()
        server.forms["note"] = xform(NOTE.replace("Note", "Better note"), "note", "2").encode()
        server.media["note"]["map.png"] = MediaFile(b"two")
        third = phone.update_forms()
    assert [(one.downloaded, one.files) for one in (first, second, third)] == [
        (("note",), ("map.png",)),
        ((), ()),
        (("note",), ("map.png",)),
    ]


@pytest.mark.parametrize("mode, left", [("match_exactly", []), ("manual", ["note"])])
def test_a_form_that_is_no_longer_listed_is_removed_when_the_phone_matches_exactly(
    driver: PhoneDriver, tmp_path: Path, mode: str, left: list[str]
) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server, form_update_mode=mode)
        server.forms.clear()
        phone.update_forms()
    assert list(phone.forms()) == left


@pytest.mark.parametrize("status, sent", [(200, False), (201, True), (202, True), (204, False), (409, False)])
def test_only_201_and_202_mean_sent(driver: PhoneDriver, tmp_path: Path, status: int, sent: bool) -> None:
    with note_server(answers=[(status, "Mesazh")]) as server:
        phone = updated_phone(driver, tmp_path, server)
        result = phone.send(phone.fill("note", {"/note": "x"}))
    assert (result.sent, result.status) == (sent, status)
    assert result.message == ("" if status == 204 else "Mesazh")


def test_files_are_split_into_batches_with_the_same_xml(driver: PhoneDriver, tmp_path: Path) -> None:
    photos = {f"/shot[{n}]/photo": {"sample": n} for n in (1, 2, 3)}
    with OpenRosaServer(forms={"photos": xform(PHOTOS, "photos").encode()}, accept_length=5_500) as server:
        phone = updated_phone(driver, tmp_path, server)
        filled = phone.fill("photos", photos)
        result = phone.send(filled)
    assert result.batches == len(server.posts) == 2
    first, last = server.posts
    assert "*isIncomplete*" in names(first.parts)
    assert dict(first.parts)["*isIncomplete*"] == b"yes"
    assert "*isIncomplete*" not in names(last.parts)
    assert dict(first.parts)["xml_submission_file"] == dict(last.parts)["xml_submission_file"] == filled.xml
    sent = {name: content for post in server.posts for name, content in post.parts if name.endswith(".png")}
    assert sent == {file.name: file.read_bytes() for file in filled.attachments}


def test_more_than_a_hundred_files_need_two_batches(driver: PhoneDriver, tmp_path: Path) -> None:
    photos = {f"/shot[{n}]/photo": {"sample": n} for n in range(1, 102)}
    with OpenRosaServer(forms={"photos": xform(PHOTOS, "photos").encode()}) as server:
        phone = updated_phone(driver, tmp_path, server)
        phone.send(phone.fill("photos", photos))
    assert [len([name for name in names(post.parts) if name.endswith(".png")]) for post in server.posts] == [
        100,
        1,
    ]


@pytest.mark.parametrize("cut, arrived", [("before_answer", 1), (50, 0)])
def test_a_lost_connection_is_not_sent_and_sending_again_gives_the_same_xml(
    driver: PhoneDriver, tmp_path: Path, cut: int | str, arrived: int
) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server)
        filled = phone.fill("note", {"/note": "x"})
        lost = phone.send(filled, cut=cut)  # type: ignore[arg-type]
        assert (lost.sent, lost.status, lost.kind) == (False, 0, "network")
        assert len(server.posts) == arrived
        assert phone.send(filled).sent
    assert {dict(post.parts)["xml_submission_file"] for post in server.posts} == {filled.xml}


def test_retries_go_on_after_a_lost_connection(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server)
        result = phone.send(phone.fill("note", {"/note": "x"}), cut="before_answer", retries=1)
    assert (result.sent, result.posts) == (True, 2)


def test_a_server_that_is_away_means_not_sent(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server)
        filled = phone.fill("note", {"/note": "x"})
    assert phone.send(filled).kind == "network"


@pytest.mark.parametrize("delete_send, left", [(True, False), (False, True)])
def test_a_sent_form_is_deleted_when_the_settings_say_so(
    driver: PhoneDriver, tmp_path: Path, delete_send: bool, left: bool
) -> None:
    with note_server() as server:
        phone = updated_phone(driver, tmp_path, server, delete_send=delete_send)
        filled = phone.fill("note", {"/note": "x"})
        phone.send(filled)
    assert filled.folder.exists() is left


def test_a_refused_form_stays_on_the_phone(driver: PhoneDriver, tmp_path: Path) -> None:
    with note_server(answers=[(409, "Ndryshe")]) as server:
        phone = updated_phone(driver, tmp_path, server, delete_send=True)
        filled = phone.fill("note", {"/note": "x"})
        phone.send(filled)
    assert (filled.folder / "submission.xml").read_bytes() == filled.xml


def test_the_user_name_of_the_settings_reaches_the_form(driver: PhoneDriver, tmp_path: Path) -> None:
    form = xform("| survey |\n| | type | name | label |\n| | username | username | |\n| | text | q | Q |", "who")
    with OpenRosaServer(forms={"who": form.encode()}) as server:
        phone = updated_phone(driver, tmp_path, server, metadata_username="KKS-1")
        assert phone.fill("who").calculated["/username"] == "KKS-1"


REGISTER = """
| survey |
|        | type | name | label | save_to |
|        | text | name | Name  | name_of |
| entities |
|          | list_name | label   |
|          | people    | ${name} |
"""
VISIT = """
| survey |
|        | type                              | name   | label  | save_to |
|        | select_one_from_file people.csv   | person | Person |         |
|        | text                              | town   | Town   | town    |
| entities |
|          | list_name | entity_id |
|          | people    | ${person} |
"""


def people(*rows: tuple[str, str, int]) -> MediaFile:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "label", "__version", "town"])
    writer.writerows([*row, ""] for row in rows)
    return MediaFile(text.getvalue().encode(), type="entityList", integrity=True)


def people_server(*rows: tuple[str, str, int]) -> OpenRosaServer:
    return OpenRosaServer(
        forms={"register": xform(REGISTER, "register").encode(), "visit": xform(VISIT, "visit").encode()},
        media={"visit": {"people.csv": people(*rows)}},
    )


def entity_of(xml: bytes) -> dict[str, str]:
    entity = ElementTree.fromstring(xml).find(".//{http://www.opendatakit.org/xforms/entities}entity")
    if entity is None:
        entity = ElementTree.fromstring(xml).find("./meta/entity")
    assert entity is not None
    return dict(entity.attrib)


def test_a_listed_entity_is_chosen_by_its_label_and_updated_from_its_version(
    driver: PhoneDriver, tmp_path: Path
) -> None:
    with people_server((ANNA, "Anna", 3)) as server:
        phone = updated_phone(driver, tmp_path, server)
        filled = phone.fill("visit", {"/person": {"label": "Anna"}, "/town": "Korçë"})
    attributes = entity_of(filled.xml)
    assert attributes["id"] == ANNA
    assert (attributes["update"], attributes["baseVersion"], attributes["trunkVersion"]) == ("1", "3", "3")
    assert filled.entities[0]["data"] == {"town": "Korçë"}


def test_a_second_offline_update_builds_on_the_first(driver: PhoneDriver, tmp_path: Path) -> None:
    with people_server((ANNA, "Anna", 3)) as server:
        phone = updated_phone(driver, tmp_path, server)
        first, second = (phone.fill("visit", {"/person": ANNA, "/town": town}) for town in ("Korçë", "Vlorë"))
    one, two = entity_of(first.xml), entity_of(second.xml)
    assert (two["baseVersion"], two["trunkVersion"]) == ("4", "3")
    assert one["branchId"] == two["branchId"] != ""


def test_an_entity_made_on_the_phone_can_be_followed_before_it_is_sent(driver: PhoneDriver, tmp_path: Path) -> None:
    with people_server() as server:
        phone = updated_phone(driver, tmp_path, server)
        made = phone.fill("register", {"/name": "Blerta"})
        visit = phone.fill("visit", {"/person": {"label": "Blerta"}, "/town": "Fier"})
    assert entity_of(visit.xml)["id"] == entity_of(made.xml)["id"]
    assert (entity_of(visit.xml)["baseVersion"], entity_of(visit.xml)["trunkVersion"]) == ("1", "")


def test_an_entity_that_vanished_from_the_list_is_gone_and_own_ones_are_asked_for(
    driver: PhoneDriver, tmp_path: Path
) -> None:
    with people_server((ANNA, "Anna", 1), (BEN, "Ben", 1)) as server:
        phone = updated_phone(driver, tmp_path, server)
        kept, deleted = (phone.fill("register", {"/name": name}).entities[0]["id"] for name in ("Çel", "Dea"))
        server.media["visit"]["people.csv"] = people((BEN, "Ben", 2))
        server.deleted_entities.add(deleted)
        changes = phone.update_forms()
    assert set(changes.lists["people"]) == {BEN, kept}
    assert [one.query["id"] for one in server.seen if one.path.endswith("integrity")] == [[f"{kept},{deleted}"]]


def test_a_list_without_versions_is_refused(driver: PhoneDriver, tmp_path: Path) -> None:
    with people_server() as server:
        server.media["visit"]["people.csv"] = MediaFile(b"name,label\nx,y\n", type="entityList")
        with pytest.raises(PhoneError) as refusal:
            updated_phone(driver, tmp_path, server)
    assert refusal.value.kind == "list"


def test_an_edit_is_posted_with_the_photo_that_it_keeps(driver: PhoneDriver, tmp_path: Path) -> None:
    with OpenRosaServer(forms={"photos": xform(PHOTOS, "photos").encode()}) as server:
        phone = updated_phone(driver, tmp_path, server)
        first = phone.fill("photos", {"/shot[1]/photo": {"sample": 1}})
        second = phone.edit(first, {"/shot[1]/photo": {"sample": 2}})
        phone.send(second)
    assert first.instance_id.encode() in server.posts[0].parts[0][1]
    assert names(server.posts[0].parts) == ["xml_submission_file", second.attachments[0].name]
