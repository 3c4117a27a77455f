"""What are a submission's rows: one of the root table, one for each instance of each repeat?

Keys are stable: a record that is cleaned again gives the same ones. The root's key is the instance ID; a
repeat's is its parent row's key, its name and its number from 1: "uuid:…/plan[2]".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.schema.model import FormSchema
from forms.submission.model import Masked, Tree, Value


@dataclass(frozen=True)
class Row:
    """A row of a table; `parent_key` is None for the root.

    `values` by field path: blank answers left out, what a reader may not see masked.
    """

    key: str
    parent_key: str | None
    values: Mapping[str, Value | Masked]


def rows(instance_id: str, tree: Tree, schema: FormSchema) -> dict[str, list[Row]]:
    """Rows by table name, every table of the form included; names are `schema.tables()`'s."""
    tables: dict[str, list[Row]] = {table.name: [] for table in schema.tables()}
    names = {table.path: table.name for table in schema.tables()}
    _add(tables, names, "", instance_id, None, tree)
    return tables


def _add(
    tables: dict[str, list[Row]],
    names: dict[str, str],
    path: str,
    key: str,
    parent_key: str | None,
    tree: Tree,
) -> None:
    values = {field: value for field, value in tree.items() if not isinstance(value, list)}
    tables[names[path]].append(Row(key, parent_key, values))
    for repeat, instances in tree.items():
        if isinstance(instances, list):
            name = repeat.rpartition("/")[2]
            for number, instance in enumerate(instances, start=1):
                _add(tables, names, repeat, f"{key}/{name}[{number}]", key, instance)
