"""A file is saved under a name that shows what it is, whatever its sender called it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from app.storage.directory import DirectoryStore
from app.web.downloads import as_download
from tests.app.shown_forms import VISIT
from tests.support.backend import Backend, instance


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.jpg", 'attachment; filename="a.jpg"'),
        ("two words.jpg", 'attachment; filename="two words.jpg"'),
        ("fotografi e Çelës.jpg", "attachment; filename=\"fotografi e _el_s.jpg\"; filename*=UTF-8''fotografi%20e%20%C3%87el%C3%ABs.jpg"),
        ('a".jpg', "attachment; filename=\"a_.jpg\"; filename*=UTF-8''a%22.jpg"),
        ("100%.jpg", "attachment; filename=\"100_.jpg\"; filename*=UTF-8''100%25.jpg"),
        ("../../etc/passwd", 'attachment; filename="_.._etc_passwd"'),
        ("C:\\Windows\\x.exe", 'attachment; filename="C__Windows_x.exe"'),
        ("a\r\nSet-Cookie: x=y", 'attachment; filename="a__Set-Cookie_ x=y"'),
        ("photo\u202egpj.exe", 'attachment; filename="photo_gpj.exe"'),
        ("…", "attachment; filename=\"_\"; filename*=UTF-8''%E2%80%A6"),
        (" . ", 'attachment; filename="file"'),
        ("", 'attachment; filename="file"'),
    ],
)  # fmt: skip
def test_the_name_is_as_it_was_sent_but_for_what_would_mislead(name: str, header: str) -> None:
    assert as_download(name) == header


@given(st.text())
def test_any_name_makes_one_header_line_that_every_client_can_read(name: str) -> None:
    header = as_download(name)
    assert header.isascii()
    assert header.isprintable()
    kind, options = parse_options_header(header)
    assert kind == "attachment"
    assert options["filename"]
    assert not set(options["filename"]) & set("/\\\r\n\0")


def test_a_long_name_keeps_its_end_which_tells_what_it_is() -> None:
    assert as_download("x" * 400 + ".jpg") == f'attachment; filename="{"x" * 146}.jpg"'


def test_a_file_is_asked_of_the_storage_once_and_given_back_unread(
    lite: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    lite.admin.publish(VISIT)
    sent = instance("visit", "<pic>a.jpg</pic>", instance_id="uuid:1")
    assert lite.phone().send(sent, {"a.jpg": b"photo"}).status_code == 201
    admin, opened = lite.admin, []
    look = DirectoryStore.open

    def noted(store: DirectoryStore, key: str) -> Any:
        opened.append(look(store, key))
        return opened[-1]

    monkeypatch.setattr(DirectoryStore, "open", noted)
    at = "/projects/1/forms/visit/submissions/uuid:1/attachments/a.jpg"
    assert (admin.get(at).data, admin.request("HEAD", at).data) == (b"photo", b"")
    assert [file.closed for file in opened] == [True, True]
