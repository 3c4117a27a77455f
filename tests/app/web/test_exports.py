"""What a client may ask of an export: columns, versions, which submissions, and the phones' logs in one table."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest

from app.permissions import Grant
from tests.support.backend import Backend, Person, instance

FORM = """
| survey |                   |       |       |                     |
|        | type              | name  | label | bind::sportel:class |
|        | begin_group       | g     | G     |                     |
|        | select_multiple l | needs | Needs | open                |
|        | end_group         |       |       |                     |
|        | integer           | age   | Age   | quasi               |
|        | select_multiple l | ill   | Ill   | special:health      |
|        | image             | pic   | Pic   | open                |
|        | begin_repeat      | child | Child |                     |
|        | text              | name  | Name  | open                |
|        | begin_repeat      | more  | More  |                     |
|        | text              | name  | Name  | open                |
|        | end_repeat        |       |       |                     |
|        | end_repeat        |       |       |                     |
|        | audit             | audit |       |                     |
| choices |                  |       |       |                     |
|         | list_name | name | label |
|         | l         | food | Food  |
|         | l         | roof | Roof  |
| settings |                 |       |       |                     |
|          | form_id | version | title    | namespaces                   |
|          | visit   | 1       | A family | sportel="urn:sportel:xforms" |
"""
LOG = 'event,node,start,end,old-value,new-value,more\nquestion,/visit/age,1,2,,{age},x\nform exit,,3,,,"=1+1",x\n'
AT = "/projects/1/forms/visit"
EXPORT = f"{AT}/submissions.csv"


def filled(number: int) -> tuple[str, dict[str, bytes]]:
    body = (
        f"<g><needs>{'roof food' if number else ''}</needs></g><age>{number}</age><ill>food</ill><pic>p{number}.jpg</pic>"
        "<child><name>Ana</name><more><name>x</name></more></child>"
    )
    meta = "<orx:audit>audit.csv</orx:audit>"
    files = {f"p{number}.jpg": b"photo", "audit.csv": LOG.format(age=f"canary{number}").encode()}
    return instance("visit", body, instance_id=f"uuid:{number}", meta=meta), files


@pytest.fixture
def visits(backend: Backend) -> Backend:
    backend.admin.publish(FORM)
    phone = backend.phone()
    for number in range(2):
        assert phone.send(*filled(number)).status_code == 201
    return backend


def table(person: Person, query: str = "") -> list[dict[str, str]]:
    answer = person.get(f"{EXPORT}?{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def unpacked(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_choices_have_columns_of_their_own_if_asked(visits: Backend) -> None:
    newest, oldest = table(visits.admin, "splitSelectMultiples=true")
    names = ("g-needs", "g-needs/food", "g-needs/roof")
    assert [newest[name] for name in names] == ["roof food", "1", "1"]
    assert [oldest[name] for name in names] == ["", "0", "0"]
    viewer = visits.person(Grant("viewer", 1, all_offices=True))
    masked = {row[name] for row in table(viewer, "splitSelectMultiples=true") for name in row if name.startswith("ill")}
    assert masked == {"[masked: special:health]"}
    assert "g-needs/food" not in table(visits.admin)[0]


def test_a_filter_leaves_fewer_rows_in_every_table(visits: Backend) -> None:
    assert [row["KEY"] for row in table(visits.admin, "$filter=age eq 1")] == ["uuid:1"]
    files = unpacked(visits.admin.get(f"{EXPORT}.zip?$filter=age eq 1"))
    assert len(files["visit-child.csv"].splitlines()) == 2
    assert [name for name in files if name.startswith("media/")] == ["media/p1.jpg"]
    assert visits.admin.get(f"{EXPORT}?$filter=ill eq 'food'").json["code"] == 501.5


NESTED = """|        | begin_repeat      | more  | More  |                     |
|        | text              | name  | Name  | open                |
|        | end_repeat        |       |       |                     |
"""


def test_repeats_that_are_called_alike_have_files_of_their_own(visits: Backend) -> None:
    end = "|        | end_repeat        |       |       |                     |\n"
    moved = FORM.replace(NESTED + end, end + NESTED).replace("| 1       |", "| 2       |")
    visits.admin.publish_version("visit", moved)
    files = unpacked(visits.admin.get(f"{EXPORT}.zip?attachments=false&deletedFields=true"))
    lines = {name: len(text.splitlines()) - 1 for name, text in files.items() if "audit" not in name}
    assert lines == {"visit.csv": 2, "visit-child.csv": 2, "visit-more~1.csv": 0, "visit-more~2.csv": 2}


def test_what_only_an_earlier_version_asked_is_there_if_asked(visits: Backend) -> None:
    newer = FORM.replace("|        | integer           | age   | Age   | quasi               |\n", "").replace(
        "| 1       |", "| 2       |"
    )
    visits.admin.publish_version("visit", newer)
    assert "age" not in table(visits.admin)[0]
    assert [row["age"] for row in table(visits.admin, "deletedFields=true")] == ["1", "0"]


def test_the_phones_logs_are_one_table_and_no_cell_computes(visits: Backend) -> None:
    for query in ("", "?attachments=false"):
        files = unpacked(visits.admin.get(f"{EXPORT}.zip{query}"))
        rows = list(csv.DictReader(io.StringIO(files["visit - audit.csv"])))
        assert [(row["instance ID"], row["event"], row["new-value"]) for row in rows] == [
            ("uuid:1", "question", "canary1"),
            ("uuid:1", "form exit", "'=1+1"),
            ("uuid:0", "question", "canary0"),
            ("uuid:0", "form exit", "'=1+1"),
        ]
        assert "media/audit.csv" not in files
        assert ("media/p1.jpg" in files) == (query == "")


def test_a_log_has_answers_of_any_class_so_only_who_reads_all_gets_it(visits: Backend) -> None:
    reader = visits.person(Grant("manager", 1, all_offices=True))
    files = unpacked(reader.get(f"{EXPORT}.zip"))
    assert "canary" not in str(files)
    assert not [name for name in files if "audit" in name]
    assert "media/p1.jpg" in files


def test_the_same_by_post_as_clients_do_that_send_passphrases(visits: Backend) -> None:
    admin = visits.admin
    assert admin.post(EXPORT).text == admin.get(EXPORT).text
    posted = admin.post(f"{EXPORT}.zip?attachments=false", json={"1": "a passphrase"})
    assert unpacked(posted) == unpacked(admin.get(f"{EXPORT}.zip?attachments=false"))
    own = visits.person(Grant("viewer", 1))
    assert len(own.post(EXPORT).text.splitlines()) == 1


def test_what_was_sent_to_try_a_draft_is_exported_apart(visits: Backend) -> None:
    admin = visits.admin
    body = FORM.replace("| 1       |", "| 2       |").encode()
    assert admin.post(f"{AT}/draft?ignoreWarnings=true", data=body, content_type="text/markdown").status_code == 200
    for ask in (admin.get, admin.post):
        files = unpacked(ask(f"{AT}/draft/submissions.csv.zip"))
        assert len(files["visit.csv"].splitlines()) == 1
