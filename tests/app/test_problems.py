"""The catalogue of faults: Central's numbers, each once, each with words that help."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from app import (
    problems,
    problems_administration,
    problems_lists,
    problems_mail,
    problems_odata,
    problems_sign_in,
    problems_submissions,
)
from app.problems import Problem

CATALOGUE: dict[str, Callable[..., Problem]] = {
    name: factory
    for module in (
        problems,
        problems_administration,
        problems_lists,
        problems_mail,
        problems_odata,
        problems_sign_in,
        problems_submissions,
    )
    for name, factory in inspect.getmembers(module, inspect.isfunction)
    if factory.__module__ == module.__name__
}
SAMPLES: dict[str, Any] = {
    "list[str]": ["one", "two"],
    "list[Any]": ["one"],
    "str": "thing",
    "str | None": "thing",
    "int": 7,
    "dict[str, str]": {"visit": "A visit"},
    "dict[str, Any]": {"xlsFormWarnings": ["look"]},
    "dict[str, list[dict[str, str]]]": {"sourceForms": [{"xmlFormId": "form", "name": "A form"}]},
    "list[dict[str, str]]": [{"path": "/age", "before": "identifying", "after": "open"}],
}
# Where a text is one of a few.
CHOSEN = {"no_preview": {"reason": "large"}}


def made(name: str) -> Problem:
    factory = CATALOGUE[name]
    given = {
        parameter.name: CHOSEN.get(name, {}).get(parameter.name) or SAMPLES[str(parameter.annotation)]
        for parameter in inspect.signature(factory).parameters.values()
        if parameter.kind != inspect.Parameter.VAR_KEYWORD and parameter.default is inspect.Parameter.empty
    }
    return factory(**given)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_problem_has_a_status_that_is_the_whole_part_of_its_code(name: str) -> None:
    problem = made(name)
    assert isinstance(problem.code, float)
    assert problem.status == int(problem.code)
    assert 400 <= problem.status < 600


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_problem_says_a_sentence(name: str) -> None:
    message = made(name).message
    assert message[0].isupper() or message.startswith("thing")
    assert len(message) > 20
    assert "\n" not in message


def test_every_code_is_used_once() -> None:
    # One fault that is seen at two moments: by looking first, or by the database itself.
    codes = [made(name).code for name in CATALOGUE if name != "taken_meanwhile"]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("unparseable", 400.1),
        ("missing_parameter", 400.2),
        ("missing_parameters", 400.3),
        ("unexpected_value", 400.8),
        ("wrong_type", 400.11),
        ("xlsform_invalid", 400.15),
        ("form_warnings", 400.16),
        ("key_does_not_exist", 400.14),
        ("field_type_conflict", 400.17),
        ("expected_deprecation", 400.19),
        ("password_too_short", 400.21),
        ("property_not_found", 400.23),
        ("dataset_link_not_allowed", 400.26),
        ("pending_submissions", 400.29),
        ("no_conflict", 400.32),
        ("multipart_unreadable", 400.39),
        ("authentication_failed", 401.2),
        ("https_only", 401.3),
        ("insufficient_rights", 403.1),
        ("not_found", 404.1),
        ("missing_api_version", 404.2),
        ("unexpected_api_version", 404.3),
        ("draft_access_failed", 404.4),
        ("deprecated_id_not_found", 404.5),
        ("form_version_not_found", 404.6),
        ("unacceptable_format", 406.1),
        ("xml_conflict", 409.1),
        ("not_accepting", 409.2),
        ("already_exists", 409.3),
        ("version_exists", 409.6),
        ("no_published_version", 409.7),
        ("instance_id_conflict", 409.8),
        ("deprecating_old_submission", 409.9),
        ("entity_version_conflict", 409.15),
        ("name_alike", 409.16),
        ("property_alike", 409.17),
        ("submission_deleted", 409.18),
        ("property_in_use", 409.22),
        ("not_implemented", 501.1),
        ("unexpected_forms_list", 501.2),
        ("analytics_not_configured", 501.9),
    ],
)
def test_a_code_that_clients_test_for_is_centrals(name: str, code: float) -> None:
    assert made(name).code == code


def test_an_invalid_workbook_names_the_place() -> None:
    problem = problems.xlsform_invalid("no such type", ["w"], sheet="survey", row=7, column=None)
    assert "(sheet survey, row 7)" in problem.message
    assert problem.details == {"error": "no such type", "warnings": ["w"], "sheet": "survey", "row": 7, "column": None}
