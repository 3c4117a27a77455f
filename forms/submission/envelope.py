"""What does a phone send instead of answers when it has encrypted them? An envelope that names the encrypted files.

Source: ODK XForms specification, encryption; as ODK Collect writes it.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass

from lxml import etree

from forms.errors import SubmissionInvalid
from forms.namespaces import local_name
from forms.submission.model import Submission


@dataclass(frozen=True, repr=False)
class Envelope:
    """`key` is the submission's symmetric key, encrypted with the form's public key.

    `media` are the encrypted files in the order in which the phone encrypted them; the answers (`xml_file`) came last.
    """

    instance_id: str
    key: bytes
    media: tuple[str, ...]
    xml_file: str


def read_envelope(submission: Submission) -> Envelope:
    """The envelope of an encrypted submission. Raises SubmissionInvalid if a part of it is missing."""
    named: dict[str, list[str]] = {"base64EncryptedKey": [], "encryptedXmlFile": [], "file": []}
    for each in submission.root.iter(etree.Element):
        name = local_name(each)
        if name in named and not len(each):
            named[name].append((each.text or "").strip())
    if len(named["base64EncryptedKey"]) != 1 or len(named["encryptedXmlFile"]) != 1:
        raise SubmissionInvalid("The encrypted submission has no key or names no file with the answers.")
    try:
        # Some libraries break base64 into lines.
        key = b64decode("".join(named["base64EncryptedKey"][0].split()), validate=True)
    except ValueError:  # binascii.Error is one; what is not ASCII gets another
        raise SubmissionInvalid("The key of the encrypted submission is not base64.") from None
    return Envelope(submission.instance_id, key, tuple(named["file"]), named["encryptedXmlFile"][0])
