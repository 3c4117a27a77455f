"""The compiler is one warm process beside ours: fast, caged, and replaced when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from forms.compiler.client import compiler_pid, stop_compiler
from forms.errors import XLSFormTooSlow
from forms.schema import read_schema
from forms.xlsform import CompileLimits, compile_xlsform

ROOT = Path(__file__).resolve().parents[2]


def form(form_id: str) -> bytes:
    return (
        f"| settings |\n| | form_id |\n| | {form_id} |\n| survey |\n| | type | name | label |\n| | text | t | T |\n"
    ).encode()


def compiles(form_id: str) -> bool:
    return read_schema(compile_xlsform(form(form_id), ".md").xform).xml_form_id == form_id


def test_the_compiler_stays_warm_between_forms() -> None:
    assert compiles("first")
    first = compiler_pid()
    assert compiles("second")
    assert compiler_pid() == first is not None


def test_a_killed_compiler_is_replaced() -> None:
    assert compiles("before")
    killed = compiler_pid()
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert compiles("after")
    assert compiler_pid() != killed


def test_a_stopped_compiler_starts_again() -> None:
    stop_compiler()
    assert compiler_pid() is None
    assert compiles("again")


def test_several_threads_compile_at_once_and_each_gets_its_own_form() -> None:
    answers: dict[str, bool] = {}

    def work(form_id: str) -> None:
        answers[form_id] = compiles(form_id)

    threads = [threading.Thread(target=work, args=(f"form_{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"form_{n}": True for n in range(8)}


def test_a_slow_form_does_not_hold_up_another() -> None:
    slow = b"| survey |\n| | type | name | label |\n" + b"".join(
        f"| | text | q{n} | Q |\n".encode() for n in range(30_000)
    )
    ended: list[str] = []

    def work() -> None:
        with pytest.raises(XLSFormTooSlow):
            compile_xlsform(slow, ".md", fallback_form_id="f", limits=CompileLimits(cpu_seconds=3))
        ended.append("slow")

    thread = threading.Thread(target=work)
    thread.start()
    assert compiles("quick")
    ended.append("quick")
    thread.join()
    assert ended == ["quick", "slow"]


def test_a_form_that_waits_is_ended_by_the_wall_clock() -> None:
    slow = b"| survey |\n| | type | name | label |\n" + b"".join(
        f"| | text | q{n} | Q |\n".encode() for n in range(30_000)
    )
    with pytest.raises(XLSFormTooSlow):
        compile_xlsform(slow, ".md", fallback_form_id="f", limits=CompileLimits(wall_seconds=1))


def test_a_forked_worker_compiles_with_a_compiler_of_its_own() -> None:
    assert compiles("parent")
    parents = compiler_pid()
    pid = os.fork()
    if pid == 0:
        ok = compiles("child") and compiler_pid() != parents
        stop_compiler()
        os._exit(0 if ok else 1)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    assert compiles("parent_again")
    assert compiler_pid() == parents


def test_the_compiler_ends_with_the_process_that_started_it() -> None:
    program = (
        "from forms.compiler.client import compiler_pid\nfrom forms.xlsform import compile_xlsform\n"
        f"compile_xlsform({form('x')!r}, '.md')\nprint(compiler_pid(), flush=True)\n"
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    orphan = int(out.stdout)
    for _ in range(100):
        if not Path(f"/proc/{orphan}").exists() or "(python" not in Path(f"/proc/{orphan}/stat").read_text():
            return
        if Path(f"/proc/{orphan}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError("the compiler outlived its parent")


def test_the_compiler_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPORTEL_TEST_SECRET", "hunter2")
    stop_compiler()
    assert compiles("env")
    assert b"hunter2" not in Path(f"/proc/{compiler_pid()}/environ").read_bytes()


def test_our_process_never_loads_the_compilers_libraries() -> None:
    program = (
        "import sys\nfrom forms.xlsform import compile_xlsform\nimport forms.schema, forms.submission\n"
        f"compile_xlsform({form('x')!r}, '.md')\n"
        "print([name for name in ('pyxform', 'openpyxl', 'xlrd') if name in sys.modules])\n"
    )
    out = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
