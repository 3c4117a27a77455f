"""What does a submission say? Parse it, clean it against its form version, and lay it out in tables."""

from forms.submission.attachments import expected_attachments
from forms.submission.clean import clean
from forms.submission.deidentify import READABLE, REGIONS, Common, Setting, deidentified_rows, type_left
from forms.submission.differences import Difference, differences
from forms.submission.entities import entity_uuid, entity_values
from forms.submission.geo import GeoPoint, GeoShape, GeoTrace, from_geojson, to_wkt
from forms.submission.handed_on import handed_on, lets_more_read
from forms.submission.masked_xml import is_masked_xml, masked_xml
from forms.submission.masking import INSTANCE_NAME, STRICTNESS, Mask, is_looser, masked_rows, needed, strictest
from forms.submission.model import (
    CleanRecord,
    EntityChange,
    EntityMention,
    Finding,
    Masked,
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
    "INSTANCE_NAME",
    "READABLE",
    "READERS",
    "REGIONS",
    "STRICTNESS",
    "CleanRecord",
    "Common",
    "Difference",
    "EntityChange",
    "EntityMention",
    "Finding",
    "GeoPoint",
    "GeoShape",
    "GeoTrace",
    "Mask",
    "Masked",
    "Row",
    "Selection",
    "Setting",
    "Submission",
    "Tree",
    "UnknownNode",
    "Value",
    "class_of",
    "clean",
    "deidentified_rows",
    "differences",
    "entity_uuid",
    "entity_values",
    "expected_attachments",
    "from_geojson",
    "from_json",
    "handed_on",
    "is_looser",
    "is_masked_xml",
    "lets_more_read",
    "masked_rows",
    "masked_xml",
    "merge",
    "needed",
    "parse_submission",
    "read_value",
    "rows",
    "split",
    "strictest",
    "to_json",
    "to_wkt",
    "tree_from_json",
    "tree_to_json",
    "type_left",
]
