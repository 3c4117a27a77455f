"""How does a test get the real thing: `python -m app` on a port of its own, set up and ready?

    with Served(folder) as served:
        admin = served.administrator()

Everything is as `make run` does it: two workers, the embedded database or PostgreSQL, the shipped forms published.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from base64 import b32decode
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import requests

from app.services.totp import code_at, step_of
from tests.support.postgres import free_port

ROOT = Path(__file__).resolve().parents[3]
WAITING = 'sportel_outbox_size{state="waiting"}'
EMAIL, PASSWORD = "admin@example.org", "a long enough password"
# Publishing the five forms and two interpreters' starts, on a machine that does other things too.
PATIENCE_SECONDS = 120


def descendants(process: int) -> list[int]:
    """A process and everything that it started, itself first."""
    found = [process]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


class Served:
    """A running server; `url` is its address. A context manager: it ends the server and everything it started."""

    def __init__(self, folder: Path, database_url: str | None = None, **settings: str) -> None:
        """`settings`: more environment variables, such as SPORTEL_WORKERS."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SPORTEL_")},
            "PORT": str(self.port),
            "SPORTEL_DATA": str(folder),
            "SPORTEL_ADMIN_EMAIL": EMAIL,
            "SPORTEL_ADMIN_PASSWORD": PASSWORD,
            # As `make run` on this machine; behind a proxy a second factor is needed, and `Central` sets one up.
            "SPORTEL_SECOND_FACTOR": "privileged" if "SPORTEL_TRUSTED_PROXIES" in settings else "off",
            # One phone of ours sends as much as hundreds of real ones.
            "SPORTEL_SUBMISSIONS_BURST": "1000000",
            # A drill may send for longer than a quarter of an hour before its administrator looks.
            "SPORTEL_SESSION_IDLE_MINUTES": "1440",
            "PYTHONUNBUFFERED": "1",
            **({"SPORTEL_DATABASE_URL": database_url} if database_url else {}),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def pid(self) -> int:
        """The process that was started: gunicorn's master, parent of the workers."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start and wait until /ready says yes; the seconds that it took. Raises RuntimeError with the log's end."""
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while time.monotonic() < begun + PATIENCE_SECONDS:
            if self._process.poll() is not None:
                break
            if self._answers():
                return time.monotonic() - begun
            time.sleep(0.02)
        raise RuntimeError(f"the server did not get ready; its last words:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        """Ask it to end, as a terminal would; whatever is left of its own group after that is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)

    def _answers(self) -> bool:
        # Without requests: its preparations cost more processor time than a try should take from the server.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def processes(self) -> list[int]:
        """The process IDs of the server and of everything that it started, the master first."""
        return descendants(self.pid)

    def administrator(self) -> Central:
        """The first administrator, signed in."""
        return Central(self.url, EMAIL, PASSWORD)


class Central:
    """Somebody signed in at the API, with one connection kept open."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.url = f"{url}/v1"
        self._session = requests.Session()
        self._session.trust_env = False
        given = {"email": email, "password": password}
        signed = self.post("/sessions", json=given)
        self._session.headers["Authorization"] = f"Bearer {signed['token']}"
        if signed.get("mustEnrol"):
            self._session.headers["Authorization"] = f"Bearer {self._enrolled(given)['token']}"

    def _enrolled(self, given: dict[str, str]) -> Any:
        """Set up an authenticator, and sign in with its next code: the first one is used up."""
        own = "/users/current/second-factor"
        secret = b32decode(self.post(own, json={})["secret"])
        step = step_of(datetime.now(UTC))
        self.post(f"{own}/confirm", json={"code": code_at(secret, step)})
        return self.post("/sessions", json=given | {"code": code_at(secret, step + 1)})

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request below /v1, whatever its answer."""
        return self._session.request(method, self.url + quote(path, safe="/:?&=$%.*'()-_"), timeout=60, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a GET that must succeed."""
        return self._good("GET", path, **options).json()

    def content(self, path: str) -> bytes:
        """The bytes of a GET that must succeed."""
        return self._good("GET", path).content

    def post(self, path: str, **options: Any) -> Any:
        """The JSON of a POST that must succeed."""
        return self._good("POST", path, **options).json()

    def patch(self, path: str, **options: Any) -> Any:
        """The JSON of a PATCH that must succeed."""
        return self._good("PATCH", path, **options).json()

    def post_form(self, address: str, files: dict[str, bytes]) -> requests.Response:
        """POST multipart to a whole address, without being signed in."""
        parts = {name: (name, content) for name, content in files.items()}
        with requests.Session() as stranger:
            stranger.trust_env = False
            return stranger.post(address, files=parts, timeout=60)

    def _good(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = self.request(method, path, **options)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer

    def settle(self) -> None:
        """Wait until what submissions have started is done: cases are made after the phone's answer."""
        end = time.monotonic() + PATIENCE_SECONDS
        while f"{WAITING} 0.0" not in self._session.get(self.url.removesuffix("/v1") + "/metrics", timeout=60).text:
            assert time.monotonic() < end, "the outbox is not emptied"
            time.sleep(0.05)

    def project(self, name: str) -> Project:
        """A programme by its name."""
        (found,) = [each["id"] for each in self.get("/projects") if each["name"] == name]
        return Project(self, found)

    def new_project(self, name: str) -> Project:
        """A project that no other story touches."""
        return Project(self, self.post("/projects", json={"name": name})["id"])


class Project:
    """A project, as its administrator works in it."""

    def __init__(self, central: Central, number: int) -> None:
        self.central = central
        self.number = number
        self.at = f"/projects/{number}"

    def publish(self, markdown: str) -> None:
        """Add a form written as a Markdown XLSForm and publish it."""
        self.central.post(f"{self.at}/forms?publish=true&ignoreWarnings=true", **_markdown(markdown))

    def publish_version(self, form_id: str, markdown: str) -> None:
        """Publish a new version of a form."""
        draft = f"{self.at}/forms/{form_id}/draft"
        self.central.post(f"{draft}?ignoreWarnings=true", **_markdown(markdown))
        self.central.post(f"{draft}/publish")

    def add_draft(self, form_id: str, markdown: str, files: dict[str, bytes]) -> str:
        """Add a form that is only a draft, with its files; the address at which a phone tries it."""
        self.central.post(f"{self.at}/forms?ignoreWarnings=true", **_markdown(markdown))
        draft = f"{self.at}/forms/{form_id}/draft"
        for name, content in files.items():
            self.central.post(f"{draft}/attachments/{name}", data=content)
        token = self.central.get(draft)["draftToken"]
        return f"{self.central.url}/test/{token}{draft}"

    def set_state(self, form_id: str, state: str) -> None:
        """Open or close a form."""
        answer = self.central.request("PATCH", f"{self.at}/forms/{form_id}", json={"state": state})
        assert answer.status_code == 200, answer.text

    def app_user(self, name: str, office: str | None = None, forms: list[str] | None = None) -> dict[str, Any]:
        """A new phone, for all forms or some: `settingsQr.payload` is what it scans. Its lists will have every case."""
        self.central.settle()
        body: dict[str, Any] = {"displayName": name, "language": "sq"}
        body |= {"office": office} if office else {}
        body |= {"forms": forms} if forms else {}
        made: dict[str, Any] = self.central.post(f"{self.at}/app-users", json=body)
        return made

    def revoke(self, app_user: dict[str, Any]) -> None:
        """Put a phone out."""
        answer = self.central.request("DELETE", f"{self.at}/app-users/{app_user['id']}")
        assert answer.status_code == 200, answer.text

    def rows(self, form_id: str, table: str = "Submissions") -> list[dict[str, Any]]:
        """The cleaned rows of a table."""
        found: list[dict[str, Any]] = self.central.get(f"{self.at}/forms/{form_id}.svc/{table}")["value"]
        return found

    def row(self, form_id: str, instance_id: str) -> dict[str, Any]:
        """The one cleaned row of a submission."""
        (found,) = [row for row in self.rows(form_id) if row["__id"] == instance_id]
        return found

    def rows_below(self, form_id: str, table: str, instance_ids: Iterable[str]) -> list[dict[str, Any]]:
        """The rows of a repeat that belong to these submissions."""
        wanted = set(instance_ids)
        return [row for row in self.rows(form_id, table) if row["__id"].split("/")[0] in wanted]

    def xml(self, form_id: str, instance_id: str) -> bytes:
        """The XML of a submission, as it came."""
        return self.central.content(f"{self.at}/forms/{form_id}/submissions/{instance_id}.xml")

    def submission(self, form_id: str, instance_id: str) -> dict[str, Any]:
        """What the API tells of a submission."""
        found: dict[str, Any] = self.central.get(f"{self.at}/forms/{form_id}/submissions/{instance_id}")
        return found

    def files(self, form_id: str, instance_id: str) -> dict[str, bool]:
        """The files that the answers name, and whether each has arrived."""
        listed = self.central.get(f"{self.at}/forms/{form_id}/submissions/{instance_id}/attachments")
        return {each["name"]: each["exists"] for each in listed}

    def file(self, form_id: str, instance_id: str, name: str) -> bytes:
        """One of them."""
        return self.central.content(f"{self.at}/forms/{form_id}/submissions/{instance_id}/attachments/{name}")

    def entities(self, dataset: str) -> dict[str, dict[str, Any]]:
        """The cases of a list by their UUID, with all that was sent."""
        self.central.settle()
        listed = self.central.get(f"{self.at}/datasets/{dataset}/entities")
        return {each["uuid"]: each for each in listed}

    def add_entity(self, dataset: str, label: str, data: dict[str, str]) -> str:
        """Add a case by hand; its UUID."""
        made = self.central.post(f"{self.at}/datasets/{dataset}/entities", json={"label": label, "data": data})
        return str(made["uuid"])


def _markdown(text: str) -> dict[str, Any]:
    return {"data": text.encode(), "headers": {"Content-Type": "text/markdown"}}
