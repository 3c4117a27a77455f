"""Does what an administrator sent compile to a form that we can serve?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import problems
from app.problems import Problem
from app.sealing.phone_encryption import is_public_key
from forms.errors import FormsError, XFormInvalid, XLSFormInvalid
from forms.schema import FormSchema, read_schema
from forms.xlsform import compile_xlsform
from forms.xpath import check_expressions

_NAME_CHARACTERS = 255
_PATH_CHARACTERS = 1024
XLSFORM_TYPES = (".xlsx", ".xls", ".csv", ".md")


@dataclass(frozen=True)
class FormSource:
    """What was sent: an XForm (`.xml`) or an XLSForm. `fallback_form_id` serves a workbook that names none."""

    content: bytes
    type: str
    fallback_form_id: str | None = None


@dataclass(frozen=True)
class CompiledSource:
    """The XForm to serve, what it means, what the author should know, and the workbook it came from."""

    xform: bytes
    schema: FormSchema
    warnings: tuple[dict[str, Any], ...]
    xlsform: bytes | None = None
    xlsform_type: str | None = None


def compile_source(source: FormSource) -> CompiledSource:
    """Compile and read. Raises Problem 400.1, 400.2, 400.8 or 400.15, naming the place where it is known."""
    if source.type == ".xml":
        schema = _schema(source.content)
        return _checked(CompiledSource(source.content, schema, _expression_warnings(schema)))
    try:
        compiled = compile_xlsform(source.content, source.type, fallback_form_id=source.fallback_form_id)
    except XLSFormInvalid as error:
        raise problems.xlsform_invalid(
            error.message,
            [warning.message for warning in error.warnings],
            sheet=error.sheet,
            row=error.row,
            column=error.column,
        ) from None
    warnings = tuple(
        {"message": each.message, "sheet": each.sheet, "row": each.row, "column": each.column}
        for each in compiled.warnings
    )
    try:
        schema = read_schema(compiled.xform)
    except FormsError as error:
        raise problems.xlsform_invalid(error.message, [str(each["message"]) for each in warnings]) from None
    warnings += _expression_warnings(schema)
    return _checked(CompiledSource(compiled.xform, schema, warnings, source.content, source.type))


def _expression_warnings(schema: FormSchema) -> tuple[dict[str, Any], ...]:
    """Expressions that a phone would not run: the compiler looks at none, and the phone shows no form at all."""
    return tuple(
        {"message": f"{each.path}, {each.part}: {each.message}", "sheet": None, "row": None, "column": None}
        for each in check_expressions(schema)
    )


def _schema(xform: bytes) -> FormSchema:
    try:
        return read_schema(xform)
    except XFormInvalid as error:
        raise problems.unparseable("XForm", error.message) from None
    except FormsError as error:
        raise problems.unparseable("XML", error.message) from None


def _checked(compiled: CompiledSource) -> CompiledSource:
    for check in (_form_id_problem, _length_problem, _redirection_problem, _key_problem):
        problem = check(compiled.schema)
        if problem is not None:
            raise problem
    return compiled


def _form_id_problem(schema: FormSchema) -> Problem | None:
    form_id = schema.xml_form_id
    if not form_id:
        return problems.missing_parameter("xmlFormId", "set form_id on the settings sheet")
    if form_id.endswith((".xls", ".xlsx", ".xml")):
        return problems.unexpected_value("xmlFormId", "a form ID cannot end in .xls, .xlsx or .xml", form_id)
    if form_id in (".", "..") or len(form_id) > 255 or "/" in form_id or not form_id.isprintable():
        return problems.unexpected_value("xmlFormId", "use up to 255 printable characters without a slash")
    return None


def _length_problem(schema: FormSchema) -> Problem | None:
    """Names go into columns; no author means one of hundreds of characters."""
    names = [("version", schema.version)]
    names += [("the file name", media.name) for media in schema.media]
    names += [("the entity list", each.dataset) for each in schema.entities]
    names += [("the entity property", name) for each in schema.entities for name in each.properties]
    names += [("the question's path", field.path) for field in schema.fields]
    for what, name in names:
        limit = _PATH_CHARACTERS if what == "the question's path" else _NAME_CHARACTERS
        if len(name) > limit:
            return problems.unexpected_value(what, f"it is longer than {limit} characters: {name[:40]}…")
    return None


def _redirection_problem(schema: FormSchema) -> Problem | None:
    """A setting that sends answers elsewhere is an attack."""
    if schema.submission_url:
        return problems.unexpected_value(
            "submission_url", "it would send the answers to another server; take it out of the settings sheet"
        )
    return None


def _key_problem(schema: FormSchema) -> Problem | None:
    """A key of the author's; that somebody else agrees to it is looked at when the form is published."""
    if schema.submission_public_key and not is_public_key(schema.submission_public_key):
        return problems.unexpected_value(
            "public_key", "phones could not encrypt with it; give an RSA key of 2048 to 8192 bits as base64 of its DER"
        )
    return None
