"""How is what was put aside discarded for good? Its key is destroyed with its row, then the file goes."""

from __future__ import annotations

from app import problems
from app.db.queries import quarantine as queries
from app.db.queries.quarantine import Reach
from app.permissions import Actor
from app.services.audit import record
from app.services.erase_submission import forget_old_pages
from app.services.erasure_ledger import REASON_CHARACTERS
from app.services.quarantine import take_out
from app.services.quarantine_entries import entry
from app.services.transaction import transaction
from app.services.uploads import discard_blobs


def discard(by: Actor, reach: Reach, entry_id: int, why: str, *, whole: bool = False) -> int:
    """Discard an entry, or with `whole` all that came with it; how many. Nobody can read it after that.

    Raises Problem 404.1 if there is no such entry within reach, 400.8 without a reason.
    """
    why = why.strip()
    if not why or len(why) > REASON_CHARACTERS or not why.isprintable():
        raise problems.unexpected_value(
            "reason", f"give one line of 1 to {REASON_CHARACTERS} characters, without names"
        )
    with transaction():
        kept = entry(reach, entry_id)
        together = {each.id for each in queries.sent_together(kept)} if whole else set()
        # What somebody else has released or discarded meanwhile is not ours to name.
        there = [row.id for row in queries.locked({kept.id} | together)]
        if not there:
            raise problems.not_found()
        blobs = take_out(there)
        record(
            "quarantine.discard",
            by,
            project_id=kept.project_id,
            form_id=kept.form_id,
            reason=kept.reason,
            instanceId=kept.instance_id,
            entries=there,
            why=why,
        )
    discard_blobs(blobs)
    forget_old_pages()
    return len(blobs)
