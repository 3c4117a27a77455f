"""How does a test write a form beside its assertions? As a Markdown XLSForm, compiled by pyxform."""

from __future__ import annotations

import textwrap
from pathlib import Path

from pyxform.xls2xform import convert


def xform(markdown: str, form_id: str = "small", version: str = "1") -> str:
    """The XForm of a Markdown XLSForm; its settings sheet is added here."""
    settings = f"""
| settings |
|          | form_id | version |
|          | {form_id} | {version} |
"""
    text = textwrap.dedent(markdown)
    return str(convert(text + settings, file_type=".md", form_name="data").xform)


def write_form(folder: Path, markdown: str, form_id: str = "small") -> Path:
    path = folder / f"{form_id}.xml"
    path.write_text(xform(markdown, form_id), encoding="utf-8")
    return path
