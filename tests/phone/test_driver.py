"""Does the driver say what is missing, and does the phone read the QR from its picture?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import segno

from tests.phone import driver as driver_module
from tests.phone.fake_server import OpenRosaServer
from tests.phone.phone import Phone, PhoneDriver, PhoneError, read_qr_picture


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(PhoneError, match=r"Java 17 is needed .* apt-get install default-jdk-headless"):
        driver_module.compile_driver()


def test_the_driver_is_compiled_once_for_the_same_sources() -> None:
    first = driver_module.compile_driver()
    stamp = first.stat().st_mtime_ns
    assert driver_module.compile_driver() == first
    assert first.stat().st_mtime_ns == stamp


def test_a_form_that_does_not_parse_is_an_error_and_the_driver_goes_on(driver: PhoneDriver, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_text("<h:html>", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(PhoneError) as refusal:
            driver.fill_file(broken)
        assert refusal.value.kind == "form"


def test_a_phone_without_the_form_says_so(driver: PhoneDriver, tmp_path: Path) -> None:
    with OpenRosaServer() as server:
        phone = Phone(driver, tmp_path, server.settings_qr())
    with pytest.raises(PhoneError) as refusal:
        phone.fill("id_screening")
    assert refusal.value.kind == "unknown-form"


def test_the_settings_are_read_from_the_picture_of_the_qr(tmp_path: Path) -> None:
    with OpenRosaServer() as server:
        text = server.settings_qr(app_language="sq")
    picture = tmp_path / "qr.png"
    segno.make(text, error="l").save(str(picture), scale=6)
    assert read_qr_picture(picture) == text
