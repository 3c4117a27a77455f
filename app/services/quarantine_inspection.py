"""What does somebody who must decide on a kept file need to know of it?"""

from __future__ import annotations

from dataclasses import dataclass

from app.db.queries.quarantine import Kept, Reach
from app.services.quarantine_entries import SentXml, entry, obstacle, sending_of, sent_xml, taken_is_not_found
from app.services.quarantine_reasons import REASONS, How, Text
from app.services.release_quarantine import Releaser


@dataclass(frozen=True)
class Sent:
    """What the XML says of itself; no answer."""

    xml_form_id: str
    version: str
    deprecated_id: str | None


@dataclass(frozen=True, repr=False)
class Inspected:
    """An entry, looked at. `together`: the entries that a release takes with it, this one included."""

    kept: Kept
    sent: Sent | None
    together: tuple[int, ...]
    obstacle: Text | None

    @property
    def releasable(self) -> bool:
        """May it be released now? A forecast: the release looks again."""
        return self.obstacle is None and self.kept.released_at is None


def inspect(by: Releaser, reach: Reach, entry_id: int) -> Inspected:
    """Open what is needed and look. Raises Problem 404.1."""
    kept = entry(reach, entry_id)
    with taken_is_not_found(reach, entry_id):
        return _inspect(by, kept)


def _inspect(by: Releaser, kept: Kept) -> Inspected:
    if kept.released_at is not None:
        return Inspected(kept, _said(sent_xml(kept)), (kept.id,), None)
    if REASONS[kept.reason].how is How.FILE:
        return Inspected(kept, None, (kept.id,), obstacle(kept, None, all_offices=by.all_offices))
    sending = sending_of(kept)
    if isinstance(sending, Text):
        return Inspected(kept, None, (kept.id,), sending)
    xml = sending.xml
    together = (xml.kept.id, *(each.id for each in sending.files))
    return Inspected(kept, _said(xml), together, obstacle(xml.kept, xml, all_offices=by.all_offices))


def _said(xml: SentXml | None) -> Sent | None:
    if xml is None:
        return None
    return Sent(xml.submission.xml_form_id, xml.submission.version, xml.submission.deprecated_id)
