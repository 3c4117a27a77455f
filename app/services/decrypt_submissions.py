"""What did a phone encrypt, for somebody who has the passphrase? Opened for one export, and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app import problems_submissions
from app.db import db, models
from app.db.queries import encryption as key_queries
from app.db.queries import submissions as queries
from app.permissions import Actor
from app.sealing.envelope import SealBroken
from app.sealing.phone_encryption import PaddingBroken, decrypted, open_private_key, open_submission_key, vector_of
from app.services.keys import data_key
from app.services.limits import PassphraseLimit
from app.services.managed_encryption import open_private
from app.services.read_submissions import content_of, schema_for, stored_xml
from app.storage import BlobMissing
from forms.errors import FormsError
from forms.safe_xml import SUBMISSION_LIMITS
from forms.submission import CleanRecord, Submission, clean, parse_submission
from forms.submission.envelope import Envelope, read_envelope

NOT_DECRYPTED = "notDecrypted"
MISSING_DATA = "missingEncryptedFormData"
_SUFFIX = ".enc"


@dataclass(frozen=True, repr=False)
class SentEncrypted:
    """An encrypted version: its record, or Central's word for why there is none. `symmetric` opens its files."""

    record: CleanRecord | None
    status: str | None
    envelope: Envelope | None = None
    symmetric: bytes = b""


@dataclass(frozen=True, repr=False)
class Decryptor:
    """Opens submissions. `private`: by the public key that the form carries."""

    private: Mapping[str, RSAPrivateKey]

    def open(self, submission: models.Submission, version: models.SubmissionVersion) -> SentEncrypted | None:
        """What was encrypted; None for a submission that came in clear."""
        sent = parse_submission(stored_xml(submission, version))
        if not sent.is_encrypted:
            return None
        try:
            envelope = read_envelope(sent)
            row = queries.attachment(version.id, envelope.xml_file)
            if row is None or row.blob_key is None:
                return SentEncrypted(None, MISSING_DATA)
            private = self.private.get(schema_for(version).submission_public_key or "")
            if private is None:
                return SentEncrypted(None, NOT_DECRYPTED)
            symmetric = open_submission_key(private, envelope.key)
            inside = self._inside(sent, submission, row, envelope, symmetric)
        except (SealBroken, FormsError):
            return SentEncrypted(None, NOT_DECRYPTED)
        except BlobMissing:
            return SentEncrypted(None, MISSING_DATA)
        return SentEncrypted(clean(inside, schema_for(version)), None, envelope, symmetric)

    def _inside(
        self,
        sent: Submission,
        submission: models.Submission,
        row: models.SubmissionAttachment,
        envelope: Envelope,
        symmetric: bytes,
    ) -> Submission:
        """The answers. Raises SealBroken or FormsError."""
        if (row.size_bytes or 0) > SUBMISSION_LIMITS.max_bytes:
            raise SealBroken("the encrypted answers are too large")
        vector = vector_of(envelope.instance_id, symmetric, len(envelope.media))
        inside = parse_submission(b"".join(decrypted(symmetric, vector, content_of(submission, row))))
        # Somebody may have put another submission's answers into this envelope.
        if (inside.instance_id, inside.xml_form_id) != (sent.instance_id, sent.xml_form_id) or inside.is_encrypted:
            raise SealBroken("the encrypted answers are of another submission")
        return inside


CLOSED = Decryptor({})
"""Opens nothing, and tells what is encrypted."""


def decryptor(actor: Actor, project_id: int, passphrases: Mapping[int, str]) -> Decryptor:
    """What these passphrases open, given by the number of the key.

    Raises Problem 400.12 for one that does not open its key, 429.1 after too many of them by this actor; of keys that
    are not the project's nothing is said.
    """
    key = key_queries.managed_key(project_id) if passphrases else None
    if key is None or key.id not in passphrases:
        return CLOSED
    assert key.data_key_id is not None, "a managed key has its data key"
    public, limit = key.public, PassphraseLimit(actor, key.id)
    limit.check()
    try:
        private = open_private_key(open_private(data_key(key.data_key_id), key), passphrases[key.id])
    except SealBroken:
        limit.wrong()
        raise problems_submissions.undecryptable() from None
    limit.right()
    return Decryptor({public: private})


def rows_of(version_id: int) -> tuple[models.Submission, models.SubmissionVersion]:
    """The rows of an export's line."""
    version = db.session.get_one(models.SubmissionVersion, version_id)
    return db.session.get_one(models.Submission, version.submission_id), version


def media_of(
    submission: models.Submission, version: models.SubmissionVersion, sent: SentEncrypted
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files that arrived of an opened submission: the name without its suffix, and the content in clear."""
    if sent.envelope is None:
        return
    # Each once, or one photo that is named fifty thousand times would fill the reader's disk. The answers are no
    # picture: as a file they would come out whole, whatever their classes.
    given = {sent.envelope.xml_file}
    for number, name in enumerate(sent.envelope.media):
        if name in given:
            continue
        given.add(name)
        row = queries.attachment(version.id, name)
        if row is not None and row.blob_key is not None:
            vector = vector_of(sent.envelope.instance_id, sent.symmetric, number)
            yield (
                name.removesuffix(_SUFFIX),
                _until_it_breaks(decrypted(sent.symmetric, vector, content_of(submission, row))),
            )


def _until_it_breaks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # One file that a phone sent cut must not end everybody's export; a reader sees that it is cut.
    try:
        yield from chunks
    except PaddingBroken:
        return
