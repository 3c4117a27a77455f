"""How does a command tell what went wrong? One line, and a status that scripts see."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.problems import Problem


def tell_problems(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a Problem into the command line's error message."""

    @functools.wraps(command)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Problem as problem:
            raise click.ClickException(problem.message) from None
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(f"the database cannot be used: {error.orig}") from None

    return told
