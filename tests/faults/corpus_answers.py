"""Which answers and names would hurt who cleans them? Identifiers, numbers, dates, places, text (rows 31, 38, 42, 46)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.corpus_file import HostileFile, Line, answers, files


def _identified(instance_id: str, *, form_id: str = "visit", version: str = "1", more: str = "") -> str:
    return (
        f'<data id="{form_id}" version="{version}"><who>x</who>{more}'
        f"<meta><instanceID>{instance_id}</instanceID></meta></data>"
    )


def identifiers() -> list[Line]:
    """Row 31: an ID is opaque text of 255 characters at most, and one line."""
    taken = {
        "id-traversal": "../../etc/passwd",
        "id-absolute": "/etc/passwd",
        "id-windows": "C:\\CON\\NUL",
        "id-percent": "%2e%2e%2f%00",
        "id-sql": "' OR 1=1; DROP TABLE submissions --",
        "id-like": "%_%",
        "id-template": "{{7*7}}${7*7}#{7*7}",
        "id-format": "%s%n{0.__class__}",
        "id-look-alike": "uuid:\u0430\u0435",  # Cyrillic, as it looks like Latin
        "id-decomposed": "uuid:e\u0301",
        "id-right-to-left": "\u202euuid:1",
        "id-only-zero-width": "\u200b",
        "id-255": "x" * 255,
        "id-255-astral": "😀" * 255,
        "id-markup": "&lt;script&gt;alert(1)&lt;/script&gt;",
        "id-address": "a?b#c&amp;d=/..;/",
        "id-formula": "=cmd|' /C calc'!A1",
    }
    refused = {
        "id-none": "",
        "id-blank": " \t\n ",
        "id-256": "x" * 256,
        "id-4k": "x" * 4096,
        "id-nul": "a\0b",
        "id-line": "a\nb",
        "id-return": "a&#13;b",
        "id-tab": "a\tb",
        "id-c1": "a\x85b",
        "id-elements": "<i>a</i>",
    }
    lines: list[Line] = [(name, 31, 201, "an ID is opaque text", _identified(text)) for name, text in taken.items()]
    lines += [(name, 31, 400, "no usable ID", _identified(text)) for name, text in refused.items()]
    kept = {
        "form-traversal": _identified("hostile:form-traversal", form_id="../visit"),
        "form-4k": _identified("hostile:form-4k", form_id="v" * 250),
        "form-look-alike": _identified("hostile:form-look-alike", form_id="vis\u0456t"),
        "form-case": _identified("hostile:form-case", form_id="VISIT"),
        "form-sql": _identified("hostile:form-sql", form_id="visit' --"),
        "version-unknown": _identified("hostile:version-unknown", version="2"),
        "version-4k": _identified("hostile:version-4k", version="1" * 4096),
        "version-markup": _identified("hostile:version-markup", version="&lt;b>&amp;"),
        "version-lines": _identified("hostile:version-lines", version="1&#10;2"),
        "edit-of-nothing": (
            '<data id="visit" version="1"><meta><instanceID>hostile:edit</instanceID>'
            "<deprecatedID>hostile:never-sent</deprecatedID></meta></data>"
        ),
        "edit-of-itself": (
            '<data id="visit" version="1"><meta><instanceID>hostile:self</instanceID>'
            "<deprecatedID>hostile:self</deprecatedID></meta></data>"
        ),
    }
    lines += [(name, 33, 404, "authentic, but fits nothing: kept aside", content) for name, content in kept.items()]
    lines += [
        ("form-5k", 31, 400, "a form ID of 5,000 characters", _identified("hostile:form-5k", form_id="v" * 5_000)),
        (
            "root-namespace",
            31,
            201,
            "the root in a namespace of its own",
            '<d xmlns="urn:x" id="visit" version="1"><meta><instanceID>hostile:root</instanceID></meta></d>',
        ),
        (
            "root-name",
            31,
            201,
            "another root name",
            '<Ë id="visit" version="1"><meta><instanceID>hostile:name</instanceID></meta></Ë>',
        ),
        ("meta-missing", 31, 400, "no meta", '<data id="visit" version="1"/>'),
        (
            "meta-deep",
            31,
            400,
            "the meta one level too deep",
            '<data id="visit" version="1"><a><meta><instanceID>hostile:deep</instanceID></meta></a></data>',
        ),
        (
            "encrypted-shape",
            31,
            (201, 400, 404),
            "says that it is encrypted, and is not",
            '<data id="visit" version="1" encrypted="yes"><meta><instanceID>hostile:enc</instanceID></meta></data>',
        ),
    ]
    return lines


VALUES = {
    "whole": [
        "9" * 19,
        "9" * 5_000,
        "-0",
        "1e9",
        "7.0",
        "٣",
        "1_000",
        "0x7f",
        "NaN",
        " 7 ",
        "+",
        "−1",
        "9223372036854775808",
    ],
    "part": [
        "1e400",
        "-1e400",
        "1e-9999",
        "inf",
        "nan",
        "0." + "3" * 5_000,
        "1,5",
        "1e99999999999",
        ".",
        "--1",
        "1" * 350,
    ],
    "day": [
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "2026-02-30",
        "2026-1-1",
        "today",
        "2026-02-28T00:00:00Z",
        "-0001-01-01",
    ],
    "hour": ["25:61:61", "24:00:00.000", "12:00", "12:00:00+99:99", "12:00:00.123456789123456789", "noon"],
    "moment": [
        "2026-03-29T02:30:00.000+02:00",
        "2026-01-01T00:00:00+25:00",
        "9999-12-31T23:59:59.999-14:00",
        "0001-01-01T00:00:00+14:00",
        "T",
    ],
    "place": [
        "999 999 0 0",
        "1e308 1e308 1e308 1e308",
        "nan nan nan nan",
        "41.3",
        "41.3 19.8 0 0 0",
        "inf 0",
        "a b c d",
        "1e999 0 0 0",
    ],
    "way": ["41 19 0 0", ";;;;", "41 19 0 0;" * 20_000, "41 19 0 0; 41 19 0 0; x"],
    "area": ["41 19 0 0;42 19 0 0;41 19 0 0", "41 19 0 0;42 19 0 0;42 20 0 0", "41 19 0 0;" * 20_000],
    "one": ["nobody", "y n", "y" * 10_000, "'; --", "__proto__"],
    "many": ["y y y", "y " * 50_000, "n nobody", "\u00a0y"],
    "order": ["y", "n y n", "x " * 10_000],
    "redos": [
        "a" * 30 + "!",
        "a" * 100_000 + "!",
        "=1+1",
        "@SUM(A1)",
        "<script>alert(1)</script>",
        "%00%n%s",
        "' OR 1=1 --",
        "\u202egpj",
        "x" * 32_768,
    ],
    "sound": ["../../etc/passwd", "a" * 300 + ".mp3", "CON", "a/b.mp3", " ", "…"],
    "code": ["\u2028\u2029", "]]&gt;", "0" * 5_000],
    "sum": ["function(){}", "9" * 5_000],
    "group": ["where a question should be"],
}


def values() -> list[Line]:
    """Whatever the answer is, it is taken: the server flags and never refuses it. Row 42's pattern is in `redos`."""
    return [
        (f"{name}-{number}", 42 if name == "redos" else 38, 201, f"an answer that {name} cannot be, or hardly",
         answers(f"{name}-{number}", f"<{name}>{_escaped(text)}</{name}>"))
        for name, texts in VALUES.items()
        for number, text in enumerate(texts)
    ]  # fmt: skip


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;") if "&gt;" not in text else text


def shapes() -> list[Line]:
    """Answers in the wrong places, and very many of them."""
    return [
        (
            "repeats-10k",
            38,
            201,
            "10,000 rounds of a repeat",
            lambda: answers("repeats-10k", "<round><note>x</note></round>" * 10_000).encode(),
        ),
        (
            "question-repeated",
            38,
            201,
            "a question that comes twice",
            answers("question-repeated", "<whole>1</whole><whole>2</whole>"),
        ),
        (
            "question-with-children",
            38,
            201,
            "a question with elements inside",
            answers("question-with-children", "<whole><i>1</i>2</whole>"),
        ),
        (
            "repeat-in-itself",
            38,
            201,
            "a repeat inside itself",
            answers("repeat-in-itself", "<round><round><note>x</note></round></round>"),
        ),
        (
            "unknown-questions",
            38,
            201,
            "questions that the form does not have",
            answers("unknown-questions", "".join(f"<q{n}>x</q{n}>" for n in range(5_000))),
        ),
        (
            "names-of-python",
            38,
            201,
            "names that mean something to an interpreter",
            answers("names-of-python", "<__class__/><__init__>x</__init__><constructor/><__proto__/>"),
        ),
        (
            "template-attribute",
            38,
            201,
            "a repeat's template",
            answers(
                "template-attribute",
                '<round jr:template="" xmlns:jr="http://openrosa.org/javarosa"><note>x</note></round>',
            ),
        ),
        ("no-answers", 38, 201, "nothing at all", answers("no-answers", "")),
    ]


def slow_shapes() -> list[Line]:
    """As many repeats as the limit on elements lets through."""
    return [
        (
            "repeats-24k",
            38,
            201,
            "24,990 rounds: as many elements as are read",
            lambda: answers("repeats-24k", "<round><note>x</note></round>" * 24_990).encode(),
        ),
        (
            "repeats-50k",
            38,
            400,
            "50,000 rounds: twice as many",
            lambda: answers("repeats-50k", "<round><note>x</note></round>" * 50_000).encode(),
        ),
    ]


def answer_files() -> Iterator[HostileFile]:
    """All of them, for the door where phones send."""
    yield from files("xml", identifiers())
    yield from files("xml", values())
    yield from files("xml", shapes())
    yield from files("xml", slow_shapes(), is_slow=True)
