"""Which picture, list or JSON would hurt who opens it? Nobody does on the server: bytes in, the same bytes out (row 43)."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

from tests.faults.corpus_file import HostileFile, Line, files


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, pixels: bytes = b"\0", *extra: bytes) -> bytes:
    """A PNG that says how large it is, whatever its pixels are."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")


def jpeg(**options: object) -> bytes:
    """A small real photo."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(out, "JPEG", **options)
    return out.getvalue()


def _located() -> bytes:
    """A photo that tells where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 19.0, 46.0), 3: "E", 4: (19.0, 49.0, 8.0)})
    return jpeg(exif=exif)


def pictures() -> list[Line]:
    """Attachments of a submission."""
    whole = jpeg()
    contents: dict[str, tuple[str, bytes | Callable[[], bytes]]] = {
        "pixel-flood": ("60,000 x 60,000 pixels in 100 bytes", png(60_000, 60_000)),
        "pixel-flood-jpeg": ("65,535 x 65,535 pixels", b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00\xff\xd9"),
        "zero-pixels": ("no pixels", png(0, 0)),
        "text-bomb": ("50 MB of text in a chunk", lambda: png(1, 1, b"\0" * 4, _chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 50_000_000)))),
        "profile-bomb": ("a colour profile of 50 MB", lambda: png(1, 1, b"\0" * 4, _chunk(b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 50_000_000)))),
        "truncated": ("a photo that ends early", whole[: len(whole) // 2]),
        "only-head": ("two bytes of a photo", whole[:2]),
        "with-page": ("a photo and a page at once", whole + b"<html><script>alert(1)</script>"),
        "with-archive": ("a photo and an archive at once", whole + b"PK\x05\x06" + b"\0" * 18),
        "with-location": ("a photo that tells where it was taken", _located()),
        "exif-odd": ("EXIF that points to itself", whole[:2] + b"\xff\xe1\x00\x20Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0" + whole[2:]),
        "svg-script": ("a drawing with a script", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        "svg-entity": ("a drawing with an entity", b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'),
        "page": ("a page", b"<!doctype html><script>alert(1)</script>"),
        "pdf-script": ("a PDF with a script", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"),
        "gif-1x1": ("a GIF of one pixel", b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"),
        "gif-frames": ("a GIF of 100,000 frames", b"GIF89a\x01\x00\x01\x00\x00\x00\x00" + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0" * 100_000 + b";"),
        "tiff-circle": ("a TIFF whose directory points to itself", b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"),
        "bmp-huge": ("a BMP of 2^31 pixels", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 70, 0, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)),
        "webp-odd": ("a WebP that lies about its length", b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff"),
        "heic-odd": ("a HEIC of boxes in boxes", b"\0\0\0\x18ftypheic" + b"\0\0\0\x08meta" * 1_000),
        "archive-bomb": ("an archive in an archive", lambda: zlib.compress(zlib.compress(b"\0" * 10_000_000))),
        "program": ("a program", b"\x7fELF" + b"\0" * 100),
        "script": ("a shell script", b"#!/bin/sh\nrm -rf /\n"),
        "virus-test": ("noise that scanners dislike", bytes(range(256)) * 16),
        "empty": ("nothing", b""),
        "zeros": ("1 MB of zeros", b"\0" * 2**20),
        "boundary-like": ("dashes and line breaks", b"\r\n----\r\n--\r\n" * 1_000),
    }  # fmt: skip
    return [(name, 43, 201, reason, content) for name, (reason, content) in contents.items()]


def lists() -> list[Line]:
    """Files of a form: a list of choices as CSV, and a map as GeoJSON. They are for phones; the server keeps them."""
    point = '{"type":"Feature","geometry":{"type":"Point","coordinates":[%s]},"properties":{"name":"a"}}'
    contents: dict[str, tuple[str, bytes]] = {
        "empty": ("nothing", b""),
        "formulas": ("cells that calculate", b"name,label\n=1+1,@SUM(A1)\n-2,+3\n"),
        "quotes": ("quotes that never close", b'name,label\n"a,b\n'),
        "cells-wide": ("100,000 columns", b"a," * 100_000 + b"\n"),
        "lines-long": ("a line of 4 MB", b"name,label\n" + b"x" * 4 * 2**20),
        "lines-many": ("a million lines", b"name,label\n" + b"a,b\n" * 1_000_000),
        "nul": ("zeros", b"name,label\n\0,\0\n"),
        "not-utf-8": ("in no encoding", b"name,label\n\xff,\xfe\n"),
        "utf-16": ("in UTF-16", "name,label\na,b\n".encode("utf-16")),
        "returns": ("line breaks of three kinds", b"name,label\ra,b\r\nc,d\n"),
        "page": ("a page", b"<script>alert(1)</script>"),
        "gzip": ("an archive", b"\x1f\x8b\x08\x00" + b"\0" * 100),
        "geo-deep": ("100,000 brackets", b"[" * 100_000),
        "geo-not-a-number": ("places that are no numbers", (point % "NaN,Infinity").encode()),
        "geo-far": ("places outside the world", (point % "1e308,-1e308").encode()),
        "geo-many": ("a million points", b'{"type":"LineString","coordinates":[' + b"[1,1]," * 1_000_000 + b"[1,1]]}"),
        "geo-number-long": ("a number of a megabyte", (point % ("1" * 2**20)).encode()),
        "geo-keys-twice": ("keys that come twice", b'{"type":"Feature","type":"Point","features":[],"features":7}'),
        "geo-cut": ("cut", b'{"type":"FeatureCollection","features":['),
        "geo-prototype": ("a key that means something", b'{"__proto__":{"a":1},"type":"FeatureCollection","features":[]}'),
    }  # fmt: skip
    return [(name, 43, 200, reason, content) for name, (reason, content) in contents.items()]


def documents() -> list[Line]:
    """Bodies of the JSON API, sent to the door that anybody may knock at: signing in."""

    def signing_in(**fields: object) -> bytes:
        return json.dumps({"email": "a@example.org", "password": "x", **fields}).encode()

    contents: dict[str, tuple[str, bytes]] = {
        "empty": ("nothing", b""),
        "not-json": ("not JSON", b"hello"),
        "deep-lists": ("100,000 brackets", b"[" * 100_000 + b"]" * 100_000),
        "deep-objects": ("50,000 objects in one another", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
        "number-long": ("a number of 10,000 digits", b'{"email":' + b"9" * 10_000 + b',"password":"x"}'),
        "number-huge": ("a number of 10^(10^9)", b'{"email":1e999999999,"password":"x"}'),
        "not-a-number": ("NaN", b'{"email":NaN,"password":Infinity}'),
        "lone-surrogate": ("half a character", b'{"email":"\\ud800","password":"x"}'),
        "lone-surrogate-password": ("half a character in the password", b'{"email":"a@example.org","password":"\\ud800"}'),
        "nul": ("a zero", b'{"email":"\\u0000","password":"x"}'),
        "nul-password": ("a zero in the password", b'{"email":"a@example.org","password":"\\u0000"}'),
        "not-utf-8": ("in no encoding", b'{"email":"\xff","password":"x"}'),
        "utf-16": ("in UTF-16", signing_in().decode().encode("utf-16")),
        "list": ("a list", b"[]"),
        "null": ("null", b"null"),
        "text": ("a text", b'"x"'),
        "wrong-types": ("objects for texts", b'{"email":{"$ne":null},"password":["x"]}'),
        "email-long": ("an address of 900 kB", signing_in(email="a" * 900_000)),
        "password-long": ("a password of 900 kB", signing_in(password="x" * 900_000)),
        "email-sql": ("SQL", signing_in(email="' OR 1=1 --")),
        "email-look-alike": ("a look-alike", signing_in(email="\u0430dmin@example.org")),
        "keys-twice": ("keys that come twice", b'{"email":"a","email":"b","password":"x","password":"y"}'),
        "keys-many": ("100,000 keys", signing_in(**{f"k{n}": n for n in range(50_000)})),
        "prototype": ("keys that mean something", signing_in(__proto__={"admin": True}, constructor=1)),
        "two-documents": ("two documents", signing_in() * 2),
        "large-2m": ("larger than is read", b'{"email":"' + b"a" * 2 * 2**20 + b'"}'),
    }  # fmt: skip
    return [
        (name, 45, 413 if name == "large-2m" else (400, 401), reason, content)
        for name, (reason, content) in contents.items()
    ]


def media_files() -> Iterator[HostileFile]:
    """All of them."""
    yield from files("photo", pictures())
    yield from files("form-file", lists())
    yield from files("json", documents())
