"""What does a `$search` ask for, and do some texts say it?

    drita vlora    both words · "drita hoxha"    one after the other · drita or mira    either · -tirana    not that

Words are compared whole, whatever their letters' case; `or` binds less than standing side by side. As ODK Central's,
which is PostgreSQL's websearch_to_tsquery with the dictionary `simple`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from forms.errors import ExpressionUnreadable

MOST_CHARACTERS = 500

_PART = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Wanted:
    """Words that stand one after the other, or must not."""

    words: tuple[str, ...]
    is_there: bool


@dataclass(frozen=True)
class Search:
    """Alternatives, of each of which everything must hold. Without any, nothing is found."""

    alternatives: tuple[tuple[Wanted, ...], ...]

    def is_said_by(self, texts: Iterable[str]) -> bool:
        """Do these texts together say what is searched for?"""
        said = [_words(text) for text in texts]
        single = frozenset(word for words in said for word in words)
        return any(
            all(_is_in(each.words, single, said) == each.is_there for each in parts) for parts in self.alternatives
        )


def parse_search(text: str) -> Search:
    """Read what is searched for; what is no word is passed over. Raises ExpressionUnreadable over the limit."""
    if len(text) > MOST_CHARACTERS:
        raise ExpressionUnreadable(f"search for up to {MOST_CHARACTERS} characters")
    alternatives: list[list[Wanted]] = [[]]
    for part in _PART.finditer(text):
        if part["word"] is not None and part["word"].casefold() == "or" and not part["minus"]:
            alternatives.append([])
            continue
        words = _words(part["phrase"] if part["phrase"] is not None else part["word"])
        if words:
            alternatives[-1].append(Wanted(words, part["minus"] is None))
    return Search(tuple(tuple(parts) for parts in alternatives if parts))


def _words(text: str) -> tuple[str, ...]:
    # A letter with its mark is one character or two; casefold may part them again.
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text.casefold())))


def _is_in(words: tuple[str, ...], single: frozenset[str], said: list[tuple[str, ...]]) -> bool:
    if len(words) == 1:
        return words[0] in single
    length = len(words)
    return any(text[begin : begin + length] == words for text in said for begin in range(len(text) - length + 1))
