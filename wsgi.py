"""The WSGI entry: `gunicorn wsgi:app`, `flask --app wsgi sportel …`."""

from __future__ import annotations

import sys

from app import create_app
from app.config import ConfigError
from app.sealing.keyfile import KeyFileError

try:
    app = create_app()
except (ConfigError, KeyFileError) as error:
    sys.exit(f"sportel: {error}")
