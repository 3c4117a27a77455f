"""A submission that is cut anywhere on its way: 400 or no answer, and nothing of it is stored (rows 16 and 17).

Over a raw socket to the real service, at every byte in the full run: the connection ends too early, a length that is
honest about what is left, and a chunked body that stops.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, xml_part
from tests.faults.checker import query
from tests.faults.collect import FORM_ID
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.service import Service

EVERY_NTH_BYTE = 16
CLIENTS = 4
PHOTO = b"\xff\xd8\xff\xe0\r\n--not the boundary\r\n\xff\xd9"
XML = f'<data id="{FORM_ID}" version="1"><photo1>a.jpg</photo1><meta><instanceID>uuid:cut</instanceID></meta></data>'
CONTENT = body(xml_part(XML), file_part("a.jpg", PHOTO))
# With the closing boundary's last dash the body is whole; the line break behind it is nobody's.
WHOLE = CONTENT.rindex(b"--") + 2


def head(service: Service, *lines: str) -> bytes:
    """The request's head."""
    first = f"POST {service.phone.at}/submission HTTP/1.1"
    always = (f"Host: 127.0.0.1:{service.port}", f"Content-Type: multipart/form-data; boundary={BOUNDARY}")
    return "\r\n".join((first, *always, "Connection: close", *lines, "", "")).encode()


def disconnected(service: Service, length: int) -> bytes:
    """Announced whole, and the connection ends after `length` bytes."""
    return head(service, f"Content-Length: {len(CONTENT)}") + CONTENT[:length]


def honest(service: Service, length: int) -> bytes:
    """Announced as short as it is."""
    return head(service, f"Content-Length: {length}") + CONTENT[:length]


def chunks(content: bytes, size: int = 50) -> bytes:
    """As pieces of a chunked body, without its end."""
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def chunked_and_disconnected(service: Service, length: int) -> bytes:
    """Chunked, and the connection ends after `length` bytes of the chunks themselves."""
    return head(service, "Transfer-Encoding: chunked") + (chunks(CONTENT) + b"0\r\n\r\n")[:length]


def chunked_and_short(service: Service, length: int) -> bytes:
    """Chunked as it should be, of a body that is cut."""
    return head(service, "Transfer-Encoding: chunked") + chunks(CONTENT[:length]) + b"0\r\n\r\n"


Way = Callable[[Service, int], bytes]
CHUNKED_BYTES = len(chunks(CONTENT))
# How a body is cut, and how many of its bytes are still too few.
WAYS: dict[str, tuple[Way, int]] = {
    "disconnected": (disconnected, len(CONTENT)),
    "honest length": (honest, WHOLE),
    "chunked and disconnected": (chunked_and_disconnected, CHUNKED_BYTES),
    "chunked and short": (chunked_and_short, WHOLE),
}


def converse(service: Service, request: bytes) -> int | None:
    """Send the bytes and no more; the status, or None where the connection was closed without a word."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: _received(connection), b""))
    return int(answer.split(b" ", 2)[1]) if answer else None


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


def stored(service: Service) -> list[int]:
    """How many rows and files there are."""
    tables = ("submissions", "submission_versions", "submission_attachments", "quarantine")
    counts = [int(str(query(service, f"SELECT count(*) FROM {table}")[0][0])) for table in tables]
    files = sum(1 for each in (service.folder / "blobs").rglob("*") if each.is_file())
    return [*counts, files]


def lengths(most: int, *, full: bool) -> Iterator[int]:
    """After how many bytes it is cut. The first and the last places are always among them."""
    yield from (length for length in range(most) if full or length % EVERY_NTH_BYTE == 0 or length > most - 6)


@pytest.fixture
def service(new_service: NewService) -> Iterator[Service]:
    with new_service() as running:
        yield running


def test_a_body_cut_at_any_byte_is_refused_and_nothing_of_it_is_stored(
    service: Service, full: bool, figure: Figures
) -> None:
    before = stored(service)
    wrong: dict[tuple[str, int], int | None] = {}
    times = 0
    for name, (way, most) in WAYS.items():
        places = list(lengths(most, full=full))
        times += len(places)
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = clients.map(lambda length, way=way: converse(service, way(service, length)), places)
        wrong |= {
            (name, length): status for length, status in zip(places, answers, strict=True) if status not in (400, None)
        }
    request = honest(service, len(CONTENT))
    for length in range(0, request.index(b"\r\n\r\n") + 3, 1 if full else EVERY_NTH_BYTE):
        status = converse(service, request[:length])
        wrong |= {("head", length): status} if status not in (400, None) else {}
    assert wrong == {}
    service.run("sweep", "--now", "--older-than", "0")
    assert stored(service) == before
    figure("bodies cut on their way, nothing stored", times)
    for way in (honest, chunked_and_short):
        assert converse(service, way(service, len(CONTENT))) == 201
    assert [after - was for after, was in zip(stored(service), before, strict=True)] == [1, 1, 1, 0, 1]


ENDS = {
    "no trailer": b"0\r\n\r\n",
    "a trailer": b"0\r\nX-Checksum: 7\r\n\r\n",
    "an extension": b"0;name=value\r\n\r\n",
}
WRONG_CHUNKS = {
    "a length that is none": b"xyz\r\nhello\r\n0\r\n\r\n",
    "a negative length": b"-5\r\nhello\r\n0\r\n\r\n",
    "a length in hexadecimal notation": b"0x5\r\nhello\r\n0\r\n\r\n",
    "more than was said": b"3\r\nhello\r\n0\r\n\r\n",
    "less than was said": b"ff\r\nhello\r\n0\r\n\r\n",
    "a length of 2^64": b"ffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
    "bare line feeds": b"5\nhello\n0\n\n",
    "a trailer that is a length": chunks(CONTENT) + b"0\r\nContent-Length: 3\r\n\r\n",
    "a request behind a broken chunk": b"xyz\r\nGET /live HTTP/1.1\r\nHost: x\r\n\r\n",
}


def test_a_chunked_body_is_taken_with_trailers_and_refused_when_it_is_malformed(service: Service) -> None:
    chunked = head(service, "Transfer-Encoding: chunked")
    before = stored(service)
    for name, content in WRONG_CHUNKS.items():
        assert converse(service, chunked + content) in (400, None), name
    assert stored(service) == before
    for name, end in ENDS.items():
        assert converse(service, chunked + chunks(CONTENT) + end) == 201, name
    assert [after - was for after, was in zip(stored(service), before, strict=True)] == [1, 1, 1, 0, 1]

    # What follows a broken chunk is never read as a request.
    request = head(service, "Transfer-Encoding: chunked").replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection:
        connection.sendall(request + WRONG_CHUNKS["a request behind a broken chunk"])
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: _received(connection), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
