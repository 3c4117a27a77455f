"""Phones: a token that is shown once, as the code that ODK Collect scans."""

from __future__ import annotations

import base64
import io
import json
import zlib

import pytest
import zxingcpp
from PIL import Image

from app.db import models
from app.permissions import Grant
from app.services import collect_settings
from tests.app.conftest import MakeBackend
from tests.app.looking import actions, rows
from tests.app.shown_forms import simple
from tests.support.backend import AppUser, Backend, instance

PHONES = "/projects/1/app-users"


def scanned(payload: str) -> dict[str, dict[str, object]]:
    """The settings as Collect unpacks them."""
    found: dict[str, dict[str, object]] = json.loads(zlib.decompress(base64.b64decode(payload)))
    return found


def test_a_new_phone_shows_its_token_once_and_never_again(backend: Backend) -> None:
    backend.office("tr-01")
    admin = backend.admin
    new = admin.post(PHONES, json={"displayName": "Tablet 4", "office": "tr-01"}).json
    assert {name: new[name] for name in ("displayName", "type", "projectId", "office", "updatedAt", "deletedAt")} == {
        "displayName": "Tablet 4",
        "type": "field_key",
        "projectId": 1,
        "office": "tr-01",
        "updatedAt": None,
        "deletedAt": None,
    }
    assert len(new["token"]) == 64
    assert new["createdBy"]["displayName"] == "Administrator"
    (listed,) = admin.get(PHONES).json
    one = admin.get(f"{PHONES}/{new['id']}").json
    assert listed == one
    assert one["token"] is None
    assert "settingsQr" not in one
    assert new["token"].encode() not in b"".join(row.token_hash for row in rows(backend, models.AccessToken))
    assert "field_key.create" in actions(backend)


def test_the_code_holds_collects_settings_for_this_phone(make_lite: MakeBackend) -> None:
    backend = make_lite(public_url="https://forms.example.org")
    new = backend.admin.post(PHONES, json={"displayName": "Tablet ë"}).json
    settings = scanned(new["settingsQr"]["payload"])
    assert set(settings) == {"general", "admin", "project"}
    general = settings["general"]
    assert general["server_url"] == f"https://forms.example.org/v1/key/{new['token']}/projects/1"
    assert {
        name: general[name]
        for name in ("form_update_mode", "autosend", "delete_send", "app_language", "analytics", "metadata_username")
    } == {
        "form_update_mode": "match_exactly",
        "autosend": "wifi_and_cellular",
        "delete_send": True,
        "app_language": "sq",
        "analytics": False,
        "metadata_username": "Tablet ë",
    }
    protected = ("change_server", "delete_saved", "view_sent", "edit_saved", "save_as_draft", "save_mid")
    assert {name: settings["admin"][name] for name in protected} == dict.fromkeys(protected, False)
    assert settings["project"] == {"name": "Test project", "icon": "T", "color": "#7a3b00"}


def test_the_server_in_the_code_is_the_one_that_was_called(lite: Backend) -> None:
    answer = lite.admin.post(PHONES, json={"displayName": "P"}, base_url="https://called.example.org")
    server = str(scanned(answer.json["settingsQr"]["payload"])["general"]["server_url"])
    assert server.startswith("https://called.example.org/v1/key/")


def test_the_server_in_the_code_takes_the_phones_submission(lite: Backend) -> None:
    admin = lite.admin
    admin.publish(simple("a"))
    new = admin.post(PHONES, json={"displayName": "P", "language": "en"}).json
    settings = scanned(new["settingsQr"]["payload"])["general"]
    assert settings["app_language"] == "en"
    path = str(settings["server_url"]).removeprefix("http://localhost")
    assert lite.client.head(f"{path}/submission").status_code == 204
    data = {"xml_submission_file": (io.BytesIO(instance("a", "<who>x</who>").encode()), "s.xml", "text/xml")}
    assert lite.client.post(f"{path}/submission", data=data).status_code == 201


@pytest.mark.parametrize("name", ["P", "Telefoni i postës së Kukësit " * 8])
def test_a_camera_reads_the_picture_as_the_payload(name: str) -> None:
    project = models.Project(id=1, name="Kundër trafikimit")
    settings = collect_settings.settings_of(project, name, "https://forms.example.org", "t" * 64, "sq")
    payload = collect_settings.payload(settings)
    picture = Image.open(io.BytesIO(collect_settings.picture(payload, kind="png"))).convert("L")
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [payload]
    assert scanned(payload) == settings


def test_the_picture_in_the_answer_is_an_svg_without_scripts(lite: Backend) -> None:
    svg = lite.admin.post(PHONES, json={"displayName": "P"}).json["settingsQr"]["svg"]
    assert svg.startswith("<?xml")
    assert "<svg" in svg
    assert "<script" not in svg


def test_the_code_can_be_shown_in_a_terminal() -> None:
    assert len(collect_settings.terminal("a short text").splitlines()) > 10


def test_a_phone_for_some_forms_gets_and_sends_only_those(backend: Backend) -> None:
    admin = backend.admin
    for form_id in ("a", "b"):
        admin.publish(simple(form_id))
    new = admin.post(PHONES, json={"displayName": "P", "forms": ["b"]}).json
    phone = AppUser(backend.client, new["token"], new["id"], 1)
    listed = phone.get("/formList").text
    assert "<formID>b</formID>" in listed
    assert "<formID>a</formID>" not in listed
    assert phone.get("/forms/b.xml").status_code == 200
    assert phone.get("/forms/a.xml").status_code == 403
    assert phone.get("/forms/a/manifest").status_code == 403
    assert phone.send(instance("b", "<who>x</who>")).status_code == 201
    assert phone.send(instance("a", "<who>x</who>")).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/projects",
        "/projects/1",
        "/projects/1/forms",
        "/projects/1/forms/a",
        "/projects/1/forms/a/fields",
        "/projects/1/forms/a/versions",
        "/projects/1/forms/a/draft",
        "/projects/1/forms/a/submissions",
        "/projects/1/forms/a/submissions.csv",
        "/projects/1/forms/a/submissions.csv.zip",
        "/projects/1/forms/a.svc",
        "/projects/1/forms/a.svc/Submissions",
        "/projects/1/app-users",
        "/projects/1/datasets",
        "/projects/1/datasets/cases/entities",
        "/users",
        "/users/current",
        "/offices",
    ],
)
def test_a_phones_token_reads_nothing_but_blank_forms(lite: Backend, path: str) -> None:
    lite.admin.publish(simple("a"))
    answer = lite.client.get(f"/v1/key/{lite.phone().token}{path}")
    if path == "/projects":
        assert answer.json == []
    else:
        assert answer.status_code in (403, 404)


def test_a_phone_of_one_project_is_nobody_in_another(backend: Backend) -> None:
    admin = backend.admin
    admin.post("/projects", json={"name": "Other"})
    admin.publish(simple("a"))
    admin.publish(simple("a"), project=2)
    phone = backend.phone(project=2)
    at = f"/v1/key/{phone.token}/projects/1"
    for path in ("/formList", "/forms/a.xml", "/forms/a/manifest", "/submission", "/datasets/cases/integrity?id=x"):
        assert backend.client.get(at + path).status_code == 403, path
    other = AppUser(backend.client, phone.token, phone.actor_id, 1)
    assert other.send(instance("a", "<who>x</who>")).status_code == 403
    assert phone.send(instance("a", "<who>x</who>")).status_code == 201
    assert admin.get(f"/projects/1/app-users/{phone.actor_id}").json["code"] == 404.1
    assert admin.delete(f"/projects/1/app-users/{phone.actor_id}").json["code"] == 404.1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400.2),
        ({"displayName": ""}, 400.8),
        ({"displayName": "P", "office": "nowhere"}, 400.8),
        ({"displayName": "P", "forms": ["nothing"]}, 400.8),
        ({"displayName": "P", "language": "it"}, 400.8),
    ],
)
def test_a_phone_that_cannot_be_added_is_refused_and_leaves_nothing(
    lite: Backend, body: dict[str, object], code: float
) -> None:
    assert lite.admin.post(PHONES, json=body).json["code"] == code
    assert rows(lite, models.Actor, models.Actor.type == "field_key") == []


def test_a_phone_that_was_put_out_is_listed_no_more_and_what_it_sent_stays(backend: Backend) -> None:
    admin = backend.admin
    admin.publish(simple("a"))
    phone = backend.phone(name="Lost phone")
    phone.send(instance("a", "<who>x</who>"))
    assert admin.delete(f"{PHONES}/{phone.actor_id}").status_code == 200
    assert admin.get(PHONES).json == []
    assert admin.get(f"{PHONES}/{phone.actor_id}").json["code"] == 404.1
    (sent,) = admin.get("/projects/1/forms/a/submissions", headers={"X-Extended-Metadata": "true"}).json
    assert sent["submitter"]["displayName"] == "Lost phone"
    assert "field_key.delete" in actions(backend)


@pytest.mark.parametrize("role", ["viewer", "formfill", "analyst"])
def test_only_who_manages_a_project_hands_out_codes(lite: Backend, role: str) -> None:
    person = lite.person(Grant(role, 1, all_offices=True))
    assert person.get(PHONES).json["code"] == 403.1
    assert person.post(PHONES, json={"displayName": "P"}).json["code"] == 403.1
    assert lite.person(Grant("manager", 1, all_offices=True)).post(PHONES, json={"displayName": "P"}).status_code == 200
