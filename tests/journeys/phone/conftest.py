"""Phones with ODK's form engine that know the running server's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.phone.served import Central, Project
from tests.phone.phone import Phone, PhoneDriver

NewPhone = Callable[..., Phone]


@pytest.fixture(scope="session")
def driver() -> Iterator[PhoneDriver]:
    """The form engine. Fails, with the remedy, where there is no Java."""
    with PhoneDriver() as started:
        yield started


@pytest.fixture
def counter_trafficking(admin: Central) -> Project:
    return admin.project("Counter-trafficking")


@pytest.fixture
def migrants(admin: Central) -> Project:
    return admin.project("Migrant assistance")


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
