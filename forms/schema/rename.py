"""How does a form get another version name without changing anything else?"""

from __future__ import annotations

from lxml import etree

from forms.errors import XFormInvalid
from forms.namespaces import XFORMS
from forms.safe_xml import XFORM_LIMITS, parse_xml


def with_version(xform: bytes, version: str) -> bytes:
    """The XForm with `version` on its primary instance. Raises XFormInvalid if it has none."""
    root = parse_xml(xform, XFORM_LIMITS)
    instance = root.find(f".//{{{XFORMS}}}model/{{{XFORMS}}}instance")
    if instance is None or len(instance) == 0:
        raise XFormInvalid("The form has no primary instance; compile it again.")
    instance[0].set("version", version)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
