"""Why do thousands of applications ask quickly in the tests? Their statements are made into SQL once.

SQLAlchemy keeps the SQL of a statement with the engine, and every test has an engine of its own: a fifth of all the
suite's processor time went into making the same text again. A served process makes it once, as here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.util import LRUCache

_compile = ClauseElement._compile_w_cache
_firsts: dict[object, Dialect] = {}
_compiled: Any = LRUCache(5000)


def _first_like(dialect: Dialect) -> Dialect:
    """The first dialect of its kind: all databases of a test session are of one version, with the same settings."""
    kind = (type(dialect), dialect.paramstyle, getattr(dialect, "_json_deserializer", None))
    return _firsts.setdefault(kind, dialect)


def _compile_once(statement: Any, dialect: Dialect, *, compiled_cache: Any, **options: Any) -> Any:
    if compiled_cache is None:
        return _compile(statement, dialect, compiled_cache=None, **options)
    return _compile(statement, _first_like(dialect), compiled_cache=_compiled, **options)


def install() -> None:
    """From now on, in this process."""
    ClauseElement._compile_w_cache = _compile_once  # type: ignore[method-assign]
