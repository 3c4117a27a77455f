"""How many SQL statements does a phone's form list take, with few forms and with many?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.db import db
from benchmarks.in_process import InProcess, in_process
from benchmarks.promise import Outcome, main

FORMS = (1, 10, 40)
MARKDOWN = """
| survey |      |      |       |
|        | type | name | label |
|        | text | note | Note  |
| settings |         |         |        |
|          | form_id | version | title  |
|          | {name}  | 1       | {name} |
"""


@contextmanager
def statements(running: InProcess) -> Iterator[list[str]]:
    """What is sent to the database inside of the block."""
    sent: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    with running.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def _publish_up_to(running: InProcess, project: int, count: int) -> None:
    there = len(running.call("GET", f"/projects/{project}/forms"))
    for number in range(there, count):
        path = f"/projects/{project}/forms?publish=true&ignoreWarnings=true"
        body = MARKDOWN.format(name=f"form_{number}").encode()
        running.call("POST", path, data=body, content_type="text/markdown")


def _counter(running: InProcess, project: int) -> Callable[[], tuple[int, int]]:
    token = running.call("POST", f"/projects/{project}/app-users", json={"displayName": "Phone"})["token"]

    def count() -> tuple[int, int]:
        address = f"/v1/key/{token}/projects/{project}/formList"
        running.client.get(address)
        with statements(running) as sent:
            answer = running.client.get(address)
        return answer.text.count("<xform>"), len(sent)

    return count


def measure() -> Outcome:
    """The counts for 1, 10 and 40 forms."""
    found = []
    with in_process() as running:
        project = running.call("POST", "/projects", json={"name": "Benchmark"})["id"]
        count = _counter(running, project)
        for forms in FORMS:
            _publish_up_to(running, project, forms)
            found.append(count())
    lines = (f"{'forms':10}{'statements':>12}", *(f"{forms:<10}{sent:12}" for forms, sent in found))
    same = len({sent for _, sent in found}) == 1 and tuple(forms for forms, _ in found) == FORMS
    return Outcome("The form list takes the same number of SQL statements, however many forms there are", lines, same)


if __name__ == "__main__":
    sys.exit(main(measure))
