"""Why do thousands of applications start quickly in the tests? Their routes are compiled once.

Werkzeug takes each route of each application apart, and writes and compiles two functions that build its address: a
quarter of a second for ours. All of it depends on the route's text and on the map's settings alone.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any, NamedTuple

from werkzeug.routing import Rule

_compile = Rule.compile


class _Compiled(NamedTuple):
    parts: list[Any]
    trace: list[tuple[bool, str]]
    converters: dict[str, Any]
    build: FunctionType
    build_unknown: FunctionType


_compiled: dict[object, _Compiled] = {}


def _compile_once(rule: Rule) -> None:
    if rule.defaults or rule.host or rule.subdomain:
        _compile(rule)
        return
    key = (rule.rule, rule.merge_slashes, *rule.map.converters.values())
    if key not in _compiled:
        _compile(rule)
        builders: list[Any] = [rule._build, rule._build_unknown]
        _compiled[key] = _Compiled(rule._parts, rule._trace, rule._converters, *(each.__func__ for each in builders))
    known = _compiled[key]
    rule._parts, rule._trace, rule._converters = known.parts, known.trace, known.converters
    rule.arguments.update(known.converters)
    rule._build, rule._build_unknown = known.build.__get__(rule), known.build_unknown.__get__(rule)


def install() -> None:
    """From now on, in this process."""
    Rule.compile = _compile_once  # type: ignore[method-assign]
