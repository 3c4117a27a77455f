"""How does a long command show how far it is, and give its outcome to people and to scripts?"""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from app.services import operation


@contextmanager
def progress_shown(quiet: bool) -> Iterator[operation.Progress]:
    """Bars on the error stream, so that the output stays clean; nothing if that is no terminal, or with --json."""
    if quiet or not sys.stderr.isatty():
        yield operation.silent
        return
    # Loaded only where somebody looks: the service itself shows no bars.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show


def give(outcome: Any, as_json: bool, text: str) -> None:
    """The outcome: one JSON document, or what people read."""
    click.echo(json.dumps(_plain(outcome), ensure_ascii=False) if as_json else text)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def tell_refusals(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn OperationRefused into the command line's error message; with --json, into a document as well."""

    @functools.wraps(command)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except operation.OperationRefused as refused:
            if kwargs.get("as_json"):
                click.echo(json.dumps({"refused": str(refused)}, ensure_ascii=False))
                sys.exit(1)
            raise click.ClickException(str(refused)) from None

    return told


def try_again(
    retry: Callable[[tuple[int, ...] | None], int], ids: tuple[int, ...], every: bool, as_json: bool, *, shown_by: str
) -> None:
    """Try what is parked again: these, or everything. Ends with 1 if one of these is not parked."""
    if bool(ids) == every:
        raise click.UsageError(f"give the numbers that `{shown_by}` shows, or --all; not both")
    count = retry(None if every else ids)
    give({"retried": count}, as_json, f"{count} will be tried again.")
    if ids and count < len(set(ids)):
        raise SystemExit(1)
