"""How does the demonstration speak to the server? As any client of ODK Central's REST API would."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Self
from urllib.parse import quote

ANSWER_SECONDS = 60


class DemoError(Exception):
    """The demonstration cannot go on. The text is for the person who started it, with a remedy."""


class Central:
    """A signed-in administrator's view of a server. A context manager: it signs out at the end."""

    def __init__(self, url: str, email: str, password: str) -> None:
        """Sign in. Raises DemoError if nobody answers, or if address and password do not fit."""
        self.url = url.rstrip("/")
        self._token: str | None = None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        session = self.post("/v1/sessions", {"email": email, "password": password})
        self._token = str(session["token"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._call("DELETE", "/v1/sessions/current")

    def get(self, path: str) -> Any:
        return json.loads(self._call("GET", path))

    def get_bytes(self, path: str) -> bytes:
        return self._call("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return json.loads(self._call("POST", path, body))

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def project(self, name: str) -> int:
        """The ID of the project with this name. Raises DemoError if there is none."""
        for project in self.get("/v1/projects"):
            if project["name"] == name:
                return int(project["id"])
        raise DemoError(f'The server has no project "{name}". `make run` sets the two programmes up.')

    def require_forms(self, project_id: int, form_ids: list[str]) -> None:
        """Raises DemoError if one of the forms is not there."""
        there = {form["xmlFormId"] for form in self.get(f"/v1/projects/{project_id}/forms")}
        missing = [form_id for form_id in form_ids if form_id not in there]
        if missing:
            names = ", ".join(missing)
            raise DemoError(f"Project {project_id} lacks the form {names}. `make run` publishes the shipped forms.")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        request = urllib.request.Request(
            self.url + quote(path, safe="/:?&=$%.*'()-_"),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"} if body is not None else {},
        )
        if self._token is not None:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(method, path, error.code, error.read()) from None
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            reason = getattr(error, "reason", error)
            raise DemoError(
                f"No server answers at {self.url} ({reason}).\n"
                "Start it with `make run` in another terminal, or name another address with --url."
            ) from None

    def _refused(self, method: str, path: str, status: int, content: bytes) -> DemoError:
        if path == "/v1/sessions" and status == 401:
            return DemoError(
                "The server does not know this address and password.\n"
                "`make run` printed the first administrator's once; give them with --email and --password,\n"
                "or in SPORTEL_ADMIN_EMAIL and SPORTEL_ADMIN_PASSWORD."
            )
        try:
            message = json.loads(content)["message"]
        except (ValueError, KeyError, TypeError):
            message = "the answer is not one of this server's; is another program listening there?"
        return DemoError(f"{method} {path.split('?')[0]} was answered with {status}: {message}")
