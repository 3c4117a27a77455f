"""What did the served process ask of the kernel, in which order? A run under strace, and its trace read back.

    with watched(service.workers(), path): ...
    calls = read_trace(path)

strace can make calls fail too (`failing`): a disk is played that does not keep what it is given.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

SYNCS = ("fsync", "fdatasync")
CALLS = f"{','.join(SYNCS)},rename,unlink,mkdir,openat,write,pwrite64,ftruncate,sendto,recvfrom"


@dataclass(frozen=True)
class Call:
    """One call. `begun` and `ended` are seconds of the clock, `order` where it ended among the others.

    `path` is the file or socket that its first argument names; `text` the rest as strace shows it, bytes as \\xNN.
    """

    order: int
    process: int
    begun: float
    ended: float
    name: str
    path: str
    text: str
    result: int
    injected: bool

    @property
    def data(self) -> bytes:
        """The bytes of its first string argument."""
        quoted = re.search(r'"((?:\\x[0-9a-f]{2})*)"(?!\.\.\.)', self.text)
        assert quoted is not None, f"{self.name}: the trace was cut"
        return bytes.fromhex(quoted[1].replace("\\x", ""))

    @property
    def descriptor(self) -> int:
        """The number of the descriptor that its first argument is."""
        return int(self.text.partition("<")[0])

    @property
    def paths(self) -> list[str]:
        """The paths that its string arguments name."""
        return [
            bytes.fromhex(each.replace("\\x", "")).decode()
            for each in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', self.text)
        ]


@contextmanager
def watched(
    processes: list[int],
    file: Path,
    *,
    string_bytes: int = 200_000,
    failing: str | None = None,
    calls: str = ",".join(SYNCS),
    error: str = "EIO",
) -> Iterator[None]:
    """In the block these running processes, with all that they start, are watched; their calls go into the file.

    `failing`: which of these `calls` fail with this error, counted in each thread and for each kind of call: `5+7` is
    the fifth and then every seventh. After the block the disk is well again.
    """
    command = ["strace", "-f", "-y", "-xx", "-ttt", "-T", "-s", str(string_bytes), "-o", str(file)]
    command += ["-e", f"trace={calls if failing else CALLS}"]
    command += ["-e", f"inject={calls}:error={error}:when={failing}"] if failing else []
    command += [word for each in processes for word in ("-p", str(each))]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert strace.stderr is not None
    try:
        told = [strace.stderr.readline() for _ in processes]
        assert all("attached" in line for line in told), f"these processes cannot be watched: {told}"
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=60)


def count_failed(file: Path) -> int:
    """How many calls were made to fail, up to now."""
    with file.open(encoding="ascii", errors="replace") as lines:
        return sum("(INJECTED)" in line for line in lines)


_LINE = re.compile(r"(?P<process>\d+) +(?P<time>\d+\.\d+) (?P<rest>.*)", re.DOTALL)
_WHOLE = re.compile(
    r"(?P<name>\w+)\((?P<text>.*)\) += (?P<result>-?\d+|\?)(?P<after>[^\n]*?)(?: <(?P<took>\d+\.\d+)>)?$", re.DOTALL
)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_PATH = re.compile(r"\d+<([^>]*)>")


def read_trace(file: Path) -> list[Call]:
    """The calls of a trace in the order in which they ended."""
    with file.open(encoding="ascii", errors="backslashreplace") as lines:
        return [replace(call, order=number) for number, call in enumerate(_calls(lines))]


def _calls(lines: Iterable[str]) -> Iterator[Call]:
    waiting: dict[str, tuple[float, str]] = {}
    for line in lines:
        match = _LINE.match(line.rstrip("\n"))
        if match is None:
            continue
        process, moment, rest = match["process"], float(match["time"]), match["rest"]
        begun = moment
        if rest.endswith("<unfinished ...>"):
            waiting[process] = (moment, rest.removesuffix("<unfinished ...>").rstrip())
            continue
        if resumed := _RESUMED.match(rest):
            begun, first = waiting.pop(process, (moment, ""))
            rest = first + resumed[1]
        whole = _WHOLE.match(rest)
        if whole is None or whole["result"] == "?":
            continue
        path = _PATH.match(whole["text"])
        yield Call(
            0,
            int(process),
            begun,
            begun + float(whole["took"] or 0),
            whole["name"],
            _text(path[1]) if path else "",
            whole["text"],
            int(whole["result"]),
            "(INJECTED)" in whole["after"],
        )


def _text(path: str) -> str:
    """With -xx a descriptor's path is in hexadecimal too."""
    return bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path
