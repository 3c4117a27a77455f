"""Which XML would hurt a reader of submissions? Entities, sizes, depths, encodings, damage (rows 36 to 39 and 45)."""

from __future__ import annotations

import codecs
import random
from collections.abc import Iterator

from tests.faults.corpus_entities import entities
from tests.faults.corpus_file import SEED, HostileFile, Line, files, submission


def _xml(name: str, more: str) -> bytes:
    return submission(name, more=more).encode()


def sizes() -> list[Line]:
    """Rows 37 and 38: what is large, deep or wide."""
    mega = 2**20
    return [
        ("text-6m", 37, 413, "an answer of 6 MB", lambda: submission("text-6m", "y" * 6 * mega).encode()),
        (
            "text-5m",
            37,
            201,
            "an answer of nearly 5 MB is one",
            lambda: submission("text-5m", "y" * (5 * mega - 400)).encode(),
        ),
        (
            "attribute-20m",
            37,
            413,
            "an attribute of 20 MB",
            lambda: _xml("attribute-20m", f'<i a="{"y" * 20 * mega}"/>'),
        ),
        (
            "attribute-4m",
            37,
            201,
            "an attribute within the limit",
            lambda: _xml("attribute-4m", f'<i a="{"y" * 4 * mega}"/>'),
        ),
        (
            "attribute-never-ends",
            37,
            400,
            "an attribute without an end",
            lambda: submission("attribute-never-ends").encode()[:-7] + b'<i a="' + b"y" * 4 * mega,
        ),
        ("name-1m", 37, 400, "an element's name of 1 MB", lambda: _xml("name-1m", f"<{'n' * mega}/>")),
        (
            "attribute-name-1m",
            37,
            400,
            "an attribute's name of 1 MB",
            lambda: _xml("attribute-name-1m", f'<i {"n" * mega}="1"/>'),
        ),
        (
            "attributes-10k",
            37,
            (201, 400),
            "10,000 attributes of one element",
            lambda: _xml("attributes-10k", "<i " + " ".join(f'a{n}=""' for n in range(10_000)) + "/>"),
        ),
        ("attributes-twice", 37, 400, "one attribute twice", _xml("attributes-twice", '<i a="1" a="2"/>')),
        (
            "namespaces-10k",
            37,
            (201, 400),
            "10,000 namespaces",
            lambda: _xml("namespaces-10k", "<i " + " ".join(f'xmlns:n{n}="u{n}"' for n in range(10_000)) + "/>"),
        ),
        (
            "namespaces-deep",
            37,
            201,
            "new namespaces on each of 90 levels",
            _xml(
                "namespaces-deep", "".join(f'<i xmlns:a{n}="u{n}" xmlns:b{n}="v{n}">' for n in range(90)) + "</i>" * 90
            ),
        ),
        ("namespace-undeclared", 37, 400, "a prefix that nothing declares", _xml("namespace-undeclared", "<nope:i/>")),
        ("comment-4m", 37, 201, "a comment of 4 MB", lambda: _xml("comment-4m", f"<!--{'y' * 4 * mega}-->")),
        ("comments-100k", 37, 201, "100,000 comments", lambda: _xml("comments-100k", "<!---->" * 100_000)),
        (
            "instruction-4m",
            37,
            201,
            "an instruction of 4 MB",
            lambda: _xml("instruction-4m", f"<?p {'y' * 4 * mega}?>"),
        ),
        (
            "cdata-4m",
            37,
            201,
            "one CDATA of 4 MB",
            lambda: submission("cdata-4m", f"<![CDATA[{'<' * 4 * mega}]]>").encode(),
        ),
        (
            "cdata-100k",
            37,
            201,
            "100,000 small ones",
            lambda: submission("cdata-100k", "<![CDATA[]]>" * 100_000).encode(),
        ),
        (
            "references-500k",
            37,
            201,
            "500,000 character references",
            lambda: submission("references-500k", "&#38;&amp;" * 250_000).encode(),
        ),
        ("spaces-4m", 37, 201, "4 MB of nothing", lambda: submission("spaces-4m", " \n" * 2 * mega).encode()),
        ("brackets-4m", 37, 400, "4 MB of opening brackets", b"<" * 4 * mega),
        ("ampersands-4m", 37, 400, "4 MB of ampersands", lambda: submission("ampersands-4m", "&" * 4 * mega).encode()),
        (
            "prolog-4m",
            37,
            201,
            "4 MB of comments before the root",
            lambda: submission("prolog-4m", head="<!-- -->" * 500_000).encode(),
        ),
        ("declarations", 37, 400, "declarations that repeat", b'<?xml version="1.0"?>' * 50_000),
        ("depth-95", 38, 201, "as deep as is allowed", _xml("depth-95", "<a>" * 95 + "</a>" * 95)),
        ("depth-150", 38, 400, "deeper than is allowed", _xml("depth-150", "<a>" * 150 + "</a>" * 150)),
        ("depth-1k", 38, 400, "deeper than libxml2 allows", _xml("depth-1k", "<a>" * 1_000 + "</a>" * 1_000)),
        (
            "depth-200k",
            38,
            400,
            "deep enough for any stack",
            lambda: _xml("depth-200k", "<a>" * 200_000 + "</a>" * 200_000),
        ),
        ("depth-open", 38, 400, "deep and never closed", lambda: _xml("depth-open", "<a>" * 1_000_000)),
        (
            "siblings-49k",
            38,
            201,
            "nearly as many elements as are allowed",
            lambda: _xml("siblings-49k", "<a/>" * 49_900),
        ),
        ("siblings-51k", 38, 400, "one thousand too many", lambda: _xml("siblings-51k", "<a/>" * 51_000)),
        ("siblings-1m", 38, 400, "a million elements", lambda: _xml("siblings-1m", "<a/>" * 1_000_000)),
        (
            "meta-10k",
            38,
            (201, 400),
            "10,000 metas",
            lambda: _xml("meta-10k", "<meta><instanceID>a</instanceID></meta>" * 10_000),
        ),
    ]


GOOD = submission("encoded", "Çela")
DECLARED = '<?xml version="1.0" encoding="{}"?>'


def encodings() -> list[Line]:
    """Row 39: UTF-8 and UTF-16 are read and kept verbatim, and nothing else is guessed."""
    taken = {
        "utf-8-mark": codecs.BOM_UTF8 + submission("utf-8-mark", "Çela").encode(),
        "two-marks": codecs.BOM_UTF8 * 2 + submission("two-marks", "Çela").encode(),
        "utf-8-odd-case": (DECLARED.format("uTf-8") + submission("utf-8-odd-case", "Çela")).encode(),
        "utf-16-le": codecs.BOM_UTF16_LE + submission("utf-16-le", "Çela").encode("utf-16-le"),
        "utf-16-be": codecs.BOM_UTF16_BE + submission("utf-16-be", "Çela").encode("utf-16-be"),
        "utf-16-no-mark": submission("utf-16-no-mark", "Çela").encode("utf-16-le"),
        "utf-16-astral": submission("utf-16-astral", "𓀀😀").encode("utf-16"),
        "ascii": (DECLARED.format("US-ASCII") + submission("ascii", "&#199;ela")).encode(),
        "mark-inside": submission("mark-inside", "a\ufeffb").encode(),
        "right-to-left": submission("right-to-left", "\u202egpj.exe").encode(),
        "zero-width": submission("zero-width", "a\u200b\u200c\u200d\u2060b").encode(),
        "tags": submission("tags", "a" + "".join(chr(0xE0000 + n) for n in range(32, 127))).encode(),
        "combining": submission("combining", "e" + "\u0301" * 100_000).encode(),
        "private-use": submission("private-use", "\ue000\uf8ff\U0010fffd").encode(),
        "noncharacter": submission("noncharacter", "\ufdd0\U0001ffff").encode(),
        "next-line": submission("next-line", "a\x85b\u2028c").encode(),
        "delete": submission("delete", "a\x7fb").encode(),
    }
    refused = {
        "utf-16-called-utf-8": (DECLARED.format("UTF-8") + GOOD).encode("utf-16"),
        "utf-8-called-utf-16": (DECLARED.format("UTF-16") + GOOD).encode(),
        "mark-of-8-called-16": codecs.BOM_UTF8 + (DECLARED.format("UTF-16") + GOOD).encode(),
        "utf-16-odd-length": GOOD.encode("utf-16")[:-1],
        "utf-16-lone-surrogate": GOOD.encode("utf-16-le").replace("Ç".encode("utf-16-le"), b"\x00\xd8"),
        "utf-16-swapped": codecs.BOM_UTF16_BE + GOOD.encode("utf-16-le"),
        "utf-32-le": codecs.BOM_UTF32_LE + GOOD.encode("utf-32-le"),
        "utf-32-be": codecs.BOM_UTF32_BE + GOOD.encode("utf-32-be"),
        "utf-32-no-mark": GOOD.encode("utf-32-be"),
        "utf-7": (DECLARED.format("UTF-7") + GOOD).encode("utf-7"),
        "latin-1-undeclared": GOOD.encode("latin-1"),
        "latin-1-called-utf-8": (DECLARED.format("UTF-8") + GOOD).encode("latin-1"),
        "declaration-twice": (DECLARED.format("UTF-8") * 2 + GOOD).encode(),
        "declaration-late": (" " + DECLARED.format("UTF-8") + GOOD).encode(),
        "nul": submission("nul", "a\0b").encode(),
        "nul-reference": submission("nul-reference", "&#0;").encode(),
        "surrogate-reference": submission("surrogate-reference", "&#xD800;").encode(),
        "too-high-reference": submission("too-high-reference", "&#x110000;").encode(),
        "long-reference": submission("long-reference", "&#" + "9" * 100_000 + ";").encode(),
        "not-a-character": submission("not-a-character", "\uffff").encode(),
        "gzip": b"\x1f\x8b\x08\x00" + GOOD.encode(),
    }
    for encoding in ("iso-8859-1", "windows-1250", "cp037", "shift_jis", "gb18030", "koi8-r", "iso2022_jp"):
        refused[f"declared-{encoding}"] = (DECLARED.format(encoding) + GOOD).encode(encoding, "replace")
    for name, wrong in {
        "cut-character": b"\xc3",
        "overlong-slash": b"\xc0\xaf",
        "overlong-nul": b"\xc0\x80",
        "overlong-3": b"\xe0\x80\xaf",
        "overlong-4": b"\xf0\x80\x80\xaf",
        "surrogate": b"\xed\xa0\x80",
        "surrogate-pair": b"\xed\xa0\xbd\xed\xb8\x80",
        "beyond-unicode": b"\xf4\x90\x80\x80",
        "five-bytes": b"\xf8\x88\x80\x80\x80",
        "bare-tail": b"\x80",
        "ff": b"\xff",
    }.items():
        refused[f"utf-8-{name}"] = GOOD.encode().replace("Ç".encode(), wrong)
    for code in (0x01, 0x08, 0x0B, 0x0C, 0x1B, 0x1F):
        refused[f"control-{code:02x}"] = submission(f"control-{code:02x}", chr(code)).encode()
    return [
        *((name, 39, 201, "an odd encoding that is right", content) for name, content in taken.items()),
        *((name, 39, 400, "bytes that are not what they say", content) for name, content in refused.items()),
    ]


def mutations(number: int = 40) -> list[Line]:
    """Row 45: a good submission with some bytes changed, taken out or put in; always the same ones."""
    lines: list[Line] = []
    for each in range(number):
        dice = random.Random(SEED + each)
        content = bytearray(submission(f"mutation-{each}", "Drita").encode())
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(content))
            match dice.randrange(3):
                case 0:
                    content[place] = dice.choice(b"<>&\"'/=!?[]-\0\xff\xc3 azAZ09")
                case 1:
                    del content[place : place + dice.randint(1, 20)]
                case _:
                    content[place:place] = bytes(dice.choices(b"<>&;\"'/=![]- x0", k=dice.randint(1, 20)))
        # A change in a name may make it another form's (404) or another ID; most are no XML any more.
        lines.append((f"mutation-{each}", 45, (201, 400, 404, 409), "seeded damage", bytes(content)))
    return lines


def xml_files() -> Iterator[HostileFile]:
    """All of them, for the door where phones send."""
    yield from files("xml", entities())
    yield from files("xml", sizes())
    yield from files("xml", encodings())
    yield from files("xml", mutations())
