"""May this new form version replace the old one without making stored answers unreadable?"""

from __future__ import annotations

from dataclasses import dataclass

from forms.schema.model import FormSchema

_STRUCTURES = frozenset({"structure", "repeat"})


@dataclass(frozen=True)
class FieldTypeConflict:
    """A field whose new type cannot hold the answers that it already has (Central's problem 400.17)."""

    path: str
    old_type: str


def type_conflict(old: FormSchema, new: FormSchema) -> FieldTypeConflict | None:
    """The first field of `new` whose type in `old` was another, None if the version may replace the old one.

    Any question may become text, since text holds every answer; nothing else may change its type, and a
    group or repeat never becomes a question. Compare with every older version, not only with the last.
    """
    for field in new.fields:
        before = old.by_path.get(field.path)
        if before is None or before.data_type == field.data_type:
            continue
        if field.data_type != "string" or before.data_type in _STRUCTURES:
            return FieldTypeConflict(field.path, before.data_type)
    return None


def removed_fields(old: FormSchema, new: FormSchema) -> tuple[str, ...]:
    """Paths that the new version no longer has: an author should confirm that (Central's 400.16 warning)."""
    return tuple(field.path for field in old.fields if field.path not in new.by_path)
