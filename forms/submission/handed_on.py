"""Which questions hand on what a more protected one was answered?

A calculation that reads the name and is itself open shows the name to everybody, whatever the class of the name.
"""

from __future__ import annotations

from forms.schema.model import Field, FormSchema
from forms.submission.masking import is_looser, needed
from forms.xpath.reads import paths_read

_OPEN = frozenset({"open"})


def lets_more_read(after: frozenset[str], before: frozenset[str]) -> bool:
    """Would somebody read what needs the classes `after` who might not read what needs `before`?"""
    return any(all(is_looser(each, was) for each in after or _OPEN) for was in before or _OPEN)


def handed_on(schema: FormSchema, default: str) -> frozenset[tuple[str, str]]:
    """Pairs of paths: a question that is made of another one, and is of a looser class than that."""
    return frozenset(
        (each.path, read)
        for each in schema.fields
        if each.kind == "field"
        for expression in _makes(each)
        for read in paths_read(expression, schema)
        if read != each.path and lets_more_read(needed(each.path, schema, default), needed(read, schema, default))
    )


def _makes(field: Field) -> tuple[str, ...]:
    """The expressions whose value becomes the answer, or a choice of it."""
    chosen = (field.itemset.nodeset,) if field.itemset is not None and field.itemset.instance_id is None else ()
    return (*((field.calculate,) if field.calculate else ()), *field.set_to, *chosen)
