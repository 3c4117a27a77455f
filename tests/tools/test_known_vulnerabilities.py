"""The gate knows of a vulnerability if anybody could be asked, and says so if not. A database of our own is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tools.known_vulnerabilities import LISTS, main

KNOWN = {
    "flask": [
        {
            "id": "GHSA-1111-2222-3333",
            "modified": "2026-01-01T00:00:00Z",
            "aliases": ["CVE-2026-1"],
            "summary": "Opens every door.",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "flask"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.9"}]}],
                }
            ],
        }
    ]
}


class Database(BaseHTTPRequestHandler):
    """Answers as osv.dev does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"vulns": KNOWN.get(asked["package"]["name"], [])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def database() -> Iterator[tuple[str, ...]]:
    server = HTTPServer(("127.0.0.1", 0), Database)
    Thread(target=server.serve_forever, daemon=True).start()
    yield "--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


def pinned(tmp_path: Path, *lines: str) -> list[Path]:
    (tmp_path / "list.txt").write_text("\n".join(lines))
    return [tmp_path / "list.txt"]


def test_a_known_vulnerability_fails_and_says_what_mends_it(
    database: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(pinned(tmp_path, "flask==3.1.3", "werkzeug==3.1.9"), database) == 1
    assert capsys.readouterr().out == "flask 3.1.3: CVE-2026-1, GHSA-1111-2222-3333; mended in 3.1.9\n"


def test_without_one_it_passes(database: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(pinned(tmp_path, "werkzeug==3.1.9"), database) == 0
    assert capsys.readouterr().out == "No known vulnerability in 1 packages.\n"


def test_without_a_network_it_passes_and_says_loudly_that_nothing_was_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = ("--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:9/v1/query")
    assert main(pinned(tmp_path, "flask==3.1.3"), nowhere) == 0
    assert capsys.readouterr().out.startswith("NOT CHECKED: nobody could be asked")


def test_every_package_of_ours_is_pinned_so_that_it_can_be_asked() -> None:
    for line in (line.split("#")[0].strip() for each in LISTS for line in each.read_text().splitlines()):
        assert not line or "==" in line or line == "-r requirements.txt", line
