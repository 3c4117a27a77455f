"""What does the operator's Prometheus read? Counts and times by route, never a token, an answer or an instance ID.

Several workers count into files in memory, one set for each worker's slot: a worker that takes a dead one's place
goes on with its files, so that they do not become more. gunicorn.conf.py makes the folder and tells the slots.
"""

from __future__ import annotations

import functools
import hmac
import os
import platform
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client.values
import structlog
from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.values import MultiProcessValue
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

from app import problems
from app.config import ROOT, ConfigError, Settings
from app.db import db, engine
from app.db.queries import gauges
from app.permissions import ANYBODY
from app.problems import Problem
from app.web.door import Door, Here
from app.web.health import ANSWER_SECONDS, begin

log = structlog.get_logger("sportel.metrics")

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_LEAST_TOKEN_CHARACTERS = 32
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SUBMISSIONS = frozenset({"openrosa_submission.submit", "submissions.create"})

_slot = "master"


def use_slot(name: str) -> None:
    """Count into this slot's files from now on. Called in a worker, right after it was forked."""
    global _slot
    _slot = name


class _Instruments:
    """What is counted."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sportel_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "sportel_http_request_seconds",
            "Time until the answer began, without what follows as a stream.",
            ["method", "route"],
            buckets=_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.submissions = Counter(
            "sportel_submissions",
            "Submissions sent: accepted, resent (there already), or refused with Central's code of the reason.",
            ["outcome", "reason"],
            registry=self.registry,
        )
        self.reveal_alarms = Counter(
            "sportel_reveal_alarms",
            "Alarms of the daily budget of reveals: near (four fifths) or spent (refused).",
            ["kind"],
            registry=self.registry,
        )
        self.database_errors = Counter(
            "sportel_database_errors", "Errors of the database's driver.", ["kind"], registry=self.registry
        )
        self.storage_errors = Counter(
            "sportel_storage_errors", "Errors of the files' storage.", ["kind"], registry=self.registry
        )


@functools.cache
def _instruments_in(folder: str | None) -> _Instruments:
    """Those that count into files of this folder, or into this process alone."""
    if folder is not None:
        prometheus_client.values.ValueClass = MultiProcessValue(lambda: _slot)  # type: ignore[no-untyped-call]
    disable_created_metrics()  # type: ignore[no-untyped-call]
    return _Instruments()


def _instruments() -> _Instruments:
    # Looked up each time: `python -m app` makes an application for its set-up before gunicorn has made the folder.
    return _instruments_in(os.environ.get(FOLDER_VARIABLE))


door = Door("metrics", tag="Health")


@door.route(
    "GET",
    "/metrics",
    verb=ANYBODY,
    summary="Counts for Prometheus: from this machine, or with the metrics token",
    answer_types=("text/plain",),
)
def metrics(here: Here) -> Response:
    if not (_is_local() or _has_token()):
        raise problems.not_found()
    registry = CollectorRegistry()
    if FOLDER_VARIABLE in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_instruments().registry)
    registry.register(_Now())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _is_local() -> bool:
    """Whether it comes from this machine itself, and not through a proxy on it."""
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.remote_addr in _LOOPBACK and not forwarded


def _has_token() -> bool:
    expected: str | None = current_app.extensions["sportel-metrics-token"]
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return (
        expected is not None and scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), expected.encode())
    )


def submission_taken(*, is_new: bool) -> None:
    """Count a submission that was answered with a yes."""
    _instruments().submissions.labels("accepted" if is_new else "resent", "").inc()


def storage_failed(error: Exception) -> None:
    """Count an error of the storage."""
    _instruments().storage_errors.labels(type(error).__name__).inc()


def reveal_alarm(kind: str) -> None:
    """Count one: somebody came `near` the end of a day's reveals, or has `spent` them and asked for more."""
    _instruments().reveal_alarms.labels(kind).inc()


def problem_answered(problem: Problem) -> None:
    """Remember the problem until the request is counted."""
    g.problem_code = problem.code


def install_metrics(app: Flask, settings: Settings) -> None:
    """Count every request and every error of the database. Raises ConfigError for a token file of no use."""
    app.extensions["sportel-metrics-token"] = _read_token(settings.metrics_token_file)
    with app.app_context():
        event.listen(db.engine, "handle_error", _database_failed)
    engine.failed.connect(_statement_failed)

    @app.before_request
    def begin_request() -> None:
        g.metrics_began = time.perf_counter()

    @app.after_request
    def end_request(response: Response) -> Response:
        # The pattern of the route: an address would be a label for each person.
        route = str(request.url_rule) if request.url_rule is not None else "none"
        method = request.method if request.method in _METHODS else "other"
        counted = _instruments()
        counted.requests.labels(method, route, str(response.status_code)).inc()
        counted.seconds.labels(method, route).observe(time.perf_counter() - g.metrics_began)
        if request.endpoint in _SUBMISSIONS and response.status_code >= 400:
            _instruments().submissions.labels("refused", str(g.get("problem_code", response.status_code))).inc()
        return response


def _database_failed(context: ExceptionContext) -> None:
    _statement_failed(context.original_exception)


def _statement_failed(error: BaseException) -> None:
    _instruments().database_errors.labels(type(error).__name__).inc()


def _read_token(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"SPORTEL_METRICS_TOKEN_FILE cannot be read ({type(error).__name__})") from None
    if len(token) < _LEAST_TOKEN_CHARACTERS:
        raise ConfigError(
            f"SPORTEL_METRICS_TOKEN_FILE holds fewer than {_LEAST_TOKEN_CHARACTERS} characters; make a token with:"
            " openssl rand -hex 32"
        )
    return token


def _version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


_VERSION = _version()


class _Now(Collector):
    """What is counted when it is asked for, not when it happens."""

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("sportel_build_info", "What is running.", labels=["version", "python"])
        build.add_metric([_VERSION, platform.python_version()], 1)
        yield build
        sizes = _sizes()
        yield GaugeMetricFamily("sportel_database_up", "Whether the database answered.", value=sizes is not None)
        for name, help_text, label in (
            ("quarantine", "Files kept aside and not released.", "reason"),
            ("outbox", "Jobs that wait or are parked.", "state"),
            ("mail", "Mails that wait or are parked.", "state"),
        ):
            family = GaugeMetricFamily(f"sportel_{name}_size", help_text, labels=[label])
            for value, size in (sizes or {}).get(name, {}).items():
                family.add_metric([value], size)
            if sizes is not None:
                yield family


def _sizes() -> dict[str, dict[str, int]] | None:
    """The sizes, or None if the database gives none soon."""

    def ask() -> dict[str, dict[str, int]]:
        return {
            "quarantine": gauges.quarantine_sizes(),
            "outbox": gauges.outbox_sizes(),
            "mail": gauges.mail_sizes(),
        }

    future: Any = begin("metrics", ask)
    try:
        found: dict[str, dict[str, int]] = future.result(timeout=ANSWER_SECONDS)
    except Exception as error:  # noqa: BLE001  (the answer is that there is none)
        log.warning("metrics.no-sizes", error=type(error).__name__)
        return None
    return found
