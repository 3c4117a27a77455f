"""Photos travel in batches and come back byte for byte; repeats in repeats become tables."""

from __future__ import annotations

import os
from pathlib import Path

from tests.journeys.phone.conftest import NewPhone
from tests.journeys.phone.served import Project

PHOTOS = """
| survey |              |       |       |
|        | type         | name  | label |
|        | text         | who   | Who   |
|        | begin repeat | shot  | Shot  |
|        | image        | photo | Photo |
|        | end repeat   |       |       |
| settings |         |         |        |
|          | form_id | version | title  |
|          | photos  | 1       | Photos |
"""
HOUSES = """
| survey |              |       |       |
|        | type         | name  | label |
|        | begin group  | place | Place |
|        | text         | town  | Town  |
|        | begin repeat | house | House |
|        | text         | name  | Name  |
|        | begin repeat | room  | Room  |
|        | integer      | beds  | Beds  |
|        | end repeat   |       |       |
|        | end repeat   |       |       |
|        | end group    |       |       |
| settings |         |         |        |
|          | form_id | version | title  |
|          | houses  | 1       | Houses |
"""


def pictures(folder: Path, count: int, size: int) -> list[Path]:
    """Files that look like nothing in particular, each of `size` bytes."""
    made = [folder / f"foto {number} ë.jpg" for number in range(count)]
    for picture in made:
        picture.write_bytes(b"\xff\xd8\xff" + os.urandom(size - 3))
    return made


def answers(photos: list[Path]) -> dict[str, object]:
    return {"/who": "Agim"} | {f"/shot[{number}]/photo": photo for number, photo in enumerate(photos, start=1)}


def test_a_photo_comes_back_byte_for_byte(own_project: Project, new_phone: NewPhone, tmp_path: Path) -> None:
    own_project.publish(PHOTOS)
    phone = new_phone(own_project)
    photos = pictures(tmp_path, 1, 50_000)
    filled = phone.fill("photos", answers(photos))
    assert phone.send(filled).status == 201
    name = photos[0].name
    assert own_project.files("photos", filled.instance_id) == {name: True}
    assert own_project.file("photos", filled.instance_id, name) == photos[0].read_bytes()
    (row,) = own_project.rows_below("photos", "Submissions.shot", [filled.instance_id])
    assert row["photo"] == name


def test_many_large_photos_travel_in_batches_and_are_one_submission(
    own_project: Project, new_phone: NewPhone, tmp_path: Path
) -> None:
    own_project.publish(PHOTOS)
    phone = new_phone(own_project)
    limit = phone.head()["accept_content_length"]
    photos = pictures(tmp_path, 5, limit * 2 // 5)
    filled = phone.fill("photos", answers(photos))
    sent = phone.send(filled)
    assert (sent.status, sent.batches) == (201, 3)
    (row,) = own_project.rows("photos")
    assert row["__system"]["attachmentsPresent"] == row["__system"]["attachmentsExpected"] == 5
    for photo in photos:
        assert own_project.file("photos", filled.instance_id, photo.name) == photo.read_bytes()


def test_a_resend_adds_the_photo_that_did_not_come(own_project: Project, new_phone: NewPhone, tmp_path: Path) -> None:
    own_project.publish(PHOTOS)
    phone = new_phone(own_project)
    limit = phone.head()["accept_content_length"]
    first, second = pictures(tmp_path, 2, limit * 2 // 3)
    filled = phone.fill("photos", answers([first, second]))
    # The first batch is taken, but its answer is lost: the phone starts again from the beginning.
    lost = phone.send(filled, cut="before_answer", delete=False)
    assert (lost.sent, lost.kind) == (False, "network")
    assert own_project.files("photos", filled.instance_id) == {first.name: True, second.name: False}

    again = phone.send(filled)
    assert (again.status, again.batches) == (201, 2)
    assert own_project.files("photos", filled.instance_id) == {first.name: True, second.name: True}
    assert own_project.file("photos", filled.instance_id, second.name) == second.read_bytes()
    assert len(own_project.rows("photos")) == 1


def test_repeats_in_repeats_become_tables_tied_by_their_keys(own_project: Project, new_phone: NewPhone) -> None:
    own_project.publish(HOUSES)
    phone = new_phone(own_project)
    filled = phone.fill(
        "houses",
        {
            "/place/town": "Vlorë",
            "/place/house[1]/name": "A",
            "/place/house[1]/room[1]/beds": 1,
            "/place/house[1]/room[2]/beds": 2,
            "/place/house[2]/name": "B",
            "/place/house[2]/room": 0,
            "/place/house[3]/room[1]/beds": 3,
        },
    )
    assert phone.send(filled).status == 201
    (root,) = own_project.rows("houses")
    assert root["place"]["town"] == "Vlorë"
    key = filled.instance_id
    houses = own_project.rows("houses", "Submissions.place.house")
    assert [(row["__id"], row["__Submissions-id"], row["name"]) for row in houses] == [
        (f"{key}/house[1]", key, "A"),
        (f"{key}/house[2]", key, "B"),
        (f"{key}/house[3]", key, None),
    ]
    rooms = own_project.rows("houses", "Submissions.place.house.room")
    assert [(row["__id"], row["__Submissions-place-house-id"], row["beds"]) for row in rooms] == [
        (f"{key}/house[1]/room[1]", f"{key}/house[1]", 1),
        (f"{key}/house[1]/room[2]", f"{key}/house[1]", 2),
        (f"{key}/house[3]/room[1]", f"{key}/house[3]", 3),
    ]
