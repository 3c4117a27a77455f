"""What would an OpenRosa server say? A tiny one of the standard library, for tests of the phone alone.

It serves forms and files from memory with right hashes (or wrong ones, where a test says so), records every
request, and answers submissions with the statuses that a test queues.
"""

from __future__ import annotations

import base64
import contextlib
import email.parser
import email.policy
import hashlib
import json
import threading
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

LIST = '<xforms xmlns="http://openrosa.org/xforms/xformsList">{}</xforms>'
MANIFEST = '<manifest xmlns="http://openrosa.org/xforms/xformsManifest">{}</manifest>'
MESSAGE = '<OpenRosaResponse xmlns="http://openrosa.org/http/response"><message>{}</message></OpenRosaResponse>'


def md5(content: bytes) -> str:
    return "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass
class MediaFile:
    content: bytes
    type: str = ""
    integrity: bool = False


@dataclass
class Seen:
    """One request: `parts` are the multipart's names and contents in order."""

    method: str
    path: str
    query: dict[str, list[str]]
    user_agent: str
    parts: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass
class OpenRosaServer:
    """Forms by ID, media by form ID and file name; a context manager that serves on a free port."""

    forms: dict[str, bytes] = field(default_factory=dict)
    media: dict[str, dict[str, MediaFile]] = field(default_factory=dict)
    false_hashes: set[str] = field(default_factory=set)
    deleted_entities: set[str] = field(default_factory=set)
    head_status: int = 204
    accept_length: int = 10_485_760
    openrosa_header: bool = True
    answers: list[tuple[int, str]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1/key/token/projects/1"

    @property
    def posts(self) -> list[Seen]:
        return [one for one in self.seen if one.method == "POST"]

    def settings_qr(self, **general: object) -> str:
        settings = {
            "general": {"server_url": self.url, "form_update_mode": "match_exactly", **general},
            "admin": {},
            "project": {"name": "Sportel"},
        }
        return base64.b64encode(zlib.compress(json.dumps(settings).encode())).decode()

    def _hash(self, name: str, content: bytes) -> str:
        return md5(b"something else") if name in self.false_hashes else md5(content)

    def form_list(self) -> bytes:
        entries = []
        for form_id, content in self.forms.items():
            manifest = f"<manifestUrl>{self.url}/forms/{form_id}/manifest</manifestUrl>"
            entries.append(
                f"<xform><formID>{form_id}</formID><name>{form_id}</name><version>1</version>"
                f"<hash>{self._hash(form_id, content)}</hash>"
                f"<downloadUrl>{self.url}/forms/{form_id}.xml</downloadUrl>"
                f"{manifest if form_id in self.media else ''}</xform>"
            )
        return LIST.format("".join(entries)).encode()

    def manifest(self, form_id: str) -> bytes:
        entries = []
        for name, file in self.media[form_id].items():
            kind = f' type="{file.type}"' if file.type else ""
            integrity = f"<integrityUrl>{self.url}/integrity</integrityUrl>" if file.integrity else ""
            entries.append(
                f"<mediaFile{kind}><filename>{name}</filename><hash>{self._hash(name, file.content)}</hash>"
                f"<downloadUrl>{self.url}/files/{form_id}/{name}</downloadUrl>{integrity}</mediaFile>"
            )
        return MANIFEST.format("".join(entries)).encode()

    def integrity(self, ids: str) -> bytes:
        entities = "".join(
            f'<entity id="{one}"><deleted>{str(one in self.deleted_entities).lower()}</deleted></entity>'
            for one in ids.split(",")
        )
        return f"<data><entities>{entities}</entities></data>".encode()

    def find(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        """The content of a GET address, or None if there is nothing."""
        steps = path.removeprefix("/v1/key/token/projects/1/").split("/")
        match steps:
            case ["formList"]:
                return self.form_list()
            case ["forms", form_id, "manifest"]:
                return self.manifest(form_id)
            case ["forms", name]:
                return self.forms.get(name.removesuffix(".xml"))
            case ["files", form_id, name]:
                return self.media[form_id][name].content
            case ["integrity"]:
                return self.integrity(query["id"][0])
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: OpenRosaServer

    def do_GET(self) -> None:
        seen = self._record()
        content = self.fake.find(seen.path, seen.query)
        self._answer(200 if content is not None else 404, content or b"", "text/xml")

    def do_HEAD(self) -> None:
        self._record()
        self._answer(self.fake.head_status, b"", "text/xml")

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        seen = self._record()
        seen.parts = _parts(self.headers["Content-Type"], body)
        status, message = self.fake.answers.pop(0) if self.fake.answers else (201, "U pranua")
        self._answer(status, MESSAGE.format(message).encode(), "text/xml; charset=utf-8")

    def _record(self) -> Seen:
        parts = urlsplit(self.path)
        seen = Seen(self.command, parts.path, parse_qs(parts.query), self.headers.get("User-Agent", ""))
        self.fake.seen.append(seen)
        return seen

    def _answer(self, status: int, content: bytes, content_type: str) -> None:
        self.send_response(status)
        if self.fake.openrosa_header:
            self.send_header("X-OpenRosa-Version", "1.0")
        self.send_header("X-OpenRosa-Accept-Content-Length", str(self.fake.accept_length))
        self.send_header("Content-Type", content_type)
        # A line that stays open would be served even after the server has gone.
        self.send_header("Connection", "close")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        # The phone cuts the line where a test tells it to.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests read `seen`."""


def _parts(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    parts = []
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        parts.append((str(part.get_param("name", header="content-disposition")), content))
    return parts
