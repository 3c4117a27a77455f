"""Where may a crash strike? Named points at which a drill can kill the process, to show that nothing is lost there.

In service nothing happens here. A drill sets SPORTEL_CRASH_AT to `<point>@<file>`: the first process that passes the
point and can take the file away dies at once, as by a power cut. Taking the file away makes it happen exactly once,
however many processes there are.
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
}

_point, _, _fuse = os.environ.get("SPORTEL_CRASH_AT", "").partition("@")


def crash_point(name: str) -> None:
    """Die here, if a drill has asked for it."""
    if name != _point:
        return
    try:
        Path(_fuse).unlink()
    except OSError:
        return  # another process has died for it, or the drill is over
    os.kill(os.getpid(), signal.SIGKILL)
