"""How does gunicorn serve Sportel? From the same settings as everything else."""

from __future__ import annotations

import sys
from pathlib import Path

from app.config import ConfigError, read_settings
from app.logs import MaskTokens

try:
    _settings = read_settings()
except ConfigError as error:
    sys.exit(f"sportel: {error}")

bind = (
    f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
)
workers = _settings.workers
threads = _settings.threads
worker_class = "gthread"
# Loaded once and shared by the workers: half the memory, and a fault shows before the port is taken.
preload_app = True
# Longer than ODK Collect's 60 s for an answer.
timeout = 120
graceful_timeout = 90
keepalive = 15
max_requests = 20_000
max_requests_jitter = 2_000
# Memory, not disk: the workers' sign of life must not wait for a slow disk.
_memory = Path("/dev/shm")  # noqa: S108  (only gunicorn's own empty files go there)
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
# The application logs each request itself, without the address: an address may hold a token.
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "sportel"


def on_starting(server):  # type: ignore[no-untyped-def]  # gunicorn's hook
    """Whatever gunicorn itself may say, it says without tokens."""
    server.log.error_log.addFilter(MaskTokens())
