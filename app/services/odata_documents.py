"""What does a row look like in an OData feed? As ODK Central's: groups as objects, repeats as links or as lists.

Source: OASIS OData 4.0 JSON format; Central's feed for names and keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app import problems_odata
from app.clock import to_iso
from app.services.cells import MASKED, json_value
from app.services.walk_records import ReadRow, TableRow
from forms.schema import FormSchema, Table, odata_name
from forms.submission import Mask, Masked

SYSTEM = (
    "submissionDate",
    "updatedAt",
    "deletedAt",
    "submitterId",
    "submitterName",
    "attachmentsPresent",
    "attachmentsExpected",
    "status",
    "reviewState",
    "deviceId",
    "edits",
    "formVersion",
)
_AS_STORED = frozenset({str, int, float, bool})


def parent_key_name(table: Table) -> str:
    """The name under which a repeat's row has its parent's key."""
    return "__" + "-".join([*(table.parent or "Submissions").split("."), "id"])


@dataclass(frozen=True)
class Documents:
    """Makes the documents of one table. `select`: the names asked for, None for all; `expand`: repeats as lists.

    Raises Problem 400.23 for a name that the table does not have, and 400.24 for one inside of another table.
    """

    schema: FormSchema
    table: Table
    select: frozenset[str] | None = None
    expand: bool = False
    wkt: bool = False
    _plans: dict[Mask | None, _Plan] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        unknown = sorted((self.select or frozenset()) - self._names())
        if unknown:
            first = unknown[0]
            repeats = (_path_in(self.table, other.path) for other in self._repeats())
            if any(first == each or first.startswith(f"{each}/") for each in repeats):
                raise problems_odata.unsupported_select(first)
            raise problems_odata.property_not_found(first)

    def documents(self, read: ReadRow) -> Iterator[tuple[TableRow, dict[str, Any]]]:
        """The rows of one submission."""
        for row in read.rows(self.schema, self.table):
            yield row, self.document(read, row)

    def document(self, read: ReadRow, row: TableRow) -> dict[str, Any]:
        """One row."""
        plan = self._plan(read)
        groups = [template.copy() for template in plan.templates]
        for parent, name, index in plan.nested:
            groups[parent][name] = groups[index]
        self._put_answers(groups, plan.slots, row)
        self._put_keys(groups[0], plan, read, row)
        for index, name, link, other in plan.links:
            # A row without people is at no address of its own; its repeats are in their tables.
            if read.setting is None:
                groups[index][f"{name}@odata.navigationLink"] = f"{_address(self.table, read, row)}/{link}"
            if other is not None:
                groups[index][name] = [each for child, each in other.documents(read) if child.parent_key == row.key]
        return groups[0]

    def _put_answers(self, groups: list[dict[str, Any]], slots: dict[str, tuple[int, str]], row: TableRow) -> None:
        for path, value in row.values.items():
            slot = slots.get(path)
            if slot is None:
                continue
            group, name = groups[slot[0]], slot[1]
            if type(value) in _AS_STORED:
                group[name] = value
            else:
                group[name] = json_value(value, wkt=self.wkt)
                if isinstance(value, Masked):
                    group[name + MASKED] = value.sensitivity

    def _put_keys(self, root: dict[str, Any], plan: _Plan, read: ReadRow, row: TableRow) -> None:
        if "__id" in root:
            root["__id"] = row.key
        if plan.parent_key in root:
            root[plan.parent_key] = row.parent_key
        if "__system" in root:
            facts = system(read.facts, read.status)
            wanted = plan.system
            root["__system"] = facts if wanted is None else {name: facts[name] for name in SYSTEM if name in wanted}

    def _plan(self, read: ReadRow) -> _Plan:
        # Where the rules of the de-identified view were applied, what is hidden is in the values themselves.
        mask = read.mask if read.setting is None else None
        plan = self._plans.get(mask)
        if plan is None:
            plan = self._make_plan(mask)
            if mask is None or not mask.doubtful:
                self._plans[mask] = plan
        return plan

    def _make_plan(self, mask: Mask | None) -> _Plan:
        groups: dict[str, int] = {"": 0}
        head: dict[str, Any] = {"__id": None}
        head |= {"__system": None} if self.table.path == "" else {parent_key_name(self.table): None}
        plan = _Plan([{name: None for name in head if self._is_wanted(name)}], parent_key_name(self.table))
        if self.table.path == "" and self.select is not None and "__system" not in self.select:
            plan.system = frozenset(each.removeprefix("__system/") for each in self.select if each.startswith("__sys"))
        for each in self.table.fields:
            path = _path_in(self.table, each.path)
            if self._is_wanted(path):
                index, name = _group(groups, plan, path)
                hidden = mask.of(each.path) if mask is not None else None
                plan.templates[index][name] = None
                if hidden is None:
                    plan.slots[each.path] = (index, name)
                else:
                    plan.templates[index][name + MASKED] = hidden.sensitivity
        for other in self._repeats():
            path = _path_in(self.table, other.path)
            if self.select is None:
                index, name = _group(groups, plan, path)
                inner = Documents(self.schema, other, expand=True, wkt=self.wkt) if self.expand else None
                plan.links.append((index, name, path, inner))
        return plan

    def _repeats(self) -> list[Table]:
        return [each for each in self.schema.tables() if each.parent == self.table.name]

    def _is_wanted(self, path: str) -> bool:
        if self.select is None:
            return True
        if path == "__system":
            return any(each.partition("/")[0] == path for each in self.select)
        return any(path == each or path.startswith(f"{each}/") for each in self.select)

    def _names(self) -> set[str]:
        """What may be selected: answers and the groups around them, the keys, and what is known of a submission."""
        names = {"__id", parent_key_name(self.table)} if self.table.path else {"__id", "__system"}
        if self.table.path == "":
            names |= {f"__system/{name}" for name in SYSTEM}
        for each in self.table.fields:
            parts = _path_in(self.table, each.path).split("/")
            names |= {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
        return names


@dataclass
class _Plan:
    """What is the same in all rows with a mask. `templates`: the row and each group in it, without answers;
    `nested`: which group lies where; `slots`: by path, where an answer goes; `links`: the repeats of the row.
    """

    templates: list[dict[str, Any]]
    parent_key: str
    system: frozenset[str] | None = None
    nested: list[tuple[int, str, int]] = field(default_factory=list)
    slots: dict[str, tuple[int, str]] = field(default_factory=dict)
    links: list[tuple[int, str, str, Documents | None]] = field(default_factory=list)


def _path_in(table: Table, path: str) -> str:
    """A field's path within its table, in OData's names."""
    return "/".join(odata_name(part) for part in path.removeprefix(table.path).strip("/").split("/"))


def _group(groups: dict[str, int], plan: _Plan, path: str) -> tuple[int, str]:
    """The number of the group that a name lies in, made if it is not there yet, and the name there."""
    *around, name = path.split("/")
    for length in range(1, len(around) + 1):
        inner, outer = "/".join(around[:length]), "/".join(around[: length - 1])
        if inner not in groups:
            groups[inner] = len(plan.templates)
            plan.templates.append({})
            plan.templates[groups[outer]][around[length - 1]] = None
            plan.nested.append((groups[outer], around[length - 1], groups[inner]))
    return groups["/".join(around)], name


def _address(table: Table, read: ReadRow, row: TableRow) -> str:
    """Where the row is, below the service's root."""
    root = f"Submissions('{_quoted(read.facts.instance_id)}')"
    if table.path == "":
        return root
    return f"{root}/{table.name.removeprefix('Submissions.').replace('.', '/')}('{_quoted(row.key)}')"


def _quoted(key: str) -> str:
    return key.replace("'", "''")


def system(facts: Any, status: str | None) -> dict[str, Any]:
    """What is known of a submission besides its answers. `status`: of one that a phone encrypted."""
    return {
        "submissionDate": to_iso(facts.created_at),
        "updatedAt": to_iso(facts.updated_at),
        "deletedAt": to_iso(facts.deleted_at),
        "submitterId": None if facts.submitter_id is None else str(facts.submitter_id),
        "submitterName": facts.submitter_name,
        "attachmentsPresent": facts.attachments_present,
        "attachmentsExpected": facts.attachments_expected,
        "status": status,
        "reviewState": facts.review_state,
        "deviceId": facts.device_id,
        "edits": facts.edits,
        "formVersion": facts.form_version,
    }
