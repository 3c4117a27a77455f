"""A backend to talk to in the tests: the whole application on an empty database, with short-hands for its users."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.clock import now
from app.config import Settings
from app.db import db, models
from app.db.insert import insert_row, insert_rows
from app.permissions import Actor, Grant
from app.services.app_users import add_app_user
from app.services.outbox import work_once
from app.services.outbox_work import WORKS
from app.services.sign_in import new_token, token_hash
from tests.support import quick_forms, quick_passwords, quick_routes, quick_statements

quick_forms.install()
quick_passwords.install()
quick_routes.install()
quick_statements.install()

PASSWORD = "a long enough password"


def settings_for(folder: Path, database_url: str | None, **changes: Any) -> Settings:
    """Settings of a test's own folder; a password is enough, if the test is not about that."""
    return Settings(data=folder, database_url=database_url, **({"second_factor": "off"} | changes))


def work(app: Flask) -> None:
    """Do what submissions have started, as the served process does beside its requests: until nothing is due."""
    done = True
    while done:
        with app.app_context():
            done = work_once(WORKS)


@dataclass
class Person:
    """A signed-in user: `get`, `post` … send the token and JSON."""

    client: FlaskClient
    token: str
    actor_id: int

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.open(f"/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.request("POST", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.request("DELETE", path, **options)

    def publish(self, markdown: str, *, project: int = 1) -> str:
        """Add and publish a form written as a Markdown XLSForm; its form ID."""
        body = textwrap.dedent(markdown).encode()
        answer = self.post(
            f"/projects/{project}/forms?publish=true&ignoreWarnings=true",
            data=body,
            content_type="text/markdown",
        )
        assert answer.status_code == 200, answer.text
        xml_form_id: str = answer.json["xmlFormId"]
        return xml_form_id

    def publish_version(self, xml_form_id: str, markdown: str, *, project: int = 1) -> None:
        """Publish a new version of a form."""
        at = f"/projects/{project}/forms/{xml_form_id}/draft"
        body = textwrap.dedent(markdown).encode()
        answer = self.post(f"{at}?ignoreWarnings=true", data=body, content_type="text/markdown")
        assert answer.status_code == 200, answer.text
        answer = self.post(f"{at}/publish")
        assert answer.status_code == 200, answer.text

    def rows(self, xml_form_id: str, table: str = "Submissions", *, project: int = 1) -> list[dict[str, Any]]:
        """The cleaned rows of a table."""
        answer = self.get(f"/projects/{project}/forms/{xml_form_id}.svc/{table}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json["value"]
        return found


@dataclass
class AppUser:
    """A phone at the OpenRosa doors, as bytes on the wire; for ODK's own engine see tests/phone."""

    client: FlaskClient
    token: str
    actor_id: int
    project: int

    @property
    def at(self) -> str:
        return f"/v1/key/{self.token}/projects/{self.project}"

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(self.at + path, **options)

    def send(self, xml: bytes | str, files: dict[str, bytes] | None = None, **fields: str) -> TestResponse:
        """POST a submission with its files, and do what it starts."""
        answer = self.only_send(xml, files, **fields)
        if answer.status_code == 201:
            work(self.client.application)
        return answer

    def only_send(self, xml: bytes | str, files: dict[str, bytes] | None = None, **fields: str) -> TestResponse:
        """The same, and what it starts is left waiting."""
        content = xml.encode() if isinstance(xml, str) else xml
        data: dict[str, Any] = {"xml_submission_file": (io.BytesIO(content), "submission.xml", "text/xml")}
        for name, file in (files or {}).items():
            data[name] = (io.BytesIO(file), name, "image/jpeg")
        return self.client.post(f"{self.at}/submission?deviceID=test-device", data=data | fields)


@dataclass
class Backend:
    """The application and its first administrator."""

    app: Flask
    folder: Path

    @property
    def client(self) -> FlaskClient:
        """A fresh client without cookies."""
        return self.app.test_client(use_cookies=False)

    @contextmanager
    def database(self) -> Iterator[Any]:
        """A session to look at rows with."""
        with self.app.app_context():
            yield db.session

    def work(self) -> None:
        """Do what submissions have started, until nothing is due."""
        work(self.app)

    def person(self, *grants: Grant, office: str | None = None, name: str = "Person") -> Person:
        """A user with these roles, signed in."""
        token = new_token()
        # Not as objects of the session: what the session does for each of them takes three times as long.
        with self.app.app_context():
            office_id = _office_id(office)
            actor_id = insert_row(models.Actor, type="user", display_name=name, office_id=office_id, created_at=now())
            insert_rows(models.User, [{"actor_id": actor_id, "email": f"{uuid4()}@example.org"}])
            insert_rows(models.Assignment, [{"actor_id": actor_id, **_columns(grant)} for grant in grants])
            insert_row(
                models.AccessToken,
                actor_id=actor_id,
                token_hash=token_hash(token),
                created_at=now(),
                expires_at=now() + timedelta(hours=1),
            )
            db.session.commit()
        return Person(self.client, token, actor_id)

    @property
    def admin(self) -> Person:
        """The administrator whom the set-up makes: also reads every class."""
        grants = (Grant("admin", all_offices=True), Grant("case-reader", all_offices=True))
        return self.person(*grants, name="Administrator")

    def phone(self, *, office: str | None = None, project: int = 1, name: str = "Phone") -> AppUser:
        """An app user of a project."""
        # Not over HTTP, where its code would be drawn each time.
        with self.app.test_request_context():
            admin = Actor(self.admin.actor_id, "user", "Administrator", None)
            place = db.session.get_one(models.Project, project)
            new = add_app_user(admin, place, name, office=office, forms=None, days=180)
        return AppUser(self.client, new.token, new.actor_id, project)

    def office(self, code: str, kind: str = "police_point") -> str:
        """Add an office; its code."""
        with self.app.app_context():
            db.session.add(models.Office(code=code, kind=kind, name_en=code, name_sq=code, to_confirm=False))
            db.session.commit()
        return code


def _office_id(code: str | None) -> int | None:
    if code is None:
        return None
    return db.session.query(models.Office).filter_by(code=code).one().id


def _columns(grant: Grant) -> dict[str, Any]:
    return {
        "role": grant.role,
        "project_id": grant.project_id,
        "form_id": grant.form_id,
        "all_offices": grant.all_offices,
    }


def make_backend(folder: Path, database_url: str | None, **changes: Any) -> Backend:
    """The application over a database that is there already."""
    return Backend(create_app(settings_for(folder, database_url, **changes)), folder)


def instance(xml_form_id: str, body: str, *, version: str = "1", instance_id: str | None = None, meta: str = "") -> str:
    """A submission's XML; `body` are the answers, `meta` what stands beside the instance ID."""
    name = instance_id or f"uuid:{uuid4()}"
    return (
        f'<data xmlns:orx="http://openrosa.org/xforms" id="{xml_form_id}" version="{version}">{body}'
        f"<orx:meta><orx:instanceID>{name}</orx:instanceID>{meta}</orx:meta></data>"
    )
