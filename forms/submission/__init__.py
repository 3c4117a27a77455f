"""What does a submission say? Parse it, clean it against its form version, and lay it out in tables."""

from forms.submission.attachments import expected_attachments
from forms.submission.clean import clean
from forms.submission.entities import entity_uuid, entity_values
from forms.submission.geo import GeoPoint, GeoShape, GeoTrace
from forms.submission.model import (
    CleanRecord,
    EntityChange,
    EntityMention,
    Finding,
    Selection,
    Submission,
    Tree,
    UnknownNode,
    Value,
)
from forms.submission.parse import parse_submission
from forms.submission.sensitivity import class_of, merge, split
from forms.submission.tables import Row, rows
from forms.submission.tree import tree_from_json, tree_to_json
from forms.submission.values import READERS, from_json, read_value, to_json

__all__ = [
    "READERS",
    "CleanRecord",
    "EntityChange",
    "EntityMention",
    "Finding",
    "GeoPoint",
    "GeoShape",
    "GeoTrace",
    "Row",
    "Selection",
    "Submission",
    "Tree",
    "UnknownNode",
    "Value",
    "class_of",
    "clean",
    "entity_uuid",
    "entity_values",
    "expected_attachments",
    "from_json",
    "merge",
    "parse_submission",
    "read_value",
    "rows",
    "split",
    "to_json",
    "tree_from_json",
    "tree_to_json",
]
