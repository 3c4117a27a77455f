"""`python -m app`: set up what is missing, then serve. What `make run` runs."""

from __future__ import annotations

import os
import socket
import sys

from app.config import ROOT, ConfigError, Settings, read_settings


def stop(reason: str) -> None:
    """End with one line for the operator."""
    sys.exit(f"sportel: {reason}")


def _check_folders(settings: Settings) -> None:
    folders = [settings.data]
    if settings.storage_url is None:
        folders.append(settings.blob_folder)
    if not settings.key_path.exists():
        # One that is there may lie where nothing can be written: handed in by systemd, or mounted so.
        folders.append(settings.key_path.parent)
    url = settings.sqlalchemy_url
    if url.startswith("sqlite:///"):
        from pathlib import Path

        folders.append(Path(url.removeprefix("sqlite:///")).parent)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = folder / f".write-test-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            stop(f"the folder {folder} cannot be written ({error.strerror}); set SPORTEL_DATA to one that can")


def _check_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            stop(
                f"port {settings.port} on {settings.host} cannot be used ({error.strerror}); stop what uses it,"
                " or set PORT to another one"
            )


def main() -> None:
    """Check, set up, tell where to go, serve."""
    if len(sys.argv) > 1:
        sys.exit(
            "usage: python -m app\n\nSets up what is missing and serves."
            " Settings are environment variables; see .env.example."
        )
    try:
        settings = read_settings()
    except ConfigError as error:
        stop(str(error))
        return
    _check_folders(settings)
    _check_port(settings)
    _prepare(settings)
    from gunicorn.app.wsgiapp import WSGIApplication

    sys.argv = ["gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def _prepare(settings: Settings) -> None:
    from sqlalchemy.exc import DatabaseError

    from app import create_app
    from app.cli.maintenance import tell_administrator
    from app.db import db
    from app.problems import Problem
    from app.sealing.envelope import SealBroken
    from app.sealing.keyfile import KeyFileError, create_key_file
    from app.services.setup import holds_sealed_data, set_up

    try:
        if settings.key_command is None and not settings.key_path.exists():
            if holds_sealed_data(settings):
                raise KeyFileError(
                    f"the key file {settings.key_path} is missing, and the database holds data sealed with it; put it"
                    " back from its backup, or set SPORTEL_KEY_FILE to where it is"
                )
            create_key_file(settings.key_path)
            print(f"Made the sealing key {settings.key_path}: back it up, apart from the data.")
        app = create_app(settings)
        with app.app_context():
            tell_administrator(set_up(settings, print))
            db.session.remove()
            db.engine.dispose()
    except (ConfigError, KeyFileError) as error:
        stop(str(error))
    except SealBroken:
        stop(
            f"the key file {settings.key_path} is not the one that this database was sealed with; put the right one"
            " back, or set SPORTEL_KEY_FILE to where it is"
        )
    except Problem as problem:
        stop(problem.message)
    except DatabaseError as error:
        reason = f"the database cannot be used ({str(error.orig).strip().splitlines()[0]})"
        if settings.sqlalchemy_url.startswith("sqlite"):
            stop(f"{reason}; check SPORTEL_DATA and SPORTEL_DATABASE_URL")
        if settings.key_command is None and not settings.key_path.exists():
            stop(f"{reason}; check SPORTEL_DATABASE_URL. The first start needs it, to know whether a key is to be made")
        # A database server may come later than we: until then every request is answered 503.
        print(f"sportel: {reason}; serving 503 until it can, check SPORTEL_DATABASE_URL", file=sys.stderr)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  (compared, not bound)
    address = settings.public_url or f"http://{host}:{settings.port}"
    print(f"\nSportel is at {address}\n  {address}/       where to go\n  {address}/docs   the API", flush=True)


if __name__ == "__main__":
    main()
