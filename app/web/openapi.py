"""The description of the API, drawn from the declarations of the routes and the marshmallow schemas."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema

from app.permissions import ANYBODY
from app.web.door import Operation
from app.web.schemas import ProblemSchema

_BYTES = {"type": "string", "format": "binary"}
# Any document: what OData's metadata or GeoJSON's standard, and not this description, says of it.
_UNDESCRIBED: dict[str, dict[str, Any]] = {"application/json": {}, "application/geo+json": {}}
_END = r"\Z"
_PARAMETER = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def path_of(rule: str) -> str:
    """A route's rule as OpenAPI writes it."""
    return _PARAMETER.sub(r"{\g<name>}", rule)


def build(operations: tuple[Operation, ...], prefixes: dict[str, str]) -> dict[str, Any]:
    """The OpenAPI 3.0 document. `prefixes`: what stands before the rules of each door."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Sportel",
        version="1.0.0",
        openapi_version="3.0.3",
        plugins=[plugin],
        info={"description": "Forms, submissions and cleaned data. The paths, shapes and codes are ODK Central's."},
    )
    spec.components.security_scheme("session", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("password", {"type": "http", "scheme": "basic"})
    spec.components.schema("Problem", schema=ProblemSchema)
    for operation in operations:
        rule = prefixes.get(operation.endpoint.split(".")[0], "") + operation.rule
        spec.path(
            path=path_of(rule),
            operations={operation.method.lower(): _operation(operation, rule, plugin.converter)},
        )
    described = spec.to_dict()
    _spell_patterns(described)
    return described


def _spell_patterns(part: Any) -> None:
    """Patterns as OpenAPI has them, ECMAScript's: both ends named, and no `\\Z`, which is Python's."""
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _spell_patterns(each)
    if isinstance(part, dict) and isinstance(part.get("pattern"), str):
        part["pattern"] = f"^{part['pattern'].removeprefix('^').removesuffix(_END)}$"


def _operation(operation: Operation, rule: str, converter: OpenAPIConverter | None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.endpoint,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(rule), *_query_parameters(operation.query, converter)],
        "responses": {
            str(operation.status): {"description": "Done"} | _content(operation.returns, operation.answer_types),
            "default": {"description": "A problem", "content": _problem(operation)},
        },
        "x-verb": operation.verb,
    }
    if operation.verb != ANYBODY:
        described["security"] = [{"session": []}, {"password": []}]
    if operation.body is not None or operation.body_types:
        described["requestBody"] = {"required": operation.body is not None} | _content(
            operation.body, operation.body_types
        )
    return described


def _problem(operation: Operation) -> dict[str, Any]:
    """Phones are told in OpenRosa's language, OData clients in XML if they ask; at an address of no route nobody is."""
    told: dict[str, Any] = _content(ProblemSchema(), ())["content"]
    if operation.speaks_odata:
        return told | {"application/xml": {"schema": {"type": "string"}}}
    return told | {"text/xml": {"schema": {"type": "string"}}} if operation.speaks_openrosa else told


def _path_parameters(rule: str) -> list[dict[str, Any]]:
    return [
        {
            "in": "path",
            "name": match["name"],
            "required": True,
            "schema": {"type": "integer" if match["type"] == "int" else "string"},
        }
        for match in _PARAMETER.finditer(rule)
    ]


def _query_parameters(schema: Schema | None, converter: OpenAPIConverter | None) -> list[dict[str, Any]]:
    if schema is None or converter is None:
        return []
    return [
        {
            "in": "query",
            "name": field.data_key or name,
            "required": field.required,
            "schema": converter.field2property(field),
        }
        for name, field in schema.fields.items()
    ]


def _content(schema: Schema | None, media_types: tuple[str, ...]) -> dict[str, Any]:
    if schema is not None:
        return {"content": {"application/json": {"schema": schema}}}
    if media_types:
        return {"content": {kind: {"schema": _UNDESCRIBED.get(kind, _BYTES)} for kind in media_types}}
    return {}


@cache
def document() -> dict[str, Any]:
    """The document of this application."""
    from app.web import routes  # the doors import much; the document is asked for rarely

    return build(routes.operations(), routes.PREFIXES)
