"""A running server on each database, and phones with ODK's form engine that know its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.journeys.phone.served import Central, Project, Served
from tests.phone.phone import Phone, PhoneDriver
from tests.support.postgres import PostgresServer

NewPhone = Callable[..., Phone]
# Small, so that photos of some megabytes already need several requests.
LIMITS = {"SPORTEL_MAX_REQUEST_BYTES": str(6 * 2**20), "SPORTEL_MAX_FILE_BYTES": str(4 * 2**20)}


@pytest.fixture(scope="session")
def driver() -> Iterator[PhoneDriver]:
    """The form engine. Fails, with the remedy, where there is no Java."""
    with PhoneDriver() as started:
        yield started


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
def counter_trafficking(admin: Central) -> Project:
    return admin.project("Counter-trafficking")


@pytest.fixture
def migrants(admin: Central) -> Project:
    return admin.project("Migrant assistance")


@pytest.fixture
def own_project(admin: Central, request: pytest.FixtureRequest) -> Project:
    """A project of the story's own, empty."""
    return admin.new_project(request.node.name)


@pytest.fixture
def new_phone(driver: PhoneDriver, tmp_path: Path) -> NewPhone:
    """A phone that has scanned its code and fetched the forms: new_phone(project, office="NRC")."""
    count = 0

    def make(
        project: Project,
        office: str | None = None,
        forms: list[str] | None = None,
        app_user: dict[str, Any] | None = None,
    ) -> Phone:
        nonlocal count
        count += 1
        known = app_user or project.app_user(f"Phone {count} of {office}", office, forms)
        phone = Phone(driver, tmp_path / f"phone-{count}", known["settingsQr"]["payload"])
        phone.update_forms()
        return phone

    return make
