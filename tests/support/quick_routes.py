"""Why do thousands of applications start quickly in the tests? Their routes are compiled once.

Werkzeug writes, for each route of each application, two functions that build its address, and compiles them: a quarter
of a second for ours. They depend on the route's text alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compile: Callable[[Rule, bool], Any] = Rule._compile_builder
_compiled: dict[object, Any] = {}


def _compile_once(rule: Rule, append_unknown: bool = True) -> Any:
    if rule.defaults:
        return _compile(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


def install() -> None:
    """From now on, in this process."""
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]
