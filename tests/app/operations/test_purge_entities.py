"""Thirty days after it went into the trash a case is gone, and nobody reads it again; what was brought back stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db import models
from app.services.outbox_work import CHORES
from app.services.purge_entities import is_anything_to_purge, purge_entities
from tests.app.looking import actions, count, rows
from tests.support.backend import Backend

LISTS = "/projects/1/datasets"
OLD = timedelta(days=30, minutes=1)


@pytest.fixture
def cases(backend: Backend) -> dict[str, str]:
    """Three cases of one list and one of another, by label."""
    admin, uuids = backend.admin, {}
    for name, labels in (("trees", ("fig", "oak", "pear")), ("rocks", ("chalk",))):
        assert admin.post(LISTS, json={"name": name}).status_code == 200
        for label in labels:
            uuids[label] = admin.post(f"{LISTS}/{name}/entities", json={"label": label}).json["uuid"]
    return uuids


def age(backend: Backend, model: Any, *where: Any) -> None:
    """As if it had gone into the trash earlier."""
    with backend.database() as session:
        assert session.query(model).filter(*where).update({"deleted_at": now() - OLD}) == 1
        session.commit()


def purge(backend: Backend) -> int:
    with backend.app.app_context():
        due = is_anything_to_purge()
        done = purge_entities()
        assert due == bool(done)
        assert not is_anything_to_purge()
        return done


def test_a_case_is_purged_after_its_time_and_not_before(backend: Backend, cases: dict[str, str]) -> None:
    admin, at = backend.admin, f"{LISTS}/trees/entities"
    for label in ("fig", "oak"):
        assert admin.delete(f"{at}/{cases[label]}").status_code == 200
    age(backend, models.Entity, models.Entity.uuid == cases["fig"])
    assert purge(backend) == 1
    assert [each["uuid"] for each in admin.get(f"{at}?deleted=true").json] == [cases["oak"]]
    assert admin.post(f"{at}/{cases['fig']}/restore").json["code"] == 404.1
    assert admin.post(f"{at}/{cases['oak']}/restore").status_code == 200
    # The number and the UUID stay taken: the audit speaks of them.
    assert admin.post(at, json={"label": "x", "uuid": cases["fig"]}).json["code"] == 409.3
    assert count(backend, models.EntityVersion) == 3
    destroyed = rows(backend, models.DataKey, models.DataKey.destroyed_at.is_not(None))
    assert [key.wrapped for key in destroyed] == [None]
    assert actions(backend, "entity.purge") == ["entity.purge"]
    assert purge(backend) == 0


def test_a_list_is_purged_with_its_cases(backend: Backend, cases: dict[str, str]) -> None:
    admin = backend.admin
    assert admin.delete(f"{LISTS}/trees").status_code == 200
    (gone,) = admin.get(f"{LISTS}?deleted=true").json
    trash = f"/projects/1/trash/datasets/{gone['id']}/entities.csv"
    assert purge(backend) == 0
    assert len(admin.get(trash).text.splitlines()) == 4
    age(backend, models.Dataset, models.Dataset.id == gone["id"])
    assert purge(backend) == 3
    assert admin.get(f"{LISTS}?deleted=true").json == []
    assert admin.get(trash).json["code"] == 404.1
    assert [each["name"] for each in admin.get(LISTS).json] == ["rocks"]
    assert len(admin.get(f"{LISTS}/rocks/entities").json) == 1
    assert actions(backend, "dataset.purge") == ["dataset.purge"]


def test_it_is_a_chore_of_the_worker() -> None:
    assert purge_entities in [each.act for each in CHORES]
