"""Does every shipped workbook become an XForm that ODK accepts, without a warning left unexplained?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree
from pyxform.xls2xform import convert

from tests.xlsforms.shipped import FOLDER, FORMS, METADATA, Shipped

XFORMS = "{http://www.w3.org/2002/xforms}"
SPORTEL = "{urn:sportel:xforms}"

# (stem, pattern of the warning) -> why it may stay. Empty is the aim.
EXPLAINED_WARNINGS: dict[tuple[str, str], str] = {}


@pytest.mark.parametrize("stem", sorted(FORMS))
def test_workbook_compiles_and_odk_validate_accepts_it(stem: str) -> None:
    warnings: list[str] = []
    convert(FOLDER / f"{stem}.xlsx", validate=True, warnings=warnings)
    patterns = [pattern for form, pattern in EXPLAINED_WARNINGS if form == stem]
    assert [text for text in warnings if not any(re.search(pattern, text) for pattern in patterns)] == []


def test_form_ids_version_and_language_are_as_the_rest_of_the_house_expects(shipped: Shipped) -> None:
    assert shipped.settings["form_id"] == FORMS[shipped.stem]
    assert re.fullmatch(r"20\d{8}", shipped.settings["version"])
    assert shipped.settings["default_language"] == "Shqip (sq)"


def test_version_reaches_the_root_element(xforms: dict[str, Path], shipped: Shipped) -> None:
    root = etree.parse(xforms[shipped.stem]).find(f".//{XFORMS}model/{XFORMS}instance/*")
    assert (root.get("id"), root.get("version")) == (shipped.settings["form_id"], shipped.settings["version"])


def test_every_question_carries_its_class_into_the_xform(xforms: dict[str, Path], shipped: Shipped) -> None:
    binds = etree.parse(xforms[shipped.stem]).iter(f"{XFORMS}bind")
    classes = {bind.get("nodeset").rsplit("/", 1)[1]: bind.get(f"{SPORTEL}class") for bind in binds}
    declared = {row["name"]: row["bind::sportel:class"] for row in shipped.questions}
    assert {name: classes[name] for name in declared} == declared


def test_htcds_names_reach_the_xform(xforms: dict[str, Path], shipped: Shipped) -> None:
    binds = etree.parse(xforms[shipped.stem]).iter(f"{XFORMS}bind")
    names = {bind.get("nodeset").rsplit("/", 1)[1]: bind.get(f"{SPORTEL}htcds") for bind in binds}
    declared = {row["name"]: row.get("bind::sportel:htcds") for row in shipped.questions}
    assert {name: names[name] for name in declared} == declared


def test_forms_collect_no_device_place_or_audit(shipped: Shipped) -> None:
    forbidden = {
        "deviceid",
        "phonenumber",
        "email",
        "simserial",
        "subscriberid",
        "geopoint",
        "geotrace",
        "geoshape",
    }
    forbidden |= {"audit", "start-geopoint", "background-audio", "background-geopoint"}
    assert {row["type"] for row in shipped.survey} & forbidden == set()
    assert [row["type"] for row in shipped.survey[: len(METADATA)]] == list(METADATA)


def test_instance_name_is_a_code_never_an_identity(shipped: Shipped) -> None:
    instance_name = shipped.settings["instance_name"]
    used = re.findall(r"\$\{(\w+)\}", instance_name)
    assert used in (["case_code"], ["ccode"], ["case"])
    assert used != ["case"] or instance_name.endswith("/label")
