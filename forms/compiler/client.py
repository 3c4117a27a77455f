"""How does our process hand a workbook to the compiler and get the answer?"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

_PROJECT_ROOT = str(Path(__file__).resolve().parents[2])
_LONGEST_ANSWER = 256 * 1024 * 1024
_GRACE_SECONDS = 10
"""How much longer than a job's own limit we wait: the compiler has to start, and to notice."""


class CompilerDied(Exception):
    """Twice in a row the compiler ended without an answer."""


class _Compiler:
    """One compiler process. It ends when `control` closes, or by itself when idle."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "forms.compiler.server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Nothing of our environment, which may hold secrets, is any business of a form's.
                env={"PYTHONPATH": _PROJECT_ROOT, "LANG": "C.UTF-8"},
                start_new_session=True,
            )

    def is_ours_and_alive(self) -> bool:
        """A compiler that a parent started before it forked us is not ours to wait for."""
        return self.owner == os.getpid() and self.process.poll() is None

    def stop(self) -> None:
        self.control.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


_lock = threading.Lock()
_compiler: _Compiler | None = None


def compile_in_child(
    content: bytes,
    file_type: str,
    fallback_form_id: str | None,
    *,
    cpu_seconds: int,
    wall_seconds: int,
    memory_bytes: int,
) -> dict[str, Any]:
    """The job's answer: {"xform", "warnings", "itemsets"}, or {"refused": "slow" | "large" | "invalid", …}.

    Raises CompilerDied if a compiler, and the one started in its place, ended without an answer.
    """
    limits = {"cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds, "memory_bytes": memory_bytes}
    header = {"file_type": file_type, "fallback_form_id": fallback_form_id, "size": len(content)}
    request = json.dumps(header).encode() + b"\n" + content
    for _ in range(2):
        compiler = _running_compiler()
        try:
            answer = _ask(compiler, json.dumps(limits).encode(), request, wall_seconds + _GRACE_SECONDS)
            parsed: dict[str, Any] = json.loads(answer)
            return parsed
        except (OSError, json.JSONDecodeError):
            # An idle compiler may end in the very moment in which it is asked; a fresh one answers.
            _discard(compiler)
    raise CompilerDied


def stop_compiler() -> None:
    """End the warm compiler if there is one; the next job starts another."""
    with _lock:
        compiler = _compiler
    if compiler is not None:
        _discard(compiler)


atexit.register(stop_compiler)


def compiler_pid() -> int | None:
    """Process ID of the warm compiler, None if none runs."""
    with _lock:
        alive = _compiler is not None and _compiler.is_ours_and_alive()
        return _compiler.process.pid if alive and _compiler is not None else None


def _running_compiler() -> _Compiler:
    global _compiler
    with _lock:
        if _compiler is None or not _compiler.is_ours_and_alive():
            if _compiler is not None:
                # It ended for want of work; its end of the socket is still ours to close.
                _compiler.stop()
            _compiler = _Compiler()
        return _compiler


def _discard(compiler: _Compiler) -> None:
    global _compiler
    with _lock:
        if _compiler is compiler:
            _compiler = None
            compiler.stop()


def _ask(compiler: _Compiler, limits: bytes, request: bytes, timeout_seconds: float) -> bytes:
    """One job over its own socket pair: request out, answer in until the other side closes."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours:
        ours.settimeout(timeout_seconds)
        with theirs:
            socket.send_fds(compiler.control, [limits], [theirs.fileno()])
        # A child that ended before it had read all has its end explained in the answer.
        with contextlib.suppress(BrokenPipeError):
            ours.sendall(request)
        parts: list[bytes] = []
        while (part := ours.recv(1024 * 1024)) and sum(map(len, parts)) < _LONGEST_ANSWER:
            parts.append(part)
        return b"".join(parts)
