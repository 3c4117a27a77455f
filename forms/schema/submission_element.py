"""Where does a form send its answers, and with which key does it seal them? As a phone reads it.

Phones look at local names alone, and of several `submission` elements the last one counts for them: one that stands
behind another, or in another namespace, must not be overlooked here. Source: JavaRosa, XFormParser.
"""

from __future__ import annotations

from lxml import etree

from forms.errors import XFormInvalid
from forms.namespaces import local_name


def submission_element(model: etree._Element) -> etree._Element | None:
    """The model's `submission`. Raises XFormInvalid if there is more than one."""
    found = [each for each in model.iterchildren(etree.Element) if local_name(each) == "submission"]
    if len(found) > 1:
        raise XFormInvalid("The form has more than one submission element; keep one.")
    return found[0] if found else None


def submission_attribute(element: etree._Element | None, name: str) -> str | None:
    """The attribute in any namespace, None if there is none. Raises XFormInvalid if there is more than one."""
    if element is None:
        return None
    found = [str(value) for key, value in element.items() if str(key).rpartition("}")[2] == name]
    if len(found) > 1:
        raise XFormInvalid(f"The form's submission element has {name} more than once; keep one.")
    return found[0] or None if found else None
