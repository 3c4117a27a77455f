"""What does compiling a form cost beside pyxform's own conversion?

    python benchmarks/publish_forms.py xlsforms/*.xlsx

For each workbook: processor time (user and system, milliseconds a run) of `compile_xlsform` with a warm
compiler, its children included, and of pyxform's `convert` in a warm process. Ends with 1 if the median ratio
is over 2.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from forms.compiler.client import compiler_pid
from forms.xlsform import compile_xlsform

LARGEST_MEDIAN_RATIO = 2.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def compiler_cpu_seconds() -> float:
    """User and system time of the compiler and of all its children that have ended."""
    fields = Path(f"/proc/{compiler_pid()}/stat").read_text().rpartition(")")[2].split()
    # utime, stime, cutime, cstime are fields 14 to 17 of proc(5), counted from the process ID.
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS_PER_SECOND


def ours(content: bytes, file_type: str, runs: int) -> float:
    """Processor seconds a run of `compile_xlsform`: this process, the compiler and its children."""
    compile_xlsform(content, file_type, fallback_form_id="benchmark")
    before = time.process_time() + compiler_cpu_seconds()
    for _ in range(runs):
        compile_xlsform(content, file_type, fallback_form_id="benchmark")
    return (time.process_time() + compiler_cpu_seconds() - before) / runs


def pyxforms(convert: Callable[..., object], content: bytes, file_type: str, runs: int) -> float:
    """Processor seconds a run of pyxform's own conversion."""
    convert(BytesIO(content), file_type=file_type, validate=False)
    before = time.process_time()
    for _ in range(runs):
        convert(BytesIO(content), file_type=file_type, validate=False)
    return (time.process_time() - before) / runs


def main() -> int:
    """Print the table; 0 if the median ratio holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workbooks", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=10, help="runs of each workbook (default 10)")
    options = parser.parse_args()
    from pyxform.xls2xform import convert

    ratios = []
    print(f"{'workbook':40} {'ours ms':>9} {'pyxform ms':>11} {'ratio':>6}")
    for path in options.workbooks:
        content, file_type = path.read_bytes(), path.suffix.lower()
        own = ours(content, file_type, options.runs)
        theirs = pyxforms(convert, content, file_type, options.runs)
        ratios.append(own / theirs)
        print(f"{path.name:40} {own * 1000:9.1f} {theirs * 1000:11.1f} {ratios[-1]:6.2f}")
    median = statistics.median(ratios)
    print(f"{'median':40} {'':9} {'':11} {median:6.2f}  (at most {LARGEST_MEDIAN_RATIO})")
    return 0 if median <= LARGEST_MEDIAN_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
