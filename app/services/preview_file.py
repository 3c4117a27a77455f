"""What may a browser show of a picture that somebody sent? One that was drawn again, by a process that can do no harm.

A photo holds more than one sees: where and when it was taken, with which phone, and whatever its sender put behind
it. And a decoder of pictures is what attackers write files for. So the file goes to a child with limits on CPU,
memory and time and without anything of ours in its environment; back comes a picture or a reason.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import BoundedSemaphore, Timer

from app import problems
from app.services.preview_child import REFUSALS

MEDIA_TYPE = "image/jpeg"
WALL_SECONDS = 15
_CHILD = str(Path(__file__).with_name("preview_child.py"))
# Each child may take half a gigabyte: in each server process no more than this many at a time.
_AT_ONCE = BoundedSemaphore(2)


def preview(chunks: Iterator[bytes]) -> bytes:
    """A JPEG of at most 1,600 pixels a side, with nothing in it but the picture. Raises Problem 406.2."""
    # A thread that waits takes no submission: those who look at pictures wait for a while, not for ever.
    if not _AT_ONCE.acquire(timeout=WALL_SECONDS):
        raise problems.unavailable("too many pictures are asked for at this moment")
    try:
        drawn, status = _draw(chunks)
    finally:
        _AT_ONCE.release()
    if status == 0:
        return drawn
    # Killed by a limit of CPU, memory or time: whatever it is, it costs too much.
    raise problems.no_preview(REFUSALS.get(status, "large"))


def _draw(chunks: Iterator[bytes]) -> tuple[bytes, int]:
    with subprocess.Popen(
        [sys.executable, "-I", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
    ) as child:
        assert child.stdin is not None and child.stdout is not None  # noqa: PT018  (pipes, as was asked above)
        alarm = Timer(WALL_SECONDS, child.kill)
        alarm.start()
        try:
            # The child reads to the end before it writes; if it ended already, it says why by its status.
            with contextlib.suppress(BrokenPipeError), child.stdin as target:
                for chunk in chunks:
                    target.write(chunk)
            drawn = child.stdout.read()
            return drawn, child.wait()
        finally:
            alarm.cancel()
            child.kill()
