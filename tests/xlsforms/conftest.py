"""Which compiled forms and engines do the tests of the shipped workbooks share?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from tests.phone.phone import PhoneDriver
from tests.xlsforms.gates import GateTree
from tests.xlsforms.shipped import FOLDER, FORMS, Shipped, load


@pytest.fixture(scope="session", params=sorted(FORMS))
def shipped(request: pytest.FixtureRequest) -> Shipped:
    """Each workbook in turn."""
    return load(request.param)


@pytest.fixture(scope="session")
def xforms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The XForm files by stem; each in a folder of its own, where a test may put the form's lists."""
    compiled: dict[str, Path] = {}
    for stem in FORMS:
        compiled[stem] = tmp_path_factory.mktemp(stem) / f"{stem}.xml"
        compiled[stem].write_text(convert(FOLDER / f"{stem}.xlsx").xform, encoding="utf-8")
    return compiled


@pytest.fixture(scope="session")
def gate_tree(tmp_path_factory: pytest.TempPathFactory) -> GateTree:
    return GateTree(tmp_path_factory.mktemp("gate-tree"))


@pytest.fixture(scope="session")
def phone_driver() -> Iterator[PhoneDriver]:
    with PhoneDriver() as driver:
        yield driver
