"""Whose files do the migration counters open? The administrator adds them to the list of returnees."""

from __future__ import annotations

import datetime as dt
from random import Random

COUNTERS = ("SM_TR", "SM_DR", "SM_VL", "SM_KC")
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def files(random: Random) -> list[dict[str, object]]:
    """Bodies for POST .../datasets/returnees/entities, one or two for each counter."""
    bodies: list[dict[str, object]] = []
    for number, office in enumerate((*COUNTERS, *COUNTERS[:2])):
        code = "R-" + "".join(random.choice(LETTERS) for _ in range(8))
        data = {
            "code": code,
            "custodian": office,
            "minor": "0",
            "lang": "sqi",
            "status": "Active",
            "opened": (dt.date.today() - dt.timedelta(days=number)).isoformat(),
        }
        bodies.append({"label": code, "data": data})
    return bodies
