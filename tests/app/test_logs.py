"""What reaches the log: events and routes, never a token or an answer."""

from __future__ import annotations

import json

import pytest

from app.logs import mask
from tests.app.conftest import MakeBackend
from tests.app.shown_forms import simple
from tests.support.backend import instance

TOKEN = "abc!$_-" + "x" * 57


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"GET /v1/key/{TOKEN}/projects/1/formList", "GET /v1/key/…/projects/1/formList"),
        (f"POST /v1/test/{TOKEN}/projects/1", "POST /v1/test/…/projects/1"),
        (f"/v1/projects/1/formList?st={TOKEN}", "/v1/projects/1/formList?st=…"),
        (f"/v1/x?a=b&st={TOKEN}&c=d", "/v1/x?a=b&st=…&c=d"),
        (f'"GET /v1/key/{TOKEN} HTTP/1.1"', '"GET /v1/key/… HTTP/1.1"'),
        (f"/v1/key/{TOKEN}/a and /v1/key/{TOKEN}/b", "/v1/key/…/a and /v1/key/…/b"),
        (f"/%761/key/{TOKEN}/x", "/%761/key/…/x"),
        (f"/v1%2Fkey%2F{TOKEN}", "/v1%2Fkey%2F…"),
        ("/v1/key/short%21%24/projects", "/v1/key/…/projects"),
        (f"token={TOKEN}, next", "token=…, next"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer …"),
        ("'basic dXNlcjpwYXNz', x", "'basic …', x"),
        ("postgresql://user:password@db:5432/x", "postgresql://…@db:5432/x"),
        ("/b/k?X-Amz-Signature=abc&X-Amz-Credential=id%2F1&x=1", "/b/k?X-Amz-Signature=…&X-Amz-Credential=…&x=1"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_tokens_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_request_is_logged_by_its_route_and_without_token_answer_or_instance(
    make_lite: MakeBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = make_lite(log_format="json")
    backend.admin.publish(simple("a"))
    phone = backend.phone()
    capsys.readouterr()
    assert phone.send(instance("a", "<who>canary-answer</who>", instance_id="uuid:canary-id")).status_code == 201
    assert phone.get("/forms/a.xml").status_code == 200
    assert backend.client.get(f"/v1/projects/1/formList?st={phone.token}").status_code == 200
    written = capsys.readouterr()
    events = [json.loads(line) for line in written.err.splitlines()]
    assert [(event["event"], event["method"], event["route"], event["status"]) for event in events] == [
        ("request", "POST", "/v1/projects/<int:project_id>/submission", 201),
        ("request", "GET", "/v1/projects/<int:project_id>/forms/<xml_form_id>.xml", 200),
        ("request", "GET", "/v1/projects/<int:project_id>/formList", 200),
    ]
    assert {event["actor"] for event in events} == {phone.actor_id}
    for secret in (phone.token, "canary"):
        assert secret not in written.err + written.out


def test_the_signs_of_life_are_not_logged(make_lite: MakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    backend = make_lite()
    capsys.readouterr()
    backend.client.get("/live")
    backend.client.get("/ready")
    assert capsys.readouterr().err == ""
