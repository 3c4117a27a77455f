"""The served process does the work by itself, and ends without leaving the lease to expire; or leaves it all alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from tests.app.operations.test_outbox import FIRST, SECOND, creation
from tests.app.shown_forms import CASES
from tests.journeys.phone.served import Project, Served


def intake(served: Served) -> tuple[Project, str]:
    """A project with the form, and the address that its phone sends to."""
    project = served.administrator().new_project("Cases")
    project.publish(CASES)
    token = project.app_user("Phone")["token"]
    return project, f"{served.url}/v1/key/{token}/projects/{project.number}/submission"


def send(project: Project, address: str, xml: str) -> None:
    assert project.central.post_form(address, {"xml_submission_file": xml.encode()}).status_code == 201


def left(folder: Path, what: str) -> list[Any]:
    with sqlite3.connect(folder / "db" / "sportel.sqlite3") as connection:
        return connection.execute(what).fetchall()


def test_cases_come_a_moment_after_the_answer_and_the_end_is_clean(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Served(folder, SPORTEL_WORKERS="2") as served:
        project, address = intake(served)
        for uuid in (FIRST, SECOND):
            send(project, address, creation(uuid))
            assert uuid in project.entities("cases")
    assert left(folder, "SELECT * FROM outbox") == left(folder, "SELECT * FROM leases") == []
    assert "outbox." not in served.log.read_text()


def test_with_the_worker_off_the_work_waits_for_one_beside(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Served(folder, SPORTEL_WORKER="off") as served:
        project, address = intake(served)
        send(project, address, creation())
    assert left(folder, "SELECT work, state, tries FROM outbox") == [("entities", "waiting", 0)]
    with Served(folder) as served:
        served.administrator().settle()
    assert left(folder, "SELECT * FROM outbox") == []
    assert len(left(folder, "SELECT * FROM entities")) == 1
