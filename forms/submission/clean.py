"""What are the answers, typed, and what about them is odd?

Nothing is refused and nothing is lost: what is not of its type stays as text with a finding, and what the
form version does not know is kept beside the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from forms.errors import ValueUnreadable
from forms.namespaces import JAVAROSA, local_name
from forms.schema.model import Field, FormSchema
from forms.submission.entities import declaration_of
from forms.submission.model import CleanRecord, Finding, Submission, Tree, UnknownNode, Value
from forms.submission.values import is_selection, read_value

_SENT_BY_CLIENTS = frozenset({"/meta/deprecatedID"})
"""Paths that a client adds without the form's asking: an edit names what it replaces."""
_TEMPLATE = f"{{{JAVAROSA}}}template"


def clean(submission: Submission, schema: FormSchema) -> CleanRecord:
    """The submission's answers as a tree of typed values, with findings and unknown nodes.

    Never raises for what the phone entered. An encrypted submission has no answers to read: its record is
    empty.
    """
    if submission.is_encrypted:
        return CleanRecord({}, (), ())
    cleaner = _Cleaner(schema)
    values = cleaner.read(submission.root, "")
    for mention in submission.entities:
        if declaration_of(mention, schema) is None and (mention.create or mention.update):
            cleaner.findings.append(
                Finding(
                    f"{mention.element_path}/meta/entity",
                    "entity",
                    "The entity is not one that this form version declares; it was not applied.",
                )
            )
    return CleanRecord(values, tuple(cleaner.findings), tuple(cleaner.unknown))


@dataclass
class _Cleaner:
    """Collects while the XML is walked beside the schema."""

    schema: FormSchema
    findings: list[Finding] = field(default_factory=list)
    unknown: list[UnknownNode] = field(default_factory=list)

    def read(self, element: etree._Element, path: str) -> Tree:
        tree: Tree = {}
        self._read_into(tree, element, path)
        return tree

    def _read_into(self, tree: Tree, element: etree._Element, path: str) -> None:
        seen: set[str] = set()
        for child in element:
            child_path = f"{path}/{local_name(child)}"
            known = self.schema.by_path.get(child_path)
            if known is None and child_path in _SENT_BY_CLIENTS:
                continue
            if known is None:
                self._keep_unknown(child, child_path, "unknown-field", "This form version has no such question.")
            elif known.kind == "repeat":
                self._read_repeat(tree, child, child_path)
            elif child_path in seen:
                self._keep_unknown(child, child_path, "duplicate", "The question is answered twice; the first counts.")
            elif known.kind == "group":
                self._read_into(tree, child, child_path)
            else:
                self._read_answer(tree, child, known)
            seen.add(child_path)

    def _read_repeat(self, tree: Tree, element: etree._Element, path: str) -> None:
        # The template that forms carry is no instance; JavaRosa leaves it out, other clients may not.
        if element.get(_TEMPLATE) is not None:
            return
        instances = tree.setdefault(path, [])
        if isinstance(instances, list):
            instances.append(self.read(element, path))

    def _read_answer(self, tree: Tree, element: etree._Element, known: Field) -> None:
        text: str = element.text or ""
        if len(element):
            text += "".join(child.tail or "" for child in element)
            for child in element:
                path = f"{known.path}/{local_name(child)}"
                self._keep_unknown(child, path, "unknown-field", "This form version has no such question.")
        if not text or text.isspace():
            return
        if known.is_free_text:
            tree[known.path] = text
            return
        try:
            value = read_value(text, known)
        except ValueUnreadable as unreadable:
            self.findings.append(Finding(known.path, "unreadable", unreadable.message))
            tree[known.path] = text
            return
        tree[known.path] = value
        self.findings.extend(_doubts(value, known))

    def _keep_unknown(self, element: etree._Element, path: str, rule: str, message: str) -> None:
        """Keep an element and all below it; one finding for the topmost node is enough."""
        self.findings.append(Finding(path, rule, message))
        stack = [(element, path)]
        while stack:
            node, node_path = stack.pop()
            text = (node.text or "") + "".join(child.tail or "" for child in node)
            if text.strip() or len(node) == 0:
                self.unknown.append(UnknownNode(node_path, text))
            stack.extend((child, f"{node_path}/{local_name(child)}") for child in reversed(node))


def _doubts(value: Value, known: Field) -> Iterable[Finding]:
    """Findings for a value that is of its type."""
    if known.choice_names is not None:
        chosen = value if is_selection(known) and isinstance(value, tuple) else (str(value),)
        if any(name not in known.choice_names for name in chosen):
            yield Finding(known.path, "choice", "An answer is not in the choice list; publish a version that has it.")
    if known.data_type == "dateTime" and getattr(value, "tzinfo", None) is None:
        yield Finding(known.path, "no-offset", "The date and time has no offset from UTC.")
