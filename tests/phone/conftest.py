"""One JavaRosa process for all tests of the phone; it starts with the first test that needs it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.phone.phone import PhoneDriver


@pytest.fixture(scope="session")
def driver() -> Iterator[PhoneDriver]:
    with PhoneDriver() as started:
        yield started
