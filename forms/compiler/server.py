"""The compiler: a process that has pyxform in memory and forks a short-lived child for each job.

It ends when the other side of the control socket closes, or after a minute without a job. It never reads a
workbook itself. Started by `client` as `python -m forms.compiler.server <file descriptor>`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

IDLE_SECONDS = 60


@dataclass
class _Job:
    """A running child. `alive` becomes readable when the child, which holds the other end, is gone."""

    pid: int
    alive: int
    channel: socket.socket
    deadline: float


def serve(control: socket.socket) -> None:
    """Take jobs from `control` until it closes or nothing happens for `IDLE_SECONDS`."""
    from forms.compiler import job  # Imports pyxform: slow, and only in this process.

    gc.collect()
    gc.freeze()
    jobs: list[_Job] = []
    while True:
        now = time.monotonic()
        wait = min([each.deadline - now for each in jobs], default=IDLE_SECONDS)
        watched: list[socket.socket | int] = [control, *(each.alive for each in jobs)]
        ready, _, _ = select.select(watched, [], [], max(wait, 0))
        if not ready and not jobs:
            return
        for each in jobs:
            if each.alive not in ready and time.monotonic() >= each.deadline:
                os.kill(each.pid, signal.SIGKILL)
        for each in [each for each in jobs if each.alive in ready]:
            jobs.remove(each)
            _finish(each)
        if control in ready:
            message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
            if not message:
                return
            if descriptors:
                channel = socket.socket(fileno=descriptors[0])
                jobs.append(_fork(job.run, json.loads(message), channel, control, jobs))


def _fork(
    run: Callable[[socket.socket, dict[str, int]], None],
    limits: dict[str, int],
    channel: socket.socket,
    control: socket.socket,
    others: list[_Job],
) -> _Job:
    """Start a child that runs the job and never returns here."""
    alive, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(alive)
            control.close()
            # A copy of another job's channel in our hands would keep its client waiting for the end.
            for other in others:
                other.channel.close()
            run(channel, limits)
            status = 0
        finally:
            os._exit(status)
    os.close(held)
    return _Job(pid, alive, channel, time.monotonic() + limits["wall_seconds"])


def _finish(job: _Job) -> None:
    """Reap a child; where it could not answer for itself, say why."""
    os.close(job.alive)
    _, status = os.waitpid(job.pid, 0)
    with job.channel:
        if status != 0:
            # It may be that nobody waits for the answer any more.
            with contextlib.suppress(OSError):
                job.channel.sendall(json.dumps({"refused": _reason(status)}).encode())


def _reason(status: int) -> str:
    """Killed by a limit of time is slow; any other sudden end was for want of memory."""
    killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return "slow" if killed_by in (signal.SIGXCPU, signal.SIGKILL) else "large"


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
