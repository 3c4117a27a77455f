"""No input makes a parser crash, hang or lie: XML, multipart, values, expressions, table options (row 45).

In the cut hypothesis tries some hundred inputs of each; in the full run atheris, guided by the coverage of our own
code, goes on for minutes: `python -m tests.faults.test_fuzz <target> <seconds>`. A find is an exception that is not
the parser's own refusal, or a promise of the parser that does not hold.
"""

from __future__ import annotations

import importlib.util
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType
from unittest.mock import patch

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from app.config import Settings
from app.problems import Problem
from app.web.odata.options import read_options
from app.web.openrosa import multipart
from forms.errors import FormsError, ValueUnreadable
from forms.odata.expression import Call, Comparison, Logic, Name, Not, parse_filter, parse_order
from forms.safe_xml import parse_xml
from forms.schema import read_schema
from forms.submission import parse_submission
from forms.submission import values as value_module
from forms.xpath.syntax import ExpressionInvalid, parse_expression
from tests.app.shown_forms import xform
from tests.app.web.openrosa.bodies import BOUNDARY, body, file_part, xml_part
from tests.faults.corpus import CORPUS
from tests.faults.corpus_answers import VALUES
from tests.faults.corpus_file import SEED
from tests.faults.figures import Figures

EXAMPLES = 250
SECONDS_OF_EACH = 60
MOST_MEMORY_BYTES = 1 << 30
# Our own code, whose coverage guides; libxml2 underneath is not seen.
INSTRUMENTED = (
    "forms.safe_xml", "forms.schema.read", "forms.schema.body", "forms.schema.texts", "forms.submission.parse",
    "forms.submission.values", "forms.submission.moments", "forms.submission.geo", "forms.xpath.syntax",
    "app.web.openrosa.multipart", "app.web.odata.options", "forms.odata.expression", "multipart",
)  # fmt: skip
FLASK = Flask("fuzz")
LIMITS = Settings(max_xml_bytes=4096, max_file_bytes=4096, max_request_bytes=16384, max_request_parts=8)


def expect(holds: bool, promise: str) -> None:
    """For what is promised of a refusal."""
    if not holds:
        raise AssertionError(promise)


def read_xml(content: bytes) -> None:
    """Whatever is read has no DOCTYPE, and a submission says who it is in printable words."""
    try:
        root = parse_xml(content)
    except FormsError:
        return
    assert root.getroottree().docinfo.internalDTD is None
    try:
        submission = parse_submission(content)
    except FormsError:
        return
    assert 0 < len(submission.instance_id) <= 255
    assert "\n" not in submission.instance_id and "\0" not in submission.instance_id


def read_form(content: bytes) -> None:
    """An XForm is a schema or a refusal."""
    try:
        schema = read_schema(content)
    except FormsError:
        return
    assert schema.xml_form_id
    assert "/meta/instanceID" in schema.by_path


def read_multipart(content: bytes) -> None:
    """A body that is taken has its closing boundary, an XML within its limit, and names that are safe to show."""
    stored: list[str] = []

    def store(name: str, kind: str, chunks: Iterable[bytes], *, max_bytes: int) -> str:
        assert sum(len(chunk) for chunk in chunks) <= LIMITS.max_request_bytes
        assert kind.isprintable()
        stored.append(name)
        return name

    builder = EnvironBuilder(method="POST", data=content, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    with (
        FLASK.request_context(builder.get_environ()),
        patch.object(multipart, "store_file", store),
        patch.object(multipart, "discard_files", lambda _: stored.clear()),
    ):
        try:
            upload = multipart.read_upload(LIMITS)
        except Problem as problem:
            expect(problem.status in (400, 413), "a body is refused as unreadable or too large")
            return
    assert f"--{BOUNDARY}--".encode() in content
    assert all(name.isprintable() and 0 < len(name) <= 255 for name in stored)
    assert upload.xml is not None
    assert len(upload.xml) <= LIMITS.max_xml_bytes


def read_table_options(content: bytes) -> None:
    """Options of a table are understood or refused with a problem of the catalogue."""
    query = content.decode("latin-1")
    with FLASK.test_request_context("/x", query_string=query):
        try:
            options = read_options()
        except Problem as problem:
            expect(problem.status in (400, 406, 501), "an option is refused as one")
            return
    assert options.skip >= 0
    assert options.top is None or options.top >= 0
    assert not (options.expand and options.select is not None)


def read_conditions(content: bytes) -> None:
    """A filter or an order is understood or refused, and what is understood is a tree of known kinds."""
    text = content.decode("latin-1")
    try:
        expect(isinstance(parse_filter(text), Comparison | Logic | Not | Call), "a filter is a condition")
    except FormsError as error:
        expect(str(error) != "", "a refusal says what is wrong")
    try:
        expect(all(isinstance(name, Name) for name, _ in parse_order(text)), "an order is one of names")
    except FormsError as error:
        expect(str(error) != "", "a refusal says what is wrong")


READERS: tuple[Callable[[str], object], ...] = (
    value_module.parse_integer,
    value_module.parse_decimal,
    value_module.parse_boolean,
    value_module.parse_date,
    value_module.parse_time,
    value_module.parse_datetime,
    value_module.parse_geopoint,
    value_module.parse_geotrace,
    value_module.parse_geoshape,
)


def read_values(content: bytes) -> None:
    """An answer's text is a value or unreadable, for every data type."""
    text = content.decode("utf-8", "replace")
    for reader in READERS:
        try:
            reader(text)
        except ValueUnreadable:
            continue


def read_expression(content: bytes) -> None:
    """An expression is understood or refused at a place that it has."""
    text = content.decode("utf-8", "replace")
    try:
        parse_expression(text)
    except ExpressionInvalid as error:
        expect(0 <= error.position <= len(text) + 1, "the place is in the expression")


def _corpus(*doors: str) -> list[bytes]:
    found = [each.content() for each in CORPUS if each.door in doors and not each.is_slow and each.row != 37]
    return [content for content in found if len(content) < 3_000]


OPTIONS = [
    b"$top=7&$skip=3&$count=true",
    b"$filter=age gt 7",
    b"$skiptoken=01e",
    b"$format=json&$wkt=false",
    b"%24top=%37",
]
CONDITIONS = [
    b"age gt 7 and not (home/town eq 'Kuk''s' or year(__system/submissionDate) le 2026)",
    b"__system/reviewState in ('approved', null) or contains(name, 'a')",
    b"born ge 2001-02-03 and at lt 2026-11-22T10:20:30.5+01:00 and -1.5e3 ne n",
    b"__system/submissionDate desc, age",
]
EXPRESSIONS = [
    b"/data/age > 17 and selected(../x, 'a') or not(true())",
    b"if(/data/a = 'x', concat('a', \"b\"), instance('l')/root/item[name = current()/../n]/label)",
    b"regex(., '^(a+)+$') * -1 div 3 mod .5 | //x",
]
# What is read, and what to begin from.
TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], list[bytes]]]] = {
    "xml": (read_xml, lambda: _corpus("xml")),
    "xform": (read_form, lambda: [*_corpus("xform"), xform("good")]),
    "multipart": (read_multipart, lambda: [*_corpus("body"), body(xml_part("<a/>"), file_part("a.jpg", b"x"))]),
    "table options": (read_table_options, lambda: OPTIONS),
    "conditions": (read_conditions, lambda: CONDITIONS),
    "values": (read_values, lambda: [text.encode()[:200] for texts in VALUES.values() for text in texts]),
    "expressions": (read_expression, lambda: EXPRESSIONS),
}
PIECES = st.sampled_from(
    [b"<", b">", b"<!--", b"-->", b"<?", b"]]>", b"&#", b"\r\n", b"--", b"\0", b"\xff", b'"', b"'", b"(", b"9"]
)


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A seed with some pieces taken out, put in or doubled."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(content)))
        until = draw(st.integers(place, min(len(content), place + 40)))
        content = (
            content[:place] + draw(PIECES | st.binary(max_size=8) | st.just(content[place:until] * 2)) + content[until:]
        )
    return content


@pytest.mark.parametrize("target", TARGETS)
def test_no_damaged_input_makes_a_parser_fail_otherwise_than_by_its_refusal(target: str, full: bool) -> None:
    read, seeds = TARGETS[target]

    @settings(
        max_examples=EXAMPLES * (20 if full else 1), deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(damaged(seeds()) | st.binary(max_size=300))
    def tried(content: bytes) -> None:
        read(content)

    tried()


def guided(target: str, seconds: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """Fuzz in a process of its own: the library ends it when it is done."""
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.test_fuzz", target, str(seconds), str(folder)],
        capture_output=True, text=True, timeout=seconds * 4 + 120, check=False,
    )  # fmt: skip


def test_fuzzing_guided_by_coverage_finds_nothing(full: bool, figure: Figures, tmp_path: Path) -> None:
    for target in TARGETS if full else ("multipart",):
        done = guided(target, SECONDS_OF_EACH if full else 1, tmp_path / target)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        runs = re.search(r"Done (\d+) runs", done.stdout + done.stderr)
        assert runs is not None
        figure(f"fuzzing of {target}: inputs tried", int(runs.group(1)))


def test_without_a_guide_a_reader_that_fails_is_found_too() -> None:
    with pytest.raises(ZeroDivisionError):
        unguided(broken, [b"<a/>"], 20)


def test_a_reader_that_fails_is_found(tmp_path: Path) -> None:
    done = guided("broken", 20, tmp_path)
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stdout + done.stderr


def broken(content: bytes) -> None:
    """What the fuzzing must be able to find."""
    if content.startswith(b"<!"):
        _ = 1 // 0


def unguided(read: Callable[[bytes], None], seeds: list[bytes], seconds: int) -> None:
    """For a Python that atheris is not made for: seeded damage without a guide."""
    dice, runs, end = random.Random(SEED), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        content = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(0, 6)):
            place = dice.randint(0, len(content))
            content[place : place + dice.randint(0, 3)] = dice.choice(
                (b"<!", b"-->", b"&#", b"--", b"\0", b"\xff", b"9")
            )
        read(bytes(content))
        runs += 1
    sys.stdout.write(f"Done {runs} runs\n")


def main(target: str, seconds: str, folder: str) -> None:
    """Fuzz one target; ends with another status than 0 at the first find."""
    read, seeds = TARGETS.get(target, (broken, lambda: [b"<a/>"]))
    place = Path(folder) / "seeds"
    place.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds()):
        (place / str(number)).write_bytes(content)
    if importlib.util.find_spec("atheris") is None:
        unguided(read, seeds(), int(seconds))
        return
    import atheris

    for module in INSTRUMENTED:
        for each in vars(sys.modules[module]).copy().values():
            if isinstance(each, FunctionType) and each.__module__ == module:
                atheris.instrument_func(each)
    # The library's own limit counts what the process that started this one has had.
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    limits = ["-timeout=10", "-rss_limit_mb=0", "-max_len=4096", f"-max_total_time={seconds}"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", str(place)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:4])
