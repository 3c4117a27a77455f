"""The operator's commands: `flask --app wsgi sportel …`."""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup

from app.cli import accounts, audit, forms, mails, maintenance, operations, outbox, permissions, problems, quarantine

group = AppGroup("sportel", help="Set Sportel up and look after it.")


def install_commands(app: Flask) -> None:
    """Add the commands to Flask's."""
    modules = (maintenance, forms, accounts, operations, outbox, mails, permissions, problems, quarantine, audit)
    for module in modules:
        for command in module.COMMANDS:
            group.add_command(command)
    app.cli.add_command(group)
