"""A running server on each database, its administrator, and pyODK in their hands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pyodk._utils.config import CentralConfig, Config
from pyodk.client import Client

from tests.journeys.phone.served import EMAIL, PASSWORD, Central, Project, Served
from tests.support.postgres import PostgresServer

# Small, so that photos of some megabytes already need several requests.
LIMITS = {"SPORTEL_MAX_REQUEST_BYTES": str(6 * 2**20), "SPORTEL_MAX_FILE_BYTES": str(4 * 2**20)}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all stories on each database: every story has people, phones or a project of its own."""
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        # Named anew each time: where files are shared out to several workers, this is asked for more than once.
        name = f"served_{uuid4().hex}"
        server.execute(f"CREATE DATABASE {name}")
        url = server.url(name)
    with Served(tmp_path_factory.mktemp(f"served-{request.param}") / "data", url, **LIMITS) as running:
        yield running


@pytest.fixture(scope="session")
def admin(served: Served) -> Iterator[Central]:
    central = served.administrator()
    yield central
    central.close()


@pytest.fixture
def own_project(admin: Central, request: pytest.FixtureRequest) -> Project:
    """A project of the story's own, empty."""
    return admin.new_project(request.node.name)


@pytest.fixture(params=["password", "key"])
def client(
    request: pytest.FixtureRequest, served: Served, admin: Central, own_project: Project, tmp_path: Path
) -> Iterator[Client]:
    """pyODK, signed in as the administrator with a password or an API key, in a project of the story's own."""
    config = Config(CentralConfig(served.url, EMAIL, PASSWORD, own_project.number))
    client = Client(config=config, cache_path=tmp_path / "pyodk_cache.toml")
    client.session.trust_env = False
    if request.param == "key":
        me = admin.get("/users/current")["id"]
        wanted = {"label": "pyODK", "projectId": own_project.number, "writes": True, "classes": None}
        key = admin.post(f"/users/{me}/api-keys", json=wanted)["token"]
        client.session.headers["Authorization"] = f"Bearer {key}"
    with client:
        yield client
