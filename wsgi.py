"""The WSGI entry: `gunicorn wsgi:app`, `flask --app wsgi sportel …`."""

from __future__ import annotations

import sys

from app import create_app
from app.config import ConfigError
from app.runtime import runtime
from app.sealing.keyfile import KeyFileError
from app.services.check_key import key_fault

try:
    app = create_app()
except (ConfigError, KeyFileError) as error:
    sys.exit(f"sportel: {error}")

# A key that opens nothing is told now, not at the first submission. A database that is away is waited for.
with app.app_context():
    _fault = key_fault(runtime().settings, runtime().keyring)
if _fault is not None:
    sys.exit(f"sportel: {_fault}")
