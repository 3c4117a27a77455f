"""Which multipart body would hurt its reader? Boundaries, heads, names, numbers of parts (rows 16, 30, 44, 50)."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, part, xml_part
from tests.faults.corpus_file import SEED, HostileFile, Line, files, submission

DASHES = f"--{BOUNDARY}"


def _sent(name: str, *more: bytes, pic: str = "a.jpg") -> bytes:
    return body(xml_part(submission(name, more=f"<pic>{pic}</pic>")), *more)


def _named(disposition: str, content: bytes = b"x") -> bytes:
    return part(f"Content-Disposition: form-data; {disposition}\r\nContent-Type: image/jpeg", content)


def broken() -> list[Line]:
    """Bodies that are not whole, or not as RFC 7578 has them."""
    good = _sent("good-body")
    refused: dict[str, tuple[str, bytes]] = {
        "empty": ("nothing", b""),
        "only-end": ("no part at all", f"{DASHES}--\r\n".encode()),
        "only-boundary": ("a boundary and no more", f"{DASHES}\r\n".encode()),
        "no-boundary": ("text without a boundary", b"hello, world\r\n" * 1_000),
        "other-boundary": ("the boundary of another body", good.replace(BOUNDARY.encode(), b"Boundary8")),
        "no-end": ("no closing boundary", good[: -len(f"{DASHES}--\r\n")]),
        "cut-in-end": ("half a closing boundary", good[:-6]),
        "cut-in-head": ("cut in a head", good[:60]),
        "cut-in-xml": ("cut in the XML", good[:250]),
        "no-blank-line": ("a head that runs into the content", good.replace(b"\r\n\r\n", b"\r\n", 1)),
        "head-without-colon": ("a head's line without a colon", good.replace(b"Content-Type: text/xml", b"Content-Type text/xml")),
        "head-never-ends": ("a head of 1 MB", f"{DASHES}\r\nX: ".encode() + b"y" * 2**20),
        "heads-10k": ("10,000 lines of one head", f"{DASHES}\r\n".encode() + b"X: y\r\n" * 10_000 + b"\r\n"),
        "head-not-utf-8": ("a name in no encoding", body(part("", b"").replace(b"\r\n\r\n\r\n", b'\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\nx\r\n'))),
        "no-disposition": ("a part without a name", body(part("Content-Type: text/plain", b"x"), xml_part(submission("no-disposition")))),
        "attachment-disposition": ("not form-data", body(part('Content-Disposition: attachment; name="xml_submission_file"', b"<a/>"))),
        "xml-twice": ("the XML twice", body(xml_part(submission("xml-twice")), xml_part(submission("xml-twice")))),
        "xml-twice-differing": ("two XMLs", body(xml_part(submission("xml-a")), xml_part(submission("xml-b")))),
        "xml-missing": ("no XML", body(file_part("a.jpg", b"x"))),
        "xml-other-case": ("the part's name in capitals", body(part('Content-Disposition: form-data; name="XML_SUBMISSION_FILE"', submission("capitals").encode()))),
        "xml-empty": ("an empty XML", body(xml_part(b""), file_part("a.jpg", b"x"))),
        "xml-base64": ("an XML in base64", body(part('Content-Disposition: form-data; name="xml_submission_file"\r\nContent-Transfer-Encoding: base64', b"PGRhdGEvPg=="))),
        "parts-121": ("one part too many", _sent("parts-121", *[file_part(f"f{n}", b"x") for n in range(120)])),
        "parts-10k": ("10,000 parts", _sent("parts-10k", *[_named(f'name="f{n}"', b"") for n in range(10_000)])),
        "nested-multipart": ("a multipart inside a part", body(part(f'Content-Disposition: form-data; name="xml_submission_file"\r\nContent-Type: multipart/mixed; boundary={BOUNDARY}x', b"--x\r\n\r\n--x--"))),
        "name-256": ("a file name of 256 characters", _sent("name-256", file_part("n" * 256, b"x"))),
        "name-1m": ("a file name of 1 MB", _sent("name-1m", file_part("n" * 2**20, b"x"))),
        "name-nul": ("a file name with NUL", _sent("name-nul", file_part("a\0.jpg", b"x"))),
        "name-bell": ("a file name with a control character", _sent("name-bell", file_part("a\x07.jpg", b"x"))),
        "name-line": ("a file name with a line break in percent", _sent("name-line", _named("name=\"p\"; filename*=UTF-8''a%0Ab.jpg"))),
        "boundary-in-content": ("the boundary inside the XML", body(xml_part(submission("boundary-in-content", f"\r\n{DASHES}\r\nx")))),
        "dashes-4m": ("4 MB of dashes", DASHES.encode() + b"\r\n" + b"-" * 4 * 2**20),
        "near-boundaries": ("100,000 boundaries, each nearly right", f"{DASHES}\r\n\r\n".encode() + DASHES[:-1].encode() * 100_000),
    }  # fmt: skip
    return [
        (name, 44 if "parts" in name or "name" in name else 16, 400, reason, content)
        for name, (reason, content) in refused.items()
    ]


def odd() -> list[Line]:
    """Bodies that are odd and whole: what they bring is kept."""
    taken: dict[str, tuple[str, bytes]] = {
        "preamble": ("text before the first boundary", b"preamble\r\n" + _sent("preamble")),
        "epilogue": ("text after the last", _sent("epilogue") + b"epilogue"),
        "one-empty-file": ("an empty file", _sent("one-empty-file", file_part("a.jpg", b""))),
        "parts-119": ("as many parts as are allowed", _sent("parts-119", *[_named(f'name="f{n}"', b"") for n in range(118)])),
        "xml-no-name": ("the XML without a file name", body(xml_part(submission("xml-no-name"), None))),
        "xml-odd-type": ("the XML as an image", body(xml_part(submission("xml-odd-type")).replace(b"text/xml", b"image/png"))),
        "xml-last": ("the XML after its file", body(file_part("a.jpg", b"x"), xml_part(submission("xml-last", more="<pic>a.jpg</pic>")))),
        "type-nul": ("a media type with NUL", _sent("type-nul", file_part("a.jpg", b"x").replace(b"image/jpeg", b"a\0b/c"))),
        "type-long": ("a media type of 4,000 characters", _sent("type-long", file_part("a.jpg", b"x").replace(b"image/jpeg", b"a/" + b"b" * 4_000))),
        "type-html": ("a picture that says it is a page", _sent("type-html", file_part("a.jpg", b"<script>").replace(b"image/jpeg", b"text/html"))),
        "name-255": ("a file name of 255 characters", _sent("name-255", file_part("n" * 255, b"x"), pic="n" * 255)),
        "name-rfc-5987": ("a name in percent", _sent("name-rfc-5987", _named("name=\"p\"; filename*=UTF-8''foto%20%C3%AB.jpg"), pic="foto ë.jpg")),
        "name-bad-rfc-5987": ("percent that is not UTF-8", _sent("name-bad-rfc-5987", _named("name=\"p\"; filename*=UTF-8''%ff%fe.jpg"))),
        "name-two-ways": ("two names that differ", _sent("name-two-ways", _named("name=\"p\"; filename=\"a.jpg\"; filename*=UTF-8''b.jpg"))),
        "name-rfc-2231": ("a name in pieces", _sent("name-rfc-2231", _named('name="p"; filename*0="a"; filename*1=".jpg"'))),
        "fields-many": ("fields that nobody asked for", _sent("fields-many", *[_named(f'name="k{n}"', b"v" * 1_000) for n in range(100)])),
        "field-not-utf-8": ("a field in no encoding", _sent("field-not-utf-8", _named('name="*isIncomplete*"', b"\xff\xfe"))),
        "file-same-name-same-bytes": ("one file twice", _sent("file-same-name-same-bytes", file_part("a.jpg", b"x"), file_part("a.jpg", b"x"))),
    }  # fmt: skip
    lines: list[Line] = [(name, 44, 201, reason, content) for name, (reason, content) in taken.items()]
    lines += [
        ("file-same-name-other-bytes", 30, 409, "two files of one name: both are kept", _sent("file-same-name-other-bytes", file_part("a.jpg", b"one"), file_part("a.jpg", b"two"))),
        ("field-65k", 44, 413, "a field that is too long", _sent("field-65k", _named('name="k"', b"v" * 70_000))),
        ("xml-as-6m-field", 44, 413, "the XML without a name, and too large", body(xml_part(b"<" * 6 * 2**20, None))),
    ]  # fmt: skip
    return lines


FILE_NAMES = [
    "../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\CON", "CON", "NUL.jpg", ".", "..", "~", "~root",
    "%2e%2e%2fpasswd", "%00.jpg", "a.jpg ", "a.jpg.", ".htaccess", "-rf", "$(id).jpg", "`id`.jpg", "|id", "a;b.jpg", "a'b.jpg",
    "<script>.jpg", "\u202egpj.exe", "e\u0301.jpg", "\ufeffa.jpg", "＝cmd.jpg", "=1+1.csv", "a\u2028b.jpg", "submission.xml", "\u00a0",
    "index.html", "a.svg", "😀" * 100,
]  # fmt: skip


def names() -> list[Line]:
    """Row 50: a name is data. What the answers do not name is kept aside under it."""
    return [
        (f"file-name-{number}", 50, (201, 400), f"a file called {name!a}",
         _sent(f"file-name-{number}", file_part(name.replace("\\", "\\\\"), f"content {number}".encode())))
        for number, name in enumerate(FILE_NAMES)
    ]  # fmt: skip


def mutations(number: int = 30) -> list[Line]:
    """Row 45: a good body with seeded damage."""
    lines: list[Line] = []
    for each in range(number):
        dice = random.Random(SEED * 2 + each)
        content = bytearray(_sent(f"body-mutation-{each}", file_part("a.jpg", b"\xff\xd8jpeg")))
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(content))
            if dice.random() < 0.5:
                content[place] = dice.choice(b'\r\n-:;"=\0\xff a')
            else:
                del content[place : place + dice.randint(1, 12)]
        lines.append((f"mutation-{each}", 45, (201, 400, 404, 409), "seeded damage", bytes(content)))
    return lines


def body_files() -> Iterator[HostileFile]:
    """All of them."""
    yield from files("body", broken())
    yield from files("body", odd())
    yield from files("body", names())
    yield from files("body", mutations())
