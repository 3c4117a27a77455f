"""A token in the path is cut out before anything else sees the path."""

from __future__ import annotations

from typing import Any

import pytest

from app.web.prefix import KEY_TOKEN, TEST_TOKEN, TokenPrefix


def through(path: str, **more: str) -> dict[str, Any]:
    """What the application behind the middleware sees."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return []

    TokenPrefix(application)({"PATH_INFO": path, **more}, lambda *_: None)
    return seen


@pytest.mark.parametrize(
    ("path", "onward", "key", "test"),
    [
        ("/v1/key/abc/projects/1/formList", "/v1/projects/1/formList", "abc", None),
        ("/v1/key/abc/", "/v1/", "abc", None),
        ("/v1/test/abc/projects/1/forms/f/draft/formList", "/v1/test/projects/1/forms/f/draft/formList", None, "abc"),
        ("/v1/key/a/key/b/projects", "/v1/key/b/projects", "a", None),
        ("/v1/key/abc", "/v1/key/abc", None, None),
        ("/v1/projects/1", "/v1/projects/1", None, None),
        ("/v1/keys/abc/x", "/v1/keys/abc/x", None, None),
        ("", "", None, None),
    ],
)
def test_the_token_is_moved_out_of_the_path(path: str, onward: str, key: str | None, test: str | None) -> None:
    seen = through(path)
    assert seen["PATH_INFO"] == onward
    assert seen.get(KEY_TOKEN) == key
    assert seen.get(TEST_TOKEN) == test


def test_what_a_server_may_log_does_not_hold_the_token() -> None:
    seen = through("/v1/key/secret/x", RAW_URI="/v1/key/secret/x?a=1", REQUEST_URI="/v1/key/secret/x?a=1")
    assert "secret" not in seen["RAW_URI"] + seen["REQUEST_URI"]


def test_a_client_cannot_name_a_token_by_a_header() -> None:
    assert KEY_TOKEN not in through("/v1/projects", HTTP_SPORTEL_KEY_TOKEN="x")
