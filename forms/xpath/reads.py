"""Which questions does an expression read?

Where that cannot be told from the text, more rather than fewer: every question of that name, or all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from forms.schema.model import FormSchema
from forms.xpath.check import LONGEST_EXPRESSION
from forms.xpath.syntax import ExpressionInvalid, parse_expression


def paths_read(expression: str, schema: FormSchema) -> frozenset[str]:
    """Paths of the questions whose answers an expression may depend on; how many repeats there are is no answer."""
    if len(expression) > LONGEST_EXPRESSION:
        return _all(schema)
    try:
        values = parse_expression(expression).values
    except ExpressionInvalid:
        return _all(schema)
    return frozenset(path for value in values for path in _meant(value, schema))


def _all(schema: FormSchema) -> frozenset[str]:
    return frozenset(each.path for each in schema.fields if each.kind == "field")


def _meant(value: str, schema: FormSchema) -> Iterator[str]:
    if value == ".":
        return  # its own
    if value in ("*", ".."):
        yield from _all(schema)
        return
    if value.startswith("/"):
        _, root, *names = (segment.rpartition(":")[2] for segment in value.split("/"))
        ends = ["".join(f"/{name}" for name in names)] if root == schema.root_name else []
    else:
        name = value.rpartition(":")[2]
        ends = [each.path for each in schema.fields if each.name == name]
    for end in ends:
        # The text of a group is the texts of all that is in it.
        yield from (
            each.path
            for each in schema.fields
            if each.kind == "field" and (each.path == end or each.path.startswith(f"{end}/"))
        )
