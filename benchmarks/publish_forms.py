"""What does publishing a form cost beside pyxform's own conversion?

For each shipped workbook: processor time (user and system, median of several runs) from the workbook's bytes to the
XForm that phones get (compile in the child, read the schema, check, compare, store, publish, read back), children
included; and of pyxform's `convert` in a warm process.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from app.db import db, models
from app.db.queries.forms import version_xml
from app.permissions import ANONYMOUS
from app.services.compile_form import FormSource
from app.services.draft_form import create_form
from app.services.publish_form import publish_draft
from benchmarks.in_process import InProcess, in_process
from benchmarks.processes import cpu_seconds
from benchmarks.promise import Outcome, main
from forms.compiler.client import compiler_pid

LARGEST_RATIO = 2.0
RUNS = 15
WORKBOOKS = sorted((Path(__file__).resolve().parents[1] / "xlsforms").glob("*.xlsx"))


def _used() -> float:
    """Processor seconds so far of this process, of the compiler and of the compiler's children that have ended."""
    compiler = compiler_pid()
    return time.process_time() + (cpu_seconds(compiler) if compiler is not None else 0)


def _cpu(run: Callable[[], object]) -> float:
    before = _used()
    run()
    return _used() - before


def _publish(project_id: int, content: bytes) -> None:
    """From the workbook's bytes to the XForm that phones get: compiled, read, checked, compared, stored, published."""
    project = db.session.get_one(models.Project, project_id)
    form = create_form(ANONYMOUS, project, FormSource(content, ".xlsx"))
    version = publish_draft(ANONYMOUS, project, form)
    if b"<h:html" not in version_xml(version.id):
        raise RuntimeError("the XForm is not there to be served")
    db.session.remove()


def medians(running: InProcess, content: bytes, runs: int = RUNS) -> tuple[float, float]:
    """Processor seconds of our publishing and of pyxform's conversion, by turns: the machine may have moods."""
    from pyxform.xls2xform import convert

    # Each time in a project of its own; the first run warms both up.
    projects = [running.call("POST", "/projects", json={"name": "Benchmark"})["id"] for _ in range(runs + 1)]
    ours, theirs = [], []
    with running.app.app_context():
        for project in projects:
            ours.append(_cpu(partial(_publish, project, content)))
            theirs.append(_cpu(lambda: convert(BytesIO(content), file_type=".xlsx", validate=False)))
    del ours[0], theirs[0]
    return statistics.median(ours), statistics.median(theirs)


def measure() -> Outcome:
    """The ratio of the medians for each shipped workbook."""
    lines = [f"{'workbook':34}{'ours ms':>9}{'pyxform ms':>12}{'ratio':>7}"]
    ratios = []
    with in_process() as running:
        for path in WORKBOOKS:
            ours, theirs = medians(running, path.read_bytes())
            ratios.append(ours / theirs)
            lines.append(f"{path.name:34}{ours * 1000:9.0f}{theirs * 1000:12.0f}{ratios[-1]:7.2f}")
    return Outcome(
        f"Publishing costs at most {LARGEST_RATIO:g} times pyxform's conversion in processor time",
        tuple(lines),
        max(ratios) <= LARGEST_RATIO,
    )


if __name__ == "__main__":
    sys.exit(main(measure))
