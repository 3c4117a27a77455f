"""How do the logs that phones keep of the filling (audit.csv) come into one table? As ODK Central's export has them."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator

from app.services.spreadsheet_cells import inert_line

_OF_THE_LOG = ("event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value")
LOG_COLUMNS = ("instance ID", *_OF_THE_LOG)
_LONGEST_LINE = 131_072
"""In characters: what the csv module allows one cell."""


def log_lines(instance_id: str, content: Iterable[bytes]) -> Iterator[list[str]]:
    """A log's lines in our columns, with the submission's name in front; a column that we do not know is left out.

    A file that is no log, or is damaged, gives the lines that can be read. No cell is a formula.
    """
    texts = codecs.iterdecode(content, "utf-8-sig", errors="replace")
    reader = csv.DictReader(_lines(texts), strict=False, skipinitialspace=True)
    try:
        for row in reader:
            yield inert_line([instance_id, *(row.get(name) or "" for name in _OF_THE_LOG)])
    except csv.Error:
        return


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Whole lines of pieces that end anywhere, up to one that is too long: a log has none such."""
    rest = ""
    for text in texts:
        *whole, rest = (rest + text).splitlines(keepends=True) or [""]
        if rest.endswith("\n"):
            whole, rest = [*whole, rest], ""
        yield from whole
        if len(rest) > _LONGEST_LINE:
            return
    if rest:
        yield rest
