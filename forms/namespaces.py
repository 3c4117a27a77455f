"""Which XML namespaces do XForms and submissions use, and what is a name without its namespace?

Source: ODK XForms specification (getodk.github.io/xforms-spec), OpenRosa, ODK entities specification.
"""

from __future__ import annotations

from lxml import etree

XFORMS = "http://www.w3.org/2002/xforms"
XHTML = "http://www.w3.org/1999/xhtml"
JAVAROSA = "http://openrosa.org/javarosa"
OPENROSA = "http://openrosa.org/xforms"
ODK = "http://www.opendatakit.org/xforms"
ENTITIES = "http://www.opendatakit.org/xforms/entities"
ENCRYPTED = "http://www.opendatakit.org/xforms/encrypted"
SPORTEL = "urn:sportel:xforms"
"""Namespace of this project's bind attributes; an XLSForm declares it in the settings column `namespaces`."""


def local_name(element: etree._Element) -> str:
    """The element's name without namespace: phones prefix and redeclare namespaces as they like."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def local_attribute(element: etree._Element, name: str) -> str | None:
    """The value of attribute `name`, in no namespace or else in any; None if there is none."""
    value = element.get(name)
    if value is not None:
        return str(value)
    for key, candidate in element.items():
        if str(key).endswith("}" + name):
            return str(candidate)
    return None
