"""How do 24,000 submissions get into a database within a minute? One is cleaned; each is sealed for itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from app.clock import now
from app.db import db, models
from app.db.insert import insert_row, insert_rows
from app.db.queries import forms as form_queries
from app.sealing.envelope import new_key, open_sealed, seal
from app.services.keys import make_data_key, row_of
from app.services.records import place, seal_content
from app.services.schemas import schema_of
from app.services.transaction import transaction
from forms.submission import parse_submission

_BATCH = 500
QUESTIONS, ROWS = 80, 4
_TYPES = ("text", "integer", "decimal", "date", "select_one l", "text", "text", "text")


def workbook() -> str:
    """A form of 80 questions in groups, half of them sealed, with a repeat of five more."""
    lines = []
    for number in range(QUESTIONS):
        if number % 20 == 0:
            lines += [*(["| | end_group | | | |"] if number else []), f"| | begin_group | g{number // 20} | G | |"]
        sensitivity = "quasi" if number % 2 else "identifying"
        lines.append(f"| | {_TYPES[number % len(_TYPES)]} | q{number} | Pyetja {number} | {sensitivity} |")
    lines += ["| | end_group | | | |", "| | begin_repeat | child | C | |"]
    lines += [f"| | text | c{number} | C | {'quasi' if number % 2 else 'identifying'} |" for number in range(5)]
    return "\n".join(
        [
            "| survey |",
            "| | type | name | label | bind::sportel:class |",
            *lines,
            "| | end_repeat | | | |",
            "| choices |",
            "| | list_name | name | label |",
            "| | l | one | One |",
            "| | l | two | Two |",
            "| settings |",
            "| | form_id | version | namespaces |",
            '| | bench | 1 | sportel="urn:sportel:xforms" |',
        ]
    )


def filled(instance_id: str, number: int) -> bytes:
    """A submission with all questions answered."""
    answers = {
        "text": f"Përgjigje numër {number} e shkurtër",
        "integer": str(number),
        "decimal": f"{number}.25",
        "date": "2026-01-31",
        "select_one l": "one",
    }
    body = ""
    for group in range(QUESTIONS // 20):
        numbers = range(group * 20, group * 20 + 20)
        inside = (f"<q{each}>{answers[_TYPES[each % len(_TYPES)]]}</q{each}>" for each in numbers)
        body += f"<g{group}>{''.join(inside)}</g{group}>"
    for row in range(ROWS):
        body += f"<child>{''.join(f'<c{each}>Fëmija {row}</c{each}>' for each in range(5))}</child>"
    return (
        f'<data xmlns:orx="http://openrosa.org/xforms" id="bench" version="1">{body}'
        f"<orx:meta><orx:instanceID>{instance_id}</orx:instanceID></orx:meta></data>"
    ).encode()


def fill(project_id: int, count: int) -> None:
    """Add so many submissions of the form `bench`; inside of an application context."""
    form = form_queries.form(project_id, "bench")
    version = form_queries.current_version(form.id) if form is not None else None
    if form is None or version is None:
        raise RuntimeError("publish the form first")
    schema = schema_of(version.id, version.sha256)
    xml, where, key = filled("uuid:pattern", 7), place(form.id, is_draft=False, instance_id="uuid:pattern"), new_key()
    content = seal_content(key, where, xml, parse_submission(xml), schema, "identifying")
    sealed = open_sealed(key, content.sealed, f"record|{where}")
    for begin in range(0, count, _BATCH):
        with transaction():
            for number in range(begin + 1, min(begin + _BATCH, count) + 1):
                _add(form.id, version.id, number, content.clear, sealed)
        db.session.remove()


def _add(form_id: int, version_id: int, number: int, clear: dict[str, Any], sealed: bytes) -> None:
    name, key, at = f"uuid:{uuid4()}", make_data_key("submission"), now()
    where = place(form_id, is_draft=False, instance_id=name)
    both = {"id": number, "form_id": form_id, "is_draft": False, "instance_id": name, "created_at": at}
    submission = both | {"data_key_id": insert_row(models.DataKey, **row_of(key)), "edits": 0}
    version = both | {
        "submission_id": number,
        "form_version_id": version_id,
        "is_current": True,
        "xml_sealed": seal(key.key, b"", f"xml|{where}"),
        "xml_hmac": bytes(32),
        "clear": clear,
        "sealed": seal(key.key, sealed, f"record|{where}"),
        "findings": [],
    }
    insert_rows(models.Submission, [submission])
    insert_rows(models.SubmissionVersion, [version])
