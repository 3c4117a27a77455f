"""The shipped application with a fuse in it: what a drill serves to have it die at a named point, again and again.

    new_service(entry="tests.faults.armed:app", DRILL_FUSE=path)

The service itself refuses to start with SPORTEL_CRASH_AT, which is no setting; so this arms the points by hand.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from app.crash_points import arm
from app.services import lease
from wsgi import app

arm("*", Path(os.environ["DRILL_FUSE"]))
# The next worker waits until the lease of one that died expires: in service half a minute, too long for every point.
lease.LENGTH = timedelta(seconds=3)
lease._RENEW_AFTER_SECONDS = 1.0

__all__ = ["app"]
