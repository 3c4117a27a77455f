"""Which answers may lie in clear, and which must be sealed?

The class is each question's own; a group hands none down. `meta/instanceID` and `meta/deprecatedID` may lie
in clear, since the submission is filed under them.
"""

from __future__ import annotations

from forms.schema.model import CLEAR, FormSchema
from forms.submission.model import Tree, Value
from forms.submission.values import is_unreadable

FILED_UNDER = frozenset({"/meta/instanceID", "/meta/deprecatedID"})


def class_of(path: str, schema: FormSchema, default: str = "identifying") -> str:
    """The class of the field at `path`; `default` if it is undeclared or the form has no such field."""
    known = schema.by_path.get(path)
    if known is not None and known.sensitivity is not None:
        return known.sensitivity
    return "operational" if path in FILED_UNDER else default


def split(tree: Tree, schema: FormSchema, default: str = "identifying") -> tuple[Tree, Tree]:
    """The tree as (clear, sealed), both with every repeat at full length, so that `merge` restores it."""
    clear: Tree = {}
    sealed: Tree = {}
    decided = _decided(schema, default)
    for path, value in tree.items():
        if path in decided:
            (clear if decided[path] else sealed)[path] = value
        elif isinstance(value, list):
            halves = [split(instance, schema, default) for instance in value]
            clear[path] = [half[0] for half in halves]
            sealed[path] = [half[1] for half in halves]
        elif _is_clear(path, value, schema, default):
            clear[path] = value
        else:
            sealed[path] = value
    return clear, sealed


def merge(clear: Tree, sealed: Tree) -> Tree:
    """The inverse of `split`; the order of keys is not kept."""
    tree: Tree = {**clear, **sealed}
    for path, value in clear.items():
        other = sealed.get(path)
        if isinstance(value, list) and isinstance(other, list):
            tree[path] = [merge(*pair) for pair in zip(value, other, strict=True)]
    return tree


def _decided(schema: FormSchema, default: str) -> dict[str, bool]:
    """For the questions of which the class alone says it: may their answers lie in clear? Worked out once a schema."""
    if default not in schema.clear_by_class:
        schema.clear_by_class[default] = {
            path: is_clear
            for path, known in schema.by_path.items()
            if known.kind not in ("group", "repeat")
            and (not (is_clear := class_of(path, schema, default) in CLEAR) or known.is_free_text)
        }
    return schema.clear_by_class[default]


def _is_clear(path: str, value: Value, schema: FormSchema, default: str) -> bool:
    if class_of(path, schema, default) not in CLEAR:
        return False
    # Text that stands where a number should may be anything, so its question's class says nothing of it.
    known = schema.by_path.get(path)
    return known is None or known.is_free_text or not is_unreadable(value, known)
