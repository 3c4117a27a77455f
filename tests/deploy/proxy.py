"""The shipped nginx configuration, run by Debian's nginx on this machine's own address with a certificate of its own.

Only addresses, ports and folders are replaced; every other line is the one that ships.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.config import ROOT
from tests.support.postgres import free_port

NAME = "forms.example.org"
CONFIGURATION = ROOT / "deploy" / "nginx.conf"
PATIENCE_SECONDS = 30


def nginx() -> str:
    """The program. Fails with the remedy where there is none."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        raise RuntimeError("nginx is needed for these tests: apt-get install nginx-light (make test does it)")
    return found


def make_certificate(folder: Path) -> None:
    """A self-signed one for the name: fullchain.pem and privkey.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Proxy:
    """nginx in front of a port of this machine; a context manager."""

    def __init__(self, folder: Path, upstream_port: int) -> None:
        folder.mkdir(parents=True)
        make_certificate(folder)
        self.folder, self.port, self.plain_port = folder, free_port(), free_port()
        self.bodies = Path("/dev/shm") / f"sportel-nginx-{uuid4().hex}"
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(self._replaced(upstream_port), encoding="utf-8")
        self.trust = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))

    def _replaced(self, upstream_port: int) -> str:
        text = CONFIGURATION.read_text(encoding="utf-8")
        for shipped, here in {
            "pid /run/nginx.pid": f"pid {self.folder}/nginx.pid",
            "/var/log/nginx/": f"{self.folder}/",
            "client_body_temp_path /dev/shm/sportel-nginx": f"client_body_temp_path {self.bodies}",
            "/etc/ssl/sportel/": f"{self.folder}/",
            "server 127.0.0.1:8080": f"server 127.0.0.1:{upstream_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
        }.items():
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        return text

    def __enter__(self) -> Self:
        command = [nginx(), "-c", str(self.configuration), "-g", "daemon off;"]
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        self._wait()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_SECONDS)
        shutil.rmtree(self.bodies, ignore_errors=True)

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"nginx did not start: {(self.folder / 'output').read_text()}")

    def connect(self, name: str = NAME, trust: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A connection to it, as a phone makes one."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        try:
            return (trust or self.trust).wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        """One request and its answer, read to the end (`answer.content`)."""
        connection = http.client.HTTPConnection(NAME, self.port)
        with self.connect() as connection.sock:  # type: ignore[assignment]
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Host": f"{NAME}:{self.port}", "Connection": "close", **named})
            answer = connection.getresponse()
            answer.content = answer.read()  # type: ignore[attr-defined]
            return answer

    def written(self) -> str:
        """Everything that it wrote into any file of its own."""
        return "\n".join(
            path.read_text("utf-8", "replace")
            for folder in (self.folder, self.bodies)
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in (".conf", ".pem")
        )


def converse(connection: socket.socket, sent: bytes, *, to_the_end: bool = True) -> bytes:
    """Send these bytes and read the answer: until the other side closes, or only what comes first."""
    answer = b""
    with connection:
        # Refused before all of it was sent, or cut off: what has come says why.
        with suppress(OSError):
            connection.sendall(sent)
        with suppress(ConnectionResetError, ssl.SSLEOFError):
            while (to_the_end or not answer) and (piece := connection.recv(65536)):
                answer += piece
    return answer
