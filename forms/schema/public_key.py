"""How does a form come to be encrypted on phones without changing anything else?"""

from __future__ import annotations

from lxml import etree

from forms.errors import XFormInvalid
from forms.namespaces import XFORMS
from forms.safe_xml import XFORM_LIMITS, parse_xml
from forms.schema.submission_element import submission_element

_ATTRIBUTE = "base64RsaPublicKey"


def with_public_key(xform: bytes, public_key: str, suffix: str) -> bytes:
    """The XForm with the base64 of the key for phones, and `suffix` behind its version: it is another form to them.

    Raises XFormInvalid if it has no primary instance. Source: ODK XForms specification, encryption.
    """
    root = parse_xml(xform, XFORM_LIMITS)
    model = root.find(f".//{{{XFORMS}}}model")
    instance = None if model is None else model.find(f"{{{XFORMS}}}instance")
    if model is None or instance is None or len(instance) == 0:
        raise XFormInvalid("The form has no primary instance; compile it again.")
    submission = submission_element(model)
    if submission is None:
        submission = etree.Element(f"{{{XFORMS}}}submission")
        instance.addnext(submission)
    submission.set(_ATTRIBUTE, public_key)
    instance[0].set("version", (instance[0].get("version") or "") + suffix)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
