"""Run the demonstration against a server that is running.

    python -m demo --email you@example.org [--language sq] [--times 2]

The address is --url, or http://127.0.0.1:PORT with PORT from the environment (8080). The administrator is
--email and --password, or SPORTEL_ADMIN_EMAIL and SPORTEL_ADMIN_PASSWORD, or asked for at the terminal.
"""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo import tables
from demo.central import Central, DemoError
from demo.play import Play
from demo.show import TEXTS, sending_line, show
from demo.words import office_names
from tests.phone.phone import PhoneDriver, PhoneError


def options(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description="Phones fill the five forms; the cleaned rows are read back."
    )
    port = environment.get("PORT", "8080")
    parser.add_argument("--url", default=f"http://127.0.0.1:{port}", help="address of the server (%(default)s)")
    parser.add_argument("--email", default=environment.get("SPORTEL_ADMIN_EMAIL"), help="the administrator's address")
    parser.add_argument("--password", default=environment.get("SPORTEL_ADMIN_PASSWORD"), help="and password")
    parser.add_argument("--language", choices=sorted(TEXTS), default="en", help="language of what is shown")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="how often the story is played")
    parser.add_argument("--full", action="store_true", help="read out one whole row of every form")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="to get the same story again")
    return parser.parse_args(arguments)


def credentials(chosen: argparse.Namespace, *, asks: bool) -> tuple[str, str]:
    """The administrator's address and password; asked for if there is a terminal. Raises DemoError if not."""
    email, password = chosen.email, chosen.password
    if not (email and password) and not asks:
        raise DemoError(
            "Who is the administrator? Give --email and --password, or set SPORTEL_ADMIN_EMAIL and\n"
            "SPORTEL_ADMIN_PASSWORD. `make run` printed both at its first start."
        )
    return email or input("Administrator's e-mail: "), password or getpass.getpass("Password: ")


def demonstrate(chosen: argparse.Namespace, *, asks: bool) -> None:
    email, password = credentials(chosen, asks=asks)
    width = tables.terminal_width()
    names = office_names(chosen.language)
    with (
        Central(chosen.url, email, password) as central,
        PhoneDriver() as driver,
        tempfile.TemporaryDirectory(prefix="demo-phones-") as folder,
    ):
        print(tables.heading(TEXTS[chosen.language]["sending"], width), flush=True)

        def say(office: str, form_id: str, answer: str) -> None:
            print(sending_line(office, form_id, answer, names, chosen.language)[:width], flush=True)

        play = Play(central, driver, Path(folder), chosen.language, chosen.seed, say)
        played = play.run(chosen.times)
        print("\n" + show(central, played, chosen.language, width, full=chosen.full))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all was sent and shown, 1 with one clear message when not."""
    chosen = options(sys.argv[1:] if arguments is None else arguments, os.environ)
    try:
        demonstrate(chosen, asks=sys.stdin.isatty())
    except (DemoError, PhoneError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
