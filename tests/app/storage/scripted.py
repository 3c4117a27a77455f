"""A server in the place of S3 that gives the answers it was told to, and remembers what it was asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`status` 0 closes the connection without an answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, code: str) -> Answer:
    """An error as S3 tells it; its message must appear nowhere."""
    return Answer(status, f"<Error><Code>{code}</Code><Message>canary of the account</Message></Error>".encode())


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class ScriptedS3:
    """`requests` are those that came, retries too."""

    def __init__(self, answers: list[Answer]) -> None:
        self.requests: list[Request] = []
        left = iter(answers)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(handler) -> None:  # noqa: N805  (`self` is the server's)
                if "100-continue" in handler.headers.get("Expect", ""):
                    handler.send_response_only(100)
                    handler.end_headers()
                body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
                path, _, query = handler.path.partition("?")
                headers = {name.lower(): value for name, value in handler.headers.items()}
                self.requests.append(Request(handler.command, path, query, headers, body))
                answer = next(left, error(500, "NotInTheScript"))
                handler.close_connection = True
                if answer.status:
                    handler.send_response(answer.status)
                    for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
                        handler.send_header(name, value)
                    handler.end_headers()
                    handler.wfile.write(answer.body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

            def log_message(handler, *_: Any) -> None:  # noqa: N805
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
