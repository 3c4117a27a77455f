"""What does `$metadata` say of a form or of an entity list: which tables, which properties of which types?

A table is an EntityType, a group a ComplexType, a repeat a navigation property, as in ODK Central's feed. The cases of
a list are one table, whose properties are all texts.
Source: OASIS OData Common Schema Definition Language 4.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from forms.schema.model import Field, FormSchema, odata_name

_USER = "org.opendatakit.user"
_TYPES = {
    "int": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "geopoint": "Edm.GeographyPoint",
    "geotrace": "Edm.GeographyLineString",
    "geoshape": "Edm.GeographyPolygon",
    "date": "Edm.Date",
    "dateTime": "Edm.DateTimeOffset",
}
"""By data type; any other is text."""

_SUBMISSION = "org.opendatakit.submission"
_OF_SUBMISSIONS = {
    "submissionDate": "Edm.DateTimeOffset",
    "updatedAt": "Edm.DateTimeOffset",
    "deletedAt": "Edm.DateTimeOffset",
    "submitterId": "Edm.String",
    "submitterName": "Edm.String",
    "attachmentsPresent": "Edm.Int64",
    "attachmentsExpected": "Edm.Int64",
    "status": f"{_SUBMISSION}.Status",
    "reviewState": f"{_SUBMISSION}.ReviewState",
    "deviceId": "Edm.String",
    "edits": "Edm.Int64",
    "formVersion": "Edm.String",
}
_ENUMERATIONS = {
    "Status": ("notDecrypted", "missingEncryptedFormData"),
    "ReviewState": ("hasIssues", "edited", "rejected", "approved"),
}


_ENTITY = "org.opendatakit.entity"
SYSTEM_OF_ENTITIES = {
    "createdAt": "Edm.DateTimeOffset",
    "creatorId": "Edm.String",
    "creatorName": "Edm.String",
    "updates": "Edm.Int64",
    "updatedAt": "Edm.DateTimeOffset",
    "deletedAt": "Edm.DateTimeOffset",
    "version": "Edm.Int64",
    "conflict": "Edm.String",
}
"""What is known of a case besides what it says: by name, its type."""


@dataclass
class _Type:
    """A table or a group. `properties`: name -> (type, is it a navigation property?); of two alike the first counts."""

    name: str
    properties: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def add(self, name: str, kind: str, *, is_navigation: bool = False) -> None:
        self.properties.setdefault(name, (kind, is_navigation))

    def lines(self) -> Iterable[str]:
        for name, (kind, is_navigation) in self.properties.items():
            element = "NavigationProperty" if is_navigation else "Property"
            yield f"<{element} Name={quoteattr(name)} Type={quoteattr(kind)}/>"


def _type_asked(field: Field) -> str:
    return field.data_type


def metadata_of_form(schema: FormSchema, type_served: Callable[[Field], str] = _type_asked) -> str:
    """The EDMX document of a form. `type_served`: the data type of what is shown of a question's answers."""
    namespace = f"{_USER}.{odata_name(schema.xml_form_id)}"
    tables, groups = _types(schema.fields, namespace, type_served)
    system = "".join(
        [
            _complex("metadata", _properties(_OF_SUBMISSIONS)),
            *(f'<EnumType Name="{name}">{_members(members)}</EnumType>' for name, members in _ENUMERATIONS.items()),
        ]
    )
    types = "".join(
        [
            *(_entity(each.name, "".join(each.lines())) for each in tables),
            *(_complex(each.name, "".join(each.lines())) for each in groups),
        ]
    )
    names = [each.name for each in tables]
    return _document((_SUBMISSION, system), (namespace, types), odata_name(schema.xml_form_id), names)


def metadata_of_list(name: str, properties: Iterable[str]) -> str:
    """The EDMX document of an entity list. `properties`: their names in OData."""
    texts = dict.fromkeys(("label", *properties), "Edm.String")
    entity = _entity("Entities", _properties({"__system": f"{_ENTITY}.metadata"} | texts))
    system = _complex("metadata", _properties(SYSTEM_OF_ENTITIES))
    own = odata_name(name)
    return _document((_ENTITY, system), (f"{_USER}.{own}", entity), own, ["Entities"])


def _types(
    fields: Iterable[Field], namespace: str, type_served: Callable[[Field], str]
) -> tuple[list[_Type], list[_Type]]:
    """The tables and the groups, in the form's order."""
    root = _Type("Submissions")
    root.add("__system", f"{_SUBMISSION}.metadata")
    tables, groups, by_path = [root], [], {"": root}
    for each in fields:
        around = by_path[each.path.rpartition("/")[0]]
        name, dotted = odata_name(each.name), ".".join(odata_name(part) for part in each.path.split("/")[1:])
        if each.kind == "group":
            by_path[each.path] = group = _Type(dotted)
            groups.append(group)
            around.add(name, f"{namespace}.{dotted}")
        elif each.kind == "repeat":
            by_path[each.path] = table = _Type(f"Submissions.{dotted}")
            table.add("-".join(["__Submissions", *_parts(each.repeat), "id"]), "Edm.String")
            tables.append(table)
            around.add(name, f"Collection({namespace}.Submissions.{dotted})", is_navigation=True)
        else:
            around.add(name, _TYPES.get(type_served(each), "Edm.String"))
    return tables, groups


def _members(names: Iterable[str]) -> str:
    # CSDL lets the values be left out; not every client does.
    return "".join(f'<Member Name="{name}" Value="{value}"/>' for value, name in enumerate(names))


def _parts(path: str | None) -> list[str]:
    return [odata_name(part) for part in path.split("/")[1:]] if path else []


def _properties(types: dict[str, str]) -> str:
    return "".join(f'<Property Name="{name}" Type="{kind}"/>' for name, kind in types.items())


def _complex(name: str, properties: str) -> str:
    return f"<ComplexType Name={quoteattr(name)}>{properties}</ComplexType>"


def _entity(name: str, properties: str) -> str:
    key = '<Key><PropertyRef Name="__id"/></Key><Property Name="__id" Type="Edm.String" Nullable="false"/>'
    return f"<EntityType Name={quoteattr(name)}>{key}{properties}</EntityType>"


def _document(system: tuple[str, str], own: tuple[str, str], container: str, names: list[str]) -> str:
    """`system`, `own`: a namespace and the types in it."""
    namespace, types = own
    sets = "".join(
        f'<EntitySet Name={quoteattr(name)} EntityType="{namespace}.{name}">{_CAPABILITIES if number == 0 else ""}'
        "</EntitySet>"
        for number, name in enumerate(names)
    )
    edm = "http://docs.oasis-open.org/odata/ns/edm"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>'
        f'<Schema xmlns="{edm}" Namespace="{system[0]}">{system[1]}</Schema>'
        f'<Schema xmlns="{edm}" Namespace="{namespace}">{types}'
        f"<EntityContainer Name={quoteattr(container)}>{sets}</EntityContainer></Schema>"
        "</edmx:DataServices></edmx:Edmx>\n"
    )


_TERM = "Org.OData.Capabilities.V1"
_CAPABILITIES = (
    f'<Annotation Term="{_TERM}.ConformanceLevel" EnumMember="{_TERM}.ConformanceLevelType/Minimal"/>'
    f'<Annotation Term="{_TERM}.BatchSupported" Bool="false"/>'
    f'<Annotation Term="{_TERM}.CountRestrictions">'
    '<Record><PropertyValue Property="Countable" Bool="true"/></Record></Annotation>'
)
