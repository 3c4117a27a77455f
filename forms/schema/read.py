"""What does a compiled XForm declare?

Everything is read from the XForm alone, so that forms made by other tools are understood as well, and what
we understand is what phones are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from forms.errors import XFormInvalid
from forms.namespaces import ENTITIES, JAVAROSA, SPORTEL, XFORMS, XHTML, local_attribute, local_name
from forms.safe_xml import XFORM_LIMITS, parse_xml
from forms.schema.body import Body, BodyElement, read_body, read_lists
from forms.schema.entities import EntityElement, read_entities
from forms.schema.model import SENSITIVITIES, EntityDeclaration, Field, FormSchema, Media, SecondaryInstance
from forms.schema.submission_element import submission_attribute, submission_element
from forms.schema.texts import Itext, media_of, read_itext, reference_texts

_TYPE_ALIASES = {"integer": "int", "select1": "string", "select": "string", "rank": "odk:rank"}
"""Bind types of older forms; today's compiler writes "string" for selects."""

_HAS_TWO_MODELS = etree.XPath("boolean((//*[local-name() = 'model'])[1]/following::*[local-name() = 'model'])")
"""Phones take the first model that they meet, wherever it stands and whatever its namespace: with two of them we might
read another form than they show. One within a model is an answer's place. Source: JavaRosa, XFormParser."""

MOST_NODES = 30_000
"""Questions and groups of one form. Twice what any author has written; each costs the server time on every read."""


@dataclass(frozen=True)
class _Node:
    """An element of the primary instance, once for each path."""

    path: str
    element: etree._Element
    has_children: bool
    repeat: str | None


def read_schema(xform: bytes) -> FormSchema:
    """Read the form's questions, lists, languages, entities and media from its XForm.

    Raises XMLUnsafe for XML that we do not read and XFormInvalid for what is not a form that we can serve:
    no model or more than one, no form ID, no meta/instanceID, more than one place for what is sent, more than
    `MOST_NODES` questions, an unknown class of sensitivity, a broken entity declaration.
    """
    html = parse_xml(xform, XFORM_LIMITS)
    if _HAS_TWO_MODELS(html):
        raise XFormInvalid("The form has more than one model; keep one.")
    model = html.find(f"{{{XHTML}}}head/{{{XFORMS}}}model")
    if html.tag != f"{{{XHTML}}}html" or model is None:
        raise XFormInvalid("The XML is not an XForm: it has no h:html with h:head and model.")
    root = _primary_root(model)
    xml_form_id = (local_attribute(root, "id") or "").strip()
    if not xml_form_id:
        raise XFormInvalid("The form has no ID: set form_id in the settings sheet.")
    itext = read_itext(model)
    paths = _Paths(local_name(root))
    body = read_body(html.find(f"{{{XHTML}}}body"), paths.normalise, itext, read_lists(model, itext))
    binds = _read_binds(model, paths)
    nodes = {node.path: node for node in islice(_walk(root, "", None, body.repeats), MOST_NODES + 1)}
    if len(nodes) > MOST_NODES:
        raise XFormInvalid(f"The form has more than {MOST_NODES} questions and groups; split it into several forms.")
    if "/meta/instanceID" not in nodes:
        raise XFormInvalid("The form has no meta/instanceID, so its submissions could not be told apart.")
    entities = _read_entities(model, nodes, binds)
    save_to = _save_to(entities)
    set_to = _set_to(html, paths)
    fields = tuple(
        _field(node, order, binds.get(node.path), body, itext, save_to.get(node.path, ()), set_to.get(node.path, ()))
        for order, node in enumerate(nodes.values())
    )
    instances = _secondary_instances(model)
    submission = submission_element(model)
    return FormSchema(
        xml_form_id=xml_form_id,
        version=(local_attribute(root, "version") or "").strip(),
        title=(html.findtext(f"{{{XHTML}}}head/{{{XHTML}}}title") or "").strip() or xml_form_id,
        root_name=local_name(root),
        fields=fields,
        languages=itext.languages,
        default_language=itext.default_language,
        entities=entities,
        secondary_instances=instances,
        media=_media(instances, itext, body),
        submission_public_key=submission_attribute(submission, "base64RsaPublicKey"),
        submission_url=submission_attribute(submission, "action"),
    )


class _Paths:
    """Turns nodesets into our paths: relative to the root element, without namespace prefixes."""

    def __init__(self, root_name: str) -> None:
        self.root_name = root_name

    def normalise(self, nodeset: str) -> str:
        """Both "/data/orx:meta/x" and "meta/x" give "/meta/x"; the root itself gives ""."""
        segments = [segment.rpartition(":")[2] for segment in nodeset.strip().split("/")]
        if segments[0] == "":
            return "".join(f"/{segment}" for segment in segments[2:])
        return "".join(f"/{segment}" for segment in segments)


def _primary_root(model: etree._Element) -> etree._Element:
    """The first element of the first instance: the shape of every submission."""
    instance = model.find(f"{{{XFORMS}}}instance")
    if instance is None or len(instance) == 0:
        raise XFormInvalid("The form's model has no primary instance.")
    return instance[0]


def _read_binds(model: etree._Element, paths: _Paths) -> dict[str, etree._Element]:
    """Binds by path; of several for one path the first counts, as for phones."""
    binds: dict[str, etree._Element] = {}
    for bind in model.iterfind(f"{{{XFORMS}}}bind"):
        nodeset = bind.get("nodeset")
        if nodeset is not None:
            binds.setdefault(paths.normalise(nodeset), bind)
    return binds


def _walk(
    element: etree._Element, path: str, repeat: str | None, repeats: set[str], seen: set[str] | None = None
) -> Iterator[_Node]:
    """Nodes below `element` in document order. A repeat's template and its first instance are one node."""
    seen = set() if seen is None else seen
    for child in element:
        child_path = f"{path}/{local_name(child)}"
        if child_path not in seen:
            seen.add(child_path)
            yield _Node(child_path, child, len(child) > 0, repeat)
        yield from _walk(child, child_path, child_path if child_path in repeats else repeat, repeats, seen)


def _field(
    node: _Node,
    order: int,
    bind: etree._Element | None,
    body: Body,
    itext: Itext,
    save_to: tuple[tuple[str, str], ...],
    set_to: tuple[str, ...],
) -> Field:
    asked = body.elements.get(node.path, BodyElement())
    attributes: dict[str, str] = {} if bind is None else {str(k): str(v) for k, v in bind.items()}
    kind, data_type = _kind_and_type(node, bind, body)
    declared_type = attributes.get("type", "")
    return Field(
        path=node.path,
        name=local_name(node.element),
        kind=kind,
        data_type=data_type,
        order=order,
        repeat=node.repeat,
        control=asked.control,
        select_multiple=asked.control == "select" or declared_type == "select",
        binary=data_type == "binary",
        media_type=asked.media_type,
        appearance=asked.appearance,
        required=attributes.get("required"),
        relevant=attributes.get("relevant"),
        constraint=attributes.get("constraint"),
        calculate=attributes.get("calculate"),
        readonly=attributes.get("readonly"),
        preload=attributes.get(f"{{{JAVAROSA}}}preload"),
        count=asked.count,
        constraint_message=reference_texts(attributes.get(f"{{{JAVAROSA}}}constraintMsg"), itext),
        required_message=reference_texts(attributes.get(f"{{{JAVAROSA}}}requiredMsg"), itext),
        labels=asked.labels,
        hints=asked.hints,
        choices=asked.choices,
        itemset=asked.itemset,
        save_to=save_to,
        set_to=set_to,
        sensitivity=_sensitivity(attributes.get(f"{{{SPORTEL}}}class"), node.path),
    )


def _kind_and_type(node: _Node, bind: etree._Element | None, body: Body) -> tuple[str, str]:
    if node.path in body.repeats:
        return "repeat", "repeat"
    asked = body.elements.get(node.path)
    is_empty_group = asked is not None and asked.control is None
    if node.has_children or is_empty_group or node.path.endswith("/meta/entity"):
        return "group", "structure"
    if bind is None:
        return "field", "unknown"
    declared = str(bind.get("type", "string")).removeprefix("xsd:").removeprefix("xs:")
    return "field", _TYPE_ALIASES.get(declared, declared)


def _sensitivity(declared: str | None, path: str) -> str | None:
    if declared is None or not declared.strip():
        return None
    if declared.strip() not in SENSITIVITIES:
        raise XFormInvalid(
            f"{path} has a class of sensitivity that does not exist; use one of {', '.join(SENSITIVITIES)}.",
            path,
        )
    return declared.strip()


def _read_entities(
    model: etree._Element, nodes: dict[str, _Node], binds: dict[str, etree._Element]
) -> tuple[EntityDeclaration, ...]:
    elements = [
        EntityElement(node.element, path.removesuffix("/meta/entity"), node.repeat)
        for path, node in nodes.items()
        if path.endswith("/meta/entity")
    ]
    save_to = {
        path: str(name).strip()
        for path, bind in binds.items()
        if (name := bind.get(f"{{{ENTITIES}}}saveto")) and path in nodes
    }
    return read_entities(model, elements, save_to, nodes)


def _save_to(entities: tuple[EntityDeclaration, ...]) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entity in entities:
        for name, path in entity.properties.items():
            found[path] = (*found.get(path, ()), (entity.dataset, name))
    return found


def _set_to(html: etree._Element, paths: _Paths) -> dict[str, tuple[str, ...]]:
    """By path, the expressions of every setvalue, in the model or within a question."""
    found: dict[str, tuple[str, ...]] = {}
    for each in html.iter(f"{{{XFORMS}}}setvalue"):
        ref, value = each.get("ref") or each.get("bind"), each.get("value")
        if ref and value:
            path = paths.normalise(ref)
            found[path] = (*found.get(path, ()), value)
    return found


def _secondary_instances(model: etree._Element) -> tuple[SecondaryInstance, ...]:
    return tuple(
        SecondaryInstance(instance.get("id", ""), instance.get("src"))
        for instance in model.findall(f"{{{XFORMS}}}instance")[1:]
    )


def _media(instances: tuple[SecondaryInstance, ...], itext: Itext, body: Body) -> tuple[Media, ...]:
    """Files that the form needs, each once: lists first, then images, sound and film of the texts."""
    files = [found for each in instances if each.source and (found := media_of(each.source)) is not None]
    if body.asks_itemsets_csv:
        files.append(Media("itemsets.csv", "file"))
    return tuple(dict.fromkeys([*files, *itext.media]))
