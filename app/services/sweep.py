"""How is taken away what a crash left behind, without ever taking what a row is about to name?

A file is written before its row. So a file that no row names may be an orphan, or an upload that is still arriving.
Three things tell them apart: its age by the storage's own clock; the order (list first, ask the database after);
and a second look, a sweep later. The first sweep only marks, the next one deletes what is marked and still unnamed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import delete, select

from app.clock import now
from app.crash_points import crash_point
from app.db import db, models
from app.db.insert import insert_if_new
from app.db.queries import blobs as queries
from app.runtime import runtime
from app.services.operation import Progress, silent
from app.services.storage_care import abandon_unfinished, delete_unfinished, store_clock, unfinished
from app.services.transaction import transaction
from app.storage import BlobStore

BATCH = 500

Mark = models.SweepMark

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Swept:
    """What one kind came to: seen in all, marked for the next sweep, deleted now."""

    kind: str
    seen: int
    marked: int
    deleted: int


@dataclass(frozen=True)
class _Kind:
    """`unnamed` asks the database, in the running transaction, which of some names nothing refers to."""

    name: str
    list_old: Callable[[], Iterator[tuple[str, bool]]]
    unnamed: Callable[[Collection[str]], set[str]]
    delete: Callable[[Collection[str]], object]


def sweep(*, at_once: bool = False, older_than: timedelta | None = None, progress: Progress = silent) -> list[Swept]:
    """Mark orphans and delete those marked before. `at_once` deletes them in this sweep already.

    Nothing younger than `older_than` is touched (by default SPORTEL_SWEEP_HOURS). It must exceed the longest request;
    less is for a place where nobody is sending.
    """
    age = older_than if older_than is not None else timedelta(hours=runtime().settings.sweep_hours)
    store = runtime().store
    stored_before = store_clock(store) - age
    swept = [_sweep(kind, at_once=at_once, progress=progress) for kind in _kinds(store, stored_before, now() - age)]
    # A bucket's unfinished uploads have no names to mark; nothing that is about to get a row looks like them.
    if abandoned := abandon_unfinished(store, stored_before):
        swept.append(Swept("unfinished in the bucket", abandoned, 0, abandoned))
    return swept


def _kinds(store: BlobStore, stored_before: datetime, made_before: datetime) -> tuple[_Kind, ...]:

    def old(names: Iterable[tuple[str, datetime]]) -> Iterator[tuple[str, bool]]:
        return ((name, moment <= stored_before) for name, moment in names)

    def delete_files(names: Collection[str]) -> None:
        for name in names:
            store.delete(name)

    def delete_uploads(names: Collection[str]) -> None:
        for name in names:
            delete_unfinished(store, name)

    return (
        _Kind("blob", lambda: old(store.list()), lambda names: set(names) - queries.named(names), delete_files),
        _Kind("unfinished", lambda: old(unfinished(store)), set, delete_uploads),
        _Kind(
            "data-key",
            lambda: ((str(key_id), True) for key_id in queries.unreferenced_data_keys(made_before)),
            set,  # listing and deleting ask for themselves
            lambda names: queries.delete_unreferenced_data_keys([int(name) for name in names]),
        ),
    )


def _sweep(kind: _Kind, *, at_once: bool, progress: Progress) -> Swept:
    marked_before = _marks(kind)
    seen = marked = deleted = 0
    found: set[str] = set()
    for batch in _batches(kind.list_old()):
        seen += len(batch)
        candidates = {name for name, is_old in batch if is_old}
        # Deciding and deleting are one writing transaction: on SQLite no row can come in between.
        with transaction():
            orphans = kind.unnamed(candidates) if candidates else set()
            crash_point("sweep.chosen")
            condemned = orphans if at_once else orphans & marked_before
            if condemned:
                kind.delete(condemned)
                crash_point("sweep.deleted")
                _unmark(kind, condemned)
            for name in sorted(orphans - condemned - marked_before):
                marked += insert_if_new(Mark, kind=kind.name, name=name, marked_at=now()) is not None
        crash_point("sweep.committed")
        deleted += len(condemned)
        found |= orphans - condemned
        progress(f"sweep: {kind.name}", seen, None)
    # What was marked and has got a row, or is gone, is no longer a candidate.
    with transaction():
        for names in _batches(iter(sorted(marked_before - found))):
            _unmark(kind, names)
    return Swept(kind.name, seen, marked, deleted)


def _batches(items: Iterator[_Item]) -> Iterator[list[_Item]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _marks(kind: _Kind) -> set[str]:
    found = set(db.session.scalars(select(Mark.name).where(Mark.kind == kind.name)))
    db.session.rollback()
    return found


def _unmark(kind: _Kind, names: Collection[str]) -> None:
    db.session.execute(
        delete(Mark).where(Mark.kind == kind.name, Mark.name.in_(names)),
        execution_options={"synchronize_session": False},
    )
