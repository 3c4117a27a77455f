"""A photo can be looked at without what its file holds besides, and a file that was made to do harm does none."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base
from werkzeug.test import TestResponse

from app.services import preview_child
from app.services.preview_child import CPU_SECONDS, MEMORY_BYTES
from tests.app.looking import actions
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, instance

AT = "/projects/1/forms/visit/submissions/uuid:p/attachments/a.jpg"
RED, BLUE = (200, 30, 30), (30, 30, 200)


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, format, **options)
    return target.getvalue()


def two_colours(width: int = 400, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture.convert(mode)


def look(lite: Backend, content: bytes) -> TestResponse:
    """The preview of what a phone sent as a.jpg."""
    lite.admin.publish(VISIT)
    xml = instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:p")
    assert lite.phone().send(xml, {"a.jpg": content}).status_code == 201
    return lite.admin.get(f"{AT}/preview")


def shown(answer: TestResponse) -> Image.Image:
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    picture = Image.open(io.BytesIO(answer.data))
    picture.load()
    return picture


def is_about(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(pixel, colour, strict=True))


def photo_of_a_phone() -> bytes:
    """Taken with the phone held upright: turned by EXIF, with its place, a profile, XMP, a comment, more behind it."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Make] = "canary-make"
    exif.get_ifd(IFD.GPSInfo).update({1: "N", 2: (41.0, 19.0, 48.0), 29: "canary:gps"})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more: dict[str, Any] = {"comment": b"canary-comment", "xmp": b"<x:xmpmeta>canary-xmp</x:xmpmeta>"}
    photo = encoded(two_colours(), "JPEG", exif=exif, icc_profile=profile, **more)
    return photo + b"PK\x03\x04canary-behind<script>alert(1)</script>"


def test_a_preview_has_the_picture_the_right_way_up_and_nothing_else_of_its_file(lite: Backend) -> None:
    content = photo_of_a_phone()
    assert content.count(b"canary") == 5
    answer = look(lite, content)
    picture = shown(answer)
    assert picture.size == (200, 400)
    assert is_about(picture.getpixel((100, 50)), RED)
    assert is_about(picture.getpixel((100, 350)), BLUE)
    assert b"canary" not in answer.data
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox")
    # The original is as it was sent, and each look at either is on record.
    assert lite.admin.get(AT).data == content
    assert actions(lite, "submission.attachment.read") == ["submission.attachment.read"] * 2


SHOWN: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(two_colours(), "JPEG"),
    "progressive": lambda: encoded(two_colours(), "JPEG", progressive=True),
    "grey": lambda: encoded(two_colours(mode="L"), "JPEG"),
    "cmyk": lambda: encoded(two_colours(mode="CMYK"), "JPEG"),
    "two in one": lambda: encoded(two_colours(), "MPO", save_all=True, append_images=[two_colours(100, 100)]),
    "png": lambda: encoded(two_colours(), "PNG"),
    "palette": lambda: encoded(two_colours(mode="P"), "PNG"),
    "bilevel": lambda: encoded(two_colours(mode="1"), "PNG"),
    "deep": lambda: encoded(Image.new("I;16", (400, 200), 30_000), "PNG"),
    "see-through": lambda: encoded(Image.new("RGBA", (400, 200), (0, 0, 0, 0)), "PNG"),
    "webp": lambda: encoded(two_colours(), "WEBP"),
    "animated webp": lambda: encoded(two_colours(), "WEBP", save_all=True, append_images=[two_colours()] * 50),
    "animated png": lambda: encoded(two_colours(), "PNG", save_all=True, append_images=[two_colours()] * 50),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_whatever_a_phone_calls_a_photo_is_shown_as_a_jpeg_of_three_colours(kind: str) -> None:
    drawn = preview_child.drawn_again(SHOWN[kind]())
    assert isinstance(drawn, bytes)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (400, 200))
        if kind == "see-through":
            assert picture.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("size", "smaller"), [((3200, 800), (1600, 400)), ((900, 4000), (360, 1600)), ((3, 2), (3, 2))]
)
def test_a_preview_has_at_most_1600_pixels_a_side(size: tuple[int, int], smaller: tuple[int, int]) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        drawn = preview_child.drawn_again(encoded(two_colours(*size), kind))
        assert isinstance(drawn, bytes)
        with Image.open(io.BytesIO(drawn)) as picture:
            assert picture.size == smaller


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def blank_png(width: int, height: int, *, depth: int = 8, colours: int = 6, extra: bytes = b"") -> bytes:
    """Little to send, much to decode. `colours` 6: red, green, blue, alpha; 0: grey."""
    line = b"\0" * (1 + (width * depth * (4 if colours == 6 else 1) + 7) // 8)
    squeeze = zlib.compressobj(9)
    pixels = b"".join(squeeze.compress(line) for _ in range(height)) + squeeze.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def resized_in_its_head(jpeg: bytes, width: int, height: int) -> bytes:
    at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def noise(**options: Any) -> bytes:
    return encoded(Image.effect_noise((512, 512), 90).convert("RGB"), "JPEG", **options)


def text_bomb() -> bytes:
    return b"Comment\0\0" + zlib.compress(b"a" * 100_000_000, 9)


# What an attacker sends, and what is said of it. None: a preview, or any refusal; only the cost counts.
HOSTILE: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "nothing": (lambda: b"", "unknown"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "unknown"),
    "html": (lambda: b"<html><script>alert(1)</script>", "unknown"),
    "gif": (lambda: encoded(two_colours(), "GIF"), "unknown"),
    "tiff": (lambda: encoded(two_colours(), "TIFF"), "unknown"),
    "postscript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file", "unknown"),
    "head of a jpeg": (lambda: b"\xff\xd8\xff\xe0", "unknown"),
    "cut jpeg": (lambda: noise()[:20_000], "broken"),
    "cut png": (lambda: encoded(two_colours(), "PNG")[:200], "broken"),
    "cut webp": (lambda: encoded(two_colours(), "WEBP")[:60], None),
    "400 megapixels in 50 kB": (lambda: blank_png(20_000, 20_000, depth=1, colours=0), "large"),
    "39 megapixels of 8 bytes": (lambda: blank_png(6_240, 6_240, depth=16), None),
    "196 megapixels promised": (lambda: resized_in_its_head(noise(), 14_000, 14_000), None),
    "the same, progressive": (lambda: resized_in_its_head(noise(progressive=True), 14_000, 14_000), None),
    "4,225 megapixels promised": (lambda: resized_in_its_head(noise(), 65_000, 65_000), "large"),
    "a text of 100 MB": (lambda: blank_png(8, 8, extra=chunk(b"zTXt", text_bomb())), None),
    "a profile of 100 MB": (lambda: blank_png(8, 8, extra=chunk(b"iCCP", text_bomb())), None),
    "an endless width": (lambda: blank_png(8, 8).replace(struct.pack(">II", 8, 8), struct.pack(">II", 2**31 - 1, 1)), None),
}  # fmt: skip

# A small process starts the child: the kernel counts what a process was before it became another one.
_MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run([sys.executable, "-I", sys.argv[1]], stdin=sys.stdin, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_picture_costs_little_and_is_refused_in_words(kind: str, tmp_path: Path) -> None:
    make, reason = HOSTILE[kind]
    (tmp_path / "picture").write_bytes(make())
    with (tmp_path / "picture").open("rb") as file:
        command = [sys.executable, "-c", _MEASURE, str(Path(preview_child.__file__))]
        status, cpu_seconds, memory_bytes = json.loads(subprocess.check_output(command, stdin=file))
    assert cpu_seconds < CPU_SECONDS + 1
    assert memory_bytes < MEMORY_BYTES
    if reason is not None:
        assert preview_child.REFUSALS[status] == reason


@pytest.mark.parametrize(
    ("content", "reason"), [(b"%PDF-1.7", "unknown"), (noise()[:20_000], "broken"), (b"\0", "unknown")]
)
def test_what_cannot_be_shown_can_be_downloaded(lite: Backend, content: bytes, reason: str) -> None:
    answer = look(lite, content)
    assert (answer.status_code, answer.json["code"], answer.json["details"]) == (406, 406.2, {"reason": reason})
    assert "download the file" in answer.json["message"]
    assert lite.admin.get(AT).data == content


def test_a_child_that_is_stopped_by_its_limits_is_a_refusal_and_not_a_fault(
    lite: Backend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In place of a decoder that somebody found a way into."""
    busy = tmp_path / "busy.py"
    busy.write_text("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass\n")
    monkeypatch.setattr("app.services.preview_file._CHILD", str(busy))
    answer = look(lite, encoded(two_colours(), "JPEG"))
    assert (answer.json["code"], answer.json["details"]) == (406.2, {"reason": "large"})


def test_a_child_that_sleeps_is_ended(lite: Backend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asleep = tmp_path / "asleep.py"
    asleep.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr("app.services.preview_file._CHILD", str(asleep))
    monkeypatch.setattr("app.services.preview_file.WALL_SECONDS", 0.3)
    assert look(lite, encoded(two_colours(), "JPEG")).json["code"] == 406.2


def test_the_child_gets_nothing_of_ours(lite: Backend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "told.py"
    told.write_text(
        "import os, sys\nsys.stdin.buffer.read()\nprint(sorted(os.environ), os.getcwd(), sorted(os.listdir('/proc/self/fd')))\n"
    )
    monkeypatch.setattr("app.services.preview_file._CHILD", str(told))
    monkeypatch.setenv("SPORTEL_SECRET", "canary")
    answer = look(lite, b"x")
    environment, folder, files = answer.data.decode().replace("] ", "]\n").replace(" [", "\n[").splitlines()
    assert set(json.loads(environment.replace("'", '"'))) <= {"LANG", "LC_CTYPE"}
    assert folder == "/"
    assert files == "['0', '1', '2', '3']"  # the last is the list's own


def test_a_file_that_is_not_there_or_not_ones_own_is_404(lite: Backend) -> None:
    look(lite, b"x")
    assert lite.admin.get(AT.replace("a.jpg", "b.jpg") + "/preview").json["code"] == 404.1
    assert lite.admin.get(AT.replace("uuid:p", "uuid:q") + "/preview").json["code"] == 404.1
