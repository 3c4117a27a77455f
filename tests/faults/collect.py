"""How does ODK Collect send, and what was it promised? Phones that behave as it does, with a ledger of every promise.

A phone keeps a filled form with its instance ID until it has heard 201 (or 202) to each of its requests. Large sets of
photos go in several requests, each with the XML again. After any error, or no answer, it waits and sends all again.
"""

from __future__ import annotations

import hashlib
import http.client
import random
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from uuid import UUID

FORM = """
| survey |         |        |         |         |                     |
|        | type    | name   | label   | save_to | bind::sportel:class |
|        | text    | who    | Who     | who     | identifying         |
|        | integer | number | Number  | number  | operational         |
|        | text    | story  | Story   |         | special:health      |
|        | image   | photo1 | Photo 1 |         | identifying         |
|        | image   | photo2 | Photo 2 |         | identifying         |
|        | image   | photo3 | Photo 3 |         | identifying         |
|        | image   | photo4 | Photo 4 |         | identifying         |
|        | image   | photo5 | Photo 5 |         | identifying         |
|        | image   | photo6 | Photo 6 |         | identifying         |
|        | image   | photo7 | Photo 7 |         | identifying         |
| settings |         |         |         |                              |
|          | form_id | version | title   | namespaces                   |
|          | drill   | 1       | A drill | sportel="urn:sportel:xforms" |
| entities |             |           |                     |
|          | list_name   | label     | create_if           |
|          | drill_cases | ${number} | ${number} mod 4 = 0 |
"""
FORM_ID = "drill"

BOUNDARY = "drill-boundary-7d1f"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
TAKEN = ("201", "202")
# Collect's own time-out for an answer is a minute.
ANSWER_SECONDS = 60.0
# A phone that is not heard for so long, or told so often that the server is broken, has found a fault.
PATIENCE_SECONDS = 240.0
MOST_500S = 50

Address = tuple[str, int]


def digest(content: bytes) -> str:
    """What a content is compared by."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, repr=False)
class Filled:
    """A filled form: its XML, its photos and how many of them go into one request.

    `replaces`: it is an edit of that ID. `case`: the ID of the case that it opens.
    """

    instance_id: str
    xml: bytes
    photos: dict[str, bytes] = field(default_factory=dict)
    photos_a_request: int = 1
    replaces: str | None = None
    case: str | None = None

    def requests(self) -> Iterator[tuple[list[str], bool]]:
        """The photos of each request, and whether more requests follow."""
        names = list(self.photos)
        size = self.photos_a_request
        groups = [names[start : start + size] for start in range(0, len(names), size)] or [[]]
        return ((group, group is not groups[-1]) for group in groups)


@dataclass
class Promise:
    """What a phone has sent under an ID (as SHA-256), and what of it was acknowledged."""

    root: str
    xml: str
    photos: dict[str, str]
    xml_taken: bool = False
    photos_taken: set[str] = field(default_factory=set)
    case: str | None = None


class Ledger:
    """Every promise that was made to any phone."""

    def __init__(self) -> None:
        self.promises: dict[str, Promise] = {}
        self._lock = Lock()

    def begin(self, filled: Filled) -> None:
        """About to be sent for the first time."""
        photos = {name: digest(content) for name, content in filled.photos.items()}
        with self._lock:
            self.promises[filled.instance_id] = Promise(
                filled.replaces or filled.instance_id, digest(filled.xml), photos, case=filled.case
            )

    def acknowledged(self, filled: Filled, photos: list[str]) -> None:
        """One request was answered 201."""
        with self._lock:
            promise = self.promises[filled.instance_id]
            promise.xml_taken = True
            promise.photos_taken.update(photos)

    def taken(self) -> dict[str, Promise]:
        """The promises that must hold."""
        return {name: promise for name, promise in self.promises.items() if promise.xml_taken}


def fill(dice: random.Random, number: int) -> Filled:
    """The kinds of forms that come from the field: mostly small ones, some with one large photo, some with many."""
    kind = dice.random()
    if kind < 0.40:
        sizes, together = [], 1
    elif kind < 0.55:
        sizes, together = [200_000], 1
    elif kind < 0.80:
        sizes, together = [dice.randrange(1, 12_000) for _ in range(4)], 1
    else:
        sizes, together = [dice.randrange(0, 40_000) for _ in range(7)], dice.choice((1, 1, 2))
    photos = {f"{number}-{place}.jpg": dice.randbytes(size) for place, size in enumerate(sizes, start=1)}
    name = f"uuid:{UUID(int=dice.getrandbits(128), version=4)}"
    case = str(UUID(int=dice.getrandbits(128), version=4)) if number % 4 == 0 else None
    xml = write_xml(name, number, dice.randbytes(1100).hex(), photos, case=case)
    return Filled(name, xml, photos, together, case=case)


def edit(before: Filled, dice: random.Random, number: int) -> Filled:
    """The same form, finished, opened again and changed on the phone."""
    name = f"uuid:{UUID(int=dice.getrandbits(128), version=4)}"
    xml = write_xml(name, number, dice.randbytes(200).hex(), {}, replaces=before.instance_id)
    return Filled(name, xml, replaces=before.instance_id)


def write_xml(
    name: str,
    number: int,
    story: str,
    photos: dict[str, bytes],
    replaces: str | None = None,
    case: str | None = None,
) -> bytes:
    """A submission's XML."""
    answers = "".join(f"<photo{place}>{photo}</photo{place}>" for place, photo in enumerate(photos, start=1))
    meta = f"<orx:deprecatedID>{replaces}</orx:deprecatedID>" if replaces else ""
    if case is not None:
        meta += (
            '<entity xmlns="http://www.opendatakit.org/xforms/entities" dataset="drill_cases" create="1"'
            f' id="{case}"><label>{number}</label></entity>'
        )
    return (
        f'<?xml version="1.0"?><data xmlns:orx="http://openrosa.org/xforms" id="{FORM_ID}" version="1">'
        f"<who>Person {number} ë</who><number>{number}</number><story>{story}</story>{answers}"
        f"<orx:meta>{meta}<orx:instanceID>{name}</orx:instanceID></orx:meta></data>"
    ).encode()


def write_body(filled: Filled, photos: list[str], *, incomplete: bool) -> bytes:
    """One request's body."""
    parts = [_part('name="xml_submission_file"; filename="submission.xml"', "text/xml", filled.xml)]
    parts += [_part(f'name="{name}"; filename="{name}"', "image/jpeg", filled.photos[name]) for name in photos]
    if incomplete:
        parts.append(_part('name="*isIncomplete*"', "text/plain", b"yes"))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(disposition: str, kind: str, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def post(address: Address, path: str, body: bytes, timeout: float = ANSWER_SECONDS) -> tuple[str, str | None]:
    """POST once: the status, or why there is none; and Retry-After."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": CONTENT_TYPE, "X-OpenRosa-Version": "1.0"})
        answer = connection.getresponse()
        answer.read()
        return str(answer.status), answer.headers["Retry-After"]
    except ConnectionRefusedError:
        return "refused", None
    except TimeoutError:
        return "no answer in time", None
    except (OSError, http.client.HTTPException):
        return "cut off", None
    finally:
        connection.close()


def send_and_leave(address: Address, path: str, body: bytes) -> None:
    """Send all of it and break the connection off without waiting: the phone has lost its network."""
    head = f"POST {path} HTTP/1.1\r\nHost: phone\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    with suppress(OSError), socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head.encode() + body)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Tally:
    """What the phones heard, all together."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.without_retry_after = 0
        self.given_up: list[str] = []
        self.finished = 0
        self._lock = Lock()

    def heard(self, outcome: str, retry_after: str | None) -> None:
        with self._lock:
            self.answers[outcome] += 1
            self.without_retry_after += outcome == "503" and retry_after is None

    def gave_up(self, why: str) -> None:
        with self._lock:
            self.given_up.append(why)

    def done(self) -> None:
        with self._lock:
            self.finished += 1

    @property
    def posts(self) -> int:
        """Requests that reached something."""
        return sum(self.answers.values()) - self.answers["refused"]

    def taken(self) -> int:
        """Requests that were acknowledged."""
        return sum(self.answers[each] for each in TAKEN)

    def statuses(self) -> dict[str, int]:
        """The answers that were a status."""
        return {name: count for name, count in self.answers.items() if name.isdigit()}


class Phones:
    """Some phones that send, each form after form, until they are told to finish.

        with Phones(8, path, route, seed=1) as phones: …
        phones.ledger, phones.tally

    `route(dice)`: the address for the next request, the server's or a bad network's in front of it.
    """

    def __init__(
        self, count: int, path: str, route: Callable[[random.Random], Address], *, seed: int, careful: bool = False
    ) -> None:
        """`careful`: without edits and without broken-off requests, so that each POST means one thing."""
        self.path, self.route, self.careful = path, route, careful
        self.ledger, self.tally = Ledger(), Tally()
        self.enough = False
        self._refused: set[str] = set()
        self.most: int | None = None
        self._begun = 0
        self._lock = Lock()
        self._threads = [Thread(target=self._run, args=(seed * 1000 + each,), daemon=True) for each in range(count)]

    def start(self, most: int | None = None) -> None:
        """Begin; `most`: forms in all, after which they finish by themselves."""
        self.most = most
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Begin nothing new, send what is begun until it is acknowledged."""
        self.enough = True
        self.join()

    def join(self) -> None:
        """Wait until all are through."""
        for thread in self._threads:
            thread.join(timeout=PATIENCE_SECONDS + 2 * ANSWER_SECONDS)
            assert not thread.is_alive(), "a phone hangs"

    def _next(self) -> int | None:
        with self._lock:
            if self.enough or (self.most is not None and self._begun >= self.most):
                return None
            self._begun += 1
            return self._begun

    def _run(self, seed: int) -> None:
        dice = random.Random(seed)
        while (number := self._next()) is not None:
            filled = fill(dice, number)
            opens_again = not filled.photos and filled.case is None and not self.careful and dice.random() < 0.1
            if self._send(filled, dice) and opens_again:
                self._send(edit(filled, dice, number), dice)

    def _send(self, filled: Filled, dice: random.Random) -> bool:
        self.ledger.begin(filled)
        end = time.monotonic() + PATIENCE_SECONDS
        # Collect starts again from the first request, other clients where they were.
        begins_again = self.careful or dice.random() < 0.3
        todo = list(filled.requests())
        while not self._send_all(filled, todo, dice):
            todo = list(filled.requests()) if begins_again else todo
            if time.monotonic() > end or filled.instance_id in self._refused or self.tally.answers["500"] > MOST_500S:
                self.tally.gave_up(filled.instance_id)
                return False
            time.sleep(dice.uniform(0.02, 0.3))
        if filled.replaces is None:
            self.tally.done()
        return True

    def _send_all(self, filled: Filled, todo: list[tuple[list[str], bool]], dice: random.Random) -> bool:
        """Send what is to do, and take it off the list; False at the first that was not acknowledged."""
        while todo:
            photos, more = todo[0]
            body = write_body(filled, photos, incomplete=more)
            if not self.careful and dice.random() < 0.02:
                send_and_leave(self.route(dice), self.path, body)
            outcome, retry_after = post(self.route(dice), self.path, body)
            self.tally.heard(outcome, retry_after)
            if outcome in TAKEN:
                self.ledger.acknowledged(filled, photos)
                todo.pop(0)
            else:
                if outcome.startswith("4"):
                    self._refused.add(filled.instance_id)  # the same again would hear the same
                return False
        return True
