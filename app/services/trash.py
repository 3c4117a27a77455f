"""How long can what was deleted be brought back?"""

from __future__ import annotations

from datetime import timedelta

# Forms, submissions, entity lists and cases alike; after it the chores purge them. Central's number.
KEPT_FOR = timedelta(days=30)
