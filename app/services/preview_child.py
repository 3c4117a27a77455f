"""In a process of its own: what does a picture look like, without anything else that its file holds?

Run as a program (`python -I preview_child.py`), so that nothing of the application is loaded or can be reached. Reads
the file on its standard input and writes a new JPEG on its standard output, made from the pixels alone: no EXIF with
the place and the time, no profile, no comment, nothing that stood behind the picture. Ends with 0, or with one of
REFUSALS.
"""

from __future__ import annotations

import io
import resource
import sys

CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
LONGEST_SIDE = 1600
# Whoever writes these three formats well can still write them badly; the many others are left alone.
FORMATS = ("JPEG", "PNG", "WEBP")
# A JPEG is decoded at a fraction of its size, so that the largest that phones make today stays small in memory.
MOST_PIXELS = {"JPEG": 210_000_000, "MPO": 210_000_000, "PNG": 40_000_000, "WEBP": 40_000_000}
REFUSALS = {10: "unknown", 11: "large", 12: "broken"}
_UNKNOWN, _LARGE, _BROKEN = REFUSALS
_WHITE = (255, 255, 255)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def drawn_again(content: bytes) -> bytes | int:
    """The preview as a JPEG, or the number of the refusal."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    # Our own limits below are by format; this one would warn instead of refuse.
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        return _UNKNOWN
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return _BROKEN
    if picture.width * picture.height > MOST_PIXELS.get(picture.format or "", 0):
        return _LARGE
    try:
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        picture = ImageOps.exif_transpose(picture)
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except MemoryError:
        return _LARGE
    except Exception:  # noqa: BLE001  (decoders raise what they like at broken files)
        return _BROKEN
    # Only the pixels go over: what Pillow knows of the file stays behind with the old picture.
    clean = Image.new("RGB", picture.size, _WHITE)
    clean.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    target = io.BytesIO()
    clean.save(target, "JPEG", quality=80)
    return target.getvalue()


def main() -> int:
    """Read, draw, write."""
    _limit()
    try:
        drawn = drawn_again(sys.stdin.buffer.read())
    except MemoryError:
        drawn = _LARGE
    if isinstance(drawn, int):
        return drawn
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
