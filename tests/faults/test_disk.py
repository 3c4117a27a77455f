"""Rows 9, 10 and 11: the disk is full, read-only, or out of file names. Told as such, nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.faults.collect import Filled, post, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.disks import SmallDisk
from tests.faults.figures import Figures
from tests.faults.inside import assert_kept
from tests.faults.service import Service
from tests.faults.tracing import watched
from tests.journeys.phone.served import Central

PHOTO = b"p" * 400_000

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Phone:
    """Sends one form after the other and remembers what was taken."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.taken: list[Filled] = []

    def send(self, filled: Filled) -> str:
        """The status."""
        body = write_body(filled, list(filled.photos), incomplete=False)
        status, retry_after = post(("127.0.0.1", self.service.port), f"{self.service.phone.at}/submission", body)
        if status == "201":
            self.taken.append(filled)
        assert (status == "503") == (retry_after is not None)
        return status

    def send_until_refused(self, forms: Iterator[Filled]) -> tuple[str, Filled]:
        """The first status that is not 201, and what was refused."""
        for filled in forms:
            status = self.send(filled)
            if status != "201":
                return status, filled
        raise AssertionError("nothing was refused")

    def check_readers(self, admin: Central) -> None:
        """Who reads, reads on: the list of forms, the rows, an answer, a photo."""
        assert requests.get(f"{self.service.url}{self.service.phone.at}/formList", timeout=30).status_code == 200
        at = f"/projects/{self.service.phone.project}/forms/drill"
        assert len(admin.get(f"{at}.svc/Submissions?$top=1000")["value"]) == len(self.taken)
        first = self.taken[0]
        assert admin.content(f"{at}/submissions/{first.instance_id}.xml") == first.xml
        for name, content in first.photos.items():
            assert admin.content(f"{at}/submissions/{first.instance_id}/attachments/{name}") == content

    def check_only_forms_are_read(self, admin: Central, *, but_for: tuple[int, ...] = ()) -> None:
        """A look at answers must be on record before it is given: without a database that can write, there is none."""
        assert requests.get(f"{self.service.url}{self.service.phone.at}/formList", timeout=30).status_code == 200
        at = f"/projects/{self.service.phone.project}/forms/drill"
        for path in (f"{at}.svc/Submissions", f"{at}/submissions/{self.taken[0].instance_id}.xml"):
            assert admin.request("GET", path).status_code in (503, 507, *but_for)

    def assert_all_is_there(self) -> None:
        """What was acknowledged, and of what was refused nothing."""
        assert_kept(self.service.folder, self.service.phone.project, self.taken)


def with_photos() -> Iterator[Filled]:
    for number in range(1000):
        name, photos = f"uuid:{uuid4()}", {"a.jpg": PHOTO}
        yield Filled(name, write_xml(name, number, "a story", photos), photos)


def with_long_answers() -> Iterator[Filled]:
    for number in range(1000):
        name = f"uuid:{uuid4()}"
        yield Filled(name, write_xml(name, number, "a long story " * 8000, {}))


def ready(service: Service) -> int:
    return requests.get(f"{service.url}/ready", timeout=30).status_code


def test_a_full_disk_of_files_is_507_and_works_again_after_space_is_made(
    new_service: NewService, figure: Figures
) -> None:
    service = new_service()
    with SmallDisk(service.folder / "blobs", megabytes=12) as disk, service:
        admin, phone = service.administrator(), Phone(service)
        status, refused = phone.send_until_refused(with_photos())
        assert status == "507"
        figure("submissions taken until a disk of 12 MB was full", len(phone.taken))
        assert list((disk.folder / "tmp").iterdir()) == []
        assert ready(service) == 503
        phone.check_readers(admin)
        for again in range(5):
            assert phone.send(refused) == "507", again
        disk.change("size=64m")
        assert phone.send(refused) == "201"
        assert ready(service) == 200
        admin.close()
        phone.assert_all_is_there()


def test_a_full_disk_of_the_database_is_507_and_works_again_after_space_is_made(new_service: NewService) -> None:
    service = new_service()
    with SmallDisk(service.folder / "db", megabytes=12) as disk, service:
        admin, phone = service.administrator(), Phone(service)
        status, refused = phone.send_until_refused(with_long_answers())
        assert status == "507"
        assert len(phone.taken) > 5
        assert ready(service) == 503
        phone.check_only_forms_are_read(admin, but_for=(200,))  # a short line may still find room
        assert phone.send(refused) == "507"
        disk.change("size=64m")
        assert phone.send(refused) == "201"
        assert ready(service) == 200
        phone.check_readers(admin)
        admin.close()
        phone.assert_all_is_there()


def test_a_disk_without_names_for_more_files_is_507(new_service: NewService) -> None:
    service = new_service()
    with SmallDisk(service.folder / "blobs", megabytes=64, files=40) as disk, service:
        phone = Phone(service)
        status, refused = phone.send_until_refused(with_photos())
        assert status == "507"
        disk.change("nr_inodes=400")
        assert phone.send(refused) == "201"
        phone.assert_all_is_there()


def test_a_disk_that_has_become_read_only_is_503_and_not_ready(new_service: NewService) -> None:
    service = new_service()
    with SmallDisk(service.folder / "blobs", megabytes=64) as disk, service:
        admin, phone = service.administrator(), Phone(service)
        forms = with_photos()
        assert phone.send(next(forms)) == "201"
        disk.change("ro")
        refused = next(forms)
        assert phone.send(refused) == "503"
        assert ready(service) == 503
        phone.check_readers(admin)
        disk.change("rw")
        assert phone.send(refused) == "201"
        assert ready(service) == 200
        admin.close()
        phone.assert_all_is_there()


def test_a_database_that_cannot_be_written_any_more_is_503(new_service: NewService, tmp_path: Path) -> None:
    """A disk that the kernel has made read-only answers EROFS to files that are open; no mount can play that."""
    with new_service() as service:
        admin, phone = service.administrator(), Phone(service)
        forms = with_long_answers()
        assert phone.send(next(forms)) == "201"
        refused = next(forms)
        with watched(service.workers(), tmp_path / "trace", failing="1+1", calls="pwrite64", error="EROFS"):
            assert phone.send(refused) == "503"
            phone.check_only_forms_are_read(admin)
        assert phone.send(refused) == "201"
        phone.check_readers(admin)
        admin.close()
        phone.assert_all_is_there()
