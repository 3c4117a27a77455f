"""How does Python get a JavaRosa process, and how does it talk to it?

The Java sources beside this file are compiled against the jar inside pyxform (ODK Validate brings JavaRosa,
Jackson and commons-csv) into `build/phone/`, once for each state of sources and jar. One process serves a
whole test session: one JSON request a line in, one JSON answer a line out.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from tests.phone.filled import Filled, ProbeResult, to_json

SOURCES = Path(__file__).parent / "java"
BUILD = Path(__file__).parents[2] / "build" / "phone"
JAVA_MISSING = "Java 17 is needed for the phone tests: apt-get install default-jdk-headless"
# Where the phones of this project are; JavaRosa writes times with the offset of the process's zone.
TIME_ZONE = "Europe/Tirane"
PROBES_A_REQUEST = 200


class PhoneError(Exception):
    """The phone could not do it. `kind` is a word to compare with; `details` maps a place to a word.

    Kinds: java, protocol, settings, form, language, answer, refused, not-asked, unknown-form, instance, file,
    network, not-openrosa, form-list, manifest, download, document, hash, list, unexpected.
    """

    def __init__(self, message: str, kind: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.details = dict(details or {})


def javarosa_jar() -> Path:
    """The ODK Validate jar that pyxform ships."""
    spec = importlib.util.find_spec("pyxform")
    if spec is None or spec.origin is None:
        raise PhoneError("pyxform is not installed: its jar has the form engine", "java")
    return Path(spec.origin).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"


def compile_driver() -> Path:
    """Compile the Java sources if they or the jar changed; the folder of classes.

    Raises PhoneError of kind "java" when there is no Java compiler or it finds a mistake.
    """
    if shutil.which("java") is None or shutil.which("javac") is None:
        raise PhoneError(JAVA_MISSING, "java")
    jar = javarosa_jar()
    sources = sorted(SOURCES.rglob("*.java"))
    state = hashlib.sha256(f"{jar} {jar.stat().st_size} {jar.stat().st_mtime_ns}".encode())
    for source in sources:
        state.update(source.read_bytes())
    classes = BUILD / state.hexdigest()[:16]
    if classes.exists():
        return classes
    BUILD.mkdir(parents=True, exist_ok=True)
    # Into a folder of its own first: two test runs may compile at the same time.
    fresh = Path(tempfile.mkdtemp(dir=BUILD))
    done = subprocess.run(
        ["javac", "--release", "17", "-nowarn", "-cp", str(jar), "-d", str(fresh), *map(str, sources)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        shutil.rmtree(fresh)
        raise PhoneError(f"the phone driver does not compile:\n{done.stderr}", "java")
    for old in BUILD.iterdir():
        if old != fresh and old.is_dir() and not old.name.startswith("tmp"):
            shutil.rmtree(old, ignore_errors=True)
    try:
        fresh.rename(classes)
    except OSError:  # the other run was quicker
        shutil.rmtree(fresh, ignore_errors=True)
    return classes


class PhoneDriver:
    """One JavaRosa process for many phones; a context manager. Safe to share between threads."""

    def __init__(self, time_zone: str = TIME_ZONE) -> None:
        classes = compile_driver()
        self._lock = threading.Lock()
        self._scratch = Path(tempfile.mkdtemp(prefix="phone-"))
        self._log = (self._scratch / "java.log").open("w+b")
        self._process = subprocess.Popen(
            [
                "java",
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                # A session is too short for the second compiler to earn back what it costs.
                "-XX:TieredStopAtLevel=1",
                "-Dfile.encoding=UTF-8",
                f"-Duser.timezone={time_zone}",
                "-cp",
                os.pathsep.join([str(classes), str(javarosa_jar())]),
                "sportel.phone.Main",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and forget what was attached without a phone."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def request(self, command: str, **fields: Any) -> Any:
        """Send one request; the answer's content. Raises PhoneError with the driver's own kind."""
        line = json.dumps({"do": command, **fields}, default=to_json).encode() + b"\n"
        with self._lock:
            stdin, stdout = self._process.stdin, self._process.stdout
            assert stdin is not None and stdout is not None
            try:
                stdin.write(line)
                stdin.flush()
                answer = stdout.readline()
            except BrokenPipeError:
                answer = b""
        if not answer:
            raise PhoneError(f"the phone's process has ended; its last words:\n{self._last_words()}", "unexpected")
        content = json.loads(answer, parse_float=Decimal)
        if "error" in content:
            raise PhoneError(content["error"], content["kind"], content.get("details"))
        return content["ok"]

    def _last_words(self) -> str:
        self._log.flush()
        self._log.seek(0)
        return self._log.read()[-3000:].decode(errors="replace")

    def fill_file(
        self,
        form: Path | str,
        answers: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        optional: float = 0.8,
        language: str | None = None,
        media: Path | str | None = None,
        instance: bytes | None = None,
        labels: bool = False,
        strict: bool = True,
    ) -> Filled:
        """Fill a form file without a phone around it; see `Phone.fill` for the answers.

        `media` is the folder with the form's files (its own folder if not given). `instance` is the XML of an
        earlier filling to edit. Attachments lie in the folder that `Filled.attachments` names, until `close`.
        """
        content = self.request(
            "fill-file",
            form=str(form),
            answers=dict(answers or {}),
            seed=seed,
            optional=optional,
            labels=labels,
            strict=strict,
            out=str(self._scratch),
            **({"language": language} if language else {}),
            **({"media": str(media)} if media else {}),
            **({"instance": base64.b64encode(instance).decode()} if instance else {}),
        )
        return Filled.from_json(content, self._scratch)

    def probe(
        self,
        form: Path | str,
        cases: Sequence[Mapping[str, Any]],
        *,
        media: Path | str | None = None,
        seed: int = 1,
    ) -> list[ProbeResult]:
        """For each case of forced answers: what does the form open, and can it be finalized?

        `relevant` holds the paths of groups and questions that a person reaches with the forced answers and
        nothing else. Then the remaining required questions get some valid answer (chosen by `seed`), and
        `finalized` tells whether the form engine accepts the end; `relevant_at_end` is what was open then.
        """
        results: list[ProbeResult] = []
        for batch in _batches(list(cases), PROBES_A_REQUEST):
            content = self.request(
                "probe",
                form=str(form),
                out=str(self._scratch),
                seed=seed,
                cases=[dict(case) for case in batch],
                **({"media": str(media)} if media else {}),
            )
            results.extend(ProbeResult.from_json(one) for one in content)
        return results


def _batches(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
