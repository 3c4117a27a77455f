"""How does a tree of answers lie in JSON, and how does it come back typed?"""

from __future__ import annotations

from typing import Any

from forms.schema.model import FormSchema
from forms.submission.model import Tree
from forms.submission.values import from_json, to_json


def tree_to_json(tree: Tree) -> dict[str, Any]:
    """The tree as `json.dumps` takes it: same keys, repeats as lists of objects."""
    return {
        path: value
        if type(value) is str  # most are, and need nothing
        else [tree_to_json(instance) for instance in value]
        if isinstance(value, list)
        else to_json(value)
        for path, value in tree.items()
    }


def tree_from_json(content: dict[str, Any], schema: FormSchema) -> Tree:
    """The inverse of `tree_to_json`. Raises XFormInvalid for a path that the form does not have."""
    tree: Tree = {}
    for path, value in content.items():
        known = schema.field(path)
        if known.kind == "repeat":
            tree[path] = [tree_from_json(instance, schema) for instance in value]
        else:
            tree[path] = from_json(value, known)
    return tree
