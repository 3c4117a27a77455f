"""What must be there before the first request: tables, keys, offices, programmes, forms, an administrator?

Every step looks first and changes only what is missing, so that a second start changes nothing.
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from app.config import ROOT, Settings
from app.db import db, models
from app.db.head import expected_revision, present_revision
from app.db.only_one import only_one
from app.db.queries import entities as entity_queries
from app.db.queries import forms as form_queries
from app.db.queries import projects as project_queries
from app.permissions import ANONYMOUS, Grant
from app.problems import LOOSENING, Problem
from app.services.add_user import add_user, has_administrator
from app.services.compile_form import FormSource
from app.services.draft_form import create_form, set_draft
from app.services.entity_lists import declare_list
from app.services.keys import make_missing_server_keys
from app.services.projects import add_project
from app.services.publish_form import publish_draft
from app.services.transaction import transaction

XLSFORMS = ROOT / "xlsforms"
DEFAULT_EMAIL = "admin@sportel.local"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class NewAdministrator:
    """The first administrator; the password is None if it was given rather than made up."""

    email: str
    made_up_password: str | None


def set_up(settings: Settings, tell: Tell) -> NewAdministrator | None:
    """Bring everything to where it should be, telling what is done. The administrator is given if just made."""
    if settings.storage_url is None:
        settings.blob_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with only_one(settings.data / "setup.lock"):
        _migrate(tell)
        make_missing_server_keys()
        _load_offices(tell)
        _publish_programmes(tell)
        return _first_administrator(settings)


def _migrate(tell: Tell) -> None:
    if present_revision() == expected_revision():
        return
    db.session.rollback()
    # Loaded only when there is something to do: it takes as long as the rest of the start.
    from app.db.migrate import upgrade

    tell("Preparing the database …")
    upgrade()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _load_offices(tell: Tell) -> None:
    rows = list(_rows(XLSFORMS / "shared" / "offices.csv"))
    known = set(db.session.scalars(select(models.Office.code)))
    missing = [row for row in rows if row["code"] not in known]
    if not missing:
        return
    tell(f"Adding {len(missing)} offices …")
    with transaction():
        for row in missing:
            db.session.add(
                models.Office(
                    code=row["code"],
                    kind=row["kind"],
                    name_en=row["name_en"],
                    name_sq=row["name_sq"],
                    region=row["region"] or None,
                    to_confirm=bool(row["to_confirm"]),
                )
            )
        db.session.flush()
        ids = {office.code: office for office in db.session.scalars(select(models.Office))}
        for row in missing:
            if row["parent"]:
                ids[row["code"]].parent_id = ids[row["parent"]].id


def _publish_programmes(tell: Tell) -> None:
    lists: dict[str, dict[str, str]] = {}
    for row in _rows(XLSFORMS / "shared" / "entity_lists.csv"):
        lists.setdefault(row["dataset"], {})[row["property"]] = row["class"]
    for row in _rows(XLSFORMS / "programmes.csv"):
        project = project_queries.project_by_code(row["programme"])
        if project is None:
            tell(f"Adding the programme {row['name_en']} …")
            project = add_project(None, row["name_en"], row["description_en"] or None, code=row["programme"])
        _publish(project, row["form_id"], XLSFORMS / row["form_file"], tell)
        for dataset in entity_queries.datasets(project.id):
            there = {each.name for each in entity_queries.properties(dataset.id)}
            missing = set(lists.get(dataset.name, {})) - there
            if missing:
                wanted = {name: lists[dataset.name][name] for name in sorted(missing)}
                declare_list(ANONYMOUS, project, dataset.name, wanted)


def _publish(project: models.Project, xml_form_id: str, path: Path, tell: Tell) -> None:
    """Publish a shipped workbook, unless it is published already or an administrator has made a version of it."""
    content = path.read_bytes()
    form = form_queries.form(project.id, xml_form_id)
    current = form_queries.current_version(form.id) if form is not None else None
    if current is not None:
        made_by_an_administrator = current.created_by_id is not None
        if made_by_an_administrator or form_queries.version_xlsform(current.id) == content:
            return
    tell(f"Publishing {path.name} …")
    source = FormSource(content, path.suffix)
    if form is None:
        form = create_form(ANONYMOUS, project, source, ignore_warnings=True)
    else:
        set_draft(ANONYMOUS, project, form, source, ignore_warnings=True)
    try:
        publish_draft(ANONYMOUS, project, form)
    except Problem as problem:
        if problem.code != LOOSENING:
            raise
        # An upgrade must not let more people read by itself; the site goes on with the version that it has.
        tell(f"{path.name} is left as a draft. {problem.message}")


def _first_administrator(settings: Settings) -> NewAdministrator | None:
    if has_administrator():
        return None
    email = settings.admin_email or DEFAULT_EMAIL
    made_up = None if settings.admin_password else secrets.token_urlsafe(12)
    add_user(
        None,
        email,
        settings.admin_password or made_up,
        display_name="Administrator",
        # Who starts alone must be able to read what comes in; with more people it is taken away again.
        grants=(Grant("admin", all_offices=True), Grant("case-reader", all_offices=True)),
    )
    return NewAdministrator(email, made_up)


def holds_sealed_data(settings: Settings) -> bool:
    """Does the database exist and hold keys? Then a missing key file must be found, not made anew."""
    engine = create_engine(settings.sqlalchemy_url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT 1 FROM data_keys LIMIT 1")).first() is not None
    except DBAPIError as error:
        if "data_keys" in str(error.orig):
            return False
        raise
    finally:
        engine.dispose()
