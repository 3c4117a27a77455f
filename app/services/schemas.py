"""What does this form version mean? Read once from its XForm, then remembered: a version never changes."""

from __future__ import annotations

from functools import lru_cache

from app.db.queries import forms
from forms.schema import FormSchema, read_schema


@lru_cache(maxsize=64)
def _remembered(version_id: int, _sha256: str) -> FormSchema:
    return read_schema(forms.version_xml(version_id))


def schema_of(version_id: int, sha256: str) -> FormSchema:
    """The schema of a form version; its hash guards against another database's version of the same number."""
    return _remembered(version_id, sha256)
