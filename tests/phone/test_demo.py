"""Can the demonstration be told with the forms that ship, and does what it prints fit a terminal?"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from pyxform.xls2xform import convert

from demo import tables
from demo.__main__ import main
from demo.stories import Answers, consular, needs, returnees, screening
from tests.phone.phone import PhoneDriver

SHIPPED = Path(__file__).parents[2] / "xlsforms"
ADULT, CHILD = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
LIST = f"name,label,__version,minor,fam\n{ADULT},K-AAAAAAAA,1,0,yes\n{CHILD},K-BBBBBBBB,1,1,no\n"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped forms, compiled, with one adult and one child on each list."""
    folder = tmp_path_factory.mktemp("shipped")
    for workbook in SHIPPED.glob("*.xlsx"):
        (folder / f"{workbook.stem}.xml").write_text(convert(str(workbook)).xform, encoding="utf-8")
    for name in ("cases", "returnees", "consular"):
        (folder / f"{name}.csv").write_text(LIST, encoding="utf-8")
    return folder


def tell(driver: PhoneDriver, form: Path, answers: Answers) -> bool:
    """Fill with exactly the story's answers, nothing invented; whether an entity came of it."""
    filled = driver.fill_file(form, answers)
    assert set(filled.entered) >= set(answers)
    return bool(filled.entities)


def test_people_are_screened_and_only_consenting_potential_victims_become_cases(
    driver: PhoneDriver, shipped: Path
) -> None:
    made = {
        office: [tell(driver, shipped / "identification.xml", answers) for answers in encounters]
        for office, encounters in screening.screenings().items()
    }
    assert made == {
        "PD_AL11": [True, True, False],
        "KAP": [True, False, False],
        "PDU": [True, False],
        "MU": [True, True],
    }


@pytest.mark.parametrize("seed", range(5))
def test_plans_can_be_agreed_with_adults_and_children(driver: PhoneDriver, shipped: Path, seed: int) -> None:
    for case, is_child in ((ADULT, False), (CHILD, True)):
        answers = needs.assessment(case, is_child=is_child, track="nrm", office="DE", random=Random(seed))
        assert tell(driver, shipped / "needs_assessment.xml", answers)
    answers = needs.assessment(ADULT, is_child=False, track="returnee", office="SM_TR", random=Random(seed))
    assert tell(driver, shipped / "needs_assessment_returnee.xml", answers)


def test_every_consular_category_can_be_entered_and_a_refusal_leaves_no_case(
    driver: PhoneDriver, shipped: Path
) -> None:
    told = [answers for cases in consular.cases().values() for answers in cases]
    made = [tell(driver, shipped / "consular_assistance.xml", answers) for answers in told]
    assert made == [answers["/g_safe/wish"] != "refuses" for answers in told]
    assert len({answers["/g_ctx/cat"] for answers in told}) == 15


def test_consular_cases_can_be_updated(driver: PhoneDriver, shipped: Path) -> None:
    for answers in consular.updates():
        assert tell(driver, shipped / "consular_update.xml", {**answers, "/case": ADULT})


def test_each_returnee_has_a_code_of_its_own() -> None:
    codes = [body["label"] for body in returnees.files(Random(1))]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("width", [80, 100])
def test_tables_fit_the_terminal_and_keep_every_word(width: int) -> None:
    long = "një dy tre katër pesë gjashtë shtatë tetë nëntë dhjetë"
    text = tables.table(["Pyetja", "Përgjigjja", "Zyra"], [[long, long, "SM_TR"], ["a", "b", ""]], width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert all(text.count(word) == 2 for word in long.split())


def test_a_server_that_is_not_running_is_named_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9", "--email", "a@example.org", "--password", "x"]) == 1
    assert "No server answers at http://127.0.0.1:9" in capsys.readouterr().err
