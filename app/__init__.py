"""Sportel: forms for those who help trafficked persons and migrants.

`create_app` wires everything; it touches no database, so that the service boots without one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.cli import install_commands
from app.config import Settings, read_settings
from app.db import db
from app.db.engine import configure_engine, engine_options
from app.db.row_scope import install_row_scope
from app.logs import configure_logs, install_request_log
from app.runtime import Runtime
from app.sealing.key_source import watch_keys
from app.services.oidc_provider import make_provider
from app.storage import make_store
from app.web.auth import install_pace
from app.web.denials import install_denials
from app.web.errors import install_error_handlers
from app.web.headers import install_headers
from app.web.metrics import install_metrics
from app.web.prefix import TokenPrefix
from app.web.room import install_room
from app.web.routes import install_routes
from app.web.row_scope import held_offices
from app.web.storable import install_converters


class _Synchronous(Flask):
    """Without coroutines: to ask of each function whether it is one costs more than some of them do themselves."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises ConfigError or KeyFileError, one line each, when it must not start."""
    settings = settings or read_settings(os.environ)
    configure_logs(settings.log_format)
    app = _Synchronous(__name__, template_folder="web/templates", static_folder="web/static")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        # A database error may print its statement, and a statement's parameters are what people answered.
        SQLALCHEMY_ENGINE_OPTIONS={**engine_options(settings.sqlalchemy_url), "hide_parameters": True},
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    db.init_app(app)
    with app.app_context():
        configure_engine(db.engine)
        install_row_scope(db.engine, held_offices)
    app.extensions["sportel"] = Runtime(
        settings, watch_keys(settings.key_path, settings.key_command), make_store(settings)
    )
    # `//` in an address would be answered with another address, in which the token is missing.
    app.url_map.merge_slashes = False
    install_converters(app)
    install_error_handlers(app)
    install_headers(app)
    install_denials(app)
    app.extensions["sportel-oidc"] = make_provider(settings)
    install_pace(app, settings)
    install_room(app, settings)
    install_request_log(app, behind_proxy=settings.trusted_proxies > 0)
    install_metrics(app, settings)
    install_routes(app)
    install_commands(app)
    app.wsgi_app = TokenPrefix(app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
