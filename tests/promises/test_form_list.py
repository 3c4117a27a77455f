"""A phone's form list takes the same number of SQL statements, however many forms, files and lists there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.db import db
from tests.support.backend import AppUser, Backend

FORM = """
| survey |                  |          |         |
|        | type             | name     | label   |
|        | select_one_from_file places_{number}.csv | place | Place |
|        | select_one_from_file people.csv | who   | Who   |
| settings |               |         |               |
|          | form_id       | version | title         |
|          | form_{number} | 1       | Form {number} |
"""


@contextmanager
def statements(backend: Backend) -> Iterator[list[str]]:
    """What is sent to the database inside of the block."""
    sent: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    with backend.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield sent
    event.remove(engine, "before_cursor_execute", hear)


def asked_for(backend: Backend, phone: AppUser) -> tuple[int, int]:
    """How many forms the list has, and how many statements it took."""
    with statements(backend) as sent:
        answer = phone.get("/formList")
    assert answer.status_code == 200, answer.text
    return answer.text.count("<formID>"), len(sent)


def test_the_form_list_takes_as_many_statements_for_one_form_as_for_thirty(backend: Backend) -> None:
    admin, phone = backend.admin, backend.phone()
    counts = []
    for upto in (1, 5, 30):
        for number in range(asked_for(backend, phone)[0], upto):
            admin.publish(FORM.format(number=number))
        counts.append(asked_for(backend, phone))
    assert [forms for forms, _ in counts] == [1, 5, 30]
    assert len({taken for _, taken in counts}) == 1
    assert counts[0][1] <= 6
