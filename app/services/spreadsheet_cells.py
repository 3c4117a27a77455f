r"""May this text stand in a cell that a spreadsheet will open, or would it be run as a formula?

Excel, LibreOffice and Google Sheets take a cell that begins with one of a few characters for a formula, which can
send the sheet's other cells away or start a program; some look for it behind blanks and quotation marks. Such a text
gets an apostrophe in front, after which it is text to all of them. A number stays a number, also a negative one.

This is for what people open: never for the files that phones read, whose cells are compared and computed with, and
never for JSON. Source: OWASP, CSV Injection; OWASP ASVS 5.0, 1.2.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Each with its full-width, small, raised and lowered form: a program may read those as the plain one.
_STARTS = "=＝﹦⁼₌" "+＋﹢⁺₊" "－﹣⁻₋−" "@＠﹫" r"\-\t\r\n"
# Blanks of any kind, quotation marks, marks that nobody sees, and the separators at which a program with other
# settings begins a new cell.
_PASSED_OVER = (
    r"\s\"'`´‘’‚‛“”„‟‹›«»＂＇"
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202f"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
    ";,"
)
_MAY_COMPUTE = re.compile(f"[{_PASSED_OVER}]*[{_STARTS}]")
_ONE = r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?"
# A number, or the numbers of a line on the map; with a plus it is a telephone number, which must stay a text.
_NUMBERS = re.compile(rf"{_ONE}(?:[eE][+-]?[0-9]{{1,4}}|(?:;? {_ONE})*)")


def inert(text: str) -> str:
    """The text as a cell that computes nothing. What went through once stays as it is."""
    if not text or text[0].isalnum() or text[0] == "'":
        return text
    return f"'{text}" if _MAY_COMPUTE.match(text) and not _NUMBERS.fullmatch(text) else text


def inert_line(cells: Iterable[str]) -> list[str]:
    """A whole line."""
    return [inert(cell) for cell in cells]
