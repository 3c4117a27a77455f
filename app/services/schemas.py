"""What does this form version mean? Read once from its XForm, then remembered: a version never changes."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

from app.db.queries import forms
from forms.schema import FormSchema, read_schema

# By the XForm's hash: what was read to check a new draft need not be read again to publish it.
_just_read: OrderedDict[str, FormSchema] = OrderedDict()
_MOST_JUST_READ = 4


@lru_cache(maxsize=64)
def _remembered(version_id: int, sha256: str) -> FormSchema:
    return _just_read.get(sha256) or read_schema(forms.version_xml(version_id))


def schema_of(version_id: int, sha256: str) -> FormSchema:
    """The schema of a form version; its hash guards against another database's version of the same number."""
    return _remembered(version_id, sha256)


def remember_schema(sha256: str, schema: FormSchema) -> None:
    """Keep for a moment what `read_schema` made of the XForm with this hash."""
    _just_read[sha256] = schema
    if len(_just_read) > _MOST_JUST_READ:
        _just_read.popitem(last=False)
