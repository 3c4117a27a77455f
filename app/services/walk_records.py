"""How are many submissions read for a table, each as far as a view reaches, at little cost and with flat memory?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement

from app import problems
from app.db import models
from app.db.queries import feed as queries
from app.db.queries import forms as form_queries
from app.db.queries.feed import SentRow, Wanted
from app.runtime import runtime
from app.sealing.envelope import Keyring
from app.services.decrypt_submissions import CLOSED, Decryptor, SentEncrypted, rows_of
from app.services.deidentified import Facts
from app.services.records import open_answers, place
from app.services.schemas import schema_of
from app.services.views import View
from forms.schema import FormSchema, Table
from forms.submission import (
    Common,
    Mask,
    Row,
    Setting,
    deidentified_rows,
    rows,
    split,
    tree_from_json,
    tree_to_json,
)
from forms.submission.stored import Stored, count, instances, joined, way_to


@dataclass(frozen=True)
class Choice:
    """Which submissions of a form: the view's, live or draft, and those that a filter leaves.

    `skip`, `limit`: which of them; `before_id`: only what came before this one; `order`: what to sort by. `decryptor`:
    what of them that phones encrypted is opened.
    """

    view: View
    is_draft: bool = False
    condition: ColumnElement[bool] | None = None
    order: tuple[ColumnElement[Any], ...] = ()
    before_id: int | None = None
    skip: int = 0
    limit: int | None = None
    decryptor: Decryptor = CLOSED

    @property
    def wanted(self) -> Wanted:
        """The same for a query."""
        scope = self.view.scope(is_draft=self.is_draft)
        return Wanted(scope, self.condition, self.order, self.before_id)


@dataclass(frozen=True, repr=False)
class TableRow:
    """A row on its way out: `values` are JSON or Masked; what the row's mask hides may still be among them."""

    key: str
    parent_key: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class ReadRow:
    """One submission of an export: its facts, the schema that it was filled in, its two halves, and its mask.

    `sealed` is None where nothing of it may be seen: then it was not opened. `setting` and `common` are given in a
    de-identified view, whose rules have been applied to its rows already. `encrypted`: what a phone encrypted; if it
    was not opened, both halves are empty.
    """

    facts: SentRow | Facts
    schema: FormSchema
    clear: Stored
    sealed: Stored | None
    mask: Mask
    setting: Setting | None = None
    common: Common | None = None
    encrypted: SentEncrypted | None = None

    @property
    def status(self) -> str | None:
        """Central's word for what a phone encrypted and is not opened."""
        return None if self.encrypted is None else self.encrypted.status

    def rows(self, columns: FormSchema, table: Table) -> Iterator[TableRow]:
        """The rows of a table. What leaves must go through columns that know the mask."""
        if self.setting is not None:
            for row in self.deidentified(columns).get(table.name, ()):
                yield TableRow(row.key, row.parent_key, row.values)
            return
        way = way_to(table.path, self.schema)
        if way is not None:
            for key, parent_key, tree in instances(self.facts.instance_id, self.clear, self.sealed, way):
                yield TableRow(key, parent_key, tree)

    def count(self, table: Table) -> int:
        """How many rows of a table it has."""
        way = way_to(table.path, self.schema)
        return 0 if way is None else count(self.clear, way)

    def deidentified(self, columns: FormSchema) -> dict[str, list[Row]]:
        """The rows by table, with what the rules leave of their answers, typed."""
        assert self.setting is not None, "this view is not de-identified"
        assert self.common is not None, "this view is not de-identified"
        tree = self.clear if self.sealed is None else joined(self.clear, self.sealed, self.schema)
        tables = rows(self.facts.instance_id, tree_from_json(tree, self.schema), self.schema)
        return deidentified_rows(tables, columns, self.mask, self.setting, self.common)


def walk_records(choice: Choice) -> Iterator[ReadRow]:
    """The submissions, the newest first unless the choice says otherwise."""
    keyring = runtime().keyring
    for facts in queries.walk(choice.wanted, skip=choice.skip, limit=choice.limit):
        yield opened(choice, facts, keyring)


def find_record(choice: Choice, instance_id: str) -> SentRow:
    """One of them, not opened yet. Raises Problem 404.1, also for who gets the rows without people."""
    facts = queries.one(choice.wanted.scope, instance_id) if choice.view.recipient is None else None
    if facts is None:
        raise problems.not_found()
    return facts


def count_rows(choice: Choice, table: Table) -> int:
    """How many rows of the table there are, without opening any."""
    if table.path == "":
        return queries.count(choice.wanted)
    total = 0
    for version_id, sha256, clear in queries.walk_clear(choice.wanted):
        way = way_to(table.path, schema_of(version_id, sha256))
        total += 0 if way is None else count(clear, way)
    return total


def opened(choice: Choice, facts: SentRow, keyring: Keyring) -> ReadRow:
    """A submission, opened as far as the view reaches. Raises SealBroken."""
    view = choice.view
    schema = schema_of(facts.form_version_id, facts.sha256)
    if schema.encrypted:
        found = (choice.decryptor if view.recipient is None else CLOSED).open(*rows_of(facts.version_id))
        if found is not None:
            return _of_encrypted(view, facts, schema, found)
    mask = view.mask(facts.form_version_id, schema, facts.office_id, facts.findings)
    sealed = None
    # What the reader may not see is not even opened.
    if mask.opens_sealed:
        key = keyring.unwrap(facts.wrapped, facts.wrapping_key_id, facts.purpose)
        assert view.form_id is not None, "this view is of no form"
        sealed = open_answers(key, place(view.form_id, choice.is_draft, facts.version_instance_id), facts.sealed)
    return _shown(view, facts, ReadRow(facts, schema, facts.clear, sealed, mask))


def _shown(view: View, facts: SentRow, read: ReadRow) -> ReadRow:
    to = view.recipient
    if to is None:
        return read
    assert view.form_id is not None, "this view is of no form"
    return replace(read, facts=to.facts(view.form_id, facts), setting=to.setting(facts), common=to.common)


def _of_encrypted(view: View, facts: SentRow, schema: FormSchema, found: SentEncrypted) -> ReadRow:
    """What a phone encrypted: in halves, as if it had come in clear; empty ones if it is not opened."""
    clear, sealed, doubts = {}, {}, []
    if found.record is not None:
        clear, sealed = (tree_to_json(half) for half in split(found.record.values, schema, view.default))
        doubts = [{"field": each.field, "rule": each.rule} for each in found.record.findings]
    mask = view.mask(facts.form_version_id, schema, facts.office_id, doubts)
    read = ReadRow(facts, schema, clear, sealed if mask.opens_sealed else None, mask, encrypted=found)
    return _shown(view, facts, read)


def learn_common(view: View, rows: Iterable[tuple[ReadRow, TableRow]]) -> None:
    """Before a de-identified table leaves: which special values are common in these rows of it?"""
    if view.recipient is not None:
        view.recipient.common.learn((read.facts.instance_id, row.values) for read, row in rows)


def export_schema(form: models.Form, *, is_draft: bool = False) -> FormSchema:
    """The schema that names an export's columns: the published version's, or the draft's. Raises Problem 404.1."""
    version = form_queries.draft_version(form.id) if is_draft else form_queries.current_version(form.id)
    if version is None:
        raise problems.not_found()
    return schema_of(version.id, version.sha256)
