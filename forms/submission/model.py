"""What did a phone send, and what did we understand of it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeAlias

from lxml import etree

from forms.submission.geo import GeoPoint, GeoShape, GeoTrace

Selection: TypeAlias = tuple[str, ...]
"""Chosen names of a select multiple, or all names of a rank in the order given."""

Value: TypeAlias = int | Decimal | str | bool | date | time | datetime | GeoPoint | GeoTrace | GeoShape | Selection
"""A typed answer. An answer whose text is not of its type stays the text it was."""


@dataclass(frozen=True)
class Masked:
    """Stands where an answer would; `sensitivity` is the class that its reader would have to hold."""

    sensitivity: str


Tree: TypeAlias = "dict[str, Value | list[Tree]]"
"""Answers by field path ("/g_ctx/id_point"). A repeat's path leads to the list of its instances' trees, whose
keys are full field paths again. Blank and absent answers are left out."""


@dataclass(frozen=True)
class EntityMention:
    """An `<entity>` of a submission as its XML has it; the texts are the phone's own.

    `element_path` is the path of the element around its meta, "" for the root; `positions` are the counts
    (from 1) of every element on that path among its siblings of the same name.
    """

    dataset: str
    id: str
    create: bool
    update: bool
    base_version: str | None
    trunk_version: str | None
    branch_id: str | None
    label: str | None
    element_path: str
    positions: tuple[int, ...]
    element: etree._Element


@dataclass(frozen=True)
class Submission:
    """A submission as sent. `deprecated_id` names the instance that this one edits.

    `is_encrypted` means that the answers are in an encrypted file beside the XML.
    """

    xml_form_id: str
    version: str
    instance_id: str
    deprecated_id: str | None
    instance_name: str | None
    root: etree._Element
    entities: tuple[EntityMention, ...]
    is_encrypted: bool


@dataclass(frozen=True)
class Finding:
    """A quality problem found in a submission; the message never contains the answer.

    `field` is the path; `rule` is one of unreadable, choice, unknown-field, no-offset, duplicate, entity.
    """

    field: str
    rule: str
    message: str


@dataclass(frozen=True)
class UnknownNode:
    """A node that the form version does not declare. Its text may be anything: treat it as identifying."""

    path: str
    text: str


@dataclass(frozen=True)
class CleanRecord:
    """The typed answers of a submission, what is odd about them, and what did not fit the form."""

    values: Tree
    findings: tuple[Finding, ...]
    unknown: tuple[UnknownNode, ...]


@dataclass(frozen=True)
class EntityChange:
    """What a submission does to one entity, with its properties resolved; blank answers give "".

    `data` has only the properties whose questions are in the XML. `row_key` is the key of the table row that
    the entity was made from (see `tables`). Versions and branch are the phone's texts.
    """

    dataset: str
    id: str
    create: bool
    update: bool
    base_version: str | None
    trunk_version: str | None
    branch_id: str | None
    label: str | None
    data: dict[str, str]
    row_key: str

    @property
    def action(self) -> str:
        """ "update" if the phone knew the entity; with `create` too, an unknown one is to be created."""
        return "update" if self.update else "create"
