"""The clock is wrong, or is set while the service runs: is everything taken, dated by the server, and swept by nobody?"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
import requests

from tests.faults.checker import check, query
from tests.faults.collect import CONTENT_TYPE, Filled, Ledger, write_body, write_xml
from tests.faults.conftest import NewService
from tests.faults.service import Service
from tests.journeys.phone.served import EMAIL, PASSWORD, Central, Project

YEAR = timedelta(days=365)
# Further than requests and a look at the clock take on a busy machine.
TOLERANCE = timedelta(minutes=2)
APPLICATION = "tests.faults.sabotage:shifted"
DATED = "SELECT created_at FROM submissions WHERE instance_id = '{}'"


class Clock:
    """The application's wall clock, as far off as it is set; files are dated by the true one, as by another machine."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.off = timedelta()
        self.set(timedelta())

    @property
    def options(self) -> dict[str, str]:
        """What makes a service believe in it."""
        return {"entry": APPLICATION, "DRILL_CLOCK": str(self._file)}

    def set(self, off: timedelta) -> None:
        """So far from the true time, from now on."""
        self.off = off
        # Replaced as a whole: it is read at any moment.
        new = self._file.with_suffix(".new")
        new.write_text(str(off.total_seconds()), encoding="ascii")
        new.rename(self._file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


# What the clock alone decides does not depend on the database.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def send(service: Service, ledger: Ledger, name: str, at: str, **headers: str) -> int:
    """A small form with a case; acknowledged if it is."""
    case = str(UUID(bytes=sha256(name.encode()).digest()[:16], version=4))
    filled = Filled(name, write_xml(name, 4, "story", {}, case=case), case=case)
    ledger.begin(filled)
    body = write_body(filled, [], incomplete=False)
    answer = requests.post(
        f"{service.url}{at}/submission", data=body, headers={"Content-Type": CONTENT_TYPE, **headers}, timeout=60
    )
    if answer.status_code == 201:
        ledger.acknowledged(filled, [])
    return answer.status_code


def new_phone(service: Service) -> str:
    """A phone that is set up at the server's present."""
    admin = Central(service.url, EMAIL, PASSWORD)
    token = Project(admin, service.phone.project).app_user("Set up now")["token"]
    admin.close()
    return f"/v1/key/{token}/projects/{service.phone.project}"


def dated(service: Service, name: str) -> datetime:
    """When the server says that it came."""
    moment = query(service, DATED.format(name))[0][0]
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@pytest.mark.cut_on("postgresql")
def test_a_clock_that_is_years_off_or_set_while_running_loses_nothing(new_service: NewService, clock: Clock) -> None:
    ledger = Ledger()
    with new_service(**clock.options) as service:
        for number, off in enumerate((timedelta(), -3 * YEAR, 10 * YEAR, -YEAR / 365, timedelta())):
            clock.set(off)
            name = f"uuid:clock-{number}"
            at = new_phone(service)
            assert send(service, ledger, name, at) == 201
            assert abs(dated(service, name) - clock.now()) < TOLERANCE
            # The same again, with the clock as it is now and as it was before.
            assert send(service, ledger, name, at) == 201
            assert send(service, ledger, "uuid:clock-0", at) == 201
        assert check(service, ledger, inside=False).faults == {}


@on_sqlite
def test_a_phone_whose_time_is_up_by_a_wrong_clock_keeps_its_form_and_sends_it_later(
    new_service: NewService, clock: Clock
) -> None:
    ledger = Ledger()
    with new_service(**clock.options) as service:
        clock.set(10 * YEAR)
        assert send(service, ledger, "uuid:late", service.phone.at) == 403
        clock.set(timedelta())
        assert send(service, ledger, "uuid:late", service.phone.at) == 201
        assert check(service, ledger, inside=False).faults == {}


@on_sqlite
def test_the_hour_that_comes_twice_in_autumn_is_two_hours(new_service: NewService, clock: Clock) -> None:
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    ledger = Ledger()
    with new_service(TZ="Europe/Tirane", **clock.options) as service:
        clock.set(autumn - datetime.now(UTC))
        at = new_phone(service)
        for name in ("uuid:summer", "uuid:winter"):
            assert send(service, ledger, name, at) == 201
            clock.set(clock.off + timedelta(hours=1))
        between = dated(service, "uuid:winter") - dated(service, "uuid:summer")
        assert abs(between - timedelta(hours=1)) < TOLERANCE


@on_sqlite
def test_what_a_phone_says_of_the_time_changes_nothing(new_service: NewService) -> None:
    ledger = Ledger()
    with new_service() as service:
        for number, says in enumerate(("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "yesterday")):
            name = f"uuid:says-{number}"
            assert send(service, ledger, name, service.phone.at, Date=says) == 201
            assert abs(dated(service, name) - datetime.now(UTC)) < TOLERANCE


@on_sqlite
def test_a_clock_ahead_does_not_make_the_sweep_take_what_is_arriving(new_service: NewService, clock: Clock) -> None:
    with new_service(**clock.options) as service:
        arriving = service.folder / "blobs" / "tmp" / ("a" * 40)
        arriving.parent.mkdir(parents=True, exist_ok=True)
        arriving.write_bytes(b"half a photo")
        clock.set(10 * YEAR)
        service.run("sweep", "--now", application=APPLICATION)
        assert arriving.exists()
        clock.set(-10 * YEAR)
        service.run("sweep", "--now", application=APPLICATION)
        assert arriving.exists()
        time.sleep(1.1)
        # By the storage's own clock it is old enough only now.
        service.run("sweep", "--now", "--older-than", "0", application=APPLICATION)
        assert not arriving.exists()
