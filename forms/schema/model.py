"""What is a form: which questions, of which types, in which groups and repeats, in which languages?

Paths are Central's: relative to the root element, so the question `name` in group `person` is `/person/name`.
Texts are maps from language to text; a form without translations has the single language "".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property

from forms.errors import XFormInvalid

SENSITIVITIES = (
    "open",
    "operational",
    "quasi",
    "contact",
    "identifying",
    "special:health",
    "special:exploitation",
    "special:ethnicity",
    "special:criminal",
)
"""Classes of sensitivity that an XLSForm may declare for a question, from the least to the most protected."""

CLEAR = frozenset({"open", "operational", "quasi"})
"""Classes whose answers may lie unsealed."""

_NOT_FIRST = re.compile(r"^[^A-Za-z_]")
_NOT_IN_IDENTIFIER = re.compile(r"[^A-Za-z0-9_]+")

Texts = Mapping[str, str]
"""Language -> text."""


@dataclass(frozen=True)
class Choice:
    """One line of a choice list that is inside the form."""

    name: str
    labels: Texts = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class Itemset:
    """Where a select takes its choices from: an instance (None: nodes of the form itself) and the XPath."""

    instance_id: str | None
    nodeset: str


@dataclass(frozen=True)
class Field:
    """A node of the form's primary instance: a question, a hidden value, a group or a repeat.

    `data_type` is the bind's type as Central's `/fields` reports it, "structure" for a group, "repeat" for a
    repeat, "unknown" without a bind. `control` is the body element that asks it, None if nobody is asked.
    `repeat` is the path of the nearest repeat around it. Expressions are XPath as the XForm has them.
    `set_to` are those that give it a value at an event: a dynamic default, a calculation with a trigger.
    `choices` is given whenever the list is inside the form, also if a filter narrows it on the phone.
    """

    path: str
    name: str
    kind: str
    data_type: str
    order: int
    repeat: str | None = None
    control: str | None = None
    select_multiple: bool = False
    binary: bool = False
    media_type: str | None = None
    appearance: str | None = None
    required: str | None = None
    relevant: str | None = None
    constraint: str | None = None
    calculate: str | None = None
    readonly: str | None = None
    preload: str | None = None
    count: str | None = None
    constraint_message: Texts = dataclass_field(default_factory=dict)
    required_message: Texts = dataclass_field(default_factory=dict)
    labels: Texts = dataclass_field(default_factory=dict)
    hints: Texts = dataclass_field(default_factory=dict)
    choices: tuple[Choice, ...] | None = None
    itemset: Itemset | None = None
    save_to: tuple[tuple[str, str], ...] = ()
    set_to: tuple[str, ...] = ()
    sensitivity: str | None = None

    @cached_property
    def choice_names(self) -> frozenset[str] | None:
        """Names of the choices, None if the list is not inside the form."""
        return None if self.choices is None else frozenset(choice.name for choice in self.choices)

    @cached_property
    def is_free_text(self) -> bool:
        """May the answer be any text at all? Most questions are so, and then there is nothing to check."""
        is_chosen = self.select_multiple or self.control == "select1" or self.choices is not None
        return self.data_type == "string" and not is_chosen


@dataclass(frozen=True)
class EntityDeclaration:
    """An entity list that the form writes: `element_path` is where its `meta/entity` lives ("" is the root).

    `repeat` is the path of the repeat that makes one entity for each of its instances, None for one entity
    for each submission. `properties` maps property names to field paths.
    """

    dataset: str
    element_path: str
    repeat: str | None
    creates: bool
    updates: bool
    label_path: str | None
    properties: Mapping[str, str]


@dataclass(frozen=True)
class SecondaryInstance:
    """A list beside the answers: inside the form (`source` None) or a file such as jr://file-csv/cases.csv."""

    instance_id: str
    source: str | None


@dataclass(frozen=True)
class Media:
    """A file that a phone needs beside the form; `kind` is image, audio, video or file."""

    name: str
    kind: str


@dataclass(frozen=True)
class Table:
    """The root or one repeat, as Central's OData names it.

    `fields` are its questions, those of nested repeats left out. `path` is "" for the root; `parent` is the
    name of the table around it.
    """

    name: str
    path: str
    parent: str | None
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class FormSchema:
    """Everything that we need to know of an XForm; `version` is "" if the form has none.

    `submission_public_key` is set if phones encrypt submissions to this form; `submission_url` if the form
    sends them elsewhere.
    """

    xml_form_id: str
    version: str
    title: str
    root_name: str
    fields: tuple[Field, ...]
    languages: tuple[str, ...] = ()
    default_language: str | None = None
    entities: tuple[EntityDeclaration, ...] = ()
    secondary_instances: tuple[SecondaryInstance, ...] = ()
    media: tuple[Media, ...] = ()
    submission_public_key: str | None = None
    submission_url: str | None = None
    by_path: Mapping[str, Field] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {each.path: each for each in self.fields})

    def field(self, path: str) -> Field:
        """The field at `path`. Raises XFormInvalid if there is none."""
        try:
            return self.by_path[path]
        except KeyError:
            raise XFormInvalid(f"The form has no question at {path}; check the path.", path) from None

    @property
    def encrypted(self) -> bool:
        """Do phones encrypt the submissions to this form?"""
        return self.submission_public_key is not None

    @cached_property
    def has_binaries(self) -> bool:
        """Does a question, or the client's audit, bring a file?"""
        return any(each.binary for each in self.fields)

    @cached_property
    def clear_by_class(self) -> dict[str, dict[str, bool]]:
        """Kept by `forms.submission.sensitivity`: for each default class, which answers may lie in clear."""
        return {}

    @cached_property
    def repeats_in(self) -> Mapping[str, tuple[str, ...]]:
        """By repeat ("" for the root): the repeats that are directly in it."""
        found: dict[str, tuple[str, ...]] = {}
        for each in self.fields:
            if each.kind == "repeat":
                found[each.repeat or ""] = (*found.get(each.repeat or "", ()), each.path)
        return found

    @property
    def has_client_audit(self) -> bool:
        """Does the phone send a log of the filling (audit.csv)?"""
        return "/meta/audit" in self.by_path

    def tables(self) -> tuple[Table, ...]:
        """The root table, then one for each repeat, in document order."""
        return self._tables

    @cached_property
    def _tables(self) -> tuple[Table, ...]:
        names: dict[str | None, str] = {None: "Submissions"}
        for each in self.fields:
            if each.kind == "repeat":
                segments = [odata_name(segment) for segment in each.path.split("/")[1:]]
                names[each.path] = ".".join(["Submissions", *segments])
        parents = {each.path: each.repeat for each in self.fields if each.kind == "repeat"}
        return tuple(
            Table(
                name=name,
                path=path or "",
                parent=None if path is None else names[parents[path]],
                fields=tuple(each for each in self.fields if each.kind == "field" and each.repeat == path),
            )
            for path, name in names.items()
        )


def odata_name(name: str) -> str:
    """A field's name as an OData identifier, by the rule of Central's feed.

    A first character that may not stand there gets an underscore before it; each run of other characters
    than ASCII letters, digits and underscores becomes one underscore.
    """
    return _NOT_IN_IDENTIFIER.sub("_", _NOT_FIRST.sub(r"_\g<0>", name))
