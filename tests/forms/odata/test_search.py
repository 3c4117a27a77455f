"""What a search finds: whole words, phrases, either of two, and what must not be there."""

from __future__ import annotations

import pytest

from forms.errors import ExpressionUnreadable
from forms.odata.search import parse_search

TEXTS = ("Drita Hoxha", "Vlorë, rruga C-1", "", "É été")


@pytest.mark.parametrize(
    ("search", "is_found"),
    [
        ("drita", True),
        ("DRITA vlorë", True),
        ("drit", False),
        ("drita mira", False),
        ("mira or drita", True),
        ("mira OR drita tirana", False),
        ("drita or", True),
        ("or", False),
        ('"drita hoxha"', True),
        ('"hoxha drita"', False),
        ('"hoxha vlorë"', False),
        ('"drita', True),
        ('"or"', False),
        ("c-1", True),
        ("1-c", False),
        ("ÉTÉ", True),
        # The same letter in two characters, as some systems write it.
        ("vlore\u0308", True),
        ("vlore", False),
        ("-mira", True),
        ("drita -hoxha", False),
        ('drita -"hoxha vlorë"', True),
        ("- drita", True),
        ("drita !!!", True),
        ("", False),
        ("(&|", False),
        ("\x00%_*'", False),
    ],
)
def test_a_search_finds(search: str, is_found: bool) -> None:
    assert parse_search(search).is_said_by(TEXTS) is is_found


def test_a_search_that_is_too_long_is_refused() -> None:
    with pytest.raises(ExpressionUnreadable, match="500"):
        parse_search("a " * 251)
