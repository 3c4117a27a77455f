"""A form gets another version name and stays the same otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from forms.errors import XFormInvalid
from forms.schema import read_schema
from forms.schema.rename import with_version
from forms.xlsform import CompiledForm

FORM = """
| survey |
|        | type       | name | label |
|        | text       | t    | T < & |
|        | begin repeat | r  | R     |
|        | integer    | i    | I     |
|        | end repeat |      |       |
"""


def test_only_the_version_changes(compiled: Callable[[str], CompiledForm]) -> None:
    xform = compiled(FORM).xform
    renamed = read_schema(with_version(xform, "2026-11-22"))
    assert renamed == replace(read_schema(xform), version="2026-11-22")


def test_what_is_no_form_is_refused() -> None:
    with pytest.raises(XFormInvalid):
        with_version(b"<html/>", "1")
