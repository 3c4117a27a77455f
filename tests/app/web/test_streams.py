"""An export while it leaves: who hangs up ends its queries, and a fault is no quiet end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from app.db import db, models
from app.db.queries import entity_feed, feed
from app.sealing.envelope import SealBroken
from app.services import export_tables, odata_feed
from tests.app.shown_forms import CASES, VISIT
from tests.support.backend import Backend, Person, instance

AT = "/projects/1/forms/visit"
SENT = 6
LIST = "/projects/1/datasets/cases"
FORM_STREAMS = (f"{AT}/submissions.csv", f"{AT}/submissions.csv.zip", f"{AT}.svc/Submissions")
STREAMS = (*FORM_STREAMS, f"{LIST}.svc/Entities", f"{LIST}.svc/Entities?$orderby=code")


@pytest.fixture
def visits(lite: Backend, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Six submissions and six cases; pages of one row, and pieces of one line."""
    for most in ("PAGE_ROWS", "FIRST_ROWS"):
        monkeypatch.setattr(feed, most, 1)
    monkeypatch.setattr(entity_feed, "PAGE_ROWS", 1)
    monkeypatch.setattr(export_tables, "_PIECE_CHARACTERS", 1)
    monkeypatch.setattr(odata_feed, "_PIECE_BYTES", 1)
    lite.admin.publish(VISIT)
    phone = lite.phone()
    for number in range(SENT):
        assert phone.send(instance("visit", f"<who>W{number}</who>", instance_id=f"uuid:{number}")).status_code == 201
    lite.admin.publish(CASES)
    new = {"entities": [{"label": f"C{number}"} for number in range(SENT)], "source": {"name": "a file"}}
    assert lite.admin.post(f"{LIST}/entities", json=new).status_code == 200
    return lite


def pages_read(backend: Backend, person: Person, path: str, pieces: int | None) -> int:
    """How many pages were asked for until so many pieces had come and the client hung up."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "sealed" in statement and ("submission_versions" in statement or "entity_versions" in statement):
            asked.append(statement)

    with backend.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with person.get(path, buffered=False) as answer:
            body: Iterator[bytes] = answer.iter_encoded()
            for number, _ in enumerate(body, start=1):
                if number == pieces:
                    break
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)


@pytest.mark.parametrize("path", STREAMS)
def test_a_client_that_hangs_up_ends_the_queries(visits: Backend, path: str) -> None:
    admin = visits.admin
    assert pages_read(visits, admin, path, None) >= SENT
    assert pages_read(visits, admin, path, 3) < SENT
    # The connections were given back: the next one is answered.
    assert admin.get(path).status_code == 200


@pytest.mark.parametrize("path", STREAMS)
def test_a_fault_in_the_middle_is_no_quiet_end(visits: Backend, path: str) -> None:
    with visits.database() as session:
        session.query(models.SubmissionVersion).filter_by(instance_id="uuid:2").update({"sealed": b"damaged"})
        session.query(models.EntityVersion).filter_by(entity_id=2).update({"sealed": b"damaged"})
        session.commit()
    admin = visits.admin
    answer = admin.get(path, buffered=False)
    with pytest.raises(SealBroken):
        b"".join(answer.iter_encoded())
    answer.close()
    assert visits.client.get("/ready").status_code == 200
