"""What of an answer may somebody read who is to learn about people in general, and about nobody?

One rule for each data type. What has no rule is left out: free text, exact places, files, names. A value of a special
class stays guarded until it is known that enough records in the same answer have it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from forms.schema.model import CLEAR, SENSITIVITIES, Field, FormSchema
from forms.submission.masking import Mask
from forms.submission.model import Masked, Value
from forms.submission.tables import Row

SPECIAL = frozenset(each for each in SENSITIVITIES if each.startswith("special:"))
READABLE = (CLEAR | SPECIAL) - {"open"}
"""Classes of which something may be left; of contact and identifying nothing is."""

LEAST_RECORDS = 11
"""A value of a special class is shown where so many records of the answer have it."""

LEFT_OUT = Masked("de-identified")
TOO_FEW = f"fewer than {LEAST_RECORDS}"

AGE_BANDS: tuple[tuple[int, str], ...] = (
    (50, "50+"),
    (35, "35-49"),
    (25, "25-34"),
    (18, "18-24"),
    (14, "14-17"),
    (0, "0-13"),
)
_OLDEST = 120

REGIONS: dict[str, str] = {
    "AL01": "south",
    "AL02": "north",
    "AL03": "centre",
    "AL04": "south",
    "AL05": "south",
    "AL06": "south",
    "AL07": "north",
    "AL08": "north",
    "AL09": "north",
    "AL10": "north",
    "AL11": "centre",
    "AL12": "south",
}
"""County (ISO 3166-2) -> statistical region (NUTS 2 of Albania)."""

_AGE = re.compile(r"(?:^|_)(?:age|mosha)(?:_|$)", re.IGNORECASE)
_BIRTH = re.compile(r"birth|dob|lindj", re.IGNORECASE)


@dataclass(frozen=True, repr=False)
class Guarded(Masked):
    """A value of a special class. Whoever forgets to ask whether it is common shows it masked."""

    value: Value


@dataclass(frozen=True)
class Setting:
    """What the rules need besides the answer: codes of places with their region, and the day of the record."""

    places: Mapping[str, str | None]
    day: date


def age_band(years: int) -> str | None:
    """The band; None for no age that a person has."""
    return next((band for least, band in AGE_BANDS if least <= years <= _OLDEST), None)


def _number(field: Field, value: Value, _setting: Setting) -> Value | None:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return None
    if _AGE.search(field.name):
        return age_band(int(value))
    return value if field.sensitivity in ("open", "operational") else None


def _day(field: Field, value: Value, setting: Setting) -> Value | None:
    if not isinstance(value, date):
        return None
    if _BIRTH.search(field.name):
        day = value.date() if isinstance(value, datetime) else value
        before_birthday = (setting.day.month, setting.day.day) < (day.month, day.day)
        return age_band(setting.day.year - day.year - before_birthday)
    return f"{value.year:04d}-{value.month:02d}"


def _chosen(field: Field, value: Value, setting: Setting) -> Value | None:
    """Names of the form's own choices; of places the regions. Text that is no choice of the form is free text."""
    names = value if isinstance(value, tuple) else (value,)
    known = field.choice_names
    if field.is_free_text or known is None or not all(name in known for name in names):
        return None
    # Most of its choices are places: then all are taken for that, and one without a region has nothing to say.
    if sum(name in setting.places for name in known) * 2 > len(known):
        regions = {setting.places.get(str(name)) for name in names}
        return None if None in regions else " ".join(sorted(str(each) for each in regions))
    return value


def _truth(_field: Field, value: Value, _setting: Setting) -> Value | None:
    return value if isinstance(value, bool) else None


RULES: dict[str, Callable[[Field, Value, Setting], Value | None]] = {
    "string": _chosen,
    "odk:rank": _chosen,
    "int": _number,
    "decimal": _number,
    "date": _day,
    "dateTime": _day,
    "boolean": _truth,
}
"""By data type, what is left of a value; None if nothing is. A type that is not here is left out."""

_UNCHANGED = frozenset({"int", "decimal", "boolean"})


def type_left(field: Field) -> str:
    """The data type of what the rules leave of the field's answers. An age band and a month are texts."""
    is_unchanged = field.data_type in _UNCHANGED and not _AGE.search(field.name)
    return field.data_type if is_unchanged else "string"


class Common:
    """Which values of special classes do enough records have in what is about to leave?"""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Value]] = Counter()

    def learn(self, rows: Iterable[tuple[str, Mapping[str, Value | Masked]]]) -> None:
        """Count the guarded values of the rows that are returned: each once for a record (its key), whose rows are
        together."""
        of: str | None = None
        seen: set[tuple[str, Value]] = set()
        for key, values in rows:
            if key != of:
                self._counts.update(seen)
                of, seen = key, set()
            for path, value in values.items():
                if isinstance(value, Guarded):
                    seen |= {(path, name) for name in _names(value.value)}
        self._counts.update(seen)

    def settle(self, path: str, value: Value | Masked) -> Value | Masked:
        """A guarded value that is common as itself; anything else as it is."""
        if isinstance(value, Guarded) and all(
            self._counts[path, name] >= LEAST_RECORDS for name in _names(value.value)
        ):
            return value.value
        return value


def _names(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def deidentified_rows(
    tables: Mapping[str, list[Row]], columns: FormSchema, mask: Mask, setting: Setting, common: Common
) -> dict[str, list[Row]]:
    """The rows of one record with what is left of their answers. `mask`: one that reads `READABLE`."""
    wanted = {table.name: table.fields for table in columns.tables()}
    return {
        name: [_left(row, wanted[name], mask, setting, common) for row in rows]
        for name, rows in tables.items()
        if name in wanted
    }


def _left(row: Row, fields: tuple[Field, ...], mask: Mask, setting: Setting, common: Common) -> Row:
    values: dict[str, Value | Masked] = {}
    for field in fields:
        rule, value = RULES.get(field.data_type), row.values.get(field.path)
        needed = mask.needed(field.path)
        if rule is None or mask.of(field.path) is not None or "/meta/" in field.path or isinstance(value, Masked):
            values[field.path] = LEFT_OUT
        elif needed & SPECIAL:
            left = None if value is None else rule(field, value, setting)
            # A blank looks as a rare value does: which of the two it is would tell.
            guarded = Masked(TOO_FEW) if left is None else Guarded(TOO_FEW, left)
            values[field.path] = common.settle(field.path, guarded)
        elif value is not None:
            left = rule(field, value, setting)
            values[field.path] = LEFT_OUT if left is None else left
    return Row(row.key, row.parent_key, values)
