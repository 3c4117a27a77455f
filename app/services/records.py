"""How does a submission's content lie in its row, and how is it opened again?

The XML is sealed whole. Of the cleaned record, the values of clear classes lie in JSON that the database can search;
the rest, the instance name and what the form does not know are sealed together.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

from app.json_text import json_bytes
from app.sealing.envelope import open_sealed, seal
from forms.schema import FormSchema
from forms.submission import Submission, Tree, clean, merge, split, tree_from_json, tree_to_json


@dataclass(frozen=True, repr=False)
class Content:
    """The columns of a submission version that hold its content."""

    xml_sealed: bytes
    clear: dict[str, Any]
    sealed: bytes
    findings: list[dict[str, Any]]


def place(form_id: int, is_draft: bool, instance_id: str) -> str:
    """Where a version's content belongs: it opens nowhere else."""
    return f"{form_id}|{'draft' if is_draft else 'live'}|{instance_id}"


def seal_content(
    data_key: bytes,
    where: str,
    xml: bytes,
    submission: Submission,
    schema: FormSchema,
    default_sensitivity: str,
) -> Content:
    """Clean the submission and seal it."""
    clear, sealed, findings = derive(data_key, where, submission, schema, default_sensitivity)
    return Content(seal(data_key, xml, f"xml|{where}"), clear, sealed, findings)


def derive(
    data_key: bytes, where: str, submission: Submission, schema: FormSchema, default_sensitivity: str
) -> tuple[dict[str, Any], bytes, list[dict[str, Any]]]:
    """What is drawn from the XML and can be drawn again: clear values, sealed values, findings."""
    record = clean(submission, schema)
    clear, secret = split(record.values, schema, default_sensitivity)
    document = {
        "values": tree_to_json(secret),
        "instanceName": submission.instance_name,
        "unknown": [[node.path, node.text] for node in record.unknown],
    }
    sealed = seal(data_key, json_bytes(document), f"record|{where}")
    findings = [{"field": each.field, "rule": each.rule, "message": each.message} for each in record.findings]
    return tree_to_json(clear), sealed, findings


def open_xml(data_key: bytes, where: str, xml_sealed: bytes) -> bytes:
    """The XML, byte for byte as it came. Raises SealBroken."""
    return open_sealed(data_key, xml_sealed, f"xml|{where}")


@dataclass(frozen=True, repr=False)
class OpenedRecord:
    """A cleaned record with everything in it."""

    values: Tree
    instance_name: str | None


def open_record(
    data_key: bytes, where: str, clear: dict[str, Any], sealed: bytes | None, schema: FormSchema
) -> OpenedRecord:
    """Put the clear and the sealed half together. Raises SealBroken."""
    values = tree_from_json(clear, schema)
    if sealed is None:
        return OpenedRecord(values, None)
    document = json.loads(open_sealed(data_key, sealed, f"record|{where}"))
    secret = tree_from_json(document["values"], schema)
    return OpenedRecord(merge(values, secret), document["instanceName"])


def open_answers(data_key: bytes, where: str, sealed: bytes | None) -> dict[str, Any] | None:
    """The sealed half as it is stored. Raises SealBroken."""
    if sealed is None:
        return None
    values: dict[str, Any] = orjson.loads(open_sealed(data_key, sealed, f"record|{where}"))["values"]
    return values


def open_instance_name(data_key: bytes, where: str, sealed: bytes | None) -> str | None:
    """The instance name alone. Raises SealBroken."""
    if sealed is None:
        return None
    name: str | None = json.loads(open_sealed(data_key, sealed, f"record|{where}"))["instanceName"]
    return name
