"""The words and pictures of the sign-in page: set by an administrator, seen by everybody, drawn again from pixels."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from app.permissions import Grant
from tests.app.looking import actions
from tests.support.backend import Backend, Person

APPEARANCE = "/config/login-appearance"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    """A picture with something behind it that nobody sees."""
    target = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(target, kind)
    return target.getvalue() + b"<script>alert(1)</script>"


def send(person: Person, key: str, content: bytes, kind: str = "image/png") -> Any:
    return person.post(f"/config/{key}", data=content, content_type=kind)


def test_words_are_set_seen_by_everybody_and_unset(backend: Backend) -> None:
    admin, anybody = backend.admin, backend.client
    assert admin.get(APPEARANCE).json["code"] == 404.1
    assert anybody.get("/v1/config/public").json == {}
    for title in ("Before", "Sportel"):
        shown = admin.post(APPEARANCE, json={"title": title, "description": "", "more": 1}).json
    assert (shown["key"], shown["value"]) == ("login-appearance", {"title": "Sportel"})
    assert shown["setAt"].endswith("Z")
    assert admin.get(APPEARANCE).json == anybody.get("/v1/config/public/login-appearance").json == shown
    assert anybody.get("/v1/config/public").json == {"login-appearance": shown}
    assert admin.delete(APPEARANCE).json == admin.delete(APPEARANCE).json == {"success": True}
    assert anybody.get("/v1/config/public").json == {}
    assert actions(backend, "config") == ["config.set"] * 2 + ["config.delete"] * 2


@pytest.mark.parametrize("key", ["logo", "hero-image"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_drawn_again_and_nothing_else_of_its_file_goes_out(lite: Backend, key: str, kind: str) -> None:
    shown = send(lite.admin, key, picture(kind)).json
    assert (shown["key"], shown["blobExists"]) == (key, True)
    for answer in (lite.client.get(f"/v1/config/public/{key}"), lite.admin.get(f"/config/{key}")):
        assert answer.mimetype == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert b"script" not in answer.data
        with Image.open(io.BytesIO(answer.data)) as drawn:
            assert (drawn.format, drawn.size) == ("JPEG", (40, 20))
    etag = answer.headers["ETag"]
    assert lite.client.get(f"/v1/config/public/{key}", headers={"If-None-Match": etag}).status_code == 304
    assert lite.client.get("/v1/config/public").json == {key: shown}


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("key", "content", "kind", "code"),
    [
        ("logo", SVG, "image/svg+xml", 400.8),
        ("logo", b"", "image/png", 400.8),
        ("hero-image", picture()[:60], "image/png", 400.8),
        ("login-appearance", b'{"title": 7}', "application/json", 400.8),
        ("login-appearance", b'{"title": "' + b"x" * 256 + b'"}', "application/json", 400.8),
        ("login-appearance", b"[1]", "application/json", 400.11),
        ("login-appearance", b"{", "application/json", 400.1),
        ("backups.main", b"{}", "application/json", 400.8),
        ("analytics", b'{"enabled": true}', "application/json", 501.9),
    ],
)
def test_what_cannot_be_set(lite: Backend, key: str, content: bytes, kind: str, code: float) -> None:
    assert send(lite.admin, key, content, kind).json["code"] == code
    assert lite.client.get("/v1/config/public").json == {}


def test_usage_reports_are_off_and_said_to_be(lite: Backend) -> None:
    admin = lite.admin
    assert admin.get("/config/analytics").json["value"] == {"enabled": False}
    assert admin.post("/config/analytics", json={"enabled": False}).json["value"] == {"enabled": False}
    assert admin.delete("/config/analytics").json == {"success": True}
    assert admin.get("/analytics/preview").json["code"] == 501.9
    assert lite.client.get("/v1/config/public/analytics").json["code"] == 403.1
    assert lite.client.get("/v1/config/public/logo").json["code"] == 404.1
    assert admin.delete("/config/nothing").json["code"] == 400.8


def test_only_an_administrator_sets_or_reads_it_by_name(lite: Backend) -> None:
    for role in ("manager", "viewer"):
        person = lite.person(Grant(role, 1))
        answers = (person.get(APPEARANCE), person.post(APPEARANCE, json={}), person.delete(APPEARANCE))
        assert {each.json["code"] for each in answers} == {403.1}
