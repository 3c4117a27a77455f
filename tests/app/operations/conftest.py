"""What the operator has beside the server: an age key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.operations.places import Keys


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)
