"""What has a phone filled in, and what did the person type?

`Filled.entered` never comes from the serialized instance: it is what the person typed, so that a test may
hold it against what the backend reads from the XML.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

# A position as typed: latitude and longitude in degrees, then altitude and accuracy in metres.
Point = tuple[float, float, float, float]


def _point(value: Any) -> Point:
    latitude, longitude, altitude, accuracy = (float(part) for part in value)
    return latitude, longitude, altitude, accuracy


def _points(value: Any) -> tuple[Point, ...]:
    return tuple(_point(one) for one in value)


READERS: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "decimal": lambda value: Decimal(str(value)),
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "geopoint": _point,
    "geotrace": _points,
    "geoshape": _points,
    "select multiple": tuple,
    "rank": tuple,
}


@dataclass(frozen=True)
class Entry:
    """One answered question: its path with repeat positions, its type, and the typed value as Python has it.

    Types: text, integer, decimal, date, time, datetime (both with the phone's offset), boolean, geopoint,
    geotrace, geoshape, barcode, select one, select multiple, rank, trigger, image, audio, video, file.
    `label` and `shown` are the words on the screen, if the filling asked for them.
    """

    path: str
    type: str
    value: Any
    label: str | None = None
    shown: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Entry:
        reader = READERS.get(content["type"], lambda value: value)
        return cls(
            path=content["path"],
            type=content["type"],
            value=reader(content["value"]),
            label=content.get("label"),
            shown=tuple(content.get("shown", ())),
        )


@dataclass(frozen=True)
class Filled:
    """A finalized form. `xml` is what the phone sends, byte for byte.

    entries: the answers that are in the instance; `entered` gives them as path -> value.
    calculated: path -> text of every other filled place (calculations, metadata), as the engine has it.
    blank: questions that were asked and left blank. discarded: answered, but no longer relevant at the end.
    entities: what the instance creates or updates, as Collect's finalization reads it.
    """

    form_id: str
    version: str
    instance_id: str
    instance_name: str
    xml: bytes
    language: str
    entries: tuple[Entry, ...]
    calculated: dict[str, str]
    blank: tuple[str, ...]
    discarded: tuple[str, ...]
    attachments: tuple[Path, ...]
    entities: tuple[dict[str, Any], ...]
    folder: Path

    @classmethod
    def from_json(cls, content: Mapping[str, Any], folder: Path) -> Filled:
        place = Path(content.get("folder", folder))
        return cls(
            form_id=content["form_id"],
            version=content["version"] or "",
            instance_id=content["instance_id"],
            instance_name=content["instance_name"],
            xml=base64.b64decode(content["xml"]),
            language=content["language"] or "",
            entries=tuple(Entry.from_json(one) for one in content["entered"]),
            calculated=content["calculated"],
            blank=tuple(content["blank"]),
            discarded=tuple(content["discarded"]),
            attachments=tuple(place / name for name in content["attachments"]),
            entities=tuple(content["entities"]),
            folder=place,
        )

    @property
    def entered(self) -> dict[str, Any]:
        return {entry.path: entry.value for entry in self.entries}


@dataclass(frozen=True)
class ProbeResult:
    """What a form did with some forced answers; see `PhoneDriver.probe`.

    refused: path -> why: "required", "constraint", "not-a-choice", "no-choices", or "not-asked" (a forced
    answer whose question never opened).
    """

    relevant: frozenset[str]
    relevant_at_end: frozenset[str]
    finalized: bool
    refused: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ProbeResult:
        return cls(
            relevant=frozenset(content["relevant"]),
            relevant_at_end=frozenset(content["relevant_at_end"]),
            finalized=content["finalized"],
            refused=content["refused"],
        )


def to_json(value: Any) -> Any:
    """An answer from Python (dates, decimals, paths) as the driver reads it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Path):
        return {"file": str(value)}
    raise TypeError(f"not an answer: {type(value).__name__}")
