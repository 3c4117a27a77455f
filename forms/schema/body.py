"""How does a form ask each of its nodes: with which control, words, appearance and choices?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from lxml import etree

from forms.namespaces import JAVAROSA, XFORMS, local_name
from forms.schema.model import Choice, Itemset, Texts
from forms.schema.texts import Itext, element_texts

CONTROLS = frozenset({"input", "select1", "select", "rank", "range", "trigger", "upload", "secret"})
_INSTANCE = re.compile(r"""\s*(?:randomize\(\s*)?instance\(\s*['"]([^'"]*)['"]\s*\)""")

NormalisePath = Callable[[str], str]
"""Turns a nodeset of the form ("/data/g/name") into our path ("/g/name")."""


@dataclass(frozen=True)
class BodyElement:
    """What the body says of one path; `control` is None for groups and repeats."""

    control: str | None = None
    labels: Texts = dataclass_field(default_factory=dict)
    hints: Texts = dataclass_field(default_factory=dict)
    appearance: str | None = None
    media_type: str | None = None
    choices: tuple[Choice, ...] | None = None
    itemset: Itemset | None = None
    count: str | None = None


@dataclass
class Body:
    """The body by path: controls and groups, and the repeats among them."""

    elements: dict[str, BodyElement] = dataclass_field(default_factory=dict)
    repeats: set[str] = dataclass_field(default_factory=set)
    asks_itemsets_csv: bool = False


def read_body(
    body: etree._Element | None,
    normalise: NormalisePath,
    itext: Itext,
    lists: dict[str, tuple[Choice, ...]],
) -> Body:
    """Walk the body. `lists` are the choice lists inside the form, by instance ID."""
    found = Body()
    for element in () if body is None else body.iter(etree.Element):
        kind = local_name(element)
        reference = element.get("nodeset") if kind == "repeat" else element.get("ref")
        if reference is None:
            continue
        path = normalise(reference)
        if kind == "repeat":
            around = found.elements.get(path, BodyElement())
            found.repeats.add(path)
            found.elements[path] = BodyElement(
                labels=around.labels,
                hints=around.hints,
                appearance=element.get("appearance") or around.appearance,
                count=_stripped(element.get(f"{{{JAVAROSA}}}count")),
            )
        elif kind == "group" or kind in CONTROLS:
            found.asks_itemsets_csv |= element.get("query") is not None
            found.elements.setdefault(path, _read_element(element, kind, itext, lists))
    return found


def _read_element(
    element: etree._Element, kind: str, itext: Itext, lists: dict[str, tuple[Choice, ...]]
) -> BodyElement:
    choices, itemset = _read_choices(element, itext, lists)
    return BodyElement(
        control=None if kind == "group" else kind,
        labels=element_texts(element.find(f"{{{XFORMS}}}label"), itext),
        hints=element_texts(element.find(f"{{{XFORMS}}}hint"), itext),
        appearance=element.get("appearance"),
        media_type=element.get("mediatype"),
        choices=choices,
        itemset=itemset,
    )


def _read_choices(
    element: etree._Element, itext: Itext, lists: dict[str, tuple[Choice, ...]]
) -> tuple[tuple[Choice, ...] | None, Itemset | None]:
    """Choices of a select: an itemset over an instance, or items written in the body (older forms)."""
    itemset = element.find(f"{{{XFORMS}}}itemset")
    nodeset = element.get("query") if itemset is None else itemset.get("nodeset")
    if nodeset is not None:
        instance = _INSTANCE.match(nodeset)
        instance_id = None if instance is None else instance.group(1)
        value = None if itemset is None else itemset.find(f"{{{XFORMS}}}value")
        # A list is read by its column `name`; a form that takes another column is not checked against it.
        by_name = value is not None and value.get("ref") == "name" and instance_id is not None
        return (lists.get(instance_id or "") if by_name else None), Itemset(instance_id, nodeset.strip())
    items = element.findall(f"{{{XFORMS}}}item")
    if not items:
        return None, None
    return (
        tuple(
            Choice(
                (item.findtext(f"{{{XFORMS}}}value") or "").strip(),
                element_texts(item.find(f"{{{XFORMS}}}label"), itext),
            )
            for item in items
        ),
        None,
    )


def read_lists(model: etree._Element, itext: Itext) -> dict[str, tuple[Choice, ...]]:
    """Choice lists inside the form: instance ID -> its items, in document order."""
    lists: dict[str, tuple[Choice, ...]] = {}
    for instance in model.findall(f"{{{XFORMS}}}instance")[1:]:
        instance_id = instance.get("id")
        if instance_id is None or instance.get("src") is not None or len(instance) == 0:
            continue
        choices = []
        for item in instance[0]:
            # Not by `local_name`: a form may have a hundred thousand choices.
            columns = {str(column.tag).rpartition("}")[2]: column.text or "" for column in item}
            text_id = columns.get("itextId")
            label = columns.get("label")
            labels = dict(itext.texts.get(text_id, {})) if text_id else ({"": label} if label else {})
            choices.append(Choice(columns.get("name", ""), labels))
        lists[instance_id] = tuple(choices)
    return lists


def _stripped(text: str | None) -> str | None:
    return None if text is None else text.strip()
