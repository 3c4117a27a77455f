"""How does a drill get a disk that is full, read-only, or out of names? A small file system in memory, mounted for real.

Mounting needs root, or sudo without a password, as installing the tests' tools does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self


class SmallDisk:
    """A file system of its own at a folder, with what lay there. A context manager: afterwards it is gone."""

    def __init__(self, folder: Path, *, megabytes: int = 12, files: int | None = None) -> None:
        """`files`: how many files and folders it can have at most."""
        self.folder = folder
        self._options = f"size={megabytes}m" + (f",nr_inodes={files}" if files else "")

    def __enter__(self) -> Self:
        before = self.folder.with_name(f"{self.folder.name}.before")
        self.folder.mkdir(exist_ok=True)
        self.folder.rename(before)
        self.folder.mkdir()
        _as_root(
            "mount", "-t", "tmpfs", "-o", f"{self._options},mode=0700,uid={os.getuid()}", "tmpfs", str(self.folder)
        )
        shutil.copytree(before, self.folder, dirs_exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: a process that is just ending may still have a file open.
        _as_root("umount", "--lazy", str(self.folder))

    def change(self, options: str) -> None:
        """Such as `size=64m`, `ro`, `rw`; what is on it stays."""
        _as_root("mount", "-o", f"remount,{options}", str(self.folder))


def _as_root(*command: str) -> None:
    done = subprocess.run(
        command if os.geteuid() == 0 else ("sudo", "-n", *command), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"this drill mounts a small disk, which needs root or sudo: {done.stderr.strip()}"
