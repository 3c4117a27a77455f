"""When was it? Dates, times and date-times as phones write them, offset kept as entered.

ODK writes ISO 8601: 2026-11-22, 10:30:00.000+01:00, 2026-11-22T10:30:00.000+01:00; older clients shorten the
offset to +01 and leave out seconds. Source: ODK XForms specification, data types date, time, dateTime.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from forms.errors import ValueUnreadable

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?")
_LARGEST_OFFSET = timedelta(hours=14)


def parse_date(text: str) -> date:
    """Read YYYY-MM-DD. Raises ValueUnreadable for anything else and for days that do not exist."""
    return _date(text.strip(), "date")


def parse_time(text: str) -> time:
    """Read HH:MM[:SS[.fff]][offset]; the result is naive if there is no offset. Raises ValueUnreadable."""
    return _time(text.strip(), "time")


def parse_datetime(text: str) -> datetime:
    """Read a date and a time joined by T; naive if there is no offset. Raises ValueUnreadable."""
    day, separator, clock = text.strip().partition("T")
    if not separator:
        raise ValueUnreadable("The answer is not a date and a time.", "dateTime")
    return datetime.combine(_date(day, "dateTime"), _time(clock, "dateTime"))


def _date(text: str, data_type: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueUnreadable("The answer is not a date such as 2026-11-22.", data_type)
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise ValueUnreadable("The answer is a day that does not exist.", data_type) from None


def _time(text: str, data_type: str) -> time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueUnreadable("The answer is not a time such as 10:30:00.000+01:00.", data_type)
    hours, minutes, seconds, fraction, offset = match.groups()
    microseconds = int((fraction or "0").ljust(6, "0")[:6])
    try:
        return time(int(hours), int(minutes), int(seconds or 0), microseconds, tzinfo=_offset(offset, data_type))
    except ValueError:
        raise ValueUnreadable("The answer is a time that does not exist.", data_type) from None


def _offset(text: str | None, data_type: str) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if size > _LARGEST_OFFSET or int(digits[2:]) > 59:
        raise ValueUnreadable("The answer has an offset from UTC that does not exist.", data_type)
    return timezone(-size if text[0] == "-" else size)
