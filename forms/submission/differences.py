"""What changed from one version of a submission to the next, as far as its reader sees both?

A path names elements from the root down; an instance of a repeat is its name with its number from 0, as in ODK
Central's answer. What is masked on both sides is never a difference, whatever became of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from lxml import etree

from forms.namespaces import local_name
from forms.submission.masked_xml import mask_of_element
from forms.submission.model import Masked

Node: TypeAlias = "str | Masked | dict[str, Node] | list[Node]"
"""The text of a question, the questions of a group, or the instances of a repeat."""

Step: TypeAlias = "str | tuple[str, int]"


@dataclass(frozen=True, repr=False)
class Difference:
    """`old` is None where something was added, `new` where it was taken away."""

    path: tuple[Step, ...]
    old: Node | None
    new: Node | None


def differences(old: etree._Element, new: etree._Element, repeats: frozenset[str]) -> list[Difference]:
    """What changed between two roots. `repeats`: the paths of the form's repeats, as a schema has them."""
    return list(_of_groups(_group(old, "", repeats), _group(new, "", repeats), ()))


def _group(element: etree._Element, path: str, repeats: frozenset[str]) -> dict[str, Node]:
    group: dict[str, Node] = {}
    for child in element.iterchildren(etree.Element):
        name = local_name(child)
        child_path = f"{path}/{name}"
        if child_path in repeats:
            instances = group.setdefault(name, [])
            if isinstance(instances, list):
                instances.append(_group(child, child_path, repeats))
        else:
            group[name] = _node(child, child_path, repeats)
    return group


def _node(element: etree._Element, path: str, repeats: frozenset[str]) -> Node:
    hidden = mask_of_element(element)
    if hidden is not None:
        return hidden
    return _group(element, path, repeats) if len(element) else element.text or ""


def _of_groups(old: dict[str, Node], new: dict[str, Node], path: tuple[Step, ...]) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _of_groups(before, after, (*path, name))
        elif isinstance(before, list) and isinstance(after, list):
            yield from _of_repeats(before, after, path, name)
        elif before != after:
            yield from _whole(before, after, path, name)


def _whole(before: Node | None, after: Node | None, path: tuple[Step, ...], name: str) -> Iterator[Difference]:
    """Something that was added, taken away, or is of another shape; a repeat is told instance for instance."""
    if isinstance(before, list) or isinstance(after, list):
        yield from _of_repeats(
            before if isinstance(before, list) else [], after if isinstance(after, list) else [], path, name
        )
    else:
        yield Difference((*path, name), before, after)


def _of_repeats(old: list[Node], new: list[Node], path: tuple[Step, ...], name: str) -> Iterator[Difference]:
    matcher = SequenceMatcher(None, [_key(each) for each in old], [_key(each) for each in new], autojunk=False)
    for _, old_from, old_to, new_from, new_to in (each for each in matcher.get_opcodes() if each[0] != "equal"):
        both = min(old_to - old_from, new_to - new_from)
        for number in range(both):
            before, after = old[old_from + number], new[new_from + number]
            if isinstance(before, dict) and isinstance(after, dict):
                yield from _of_groups(before, after, (*path, (name, old_from + number)))
        for number in range(old_from + both, old_to):
            yield Difference((*path, (name, number)), old[number], None)
        for number in range(new_from + both, new_to):
            yield Difference((*path, (name, number)), None, new[number])


def _key(node: Node) -> str:
    return json.dumps(node, default=lambda masked: {"": masked.sensitivity})
