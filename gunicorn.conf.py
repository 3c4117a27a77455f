"""How does gunicorn serve Sportel? From the same settings as everything else."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from gunicorn.glogging import Logger

from app.config import ConfigError, read_settings
from app.logs import SafeFormatter, hook_uncaught, renderer

try:
    _settings = read_settings()
except ConfigError as error:
    sys.exit(f"sportel: {error}")

# Memory, not disk: neither a worker's sign of life nor a counter must wait for a slow disk.
_memory = Path("/dev/shm")  # noqa: S108  (only folders that gunicorn and we make for this user alone)
_temporary = _memory if os.access(_memory, os.W_OK) else Path(tempfile.gettempdir())

bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = _settings.workers
threads = _settings.threads
worker_class = "gthread"
# Loaded once and shared by the workers: half the memory, and a fault shows before the port is taken. Nothing in it
# touches the database, so that the service starts without one.
preload_app = True
# For a worker that hangs as a whole; a thread of it may serve a slow upload for longer than this.
# Longer than ODK Collect's 60 s for an answer.
timeout = 120
# What is being answered when a worker ends may go on for so long. The service manager must wait longer.
graceful_timeout = 90
keepalive = 15
# A worker makes place for a fresh one after this many requests; not all at the same moment.
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = str(_temporary)
# A way in that nobody uses is one too many.
control_socket_disable = True
# The application logs each request itself, without the address: an address may hold a token.
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "sportel"

_PAUSE_SECONDS = 1.0


class logger_class(Logger):  # noqa: N801  (the name of gunicorn's setting)
    """Whatever gunicorn itself says, it says as our own events, without tokens and without anybody's words."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(SafeFormatter(renderer(_settings.log_format)))


def _metrics_folder() -> Path:
    """Where the workers count: kept over a reload, another for another master."""
    mine = f"sportel-metrics-{os.getpid()}-"
    kept = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR", "/"))
    if kept.name.startswith(mine):
        return kept
    for left in _temporary.glob("sportel-metrics-*-*"):
        # Of a master that was killed.
        if not Path(f"/proc/{left.name.split('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=mine, dir=_temporary))


# Before the application is loaded: it looks at this once.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics_folder())


def pre_fork(server, worker):
    """Give the worker the lowest slot for its counters that no living worker has."""
    taken = {each.metrics_slot for each in server.WORKERS.values()}
    worker.metrics_slot = next(number for number in range(len(taken) + 1) if number not in taken)


def post_fork(_server, worker):
    """Count into the slot's own files, and keep the text of what nobody catches out of the log."""
    from app.web.metrics import use_slot

    # Gunicorn ends everything after a worker that fails before this is set: its configuration must be wrong. Ours has
    # been loaded by the master; what fails now is memory or a thread that cannot be had, and a next worker may get it.
    worker.booted = True
    use_slot(f"worker-{worker.metrics_slot}")
    hook_uncaught()


def post_worker_init(worker):
    """Do what submissions start, on a thread of this process: after the fork, which no thread survives."""
    if _settings.worker != "off":
        from app.services.worker import Worker
        from wsgi import app

        worker.outbox = Worker(app.app_context)
        worker.outbox.start()
    worker.is_complete = True


def on_reload(server):
    """From now on, the workers that are there finish what they have begun and take nothing new."""
    server.last_to_quit = server.worker_age


def child_exit(server, worker):
    """Replace a worker that died while those from before a reload are still finishing.

    Gunicorn counts these as workers: should the new ones die meanwhile, nobody would serve until the last slow upload
    has ended.
    """
    last_to_quit = getattr(server, "last_to_quit", 0)
    serving = [each for each in server.WORKERS.values() if each.age > last_to_quit]
    if worker.age > last_to_quit and len(server.WORKERS) >= server.num_workers > len(serving):
        server.spawn_worker()


def worker_exit(_server, worker):
    """Finish what is being done, so that the next process need not wait for the lease to expire."""
    outbox = getattr(worker, "outbox", None)
    if outbox is not None:
        outbox.stop()
    if not getattr(worker, "is_complete", False):
        # The next worker comes at once, and what was wanting comes back slowly.
        time.sleep(_PAUSE_SECONDS)


def on_exit(_server):
    """Take the counters away."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
