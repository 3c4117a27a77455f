"""What is on the disk after a power cut? A model of a disk's cache, fed with the calls that a process made.

Only what was synced is sure: a file's bytes by fsync or fdatasync of the file, its name by fsync of its folder. All
else may be there, not at all, or in part; `what_remains` plays both ends.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.tracing import Call

_PAGE = 4096
_ENDS = re.compile(r", (\d+), (\d+)$")
_LENGTH = re.compile(r", (\d+)$")


@dataclass
class _File:
    cached: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


class CachedDisk:
    """The files and folders below one folder, as they are in memory and as they are on the disk."""

    def __init__(self, folder: Path, as_it_was: Path) -> None:
        """`as_it_was`: a copy of the folder from before the calls, all of which is on the disk."""
        self.folder = folder
        self._cached: dict[str, _File | None] = {}  # None is a folder
        for path in as_it_was.rglob("*"):
            name = str(folder / path.relative_to(as_it_was))
            content = None if path.is_dir() else path.read_bytes()
            self._cached[name] = None if content is None else _File(bytearray(content), content)
        self._durable = dict(self._cached)

    def apply(self, call: Call) -> None:
        """Take one call in, if it is about something below the folder."""
        act = getattr(self, f"_{call.name}", None)
        if act is not None and call.result >= 0 and not call.injected:
            act(call)

    def what_remains(self, into: Path, dice: random.Random | None = None) -> None:
        """Write what the next start finds: only what is sure, or with dice also any part of the rest."""
        into.mkdir()
        names = dict(self._durable)
        if dice is not None:
            gone = [name for name in self._durable if name not in self._cached]
            names = {name: file for name, file in names.items() if name not in gone or dice.random() < 0.5}
            names |= {n: file for n, file in self._cached.items() if n in self._durable or dice.random() < 0.5}
        for name in sorted(names):
            path, file = into / Path(name).relative_to(self.folder), names[name]
            if name.endswith("-shm") or not path.parent.is_dir():
                continue
            if file is None:
                path.mkdir(mode=0o700, exist_ok=True)
            else:
                path.write_bytes(file.durable if dice is None else _torn(file, dice))
                path.chmod(0o600 if "keys" not in path.parts else 0o400)

    def _is_ours(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/")

    def _openat(self, call: Call) -> None:
        (path, *_) = call.paths
        if "O_CREAT" in call.text and self._is_ours(path) and path not in self._cached:
            self._cached[path] = _File()
        if "O_TRUNC" in call.text and (file := self._cached.get(path)) is not None:
            file.cached.clear()

    def _mkdir(self, call: Call) -> None:
        (path,) = call.paths
        if self._is_ours(path):
            self._cached[path] = None

    def _write(self, call: Call) -> None:
        if (file := self._cached.get(call.path)) is not None:
            file.cached += call.data[: call.result]

    def _pwrite64(self, call: Call) -> None:
        if (file := self._cached.get(call.path)) is None:
            return
        ends = _ENDS.search(call.text)
        assert ends is not None
        start = int(ends[2])
        if len(file.cached) < start:
            file.cached += bytes(start - len(file.cached))
        file.cached[start : start + call.result] = call.data[: call.result]

    def _ftruncate(self, call: Call) -> None:
        if (file := self._cached.get(call.path)) is None:
            return
        length = _LENGTH.search(call.text)
        assert length is not None
        del file.cached[int(length[1]) :]
        file.cached += bytes(int(length[1]) - len(file.cached))

    def _rename(self, call: Call) -> None:
        before, after = call.paths
        if before in self._cached:
            self._cached[after] = self._cached.pop(before)

    def _unlink(self, call: Call) -> None:
        (path,) = call.paths
        self._cached.pop(path, None)

    def _fsync(self, call: Call) -> None:
        file = self._cached.get(call.path)
        if file is not None:
            file.durable = bytes(file.cached)
        elif self._is_ours(f"{call.path}/"):
            inside = {name for name in {*self._cached, *self._durable} if str(Path(name).parent) == call.path}
            for name in inside:
                self._durable.pop(name, None)
                if name in self._cached:
                    self._durable[name] = self._cached[name]

    _fdatasync = _fsync


def _torn(file: _File, dice: random.Random) -> bytes:
    """Each page of the file as it was synced last, or as it was in memory."""
    size = dice.choice((len(file.durable), len(file.cached)))
    pages = []
    for start in range(0, size, _PAGE):
        source = dice.choice((file.durable, bytes(file.cached[start : start + _PAGE])))
        page = source[start : start + _PAGE] if source is file.durable else source
        pages.append(page.ljust(min(_PAGE, size - start), b"\0")[: size - start])
    return b"".join(pages)
