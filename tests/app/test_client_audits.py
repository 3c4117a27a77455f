"""A phone's log is read a line at a time, and one that never ends a line costs no more than another."""

from __future__ import annotations

from collections.abc import Iterator

from app.services.client_audits import log_lines

HEAD = b"event,node,start\nquestion,/visit/age,1\n"
PIECE = b"a" * 65536


def test_a_log_that_never_ends_a_line_is_left_where_it_stops_making_sense() -> None:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        yield HEAD
        for _ in range(256):
            read += len(PIECE)
            yield PIECE

    assert [line[:3] for line in log_lines("uuid:1", pieces())] == [["uuid:1", "question", "/visit/age"]]
    assert read <= 4 * len(PIECE)


def test_a_log_in_small_pieces_is_whole_however_long_it_is() -> None:
    text = HEAD + b"question,/visit/who,2\n" * 10_000 + b"form exit,,3"
    pieces = (text[begin : begin + 1000] for begin in range(0, len(text), 1000))
    lines = list(log_lines("uuid:1", pieces))
    assert len(lines) == 10_002
    assert lines[-1][:4] == ["uuid:1", "form exit", "", "3"]
