"""Under which name does a browser save a file, when the name is somebody's word?"""

from __future__ import annotations

from unicodedata import category
from urllib.parse import quote

# Controls, line ends, halves of characters, what nobody has given a meaning, and the marks that turn the direction of
# reading: with one of those a program reads like a photo.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_SEPARATORS = frozenset("/\\:")
# RFC 8187, attr-char.
_PLAIN_IN_UTF8 = "!#$&+-.^_`|~"
_LONGEST = 150


def as_download(name: str) -> str:
    """The Content-Disposition that makes a browser save the answer under this name, and never show it.

    A name with other letters than ASCII's comes twice: spelled for old clients, and in UTF-8.
    Source: RFC 6266, section 4.3 and appendix D; RFC 8187.
    """
    shown = "".join("_" if each in _SEPARATORS or category(each) in _UNSEEN else each for each in name)[-_LONGEST:]
    shown = shown.strip(" .") or "file"
    # A percent sign or a backslash means something to some clients even between quotation marks.
    plain = "".join(each if each.isascii() and each not in '"%' else "_" for each in shown)
    header = f'attachment; filename="{plain}"'
    return header if plain == shown else f"{header}; filename*=UTF-8''{quote(shown, safe=_PLAIN_IN_UTF8)}"
