"""Builders for tests of the pure library: workbooks are Markdown in the test, submissions are XML in the test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from forms.schema import FormSchema, read_schema
from forms.submission import CleanRecord, clean, parse_submission
from forms.xlsform import CompiledForm, compile_xlsform

Compile = Callable[[str], CompiledForm]
SchemaOf = Callable[[str], FormSchema]


@cache
def _compiled(markdown: str) -> CompiledForm:
    return compile_xlsform(markdown.encode("utf-8"), ".md", fallback_form_id="test_form")


@cache
def _schema(markdown: str) -> FormSchema:
    return read_schema(_compiled(markdown).xform)


@pytest.fixture(scope="session")
def compiled() -> Compile:
    """Markdown XLSForm -> CompiledForm, compiled once a session."""
    return _compiled


@pytest.fixture(scope="session")
def schema_of() -> SchemaOf:
    """Markdown XLSForm -> FormSchema. A form without settings gets the ID test_form."""
    return _schema


@pytest.fixture(scope="session")
def submit() -> Callable[[str], bytes]:
    """Answers as XML -> the bytes of a submission with the instance ID uuid:1."""

    def build(answers: str) -> bytes:
        meta = "<meta><instanceID>uuid:1</instanceID></meta>"
        return f'<data id="test_form" version="1">{answers}{meta}</data>'.encode()

    return build


@pytest.fixture(scope="session")
def cleaned(submit: Callable[[str], bytes]) -> Callable[[str, str], CleanRecord]:
    """(Markdown XLSForm, answers as XML) -> CleanRecord."""

    def run(markdown: str, answers: str) -> CleanRecord:
        return clean(parse_submission(submit(answers)), _schema(markdown))

    return run
