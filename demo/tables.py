"""How do rows become a table that fits a terminal of 80 to 100 columns?"""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Sequence

GAP = "  "
NARROWEST = 6


def terminal_width() -> int:
    """Columns to use: what the terminal has, from 80 to 100."""
    return max(80, min(100, shutil.get_terminal_size((80, 24)).columns))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Left-aligned columns under a ruled header. Long cells wrap; the widest columns give way first."""
    cells = [list(headers), *(list(row) for row in rows)]
    widths = _fit(cells, width)
    lines = _row(headers, widths)
    lines.append(GAP.join("─" * one for one in widths))
    for row in rows:
        lines.extend(_row(row, widths))
    return "\n".join(lines)


def record(sections: Sequence[tuple[str, Sequence[tuple[str, str]]]], width: int) -> str:
    """Question and answer side by side, under the titles of their sections; everything is wrapped."""
    left = (width - 2) // 2
    lines: list[str] = []
    for title, pairs in sections:
        lines.extend(textwrap.wrap(title, width - 2, initial_indent="  ", subsequent_indent="  "))
        for question, answer in pairs:
            lines.extend("    " + line for line in _row((question, answer), (left - 4, width - left - 2)))
    return "\n".join(lines)


def heading(text: str, width: int) -> str:
    return f"{text}\n{'═' * min(width, _width(text))}"


def _fit(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Widths of the columns. Words are cut only when there is no other way."""
    widths = [max(_width(row[i]) for row in cells) for i in range(len(cells[0]))]
    words = [max(_width(word) for row in cells for word in (row[i] or " ").split(" ")) for i in range(len(cells[0]))]
    room = width - len(GAP) * (len(widths) - 1)
    for floors in (words, [NARROWEST] * len(widths)):
        while sum(widths) > room and any(one > floor for one, floor in zip(widths, floors, strict=True)):
            widest = max(one for one, floor in zip(widths, floors, strict=True) if one > floor)
            widths[next(i for i, one in enumerate(widths) if one == widest and one > floors[i])] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [_wrap(cell, one) for cell, one in zip(cells, widths, strict=True)]
    lines = []
    for level in range(max(len(cell) for cell in wrapped)):
        parts = [cell[level] if level < len(cell) else "" for cell in wrapped]
        padded = [part + " " * (one - _width(part)) for part, one in zip(parts, widths, strict=True)]
        lines.append(GAP.join(padded).rstrip())
    return lines


def _wrap(text: str, width: int) -> list[str]:
    if any(_width(word) > width for word in text.split()):
        text = text.replace("/", "/ ")  # rather there than in the middle of a word
    return textwrap.wrap(text, width) or [""]


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(letter) else 1 for letter in text)
