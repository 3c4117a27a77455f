"""Which rows of a table are on this page of a feed, in which words, and is there another page?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from app.db.queries import feed as queries
from app.services.odata_documents import Documents
from app.services.skiptoken import Place, token_of
from app.services.walk_records import Choice, ReadRow, TableRow, learn_common, walk_records

_PIECE_BYTES = 16_384


@dataclass
class Page:
    """A page of a table. `after`: where the page before ended; `skip` and `top` count rows of the table.

    When the rows were read, `next_token` (or, in an order of the asker's, `next_skip`) says where the next page begins.
    """

    choice: Choice
    documents: Documents
    skip: int = 0
    top: int | None = None
    after: Place | None = None
    next_token: str | None = None
    next_skip: int | None = None

    def rows(self, counted: Callable[[Iterator[ReadRow]], Iterator[ReadRow]]) -> Iterator[tuple[ReadRow, TableRow]]:
        """The rows, each with its submission. `counted` goes around the submissions that are read."""
        schema, table = self.documents.schema, self.documents.table
        is_root, left = table.path == "", self.top
        if left == 0:
            return
        choice, to_skip = self._choice(is_root), 0 if is_root else self.skip
        for read in counted(walk_records(choice)):
            passed = 0 if is_root or self.after is None or read.facts.id != self.after.submission_id else self.after.row
            for number, row in enumerate(read.rows(schema, table)):
                if number < passed:
                    continue
                if to_skip:
                    to_skip -= 1
                    continue
                if left == 0:
                    self._goes_on(read, number)
                    return
                yield read, row
                left = None if left is None else left - 1
            if left == 0:
                self._look_further(read, is_root)
                return

    def _choice(self, is_root: bool) -> Choice:
        # A repeat's page may begin in the middle of the submission where the one before ended.
        before_id = None if self.after is None else self.after.submission_id + (not is_root)
        choice = replace(self.choice, before_id=before_id)
        return replace(choice, skip=self.skip, limit=self.top) if is_root else choice

    def _goes_on(self, read: ReadRow, row: int) -> None:
        if self.choice.order:
            self.next_skip = self.skip + (self.top or 0)
        else:
            self.next_token = token_of(self.choice.view, read, row)

    def _look_further(self, read: ReadRow, is_root: bool) -> None:
        """The page ends with a submission: is there another one?"""
        if self.choice.order:
            if not is_root or queries.count(self.choice.wanted) > self.skip + (self.top or 0):
                self._goes_on(read, 0)
        elif queries.is_there_more(replace(self.choice.wanted, before_id=read.facts.id)):
            self._goes_on(read, 0 if is_root else read.count(self.documents.table))

    def pieces(
        self,
        head: dict[str, Any],
        counted: Callable[[Iterator[ReadRow]], Iterator[ReadRow]],
        next_link: Callable[[Page], str | None],
    ) -> Iterator[bytes]:
        """The document in pieces of some thousand bytes: `head`, the rows, and the link to the next page."""
        if self.choice.view.recipient is not None:
            learn_common(self.choice.view, self.rows(iter))
        documents = (self.documents.document(read, row) for read, row in self.rows(counted))
        return document_pieces(head, documents, lambda: next_link(self))


def document_pieces(
    head: dict[str, Any], rows: Iterable[dict[str, Any]], next_link: Callable[[], str | None]
) -> Iterator[bytes]:
    """A feed's document in pieces of some thousand bytes; the link is asked for after the last row."""
    parts, size = [orjson.dumps(head)[:-1] + b',"value":['], 0
    separator = b""
    for row in rows:
        text = orjson.dumps(row)
        parts += (separator, text)
        separator = b",\n"
        size += len(text)
        if size > _PIECE_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    link = next_link()
    parts.append(b"]" + (b',"@odata.nextLink":' + orjson.dumps(link) if link is not None else b"") + b"}")
    yield b"".join(parts)
