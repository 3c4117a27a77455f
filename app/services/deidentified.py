"""How is a record made one that a de-identified view may show: its name, its facts, and the rules for its answers?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.db.queries import offices as office_queries
from app.permissions import Actor
from app.services.pseudonyms import pseudonym, recipient_key
from forms.submission import REGIONS, Common, Setting


@dataclass(frozen=True)
class Facts:
    """A submission's facts as the tables name them: what would identify is None, the moment is its month's first."""

    id: int
    instance_id: str
    created_at: datetime
    form_version: str | None
    review_state: str | None
    updated_at: None = None
    deleted_at: None = None
    submitter_id: None = None
    submitter_name: None = None
    attachments_present: None = None
    attachments_expected: None = None
    device_id: None = None
    edits: None = None


@dataclass(frozen=True, repr=False)
class Recipient:
    """Who gets the de-identified tables. `common` learns which special values are common in one answer."""

    key: bytes
    places: dict[str, str | None]
    common: Common = field(default_factory=Common)

    def facts(self, form_id: int, facts: Any) -> Facts:
        """What of a row's facts is left; of a list's row there is no form version."""
        return Facts(
            facts.id,
            pseudonym(self.key, form_id, facts.instance_id),
            month_of(facts.created_at),
            getattr(facts, "form_version", None),
            facts.review_state,
        )

    def setting(self, facts: Any) -> Setting:
        """What the rules need to know of a record."""
        return Setting(self.places, facts.created_at.date())


def recipient(actor: Actor) -> Recipient:
    """The actor as a recipient."""
    regions = {code: REGIONS.get(region or "") for code, region in office_queries.regions_by_code()}
    return Recipient(recipient_key(actor.id), {**REGIONS, **regions})


def month_of(moment: datetime) -> datetime:
    """The first moment of its month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
