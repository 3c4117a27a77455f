"""Is the audit as it was written? The first line that is not, and what was done to it.

What the chain itself cannot show is that its end is missing: for that it is held against the heads that were kept
elsewhere, in the file beside the key file, in the log, on paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import db
from app.db.queries import audits as queries
from app.runtime import runtime
from app.services import audit_heads
from app.services.audit_chain import GENESIS, Head, parse_head, seal_of
from app.services.audit_heads import KeptHead
from app.services.operation import OperationRefused, Progress, silent


@dataclass(frozen=True)
class Fault:
    """What was done to the log, and at which place of the chain. `line`: the number of the line that shows it."""

    kind: str  # changed, missing, reordered, cut-off, replaced
    position: int
    line: int | None
    told: str


@dataclass(frozen=True)
class Verified:
    """What the look gave. `unsealed` lines are not in the chain yet; `waiting_since`: the oldest of them."""

    sealed: int
    head: str | None
    unsealed: int
    waiting_since: datetime | None
    heads_checked: int
    fault: Fault | None


def verify(given: Iterable[Head] = (), progress: Progress = silent) -> Verified:
    """Look at every line, and hold the chain against `given` heads and those in the file. Changes nothing.

    Raises OperationRefused if the file of heads cannot be read.
    """
    heads = [*_kept(), *((head, None) for head in given)]
    wanted = {head.position for head, _ in heads}
    seals: dict[int, bytes] = {}
    expected, previous = 1, GENESIS
    fault = None
    for line in queries.sealed_lines():
        fault = _fault_of(line, expected, previous)
        if fault is not None:
            break
        if line.position in wanted:
            seals[line.position] = line.hash
        expected, previous = expected + 1, line.hash
        progress("audit: lines", line.position, None)
    last = expected - 1
    if fault is None:
        fault = next((found for head, kept in heads if (found := _against(head, kept, seals, last))), None)
    unsealed, since = queries.unsealed_count()
    db.session.rollback()
    return Verified(last, str(Head(last, previous)) if last else None, unsealed, since, len(heads), fault)


def _kept() -> list[tuple[Head, KeptHead | None]]:
    try:
        return [(parse_head(each.head), each) for each in audit_heads.read(runtime().settings)]
    except (ValueError, OSError) as error:
        raise OperationRefused(f"the kept heads cannot be read: {error}") from None


def _fault_of(line: Any, expected: int, previous: bytes) -> Fault | None:
    if line.position != expected:
        gap = f"{expected}" if line.position == expected + 1 else f"{expected} to {line.position - 1}"
        return Fault("missing", expected, line.id, f"missing: place {gap}, before line {line.id}, was taken out")
    if line.hash is None or line.previous_hash is None or seal_of(line.previous_hash, line) != line.hash:
        return Fault("changed", expected, line.id, f"changed: line {line.id} at place {expected} is not as written")
    if line.previous_hash == previous:
        return None
    # The line is genuine, and does not follow the one before it.
    if line.previous_hash == GENESIS or queries.has_hash(line.previous_hash):
        told = f"reordered: line {line.id} stands at place {expected}, where it was not written"
        return Fault("reordered", expected, line.id, told)
    told = f"missing: what stood before line {line.id}, now at place {expected}, was taken out"
    return Fault("missing", expected, line.id, told)


def _against(head: Head, kept: KeptHead | None, seals: dict[int, bytes], last: int) -> Fault | None:
    where = "given" if kept is None else f"kept at {kept.at}"
    if head.position > last:
        told = f"cut off: the chain ends at place {last}, and the head {where} names place {head.position}"
        return Fault("cut-off", last + 1, None, told)
    if seals[head.position] != head.seal:
        told = f"replaced: place {head.position} does not have the seal of the head {where}"
        return Fault("replaced", head.position, None, told)
    return None
