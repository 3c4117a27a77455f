"""Where may a crash strike? Named points at which a drill can kill the process, to show that nothing is lost there.

In service nothing happens here. A drill sets SPORTEL_CRASH_AT to `<point>@<file>`: the first process that passes the
point and can take the file away dies at once. Taking the file away makes it happen exactly once, however many
processes there are. `*@<file>`: the file's content names the point, so that one running service can die again.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

# Each with what a crash there leaves behind, and who clears it up.
CRASH_POINTS = {
    "blob.begun": "an empty temporary file; the sweep",
    "blob.written": "a temporary file, perhaps not on the disk; the sweep",
    "blob.synced": "a whole temporary file; the sweep",
    "blob.renamed": "a stored file that no row names, perhaps not on the disk; the sweep",
    "blob.kept": "a stored file that no row names; the sweep",
    "submission.arrived": "stored files that no row names; the sweep",
    "submission.begun": "stored files that no row names; the sweep. The database gives its lock back by itself",
    "submission.inserted": "a half transaction, rolled back by the database; stored files, the sweep",
    "submission.attached": "a half transaction, rolled back by the database; stored files, the sweep",
    "submission.committed": "everything, without an answer: the phone sends again and hears 201; files sent twice, the"
    " sweep",
    "submission.answering": "everything, without an answer: the phone sends again and hears 201",
    "quarantine.written": "a half transaction, rolled back by the database; stored files, the sweep",
    "quarantine.committed": "everything kept aside, without an answer: the phone sends again and hears the same",
    "sweep.chosen": "nothing; the next sweep begins again",
    "sweep.deleted": "marks of files that are gone; the next sweep",
    "sweep.committed": "a part of the work, whole; the next sweep does the rest",
    "erasure.written": "a line in the ledger's file, and the submission: asking again, or the next restore",
    "erasure.committed": "sealed files that no key opens and no row names; the sweep",
    "erasure.unlinked": "old pages of the database with the wrapped key; asking again",
    "rotation.keyed": "a new key that wraps what is new; the next run wraps the rest with it",
    "rotation.wrapped": "a half batch, rolled back by the database; the next run",
    "rotation.committed": "keys of which some are wrapped anew, and all open; the next run",
    "backup.rows": "a hidden part of a file; the next backup of that name",
    "backup.synced": "a hidden whole file; the next backup of that name",
    "backup.renamed": "a whole backup, without a word to the operator; it can be restored",
    "restore.compared": "empty tables; a restore into another place",
    "restore.committed": "rows without files, told by the check; a restore into another place",
    "restore.put-back": "rows with some of their files, told by the check; a restore into another place",
    "outbox.claimed": "a transaction that has changed nothing; the work waits, and is done again from its beginning",
    "outbox.worked": "a half transaction, rolled back by the database; the work waits, and is done again",
    "outbox.done": "nothing: the work and the removal of its row are one commit",
}

_point, _, _fuse = os.environ.get("SPORTEL_CRASH_AT", "").partition("@")


def arm(point: str, fuse: Path) -> None:
    """Die at that point, or with `*` at the one that the file names, as SPORTEL_CRASH_AT says it. For drills alone."""
    global _point, _fuse
    _point, _fuse = point, str(fuse)


def crash_point(name: str) -> None:
    """Die here, if a drill has asked for it."""
    if not _point or _point not in (name, "*"):
        return
    fuse = Path(_fuse)
    try:
        if _point == "*" and fuse.read_text(encoding="ascii") != name:
            return
        fuse.unlink()
    except OSError:
        return  # another process has died for it, or the drill is over
    os.kill(os.getpid(), signal.SIGKILL)
