"""A form with a picture, and a list beside it, as a script that uses pyODK has it on disk."""

from __future__ import annotations

from pathlib import Path

from tests.app.shown_forms import xform

FILES = (
    b'<instance id="fruits" src="jr://file-csv/fruits.csv"/><bind nodeset="/data/pic" type="binary"/>'
    b'<bind nodeset="/data/who" type="string"/>'
)


def form(version: str) -> str:
    """A form with a picture and a list beside it."""
    content = xform("fruit trees", version).replace(b'<bind nodeset="/data/who" type="string"/>', FILES)
    return content.replace(b"<who/>", b"<who/><pic/>").decode()


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path
