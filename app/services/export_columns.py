"""Which questions are columns of an export: those of the version that counts, or all that the form ever had?"""

from __future__ import annotations

from dataclasses import replace

from app.db import models
from app.db.queries import feed as queries
from app.db.queries.submissions import Scope
from app.services.schemas import schema_of
from app.services.walk_records import export_schema
from forms.schema import FormSchema


def export_columns(form: models.Form, *, is_draft: bool = False, with_deleted: bool = False) -> FormSchema:
    """The schema that names the columns. `with_deleted`: with what earlier versions had, after what there is now.

    Of a question that changed its kind, such as from a repeat to a group, the newest counts. Raises Problem 404.1.
    """
    schema = export_schema(form, is_draft=is_draft)
    if not with_deleted:
        return schema
    fields = {each.path: each for each in schema.fields}
    for version_id, sha256 in reversed(queries.versions_of_form(Scope(form.id, offices=False, is_draft=is_draft))):
        for each in schema_of(version_id, sha256).fields:
            fields.setdefault(each.path, each)
    return replace(schema, fields=tuple(fields.values()))
