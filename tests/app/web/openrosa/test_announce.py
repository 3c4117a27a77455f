"""HEAD before sending: 204 and nothing else is an OpenRosa server to a phone."""

from __future__ import annotations

from app.permissions import Grant
from tests.app.conftest import MakeBackend
from tests.support.backend import Backend


def test_head_answers_204_with_the_openrosa_headers(make_lite: MakeBackend) -> None:
    backend = make_lite(max_request_bytes=60_000_000)
    phone = backend.phone()
    for method in ("HEAD", "GET"):
        answer = backend.client.open(f"{phone.at}/submission?deviceID=x", method=method)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["X-OpenRosa-Version"] == "1.0"
        assert answer.headers["X-OpenRosa-Accept-Content-Length"] == "60000000"
        assert "Location" not in answer.headers
        assert answer.headers["Date"].endswith("GMT")


def test_head_is_refused_to_who_may_not_send(lite: Backend) -> None:
    phone = lite.phone()
    lite.admin.post("/projects", json={"name": "Other"})
    assert lite.client.head(f"/v1/key/{phone.token}/projects/2/submission").status_code == 403
    assert lite.client.head(f"/v1/key/{'x' * 64}/projects/1/submission").status_code == 403
    assert lite.client.head("/v1/projects/1/submission").status_code == 401
    assert lite.client.head(f"/v1/key/{phone.token}/projects/9/submission").status_code == 404
    assert lite.person().request("HEAD", "/projects/1/submission").status_code == 403
    assert lite.person(Grant("formfill", 1)).request("HEAD", "/projects/1/submission").status_code == 204
