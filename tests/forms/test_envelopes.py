"""What a phone sends instead of answers when it has encrypted them is read, however odd, or refused in words."""

from __future__ import annotations

import pytest

from forms.errors import SubmissionInvalid
from forms.submission import parse_submission
from forms.submission.envelope import Envelope, read_envelope


def envelope(key: str) -> Envelope:
    return read_envelope(
        parse_submission(
            '<data xmlns="http://www.opendatakit.org/xforms/encrypted" encrypted="yes" id="visit" version="1">'
            f"{key}<meta><instanceID>uuid:1</instanceID></meta><media><file> a.jpg.enc </file></media>"
            "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>".encode()
        )
    )


def test_the_parts_are_found_and_the_key_may_be_broken_into_lines() -> None:
    read = envelope("<base64EncryptedKey>\nAAEC\n  AwQF\n</base64EncryptedKey>")
    assert (read.key, read.media, read.xml_file) == (bytes(range(6)), ("a.jpg.enc",), "submission.xml.enc")


@pytest.mark.parametrize("text", ["AAE", "AAE*", "çelësi", "\u2003AA==\u2003é"])
def test_a_key_that_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(SubmissionInvalid, match="base64"):
        envelope(f"<base64EncryptedKey>{text}</base64EncryptedKey>")


def test_an_envelope_has_one_key() -> None:
    for keys in ("", "<base64EncryptedKey>AAEC</base64EncryptedKey>" * 2):
        with pytest.raises(SubmissionInvalid, match="no key"):
            envelope(keys)
