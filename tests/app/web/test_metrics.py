"""The counters: by route and reason, and nothing in them that is anybody's; open to this machine and the token."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.clock import now
from app.config import ConfigError
from app.db import models
from app.db.queries import projects as project_queries
from app.storage import StorageFull, StorageUnavailable
from app.storage.directory import DirectoryStore
from app.web import health
from tests.app.conftest import MakeBackend
from tests.app.shown_forms import VISIT
from tests.support.backend import AppUser, Backend, instance

TOKEN = "metrics-" + "t" * 32
_LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
Sample = tuple[str, frozenset[tuple[str, str]]]


def parse(text: str) -> dict[Sample, float]:
    found = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match and not line.startswith("#"):
            labels = re.findall(r'(\w+)="([^"]*)"', match["labels"] or "")
            found[match["name"], frozenset(labels)] = float(match["value"])
    return found


class Counting:
    """The metrics since a moment: tests before this one have counted too."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.before = self.now()

    def now(self) -> dict[Sample, float]:
        answer = self.backend.client.get("/metrics")
        assert answer.status_code == 200
        return parse(answer.text)

    def more(self, name: str, **labels: str) -> float:
        sample = name, frozenset(labels.items())
        return self.now().get(sample, 0) - self.before.get(sample, 0)


def test_requests_are_counted_by_pattern_method_and_status(lite: Backend) -> None:
    counting = Counting(lite)
    admin = lite.admin
    for _ in range(3):
        admin.get("/projects/1")
    admin.get("/projects/2")
    route = {"method": "GET", "route": "/v1/projects/<int:project_id>"}
    assert counting.more("sportel_http_requests_total", **route, status="200") == 3
    assert counting.more("sportel_http_requests_total", **route, status="404") == 1
    assert counting.more("sportel_http_request_seconds_count", **route) == 4
    assert counting.more("sportel_http_request_seconds_bucket", **route, le="+Inf") == 4
    assert counting.more("sportel_http_request_seconds_sum", **route) > 0


def test_what_is_no_route_and_no_method_shares_one_label(lite: Backend) -> None:
    counting = Counting(lite)
    lite.client.get("/v1/canary-of-an-address")
    lite.client.open("/v1/projects", method="CANARY")
    assert counting.more("sportel_http_requests_total", method="GET", route="none", status="404") == 1
    assert counting.more("sportel_http_requests_total", method="other", route="none", status="404") == 1


def test_submissions_are_counted_as_accepted_resent_or_refused_with_the_reason(lite: Backend) -> None:
    lite.admin.publish(VISIT)
    phone = lite.phone()
    counting = Counting(lite)
    first = instance("visit", "<who>canary-answer</who>", instance_id="uuid:canary-id")
    for xml in (first, first, first.replace("canary-answer", "other"), first.replace('"1"', '"7"'), "<", first):
        phone.send(xml)
    AppUser(lite.client, "x" * 64, 0, 1).send(first)

    def submitted(outcome: str, reason: str = "") -> float:
        return counting.more("sportel_submissions_total", outcome=outcome, reason=reason)

    assert (submitted("accepted"), submitted("resent")) == (1, 2)
    refused = {reason: submitted("refused", reason) for reason in ("409.1", "404.6", "400.1", "403.1")}
    assert refused == {"409.1": 1, "404.6": 1, "400.1": 1, "403.1": 1}


def test_submissions_of_the_api_are_counted_too(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(VISIT)
    counting = Counting(lite)
    for _ in range(2):
        admin.post(
            "/projects/1/forms/visit/submissions",
            data=instance("visit", "", instance_id="uuid:1"),
            content_type="text/xml",
        )
    admin.post("/projects/1/forms/visit/submissions", data="<", content_type="text/xml")
    assert counting.more("sportel_submissions_total", outcome="accepted", reason="") == 1
    assert counting.more("sportel_submissions_total", outcome="resent", reason="") == 1
    assert counting.more("sportel_submissions_total", outcome="refused", reason="400.1") == 1


def test_the_size_of_the_quarantine_is_told_by_reason(backend: Backend) -> None:
    backend.admin.publish(VISIT)
    phone = backend.phone()
    phone.send(instance("visit", "", version="7"), {"a.jpg": b"x"})
    phone.send(instance("visit", ""), {"b.jpg": b"x"})
    found = parse(backend.client.get("/metrics").text)
    sizes = {
        dict(labels)["reason"]: size for (name, labels), size in found.items() if name == "sportel_quarantine_size"
    }
    assert sizes == {"unknown-version": 2, "unnamed-file": 1}
    assert found["sportel_database_up", frozenset()] == 1


def test_mail_that_waits_or_is_parked_is_told_also_while_there_is_none(backend: Backend) -> None:
    def sizes() -> dict[str, float]:
        found = parse(backend.client.get("/metrics").text)
        return {dict(labels)["state"]: size for (name, labels), size in found.items() if name == "sportel_mail_size"}

    assert sizes() == {"waiting": 0, "parked": 0}
    with backend.database() as session:
        session.add(models.Mail(kind="reset", address_sealed=b"x", state="parked", due_at=now(), created_at=now()))
        session.commit()
    assert sizes() == {"waiting": 0, "parked": 1}


def test_errors_of_the_storage_are_counted_by_kind(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.admin.publish(VISIT)
    phone, counting = lite.phone(), Counting(lite)

    def failing(error: Exception) -> Any:
        def fail(*_: Any) -> Any:
            raise error

        return fail

    for error in (StorageFull(), StorageUnavailable("EIO"), StorageUnavailable("EIO")):
        monkeypatch.setattr(DirectoryStore, "put", failing(error))
        assert phone.send(instance("visit", "<pic>a.jpg</pic>"), {"a.jpg": b"x"}).status_code in (503, 507)
    assert counting.more("sportel_storage_errors_total", kind="StorageFull") == 1
    assert counting.more("sportel_storage_errors_total", kind="StorageUnavailable") == 2


def test_a_database_that_is_away_is_told_and_the_rest_still_counts(make_lite: MakeBackend) -> None:
    from app.db import db

    backend = make_lite()
    admin, counting = backend.admin, Counting(backend)
    with backend.app.app_context():
        db.session.remove()
        db.engine.dispose()
    file = backend.folder / "db" / "sportel.sqlite3"
    for suffix in ("-wal", "-shm", ""):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.mkdir()
    assert admin.get("/projects").status_code == 503
    found = counting.now()
    assert found["sportel_database_up", frozenset()] == 0
    assert not any(name == "sportel_quarantine_size" for name, _ in found)
    assert counting.more("sportel_database_errors_total", kind="OperationalError") >= 1


def test_a_database_that_hangs_does_not_hang_the_metrics(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    never = threading.Event()
    monkeypatch.setattr("app.web.metrics.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr("app.web.metrics.gauges.quarantine_sizes", never.wait)
    assert parse(lite.client.get("/metrics").text)["sportel_database_up", frozenset()] == 0
    never.set()


def test_no_label_holds_a_token_an_answer_or_an_instance(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = lite.admin
    admin.publish(VISIT)
    phone = lite.phone(name="canary phone")
    phone.send(instance("visit", "<who>canary-answer</who>", instance_id="uuid:canary-id"), {"canary.jpg": b"canary"})
    phone.get("/forms/canary-form.xml")
    admin.get("/projects/1/forms/visit/submissions/uuid:canary-id")
    lite.client.get(f"/v1/projects/1/formList?st={phone.token}")
    monkeypatch.setattr(project_queries, "projects", lambda *_: 1 / 0)
    admin.get("/projects?q=canary")
    text = lite.client.get("/metrics").text
    for secret in ("canary", phone.token, admin.token):
        assert secret not in text


def test_the_build_is_told(lite: Backend) -> None:
    assert re.search(
        r'^sportel_build_info\{python="3\.\d+\.\d+",version="\d+\.\d+\.\d+"\} 1\.0$',
        lite.client.get("/metrics").text,
        re.MULTILINE,
    )


@pytest.fixture
def guarded(make_lite: MakeBackend, tmp_path: Path) -> Backend:
    """A backend with a metrics token."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    return make_lite(metrics_token_file=tmp_path / "token", trusted_proxies=1)


def ask(backend: Backend, address: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return backend.client.get("/metrics", headers=named, environ_base={"REMOTE_ADDR": address})


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("198.51.100.7", {}, 404),
        ("10.0.0.2", {}, 404),
        # Through a proxy on this machine everybody would come from here.
        ("127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X_Forwarded_For": "198.51.100.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        ("198.51.100.7", {"X_Forwarded_For": "127.0.0.1"}, 404),
        ("198.51.100.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("127.0.0.1", {"X_Forwarded_For": "198.51.100.7", "Authorization": f"bearer {TOKEN}"}, 200),
        ("198.51.100.7", {"Authorization": f"Bearer {TOKEN}x"}, 404),
        ("198.51.100.7", {"Authorization": "Bearer "}, 404),
        ("198.51.100.7", {"Authorization": f"Basic {TOKEN}"}, 404),
        ("198.51.100.7", {"Authorization": "Bearer \xfftoken"}, 404),
    ],
)
def test_only_this_machine_and_who_has_the_token_may_read(
    guarded: Backend, address: str, headers: dict[str, str], status: int
) -> None:
    answer = ask(guarded, address, **headers)
    assert answer.status_code == status
    assert ("sportel_build_info" in answer.text) == (status == 200)


def test_without_a_token_nobody_else_may_read(lite: Backend) -> None:
    for given in ("Bearer ", "Bearer None", f"Bearer {TOKEN}"):
        assert ask(lite, "198.51.100.7", Authorization=given).status_code == 404


@pytest.mark.parametrize("content", [None, "", "canary-7", "\u00eb" * 40])
def test_a_token_file_of_no_use_stops_the_start_with_one_line(
    make_lite: MakeBackend, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="^SPORTEL_METRICS_TOKEN_FILE [^\n]+$") as stopped:
        make_lite(metrics_token_file=tmp_path / "token")
    assert "canary-7" not in str(stopped.value)


def test_a_check_that_hangs_is_waited_for_once_and_told(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    never = threading.Event()
    calls = []

    def hang(_: DirectoryStore) -> None:
        calls.append(1)
        never.wait()

    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(DirectoryStore, "fault", hang)
    for _ in range(3):
        answer = lite.client.get("/ready")
        assert (answer.status_code, answer.json["storage"]) == (503, "did not answer within 0.05 s")
        assert answer.json["database"] == "ok"
    assert calls == [1]
    never.set()


def test_a_check_that_fails_in_its_own_way_is_told_without_its_text(
    lite: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DirectoryStore, "fault", lambda _: 1 / 0)
    answer = lite.client.get("/ready")
    assert (answer.status_code, answer.json["storage"]) == (503, "cannot be checked")
