"""Which files does a submission speak of, that should arrive beside its XML?"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from forms.namespaces import local_name
from forms.schema.model import FormSchema
from forms.submission.model import Submission

_ENCRYPTED_FILES = frozenset({"encryptedXmlFile", "file"})


def expected_attachments(submission: Submission, schema: FormSchema) -> tuple[str, ...]:
    """File names in the XML's binary questions, repeats and the audit log included; each once, in order.

    An encrypted submission names its encrypted files instead.
    """
    names: Iterator[str]
    if submission.is_encrypted:
        names = (
            each.text or ""
            for each in submission.root.iter(etree.Element)
            if local_name(each) in _ENCRYPTED_FILES and len(each) == 0
        )
    elif not schema.has_binaries:
        return ()
    else:
        names = _binary_texts(submission.root, "", schema)
    return tuple(dict.fromkeys(stripped for name in names if (stripped := name.strip())))


def _binary_texts(element: etree._Element, path: str, schema: FormSchema) -> Iterator[str]:
    for child in element:
        child_path = f"{path}/{local_name(child)}"
        known = schema.by_path.get(child_path)
        if known is None:
            continue
        if known.binary:
            yield child.text or ""
        elif known.kind != "field":
            yield from _binary_texts(child, child_path, schema)
