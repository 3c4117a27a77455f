"""What is inside of a backup, and is it whole and ours?

A tar stream: `header.json`, `tables/<name>/<number>.jsonl` (lines of the canonical dump, parents first),
`blobs/<key>` (sealed as they lie in the storage), `manifest.json`. The manifest has the digests of all that is before
it and a keyed hash under the wrapping key, so that only who holds the key file could have made it.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from app.sealing.envelope import Keyring, keyed_hash
from app.services.canonical_dump import RunningDigest, TableDigest, TableShape
from app.services.operation import OperationRefused

FORMAT = 1
PART_BYTES = 1 << 20
# A line may hold a submission's XML twice over, or a workbook.
_MOST_PART_BYTES = 512 << 20
_PIECE = 1 << 16
_BLOB = re.compile(r"blobs/([0-9A-Za-z_-]{16,64})")
_PART = re.compile(r"tables/([a-z][a-z0-9_]*)/\d+\.jsonl")
_NAME = re.compile(r"[a-z][a-z0-9_]*")

DAMAGED = "the backup is damaged; take another copy of the file"


@dataclass(frozen=True)
class Header:
    """What must be known before anything is read: revision of the tables, their shapes, the keys that it needs."""

    revision: str
    database: str
    made_at: str
    shapes: tuple[TableShape, ...]
    wrapping_keys: tuple[str, ...]
    signed_with: str


@dataclass(frozen=True)
class Manifest:
    """What was put in: the tables' digests, how many files with the digest over all, and which could not be read."""

    tables: Mapping[str, TableDigest]
    blobs: int
    blobs_sha256: str
    absent: tuple[str, ...] = ()


class _BlobsDigest:
    """One digest over all files: over `<key> <sha256>` lines, in their order."""

    def __init__(self) -> None:
        self._hash, self.count = hashlib.sha256(), 0

    def add(self, key: str, sha256: str) -> None:
        self._hash.update(f"{key} {sha256}\n".encode())
        self.count += 1

    def result(self) -> str:
        return self._hash.hexdigest()


def _signature(ring: Keyring, key_id: str, header: bytes, manifest: bytes) -> str:
    key = keyed_hash(ring.keys[key_id], b"sportel-backup")
    return keyed_hash(key, hashlib.sha256(header).digest() + manifest).hex()


class ArchiveWriter:
    """Writes the members in their order: header, parts of tables, blobs, end."""

    def __init__(self, sink: BinaryIO, header: Header, ring: Keyring) -> None:
        self._tar = tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (closed by end)
        self._ring, self._header = ring, header
        self._header_bytes = _header_bytes(header)
        self._tables: dict[str, TableDigest] = {}
        self._blobs = _BlobsDigest()
        self._add("header.json", self._header_bytes)

    def add_table(self, name: str, lines: Iterable[str]) -> Iterator[int]:
        """The rows of a table; gives the number of rows done after each part."""
        running, part, parts = RunningDigest(), bytearray(), 0
        for line in lines:
            running.add(line)
            part += line.encode() + b"\n"
            if len(part) >= PART_BYTES:
                parts += 1
                self._add(f"tables/{name}/{parts:06}.jsonl", bytes(part))
                part.clear()
                yield running.result().rows
        if part:
            self._add(f"tables/{name}/{parts + 1:06}.jsonl", bytes(part))
        self._tables[name] = running.result()
        yield running.result().rows

    def add_blob(self, key: str, source: BinaryIO) -> int:
        """A sealed file as it lies in the storage; its size in bytes."""
        # A tar needs the size first, and a bucket's stream does not tell it.
        with tempfile.SpooledTemporaryFile(max_size=4 * PART_BYTES) as spool:
            digest = hashlib.sha256()
            while piece := source.read(_PIECE):
                digest.update(piece)
                spool.write(piece)
            size = spool.tell()
            spool.seek(0)
            info = tarfile.TarInfo(f"blobs/{key}")
            info.size, info.mode = size, 0o600
            self._tar.addfile(info, spool)
        _forget_members(self._tar)
        self._blobs.add(key, digest.hexdigest())
        return size

    def end(self, absent: Iterable[str] = ()) -> Manifest:
        """Sign what was written, and finish."""
        made = Manifest(self._tables, self._blobs.count, self._blobs.result(), tuple(absent))
        body = _manifest_bytes(made)
        signature = _signature(self._ring, self._header.signed_with, self._header_bytes, body)
        self._add("manifest.json", json.dumps({"manifest": body.decode(), "hmac": signature}).encode())
        self._tar.close()
        return made

    def _add(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o600
        self._tar.addfile(info, io.BytesIO(content))
        _forget_members(self._tar)


def _forget_members(tar: Any) -> None:
    """A tar remembers every member that it has passed; for a stream that is only memory."""
    tar.members.clear()


def _header_bytes(header: Header) -> bytes:
    document = {
        "format": FORMAT,
        "revision": header.revision,
        "database": header.database,
        "madeAt": header.made_at,
        "tables": [
            {"name": each.name, "columns": each.columns, "key": each.key, "own": each.own_references}
            for each in header.shapes
        ],
        "wrappingKeys": header.wrapping_keys,
        "signedWith": header.signed_with,
    }
    return json.dumps(document, indent=1).encode()


def _manifest_bytes(made: Manifest) -> bytes:
    document = {
        "tables": {name: {"rows": each.rows, "sha256": each.sha256} for name, each in made.tables.items()},
        "blobs": {"count": made.blobs, "sha256": made.blobs_sha256, "absent": made.absent},
    }
    return json.dumps(document, sort_keys=True).encode()


class Consumer:
    """What is done with the members of an archive as they come; this one only lets them pass."""

    def header(self, header: Header) -> None:
        """The first member. May raise OperationRefused."""

    def rows(self, shape: TableShape, lines: list[str]) -> None:
        """Some rows of a table."""

    def blob(self, key: str, pieces: Iterator[bytes]) -> None:
        """A file; what is not taken from `pieces` is read all the same."""


def read_archive(source: BinaryIO, ring: Keyring, consumer: Consumer) -> tuple[Header, Manifest]:
    """Hand the members to `consumer` and check every digest and the signature at the end.

    Raises OperationRefused for another key file than the backup's, and for whatever is not as the manifest says.
    """
    try:
        return _Reading(source, ring, consumer).run()
    except (tarfile.TarError, EOFError, KeyError, ValueError, TypeError):
        raise OperationRefused(DAMAGED) from None


class _Reading:
    def __init__(self, source: BinaryIO, ring: Keyring, consumer: Consumer) -> None:
        self._tar = tarfile.open(fileobj=source, mode="r|")  # noqa: SIM115  (the stream is its owner's to close)
        self._ring, self._consumer = ring, consumer
        self._tables: dict[str, RunningDigest] = {}
        self._blobs = _BlobsDigest()

    def run(self) -> tuple[Header, Manifest]:
        raw = self._content(self._next(), "header.json")
        header = _read_header(raw)
        _refuse_other_keys(header, self._ring)
        self._consumer.header(header)
        shapes = {each.name: each for each in header.shapes}
        self._tables = {name: RunningDigest() for name in shapes}
        while (member := self._next()).name != "manifest.json":
            part, blob = _PART.fullmatch(member.name), _BLOB.fullmatch(member.name)
            if part is not None:
                self._rows(shapes[part[1]], self._content(member, member.name))
            elif blob is not None:
                self._blob(blob[1], member)
            else:
                raise ValueError("a member of another name")
        return header, self._check(raw, header, self._content(member, "manifest.json"))

    def _next(self) -> tarfile.TarInfo:
        member = self._tar.next()
        if member is None or not member.isfile():
            raise EOFError
        _forget_members(self._tar)
        return member

    def _content(self, member: tarfile.TarInfo, name: str) -> bytes:
        file = self._tar.extractfile(member)
        if member.name != name or file is None or member.size > _MOST_PART_BYTES:
            raise ValueError("not the member that must be here")
        content = file.read()
        if len(content) != member.size:
            raise EOFError
        return content

    def _rows(self, shape: TableShape, content: bytes) -> None:
        lines = content.decode().split("\n")[:-1]
        for line in lines:
            self._tables[shape.name].add(line)
        self._consumer.rows(shape, lines)

    def _blob(self, key: str, member: tarfile.TarInfo) -> None:
        file = self._tar.extractfile(member)
        if file is None:
            raise EOFError
        digest = hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            left = member.size
            while left:
                piece = file.read(min(_PIECE, left))
                if not piece:
                    raise EOFError
                left -= len(piece)
                digest.update(piece)
                yield piece

        stream = pieces()
        self._consumer.blob(key, stream)
        for _ in stream:
            pass
        self._blobs.add(key, digest.hexdigest())

    def _check(self, raw_header: bytes, header: Header, content: bytes) -> Manifest:
        signed = json.loads(content)
        body = signed["manifest"].encode()
        expected = _signature(self._ring, header.signed_with, raw_header, body)
        if not hmac.compare_digest(expected, signed["hmac"]):
            raise OperationRefused("the backup was not made with this key file, or was changed; nothing was restored")
        made = _read_manifest(json.loads(body))
        counted = {name: running.result() for name, running in self._tables.items()}
        if made.tables != counted or (made.blobs, made.blobs_sha256) != (self._blobs.count, self._blobs.result()):
            raise OperationRefused(DAMAGED)
        return made


def _read_header(raw: bytes) -> Header:
    read: dict[str, Any] = json.loads(raw)
    if read["format"] != FORMAT:
        raise OperationRefused(
            "the backup has a newer format; restore it with the Sportel that made it, or a newer one"
        )
    shapes = tuple(
        TableShape(
            each["name"], tuple((name, kind) for name, kind in each["columns"]), tuple(each["key"]), tuple(each["own"])
        )
        for each in read["tables"]
    )
    if not all(_NAME.fullmatch(name) for each in shapes for name in (each.name, *(name for name, _ in each.columns))):
        raise ValueError("a name that is none")
    return Header(
        read["revision"], read["database"], read["madeAt"], shapes, tuple(read["wrappingKeys"]), read["signedWith"]
    )


def _refuse_other_keys(header: Header, ring: Keyring) -> None:
    missing = sorted({*header.wrapping_keys, header.signed_with} - set(ring.keys))
    if missing:
        raise OperationRefused(
            f"the backup of {header.made_at} needs the key {', '.join(missing)}, which the key file does not have;"
            " put the key file of that time in its place"
        )


def _read_manifest(read: dict[str, Any]) -> Manifest:
    tables = {name: TableDigest(each["rows"], each["sha256"]) for name, each in read["tables"].items()}
    blobs = read["blobs"]
    return Manifest(tables, blobs["count"], blobs["sha256"], tuple(blobs["absent"]))
