"""The same ID from several phones at the same moment: one wins, and what the others sent can be had from the server."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.faults.checker import query
from tests.faults.collect import FORM_ID, Address, Filled, write_body, write_xml
from tests.faults.conftest import services
from tests.faults.figures import Figures
from tests.faults.places import Templates
from tests.faults.races import at_once
from tests.faults.service import Service
from tests.journeys.phone.served import Central, Project

THREADS = 16
RIVALS = 4
ANSWERS = [201] + [409] * (RIVALS - 1)
ONE_ROW = "SELECT count(*) FROM submission_versions WHERE instance_id = '{}'"


@dataclass
class Ring:
    """Where races are held: four side by side, each with four rivals."""

    service: Service
    address: Address
    path: str
    project: Project
    pool: ThreadPoolExecutor

    def hold(self, race: Callable[[Ring, str], list[int]], times: int) -> dict[str, list[int]]:
        """So many races, each with an ID of its own: what was answered, sorted."""
        names = [f"uuid:{uuid4()}" for _ in range(times)]
        with ThreadPoolExecutor(THREADS // RIVALS) as side_by_side:
            return {
                name: sorted(answers)
                for name, answers in zip(names, side_by_side.map(lambda name: race(self, name), names), strict=True)
            }

    def send(self, *bodies: bytes) -> list[int]:
        """Send them at the same moment."""
        return at_once(self.address, self.path, bodies, self.pool)

    def rows(self, name: str) -> int:
        """How many versions are stored under an ID."""
        return int(query(self.service, ONE_ROW.format(name))[0][0])

    def kept_aside(self) -> dict[tuple[str, str], Counter[bytes]]:
        """What can be had of the quarantine over the API, by instance ID and reason."""
        at = f"{self.project.at}/quarantine"
        found: dict[tuple[str, str], Counter[bytes]] = {}
        offset = 0
        while page := self.project.central.get(f"{at}?limit=500&offset={offset}"):
            for each in page:
                content = self.project.central.content(f"{at}/{each['id']}/content")
                found.setdefault((each["instanceId"], each["reason"]), Counter())[content] += 1
            offset += len(page)
        return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def ring(
    database: str, templates: Templates, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ring]:
    """One service for all races on a database."""
    folder = tmp_path_factory.mktemp("ring")
    with (
        services(database, templates, folder, lambda: request.getfixturevalue("cluster")) as new_service,
        new_service(SPORTEL_THREADS=str(THREADS // 2)) as service,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        admin: Central = service.administrator()
        path = f"{service.phone.at}/submission"
        yield Ring(service, ("127.0.0.1", service.port), path, Project(admin, service.phone.project), pool)
        admin.close()


def body(name: str, story: str, photos: dict[str, bytes] | None = None, replaces: str | None = None) -> bytes:
    filled = Filled(name, write_xml(name, 1, story, photos or {}, replaces), photos or {})
    return write_body(filled, list(filled.photos), incomplete=False)


def xml(name: str, story: str, replaces: str | None = None) -> bytes:
    return write_xml(name, 1, story, {}, replaces)


def other_answers(ring: Ring, name: str) -> list[int]:
    return ring.send(*[body(name, f"story {each}") for each in range(RIVALS)])


def test_of_other_answers_under_one_id_one_wins_and_every_other_can_be_had(
    ring: Ring, full: bool, figure: Figures
) -> None:
    begun = time.monotonic()
    races = ring.hold(other_answers, 1_000 if full else 40)
    figure("races of one ID with four bodies", len(races))
    assert set(map(tuple, races.values())) == {tuple(ANSWERS)}
    kept = ring.kept_aside()
    figure("bodies that were put aside and read back", sum(kept[name, "xml-conflict"].total() for name in races))
    figure("seconds", round(time.monotonic() - begun))
    assert {name for name, _ in kept} >= set(races)
    for name in races:
        assert ring.rows(name) == 1
        winner = ring.project.xml(FORM_ID, name)
        assert Counter([winner]) + kept[name, "xml-conflict"] == Counter(xml(name, f"story {n}") for n in range(RIVALS))


def same_answers(ring: Ring, name: str) -> list[int]:
    photo = random.Random(name).randbytes(20_000)
    return ring.send(*[body(name, "the same", {f"{name[-8:]}.jpg": photo})] * RIVALS)


def test_the_same_answers_at_the_same_moment_are_one_row_and_all_hear_201(
    ring: Ring, full: bool, figure: Figures
) -> None:
    races = ring.hold(same_answers, 500 if full else 10)
    figure("races of one ID with the same body", len(races))
    assert set(map(tuple, races.values())) == {(201,) * RIVALS}
    assert {ring.rows(name) for name in races} == {1}
    assert not {name for name, _ in ring.kept_aside()} & set(races)
    for name in list(races)[:10]:
        photo = f"{name[-8:]}.jpg"
        assert ring.project.file(FORM_ID, name, photo) == random.Random(name).randbytes(20_000)
    # The files that came twice were taken away at once, not left to the sweep.
    assert ring.service.json("fsck")["orphans"] == 0


def other_photos(ring: Ring, name: str) -> list[int]:
    return ring.send(*[body(name, "the same", {"photo.jpg": f"{name} {each}".encode()}) for each in range(RIVALS)])


def test_of_other_photos_of_one_name_one_wins_and_every_other_can_be_had(
    ring: Ring, full: bool, figure: Figures
) -> None:
    races = ring.hold(other_photos, 200 if full else 10)
    figure("races of one file name with four contents", len(races))
    assert set(map(tuple, races.values())) == {tuple(ANSWERS)}
    kept = ring.kept_aside()
    for name in races:
        assert ring.rows(name) == 1
        winner = ring.project.file(FORM_ID, name, "photo.jpg")
        all_of_them = Counter(f"{name} {each}".encode() for each in range(RIVALS))
        assert Counter([winner]) + kept[name, "file-conflict"] == all_of_them


def edits(ring: Ring, name: str) -> list[int]:
    assert ring.send(body(name, "first")) == [201]
    return ring.send(*[body(f"{name}-{each}", f"edit {each}", replaces=name) for each in range(RIVALS)])


def test_of_several_edits_of_one_version_one_wins_and_every_other_can_be_had(
    ring: Ring, full: bool, figure: Figures
) -> None:
    races = ring.hold(edits, 200 if full else 10)
    figure("races of four edits of one version", len(races))
    assert set(map(tuple, races.values())) == {tuple(ANSWERS)}
    kept = ring.kept_aside()
    for name in races:
        current = ring.project.xml(FORM_ID, name)
        others = sum((kept.get((f"{name}-{each}", "stale-edit"), Counter()) for each in range(RIVALS)), Counter())
        wanted = Counter(xml(f"{name}-{each}", f"edit {each}", replaces=name) for each in range(RIVALS))
        assert Counter([current]) + others == wanted


def test_sixteen_at_once_have_one_winner(ring: Ring) -> None:
    name = f"uuid:{uuid4()}"
    answers = ring.send(*[body(name, f"story {each}") for each in range(THREADS)])
    assert Counter(answers) == {201: 1, 409: THREADS - 1}
    assert len(ring.kept_aside()[name, "xml-conflict"]) == THREADS - 1
