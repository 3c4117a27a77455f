"""Six hundred hostile files against the real service: refused or kept, cheaply, without a look outside (rows 30-44)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.conftest import NewService
from tests.faults.corpus import CORPUS
from tests.faults.corpus_file import EVERY_TYPE, FORM, HostileFile
from tests.faults.corpus_service import (
    TRACE_OPTIONS,
    Answer,
    Doors,
    Kept,
    Meter,
    kept,
    photographed,
    settle,
    strangers,
)
from tests.faults.figures import Figures
from tests.faults.service import Service

CPU_SECONDS, MEMORY_MIB = 2.0, 512.0
# By design: as many elements as are read may take ten seconds, a compiler's child is stopped after twenty.
SLOW_SECONDS = {"xml": 10.0, "workbook": 22.0, "markdown": 22.0}
SLOW_MIB = {"workbook": 1024.0, "markdown": 1024.0}
LISTED = """
| survey |                          |      |       |
|        | type                     | name | label |
|        | select_one_from_file list.csv | one | One |
| settings |         |         |
|          | form_id | version |
|          | listed  | 1       |
"""
# The short cut takes every sixth file.
EVERY_NTH = 6


@dataclass
class Course:
    """What happened to each file."""

    answers: dict[str, Answer] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)

    def wrong_answers(self, files: list[HostileFile]) -> dict[str, int]:
        """Files that heard something that they should not."""
        return {
            each.name: self.answers[each.name].status
            for each in files
            if self.answers[each.name].status not in each.expect
        }


def prepare(service: Service) -> Doors:
    """The forms that the corpus fills."""
    admin = service.administrator()
    for form in (FORM, EVERY_TYPE, LISTED):
        answer = admin.request(
            "POST",
            f"/projects/{service.phone.project}/forms?publish={'false' if form is LISTED else 'true'}&ignoreWarnings=true",
            data="\n".join(line.strip() for line in form.splitlines()).encode(),
            headers={"Content-Type": "text/markdown"},
        )
        assert answer.status_code == 200, answer.text
    return Doors(service, str(admin._session.headers["Authorization"]))


def run(service: Service, doors: Doors, files: list[HostileFile]) -> Course:
    """Send one after the other, and note what each has cost."""
    course = Course()
    meter = Meter(service.master)
    with meter.running():
        settle(meter)
        for file in files:
            meter.reset()
            before = meter.cpu_seconds()
            course.answers[file.name] = doors.send(file)
            course.cpu_seconds[file.name] = meter.cpu_seconds() - before
            course.peak_mib[file.name] = meter.peak_mib()
    return course


def lost(files: list[HostileFile], course: Course, found: Kept) -> list[str]:
    """Files that were authentic and parseable, and whose bytes are nowhere."""
    missing = []
    for file in files:
        status = course.answers[file.name].status
        name = file.name.partition("/")[2]
        if file.door == "xml" and status == 201 and not found.submissions[file.content()]:
            missing.append(file.name)
        if file.door == "xml" and status in (404, 409) and not found.aside[file.content()]:
            missing.append(file.name)
        if file.door == "photo" and not (
            found.files[file.content()] and found.submissions[photographed(name).encode()]
        ):
            missing.append(file.name)
    return missing


@pytest.mark.cut_on("sqlite")
def test_every_hostile_file_is_answered_as_it_should_be_and_nothing_leaks_hangs_or_is_lost(
    new_service: NewService, database: str, full: bool, figure: Figures, tmp_path: Path
) -> None:
    files = list(CORPUS) if full else [each for each in CORPUS if not each.is_slow][::EVERY_NTH]
    trace = tmp_path / "trace"
    tracer = ("strace", *TRACE_OPTIONS, "-o", str(trace))
    with new_service(before=tracer, SPORTEL_WORKERS="1") as service:
        doors = prepare(service)
        begun = trace.stat().st_size
        course = run(service, doors, files)
        seen = trace.read_bytes()[begun:].decode("utf-8", "replace")

        figure("hostile files", len(files))
        figure("hostile files: most processor seconds of one", round(max(_quick(course.cpu_seconds, files)), 2))
        figure("hostile files: most memory of one process, MiB", round(max(_quick(course.peak_mib, files))))
        assert course.wrong_answers(files) == {}
        assert _over(course.cpu_seconds, files, CPU_SECONDS, SLOW_SECONDS) == {}
        assert _over(course.peak_mib, files, MEMORY_MIB, SLOW_MIB) == {}
        assert _talkative(course) == []

        ports = () if service.database_url is None else (int(service.database_url.rpartition(":")[2].split("/")[0]),)
        assert sorted(set(strangers(seen, service.folder, ports))) == []
        found = kept(service.folder, service.database_url)
        assert lost(files, course, found) == []
        figure("hostile files: taken and found again byte for byte", found.submissions.total() + found.files.total())
        assert_still_serves(service, doors)


def _quick(measured: dict[str, float], files: list[HostileFile]) -> list[float]:
    return [measured[each.name] for each in files if not each.is_slow]


def _over(
    measured: dict[str, float], files: list[HostileFile], limit: float, slow_limits: dict[str, float]
) -> dict[str, float]:
    return {
        each.name: measured[each.name]
        for each in files
        if measured[each.name] > (slow_limits.get(each.door, limit) if each.is_slow else limit)
    }


def _talkative(course: Course) -> list[str]:
    """Refusals that quote what was sent or a file of the server."""
    return [
        name
        for name, answer in course.answers.items()
        if answer.status >= 400 and (len(answer.body) > 20_000 or b"root:" in answer.body)
    ]


def assert_still_serves(service: Service, doors: Doors) -> None:
    """It is ready, reads out all it has taken as strict JSON and as CSV, and finds nothing amiss in itself."""
    assert service.is_ready()
    project = f"/v1/projects/{service.phone.project}"
    for form in ("visit", "hostile"):
        for table in ("Submissions", "Submissions.round")[: 1 if form == "visit" else 2]:
            answer = doors.get(f"{project}/forms/{form}.svc/{table}?$count=true")
            assert answer.status == 200, form
            json.loads(answer.body, parse_constant=pytest.fail)
        assert doors.get(f"{project}/forms/{form}/submissions.csv").status == 200
        assert doors.get(f"{project}/forms/{form}/submissions").status == 200
    assert service.json("fsck")["faults"] == []
    log = service.log.read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in log
    assert "hostile:" not in log


def test_the_corpus_has_three_hundred_files_with_names_and_reasons_of_their_own() -> None:
    assert len(CORPUS) >= 300
    assert [name for name, times in Counter(each.name for each in CORPUS).items() if times > 1] == []
    assert all(each.reason and each.expect and max(each.expect) < 500 for each in CORPUS)
    assert {30, 31, 33, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 50} <= {each.row for each in CORPUS}


def test_the_corpus_is_the_same_each_time() -> None:
    script = (
        "import hashlib\n"
        "from tests.faults.test_hostile_corpus import sample\n"
        "for file in sample(): print(hashlib.sha256(file.content()).hexdigest())"
    )
    other = {**os.environ, "PYTHONHASHSEED": "7"}
    listing = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=other, timeout=60
    )
    assert listing.stdout.split() == [hashlib.sha256(each.content()).hexdigest() for each in sample()]


def sample() -> list[HostileFile]:
    """The files that dice or archives have made."""
    return [each for each in CORPUS if each.row == 45 or each.name in ("workbook/formula", "workbook/slip")]


SEEN = """
7 openat(AT_FDCWD, "/data/here/db/sportel.sqlite3", O_RDWR) = 3
7 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
7 openat(AT_FDCWD, "/data/here/../../etc/shadow", O_RDONLY) = -1 ENOENT
7 connect(5, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 ECONNREFUSED
7 connect(5, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
7 execve("/bin/sh", ["sh", "-c", "id"], 0x7 /* 3 vars */) = 0
"""


def test_the_reader_of_the_trace_names_what_is_none_of_the_service_s_business() -> None:
    assert [each.split(" {")[0].split(" sa_")[0] for each in strangers(SEEN, Path("/data/here"), (5432,))] == [
        "opened /etc/passwd",
        "opened /data/here/../../etc/shadow",
        "connected to",
        "ran /bin/sh",
    ]


def test_the_meter_sees_the_time_and_the_memory_of_a_child() -> None:
    work = "import time; x = b'x' * (310 * 2**20); e = time.process_time() + 0.4\nwhile time.process_time() < e: pass"
    with subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(0.5)\n{work}\ntime.sleep(60)"]) as child:
        meter = Meter(child.pid)
        with meter.running():
            meter.reset()
            end = time.monotonic() + 30
            while (meter.cpu_seconds() < 0.4 or meter.peak_mib() < 300) and time.monotonic() < end:
                time.sleep(0.05)
            assert meter.cpu_seconds() >= 0.4
            assert meter.peak_mib() > 300
        child.kill()


def test_a_file_whose_bytes_are_nowhere_counts_as_lost() -> None:
    taken = next(each for each in CORPUS if each.door == "xml" and each.expect == (201,))
    course = Course(answers={taken.name: Answer(201, b"")})
    assert lost([taken], course, Kept(Counter(), Counter(), Counter())) == [taken.name]
    assert lost([taken], course, Kept(Counter([taken.content()]), Counter(), Counter())) == []
