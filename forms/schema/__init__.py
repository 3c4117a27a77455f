"""What does a form declare? `read_schema` gives the FormSchema of an XForm; see the modules for its parts."""

from forms.schema.compare import FieldTypeConflict, removed_fields, type_conflict
from forms.schema.model import (
    CLEAR,
    SENSITIVITIES,
    Choice,
    EntityDeclaration,
    Field,
    FormSchema,
    Itemset,
    Media,
    SecondaryInstance,
    Table,
    odata_name,
)
from forms.schema.read import read_schema

__all__ = [
    "CLEAR",
    "SENSITIVITIES",
    "Choice",
    "EntityDeclaration",
    "Field",
    "FieldTypeConflict",
    "FormSchema",
    "Itemset",
    "Media",
    "SecondaryInstance",
    "Table",
    "odata_name",
    "read_schema",
    "removed_fields",
    "type_conflict",
]
