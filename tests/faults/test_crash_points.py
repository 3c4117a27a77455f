"""Row 6: the process dies at every named point, on both databases, and nothing is lost, doubled or half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from app.crash_points import CRASH_POINTS
from tests.faults.acts import ACTS, Place, place
from tests.faults.figures import Figures
from tests.faults.inside import assert_whole
from tests.faults.places import TEMPLATE, Cluster, Templates
from tests.faults.service import Service

# The short cut dies at each point once: where two processes meet on the database that has processes of its own.
_ON_POSTGRESQL = {"submission", "outbox"}
IN_THE_SHORT_CUT = {"sqlite": set(ACTS) - _ON_POSTGRESQL, "postgresql": _ON_POSTGRESQL}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" not in metafunc.fixturenames:
        return
    full = metafunc.config.getoption("--full", default=False)
    cases = [
        (database, point)
        for database, kinds in IN_THE_SHORT_CUT.items()
        for point in CRASH_POINTS
        if full or point.partition(".")[0] in kinds
    ]
    metafunc.parametrize(("database", "point"), cases)


@pytest.fixture(scope="module")
def mortal(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Place]]:
    """mortal(database): one service for all points of a database; its workers die and are replaced."""
    made: dict[str, Place] = {}
    with ExitStack() as at_the_end:

        def find(database: str) -> Place:
            if database not in made:
                made[database] = at_the_end.enter_context(place(*_served(database)))
            return made[database]

        def _served(database: str) -> tuple[Service, Cluster | None]:
            folder = tmp_path_factory.mktemp(f"mortal-{database}")
            templates.copy(database, folder / "data")
            cluster: Cluster | None = None
            url = None
            if database == "postgresql":
                cluster = request.getfixturevalue("cluster")
                cluster.execute(f"CREATE DATABASE crash_points TEMPLATE {TEMPLATE}")
                at_the_end.callback(cluster.execute, "DROP DATABASE crash_points WITH (FORCE)")
                url = cluster.url("crash_points")
            entry, fuse = "tests.faults.armed:app", folder / "fuse"
            return Service(folder / "data", url, templates.phone(database), entry=entry, DRILL_FUSE=str(fuse)), cluster

        yield find


def test_every_point_of_the_table_has_an_act_that_passes_it() -> None:
    assert {point.partition(".")[0] for point in CRASH_POINTS} == set(ACTS)
    assert len(CRASH_POINTS) >= 12


def test_a_crash_here_loses_and_doubles_nothing(
    mortal: Callable[[str], Place], database: str, point: str, full: bool, figure: Figures
) -> None:
    acts = ACTS[point.partition(".")[0]][: None if full else 1]
    for act in acts:
        act(mortal(database), point)
        assert_whole(mortal(database).backend)
    figure(f"deaths at {point}, without loss", len(acts))
