"""The operator's commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from click.testing import Result
from PIL import Image

from app.config import Settings
from app.db import db, models
from app.db.queries import projects as project_queries
from app.services.setup import _publish, set_up
from tests.app.conftest import MakeBackend
from tests.app.looking import count, rows
from tests.app.shown_forms import simple
from tests.support.backend import PASSWORD, Backend, instance

FORM_IDS = {"id_screening", "needs_nrm", "needs_returnee", "consular", "consular_update"}


def run(backend: Backend, *arguments: str, **options: Any) -> Result:
    result: Result = backend.app.test_cli_runner().invoke(args=["sportel", *arguments], **options)
    return result


def write_form(folder: Path, text: str, name: str = "form.md") -> str:
    path = folder / name
    path.write_text("\n".join(line.strip() for line in text.splitlines()), encoding="utf-8")
    return str(path)


def everything(backend: Backend) -> dict[str, list[tuple[Any, ...]]]:
    with backend.app.app_context():
        return {
            table.name: [tuple(row) for row in db.session.execute(table.select())]
            for table in db.metadata.sorted_tables
        }


def test_setup_prepares_everything_and_a_second_one_changes_nothing(backend: Backend) -> None:
    first = run(backend, "setup")
    assert first.exit_code == 0, first.output
    assert "First administrator: admin@sportel.local" in first.output
    assert "case-reader" in first.output
    (line,) = [line for line in first.output.splitlines() if line.startswith("Password (shown once, keep it now): ")]
    password = line.split(": ")[1]
    before = everything(backend)
    second = run(backend, "setup")
    assert (second.exit_code, second.output) == (0, "Ready.\n")
    assert everything(backend) == before
    assert {row.xml_form_id for row in rows(backend, models.Form)} == FORM_IDS
    assert {row.code for row in rows(backend, models.Project)} - {None} == {"CT", "MA"}
    assert count(backend, models.Office) > 40
    signed = backend.client.post("/v1/sessions", json={"email": "admin@sportel.local", "password": password})
    assert signed.status_code == 200
    assert password not in str(before)


def test_setup_leaves_what_an_administrator_changed_alone(lite: Backend) -> None:
    run(lite, "setup")
    admin = lite.admin
    project = next(each["id"] for each in admin.get("/projects").json if each["code"] == "MA")
    at = f"/projects/{project}/forms/consular"
    admin.post(f"{at}/draft")
    assert admin.post(f"{at}/draft/publish?version=mine").status_code == 200
    assert run(lite, "setup").exit_code == 0
    assert admin.get(at).json["version"] == "mine"


def test_setup_leaves_a_shipped_form_that_would_let_more_people_read_as_a_draft(lite: Backend, tmp_path: Path) -> None:
    told: list[str] = []
    assert run(lite, "publish", write_form(tmp_path, simple("visit")), "--project", "1").exit_code == 0
    looser = """
    | survey |      |      |       |                     |
    |        | type | name | label | bind::sportel:class |
    |        | text | who  | Who   | open                |
    | settings |         |         |                              |
    |          | form_id | version | namespaces                   |
    |          | visit   | 2       | sportel="urn:sportel:xforms" |
    """
    with lite.app.app_context():
        project = project_queries.project(1)
        assert project is not None
        _publish(project, "visit", Path(write_form(tmp_path, looser)), told.append)
    assert "left as a draft" in told[-1] and "/who" in told[-1]
    assert lite.admin.get("/projects/1/forms/visit").json["version"] == "1"


def test_setup_takes_the_administrator_from_the_settings_and_shows_no_password(make_lite: MakeBackend) -> None:
    backend = make_lite(admin_email="Boss@Example.org", admin_password=PASSWORD)
    settings: Settings = backend.app.extensions["sportel"].settings
    with backend.app.app_context():
        new = set_up(settings, lambda _: None)
    assert new is not None
    assert (new.email.lower(), new.made_up_password) == ("boss@example.org", None)
    answer = backend.client.post("/v1/sessions", json={"email": "boss@example.org", "password": PASSWORD})
    assert answer.status_code == 200


def test_setup_refuses_a_short_password(make_lite: MakeBackend) -> None:
    backend = make_lite(admin_password="short")
    result = run(backend, "setup")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("Error: The password is too short")


def test_a_workbook_is_published_as_a_form_and_then_as_a_version(lite: Backend, tmp_path: Path) -> None:
    first = run(lite, "publish", write_form(tmp_path, simple("visit")), "--project", "1")
    assert (first.exit_code, first.output) == (0, "published visit, version 1, in Test project\n")
    same = run(lite, "publish", write_form(tmp_path, simple("visit")), "--project", "1")
    assert same.exit_code == 1
    assert "already has a published version '1'" in same.output
    newer = run(lite, "publish", write_form(tmp_path, simple("visit", "2")), "--project", "1", "--draft")
    assert newer.output == "draft of visit, version 2, in Test project\n"
    assert [each["version"] for each in lite.admin.get("/projects/1/forms/visit/versions").json] == ["1"]
    assert run(lite, "publish", write_form(tmp_path, simple("visit", "2")), "--project", "1").exit_code == 0
    assert lite.admin.get("/projects/1/forms/visit").json["version"] == "2"


def test_a_workbook_with_a_fault_is_refused_in_one_line_with_its_place(lite: Backend, tmp_path: Path) -> None:
    bad = simple("visit").replace("| text |", "| txet |")
    result = run(lite, "publish", write_form(tmp_path, bad), "--project", "1")
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert line.startswith("Error: The XLSForm is not valid (sheet survey, row ")
    assert count(lite, models.Form) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--project", "9"], "there is no project 9; there are: 1 (Test project)"),
        ([], "Missing option '--project'"),
    ],
)
def test_publishing_to_nowhere_says_where_one_could(
    lite: Backend, tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = run(lite, "publish", write_form(tmp_path, simple("visit")), *arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_another_kind_of_file_is_no_form(lite: Backend, tmp_path: Path) -> None:
    result = run(lite, "publish", write_form(tmp_path, "x", "form.pdf"), "--project", "1")
    assert result.exit_code == 2
    assert "a form is one of .xlsx, .xls, .csv, .md, .xml" in result.output


def test_the_forms_are_listed_with_their_versions_and_submissions(lite: Backend) -> None:
    lite.admin.publish(simple("visit", "7"))
    lite.phone().send(instance("visit", "<who>x</who>", version="7"))
    result = run(lite, "forms")
    assert result.exit_code == 0
    project, form = result.output.splitlines()
    assert project == "1  Test project"
    assert form.split() == ["visit", "7", "open", "1", "submissions"]


def test_a_user_is_added_with_a_role_and_signs_in(lite: Backend) -> None:
    lite.office("tr-01")
    arguments = ("--name", "Mira", "--office", "tr-01", "--role", "viewer", "--project", "1")
    result = run(lite, "add-user", "mira@example.org", *arguments, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "Added mira@example.org."
    assert PASSWORD not in result.output
    answer = lite.client.post("/v1/sessions", json={"email": "mira@example.org", "password": PASSWORD})
    (grant,) = rows(lite, models.Assignment)
    assert (answer.status_code, grant.role, grant.project_id, grant.all_offices) == (200, "viewer", 1, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mira@example.org", "--password", "short"], "The password is too short"),
        (["mira@example.org", "--password", PASSWORD, "--office", "x"], "there is no office with this code"),
        (["mira@example.org", "--password", PASSWORD, "--role", "viewer"], "is held in a project; add --project"),
        (["mira@example.org", "--password", PASSWORD, "--role", "app-user"], "Invalid value for '--role'"),
    ],
)
def test_a_user_who_cannot_be_added_is_refused(lite: Backend, arguments: list[str], words: str) -> None:
    result = run(lite, "add-user", *arguments)
    assert result.exit_code != 0
    assert words in result.output
    assert count(lite, models.User) == 0


def test_a_phones_code_is_shown_in_the_terminal(lite: Backend) -> None:
    result = run(lite, "add-phone", "Tablet", "--project", "1", "--server", "https://forms.example.org/")
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) > 20
    assert "The phone will call https://forms.example.org. The code works for 180 days." in result.output
    assert "/v1/key/" not in result.output


def test_a_phones_code_is_written_as_a_picture_that_only_its_owner_reads(lite: Backend, tmp_path: Path) -> None:
    from tests.app.web.test_app_users import scanned

    lite.admin.publish(simple("visit"))
    path = tmp_path / "code.png"
    result = run(lite, "add-phone", "Tablet", "--project", "1", "--form", "visit", "--qr", str(path))
    assert result.exit_code == 0, result.output
    assert path.stat().st_mode & 0o077 == 0
    (code,) = zxingcpp.read_barcodes(Image.open(path).convert("L"))
    server = str(scanned(code.text)["general"]["server_url"])
    assert lite.client.get(server.removeprefix("http://127.0.0.1:8080") + "/formList").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--project", "9"], "there is no project 9"),
        (["--project", "1", "--office", "x"], "there is no office with this code"),
        (["--project", "1", "--form", "x"], "the project has no form with this ID"),
        (["--project", "1", "--qr", "code.txt"], "the picture must be a .png or .svg file"),
    ],
)
def test_a_phone_that_cannot_be_added_is_refused(lite: Backend, arguments: list[str], words: str) -> None:
    result = run(lite, "add-phone", "Tablet", *arguments)
    assert result.exit_code != 0
    assert words in result.output
    assert count(lite, models.AppUser) == 0


def test_records_are_cleaned_again(lite: Backend) -> None:
    lite.admin.publish(simple("visit"))
    lite.phone().send(instance("visit", "<who>x</who>"))
    result = run(lite, "reclean")
    assert (result.exit_code, result.output) == (0, "1 records cleaned, 0 changed, 0 not readable.\n")


def test_a_record_that_cannot_be_read_is_told_by_its_number_and_the_exit_status(lite: Backend) -> None:
    lite.admin.publish(simple("visit"))
    lite.phone().send(instance("visit", "<who>canary</who>"))
    with lite.app.app_context():
        db.session.query(models.SubmissionVersion).update({"xml_sealed": b"x" * 40})
        db.session.commit()
    result = run(lite, "reclean")
    assert result.exit_code == 1
    assert "0 records cleaned, 0 changed, 1 not readable." in result.output
    assert "canary" not in result.output
