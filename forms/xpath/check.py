"""Which expressions of a form would a phone refuse, and where do they stand?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forms.schema.model import Field, FormSchema
from forms.xpath.functions import FUNCTIONS
from forms.xpath.syntax import Call, ExpressionInvalid, parse_expression

PARTS = ("relevant", "constraint", "calculate", "required", "readonly", "count")
"""Attributes of a field that are expressions; "choice filter" is the itemset's."""

LONGEST_EXPRESSION = 20_000
MOST_CHARACTERS = 300_000
"""More of one expression, or of all of them, is not read: reading takes a second for some 200,000 characters."""

_CALLED_IN_WORKBOOKS = {"calculate": "calculation", "count": "repeat_count", "choice filter": "choice_filter"}


@dataclass(frozen=True)
class Problem:
    """An expression that a phone cannot evaluate: the question's path, the XLSForm column, what is wrong.

    The position in the message counts characters of the compiled expression, where ${age} is a whole path.
    """

    path: str
    part: str
    message: str


def check_expressions(schema: FormSchema) -> tuple[Problem, ...]:
    """Problems of all expressions in document order: syntax, functions, arguments, paths and lists.

    An empty tuple does not promise that the form does what its author means, only that a phone can load it.
    """
    return tuple(_check(schema))


def _check(schema: FormSchema) -> Iterator[Problem]:
    left = MOST_CHARACTERS
    for field in schema.fields:
        for part, text in _expressions(field):
            column = _CALLED_IN_WORKBOOKS.get(part, part)
            if len(text) > LONGEST_EXPRESSION:
                too_long = (
                    f"The expression is longer than {LONGEST_EXPRESSION} characters and was not checked; split it."
                )
                yield Problem(field.path, column, too_long)
                continue
            left -= len(text)
            if left < 0:
                too_many = f"From here on nothing was checked: the form has more than {MOST_CHARACTERS} characters of"
                yield Problem(field.path, column, f"{too_many} expressions; split it into several forms.")
                return
            for message in _problems(text, schema):
                yield Problem(field.path, column, message)


def _expressions(field: Field) -> Iterator[tuple[str, str]]:
    for part in PARTS:
        text: str | None = getattr(field, part)
        if text is not None and text.strip():
            yield part, text
    if field.itemset is not None:
        yield "choice filter", field.itemset.nodeset


def _problems(text: str, schema: FormSchema) -> Iterator[str]:
    try:
        expression = parse_expression(text)
    except ExpressionInvalid as error:
        yield f"The expression is not valid at character {error.position}: {error.message}."
        return
    for call in expression.calls:
        yield from _problems_of_call(call, schema)
    for path, position in expression.absolute_paths:
        if not _exists(path, schema):
            yield f"The form has no question at {path} (character {position}); check the path."


def _problems_of_call(call: Call, schema: FormSchema) -> Iterator[str]:
    arity = FUNCTIONS.get(call.name)
    if arity is None:
        yield f"Phones do not know the function {call.name}() (character {call.position}); check its name."
    elif not arity.allows(call.arguments):
        yield (
            f"The function {call.name}() takes {arity} arguments and not {call.arguments} "
            f"(character {call.position}); correct the call."
        )
    elif call.name == "instance":
        known = {instance.instance_id for instance in schema.secondary_instances}
        if call.first_literal is None:
            yield f"instance() takes the name of a list in quotation marks (character {call.position})."
        elif call.first_literal not in known:
            yield f"The form has no list {call.first_literal} (character {call.position}); check its name."


def _exists(path: str, schema: FormSchema) -> bool:
    """Is the absolute path, which starts at the root element, one of the form's? Prefixes do not matter."""
    _, root, *names = (segment.rpartition(":")[2] for segment in path.split("/"))
    return root == schema.root_name and (not names or "/" + "/".join(names) in schema.by_path)
