"""A social worker gets a phone: from the printed code to the cleaned row, in Albanian."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from demo.stories.screening import age, consent, end, indicators, language, person, result, route, safe, setting
from tests.journeys.phone.served import ROOT, Project, Served
from tests.phone.phone import Phone, PhoneDriver, read_qr_picture


def print_code(served: Served, picture: Path) -> None:
    """What the operator does: one command that writes the code's picture."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "sportel", "add-phone", "Kapshticë 1"]
    options = ["--project", "CT", "--office", "KAP", "--server", served.url, "--qr", str(picture)]
    subprocess.run([*command, *options], cwd=ROOT, env=served.environment, check=True, capture_output=True)


def draw(svg: str, picture: Path) -> None:
    """Draw segno's SVG: one path of horizontal strokes, one unit high, relative moves after the first."""
    (size,) = re.findall(r'<svg [^>]*viewBox="0 0 (\d+) \d+"', svg) or re.findall(r'<svg [^>]*width="(\d+)"', svg)
    (scale,) = re.findall(r'transform="scale\((\d+)\)"', svg) or [1]
    image = Image.new("L", (int(size), int(size)), 255)
    pen, x, y = ImageDraw.Draw(image), 0.0, 0.0
    strokes = re.findall(r'<path[^>]*class="qrline"[^>]* d="([^"]*)"', svg)[0]
    for move, numbers in re.findall(r"([Mmh])([-\d. ]+)", strokes):
        parts = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if move == "h":
            unit = int(scale)
            pen.rectangle((x * unit, (y - 0.5) * unit, (x + parts[0]) * unit - 1, (y + 0.5) * unit - 1), fill=0)
            x += parts[0]
        else:
            x, y = (parts[0], parts[1]) if move == "M" else (x + parts[0], y + parts[1])
    image.save(picture)


def test_from_the_printed_code_to_the_cleaned_row(
    served: Served, driver: PhoneDriver, counter_trafficking: Project, tmp_path: Path
) -> None:
    picture = tmp_path / "code.png"
    print_code(served, picture)
    phone = Phone(driver, tmp_path / "phone", read_qr_picture(picture))
    assert phone.settings["general"]["app_language"] == "sq"
    assert phone.settings["project"]["name"] == "Counter-trafficking"

    assert phone.head()["accept_content_length"] > 0
    assert set(phone.update_forms().downloaded) == {"id_screening", "needs_nrm"}
    assert phone.forms()["id_screening"]["name"].startswith("Identifikimi")

    answers = (
        setting("KAP", "bmp", "border")
        | safe("adult")
        | language("sqi")
        | age(31, "Feminine", "document")
        | consent()
        | route("al_returned", "GR", "KAP")
        | person("Mirë", "Shembulli", "AL", "AL06", document="held")
        | indicators("sexual forced_acts", "DebtBondage", "escorted third_paid", "fear lost")
        | result("PossibleVictimOfTrafficking", "shelter medical", "DE")
        | end("yes")
    )
    filled = phone.fill("id_screening", answers, language="Shqip (sq)", labels=True)
    assert filled.language == "Shqip (sq)"
    assert all(entry.label for entry in filled.entries)
    assert [entry.shown for entry in filled.entries if entry.path == "/g_safe/sf_private"] == [("Po",)]

    sent = phone.send(filled)
    assert (sent.sent, sent.status) == (True, 201)
    assert "Dërgimi u mor" in sent.message

    row = counter_trafficking.row("id_screening", filled.instance_id)
    assert row["g_person"]["prs_FirstName"] == "Mirë"
    assert row["g_age"]["age_years"] == 31
    assert row["g_ind"]["ind_c"] == "escorted third_paid"
    assert row["__system"]["deviceId"] == phone.device_id
    assert counter_trafficking.xml("id_screening", filled.instance_id) == filled.xml


def test_the_code_that_the_api_gives_can_be_scanned(counter_trafficking: Project, tmp_path: Path) -> None:
    code = counter_trafficking.app_user("Kapshticë 2", "KAP")["settingsQr"]
    draw(code["svg"], tmp_path / "code.png")
    assert read_qr_picture(tmp_path / "code.png") == code["payload"]
