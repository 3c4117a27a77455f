"""What every drill gets: short or in full, a database, a service on data of its own, a place for its figures.

`--full` runs a drill in full, as `make faults` does; without it, `make test`, all of them together take two minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.faults.figures import Figures

if TYPE_CHECKING:
    from tests.faults.places import Cluster, Templates
    from tests.faults.service import Service

NewService = Callable[..., "Service"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="Run the drills of tests/faults in full, not the short cut.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The short cut leaves out of a long drill the database that its marker `cut_on` does not name."""
    if config.getoption("--full", default=False):
        return
    left_out = []
    for item in items:
        marker = item.get_closest_marker("cut_on")
        database = item.callspec.params.get("database") if isinstance(item, pytest.Function) and marker else None
        if marker is not None and database != marker.args[0]:
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Is this `make faults`?"""
    return bool(pytestconfig.getoption("--full", default=False))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The database's kind; a drill that asks for it runs on each."""
    kind: str = request.param
    return kind


@pytest.fixture
def figure(request: pytest.FixtureRequest, full: bool) -> Figures:
    """figure(what, value) records one line of what was counted."""
    kind = request.node.callspec.params.get("database", "") if hasattr(request.node, "callspec") else ""
    return Figures(request.node.nodeid, kind, full=full)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Templates:
    """What is set up once for all drills of a run."""
    from tests.faults.places import Templates

    base = tmp_path_factory.getbasetemp()
    return Templates(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="session")
def cluster(templates: Templates) -> Iterator[Cluster]:
    """A PostgreSQL for the drills alone, since they kill it; the database that is set up is in it."""
    from tests.faults.places import Cluster

    made = Cluster(templates.folder("postgresql") / "pg")
    yield made
    made.remove()


@pytest.fixture
def new_service(
    database: str, templates: Templates, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[NewService]:
    """new_service(folder=None, entry=None, before=(), **settings): a Service that is set up and not started yet.

    `folder`: where its data go (a small disk, say); by default one of the test's own.
    """
    with services(database, templates, tmp_path, lambda: request.getfixturevalue("cluster")) as make:
        yield make


@contextmanager
def services(
    database: str, templates: Templates, base: Path, get_cluster: Callable[[], Cluster]
) -> Iterator[NewService]:
    """The same for fixtures that last longer than a test. All that were made end with it."""
    from tests.faults.places import TEMPLATE
    from tests.faults.service import Service

    with ExitStack() as at_the_end:

        def make(folder: Path | None = None, **options: object) -> Service:
            name = f"drill_{uuid4().hex}"
            place = folder or base / name / "data"
            place.mkdir(parents=True, exist_ok=True)
            templates.copy(database, place)
            url = None
            if database == "postgresql":
                server = get_cluster()
                server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
                at_the_end.callback(server.execute, f"DROP DATABASE {name} WITH (FORCE)")
                url = server.url(name)
            service = Service(place, url, templates.phone(database), **options)  # type: ignore[arg-type]
            at_the_end.callback(service.close)
            return service

        yield make
