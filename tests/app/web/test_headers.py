"""Headers that protect, on every answer."""

from __future__ import annotations

import pytest

from tests.app.conftest import MakeBackend
from tests.support.backend import Backend


@pytest.mark.parametrize("path", ["/", "/docs", "/live", "/v1/projects", "/v1/nothing", "/v1/projects/1/formList"])
def test_every_answer_carries_the_protecting_headers(lite: Backend, path: str) -> None:
    headers = lite.client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_over_https_the_browser_is_told_to_stay_there(lite: Backend) -> None:
    headers = lite.client.get("/", base_url="https://forms.example.org").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "forms.example.org", "X-Forwarded-For": "192.0.2.7"}


@pytest.mark.parametrize(("proxies", "address"), [(0, "http://localhost"), (1, "https://forms.example.org")])
def test_a_proxys_word_counts_only_if_proxies_are_trusted(make_lite: MakeBackend, proxies: int, address: str) -> None:
    backend = make_lite(trusted_proxies=proxies)
    page = backend.client.get("/", headers=FORWARDED).text
    assert address in page


def test_the_public_address_is_the_one_that_was_set(make_lite: MakeBackend) -> None:
    backend = make_lite(public_url="https://forms.example.org")
    assert "https://forms.example.org" in backend.client.get("/").text
