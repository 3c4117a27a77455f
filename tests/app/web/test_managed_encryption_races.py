"""A project gets its key while somebody else changes a form of it: both end, and no form is left without the key."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.db.queries import encryption as key_queries
from app.services import publish_form
from tests.app.shown_forms import simple
from tests.support.backend import Backend, Person

AT = "/projects/1/forms/visit"
SECONDS_TO_MEET = 1
SECONDS_AT_MOST = 30


def meet(
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[Any, str],
    first: Callable[[], TestResponse],
    then: Callable[[], TestResponse],
) -> tuple[int, int]:
    """The statuses of `first`, which is held at this place until `then` has begun, and of `then`."""
    arrived, go_on, original = Event(), Event(), getattr(*place)

    def held(*arguments: Any, **named: Any) -> Any:
        arrived.set()
        go_on.wait(SECONDS_AT_MOST)
        return original(*arguments, **named)

    monkeypatch.setattr(*place, held)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert arrived.wait(SECONDS_AT_MOST)
        other = pool.submit(then)
        # It waits for the first one now, or has ended; a lock that is waited for cannot be seen from here.
        Event().wait(SECONDS_TO_MEET)
        go_on.set()
        return one.result(SECONDS_AT_MOST).status_code, other.result(SECONDS_AT_MOST).status_code


def people(backend: Backend) -> tuple[Person, Person]:
    """Two administrators, each at a client of their own; there is a form with a draft."""
    backend.admin.publish(simple("visit"))
    assert backend.admin.post(f"{AT}/draft?ignoreWarnings=true").status_code == 200
    one, other = backend.admin, backend.admin
    return tuple(Person(backend.app.test_client(), each.token, each.actor_id) for each in (one, other))  # type: ignore[return-value]


def give_key(by: Person) -> TestResponse:
    return by.post("/projects/1/key", json={"passphrase": "correct horse battery"})


def test_a_draft_that_comes_while_the_project_gets_its_key_is_to_be_sent_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = people(backend)
    new = {"data": simple("visit", "2").encode(), "content_type": "text/markdown"}
    statuses = meet(
        monkeypatch,
        (key_queries, "versions_in_use"),
        lambda: give_key(one),
        lambda: other.post(f"{AT}/draft?ignoreWarnings=true", **new),
    )
    assert statuses == (200, 409)
    assert (
        one.get(AT).json["keyId"]
        == one.get(f"{AT}/draft").json["keyId"]
        == one.get("/projects/1").json["keyId"]
        is not None
    )


def test_who_publishes_what_has_just_got_the_key_is_to_try_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = people(backend)
    publish = f"{AT}/draft/publish?version=2"
    statuses = meet(
        monkeypatch, (publish_form, "refuse_unapproved"), lambda: one.post(publish), lambda: give_key(other)
    )
    assert statuses == (409, 200)
    assert one.post(publish).status_code == 200
    assert one.get(AT).json["keyId"] == one.get("/projects/1").json["keyId"] is not None


def test_a_draft_that_is_published_while_the_project_gets_its_key_gets_it_after(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = people(backend)
    statuses = meet(
        monkeypatch,
        (publish_form, "publish_lists"),
        lambda: one.post(f"{AT}/draft/publish?version=2"),
        lambda: give_key(other),
    )
    assert statuses == (200, 200)
    assert one.get(AT).json["keyId"] == one.get("/projects/1").json["keyId"] is not None


def test_who_publishes_a_draft_that_was_just_replaced_is_told_of_no_key(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = people(backend)
    new = {"data": simple("visit", "3").encode(), "content_type": "text/markdown"}
    statuses = meet(
        monkeypatch,
        (publish_form, "refuse_unapproved"),
        lambda: one.post(f"{AT}/draft/publish?version=2"),
        lambda: other.post(f"{AT}/draft?ignoreWarnings=true", **new),
    )
    assert statuses == (404, 200)
