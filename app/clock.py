"""What time is it? The server's time in UTC; a phone's clock is data, never trusted."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, cut to milliseconds as the API shows it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_iso(moment: datetime | None) -> str | None:
    """A moment as Central writes it: `2026-01-31T08:00:00.000Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
