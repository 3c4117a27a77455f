"""A cleaned tree equals what was entered, for every data type, choice and nesting, whatever is entered."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta, timezone
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.schema import FormSchema
from forms.submission import clean, merge, parse_submission, rows, split, tree_from_json, tree_to_json

EVERYTHING = """
| survey  |
|         | type               | name | label |
|         | text               | t    | T     |
|         | integer            | i    | I     |
|         | decimal            | d    | D     |
|         | date               | da   | Da    |
|         | time               | ti   | Ti    |
|         | datetime           | dt   | Dt    |
|         | geopoint           | gp   | Gp    |
|         | image              | im   | Im    |
|         | barcode            | bc   | Bc    |
|         | acknowledge        | ak   | Ak    |
|         | select_one ab      | so   | So    |
|         | select_multiple ab | sm   | Sm    |
|         | rank ab            | rk   | Rk    |
|         | begin group        | g    | G     |
|         | text               | gt   | Gt    |
|         | begin repeat       | r    | R     |
|         | text               | rt   | Rt    |
|         | integer            | ri   | Ri    |
|         | begin repeat       | s    | S     |
|         | decimal            | sd   | Sd    |
|         | select_multiple ab | ssm  | Ssm   |
|         | end repeat         |      |       |
|         | end repeat         |      |       |
|         | end group          |      |       |
| choices |
|         | list_name | name | label |
|         | ab        | a    | A     |
|         | ab        | b    | B     |
|         | ab        | c    | C     |
"""

OFFSET = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
# XML cannot carry other control characters, and a parser turns \r into \n: a phone sends neither.
TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
).filter(str.strip)
NAMES = st.sets(st.sampled_from("abc"), min_size=1).map(sorted)
METRES = st.decimals(-9999, 9999, places=2)

# Each leaf is (text as a phone writes it, JSON form that the cleaned value must have).
LEAVES = {
    "t": TEXT.map(lambda v: (v, v)),
    "gt": TEXT.map(lambda v: (v, v)),
    "rt": TEXT.map(lambda v: (v, v)),
    "i": st.integers(-(2**31), 2**31 - 1).map(lambda v: (str(v), v)),
    "ri": st.integers(-(2**31), 2**31 - 1).map(lambda v: (str(v), v)),
    "d": st.floats(-1e15, 1e15).map(lambda v: (repr(v), v)),
    "sd": st.floats(-1e15, 1e15).map(lambda v: (repr(v), v)),
    "da": st.dates().map(lambda v: (v.isoformat(), v.isoformat())),
    "ti": st.times(timezones=OFFSET)
    .map(lambda v: v.replace(microsecond=v.microsecond // 1000 * 1000))
    .map(lambda v: (v.isoformat(timespec="milliseconds"),) * 2),
    "dt": st.datetimes(timezones=OFFSET)
    .map(lambda v: v.replace(microsecond=v.microsecond // 1000 * 1000))
    .map(lambda v: (v.isoformat(timespec="milliseconds"),) * 2),
    "gp": st.tuples(st.floats(-90, 90), st.floats(-180, 180), METRES, METRES.map(abs)).map(
        lambda v: (
            f"{v[0]!r} {v[1]!r} {v[2]} {v[3]}",
            {
                "type": "Point",
                "coordinates": [v[1], v[0], float(v[2])],
                "properties": {"accuracy": float(v[3])},
            },
        )
    ),
    "im": st.integers(1).map(lambda v: (f"{v}.jpg", f"{v}.jpg")),
    "bc": st.from_regex(r"[0-9A-Z]{1,13}", fullmatch=True).map(lambda v: (v, v)),
    "ak": st.just(("OK", "OK")),
    "so": st.sampled_from("abc").map(lambda v: (v, v)),
    "sm": NAMES.map(lambda v: (" ".join(v), v)),
    "ssm": NAMES.map(lambda v: (" ".join(v), v)),
    "rk": st.permutations("abc").map(lambda v: (" ".join(v), v)),
}


def answers(*names: str) -> st.SearchStrategy[dict[str, tuple[str, object]]]:
    return st.fixed_dictionaries({}, optional={name: LEAVES[name] for name in names})


INNER = answers("sd", "ssm")
OUTER = st.tuples(answers("rt", "ri"), st.lists(INNER, max_size=3))
FILLED = st.tuples(
    answers("t", "i", "d", "da", "ti", "dt", "gp", "im", "bc", "ak", "so", "sm", "rk"),
    answers("gt"),
    st.lists(OUTER, max_size=3),
)


def leaves_xml(filled: dict[str, tuple[str, object]]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, (text, _) in filled.items())


def leaves_json(path: str, filled: dict[str, tuple[str, object]]) -> dict[str, object]:
    return {f"{path}/{name}": value for name, (_, value) in filled.items()}


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(filled=FILLED)
def test_a_cleaned_tree_equals_what_was_entered(filled: tuple, schema_of: Callable[[str], FormSchema]) -> None:  # type: ignore[type-arg]
    schema = schema_of(EVERYTHING)
    root, group, repeats = filled
    repeats_xml = "".join(
        f"<r>{leaves_xml(outer)}{''.join(f'<s>{leaves_xml(inner)}</s>' for inner in inners)}</r>"
        for outer, inners in repeats
    )
    xml = (
        f'<data id="f">{leaves_xml(root)}<g>{leaves_xml(group)}{repeats_xml}</g>'
        "<meta><instanceID>uuid:1</instanceID></meta></data>"
    )
    expected = {**leaves_json("", root), **leaves_json("/g", group), "/meta/instanceID": "uuid:1"}
    if repeats:
        expected["/g/r"] = [
            {
                **leaves_json("/g/r", outer),
                **({"/g/r/s": [leaves_json("/g/r/s", each) for each in inners]} if inners else {}),
            }
            for outer, inners in repeats
        ]

    record = clean(parse_submission(xml.encode("utf-8")), schema)

    assert tree_to_json(record.values) == expected
    assert (record.findings, record.unknown) == ((), ())
    assert tree_from_json(json.loads(json.dumps(tree_to_json(record.values))), schema) == record.values
    assert merge(*split(record.values, schema)) == record.values
    tables = rows("uuid:1", record.values, schema)
    assert len(tables["Submissions.g.r"]) == len(repeats)
    assert len(tables["Submissions.g.r.s"]) == sum(len(inners) for _, inners in repeats)
