"""pyODK, as it is on PyPI, does its work against Sportel: signed in with a password, and with an API key.

Every endpoint that it has, in the order of somebody's work: forms, submissions, tables, phones, entity lists, cases.
"""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from pyodk.client import Client
from pyodk.errors import PyODKError

from tests.journeys.fruit_trees import form, written
from tests.support.backend import instance


def test_forms_are_created_updated_and_published_with_their_files(client: Client, tmp_path: Path) -> None:
    fruits = written(tmp_path, "fruits.csv", "name,label\nfig,Fig\n")
    made = client.forms.create(form("1"), attachments=[fruits], form_id="fruit trees")
    assert (made.xmlFormId, made.name, made.state) == ("fruit trees", "A form", "open")
    client.forms.update("fruit trees", definition=form("2"))
    client.forms.update("fruit trees", attachments=[fruits], version_updater=lambda version: f"{version}.1")
    client.forms.update("fruit trees", definition=form("3"), attachments=[fruits])
    assert [(each.xmlFormId, each.version) for each in client.forms.list()] == [("fruit trees", "3")]
    shown = client.forms.get("fruit trees")
    assert (shown.version, shown.projectId, shown.publishedAt is None) == ("3", client.project_id, False)
    assert client.forms.get_xml("fruit trees") == form("3")
    with pytest.raises(PyODKError) as refused:
        client.forms.create(form("1"), form_id="fruit trees")
    assert refused.value.is_central_error(409.3)


def test_submissions_are_sent_with_files_and_read_back(client: Client, tmp_path: Path) -> None:
    client.forms.create(form("1"), form_id="fruit trees")
    # Characters that pyODK does not encode in an address.
    name = f"uuid:{uuid4()}*'()"
    picture = written(tmp_path, "fig.jpg", "a picture")
    xml = instance("fruit trees", "<who>Drita</who><pic>fig.jpg</pic>", instance_id=name)
    sent = client.submissions.create(xml, form_id="fruit trees", device_id="a laptop", attachments=[picture])
    assert (sent.instanceId, sent.deviceId) == (name, "a laptop")
    assert [(each.name, each.exists) for each in sent.attachments] == [("fig.jpg", True)]
    assert [each.instanceId for each in client.submissions.list("fruit trees")] == [name]
    assert client.submissions.get(name, "fruit trees").submitterId == sent.submitterId
    (row,) = client.submissions.get_table("fruit trees", count=True)["value"]
    assert (row["__id"], row["who"]) == (name, "Drita")


def test_phones_are_added_and_given_forms(client: Client, request: pytest.FixtureRequest) -> None:
    client.forms.create(form("1"), form_id="fruit trees")
    # Who gives rights to whom is a person's decision, which no key takes.
    forms = ["fruit trees"] if "password" in request.node.name else None
    (phone,) = client.projects.create_app_users(["Phone 1"], forms=forms)
    assert (phone.displayName, len(phone.token)) == ("Phone 1", 64)
    project = client.projects.get()
    assert project.id == client.project_id
    assert project.id in [each.id for each in client.projects.list()]


def test_entity_lists_and_cases_are_made_and_changed(client: Client) -> None:
    lists, cases = client.entity_lists, client.entities
    # What is added by hand needs no approval.
    made = lists.create(entity_list_name="trees", approval_required=True)
    assert (made.name, made.approvalRequired) == ("trees", True)
    for name in ("kind", "height"):
        assert lists.add_property(name=name, entity_list_name="trees")
    assert [each.name for each in lists.list()] == ["trees"]
    assert [each.name for each in lists.get("trees").properties] == ["kind", "height"]
    lists.default_entity_list_name = cases.default_entity_list_name = "trees"

    fig = cases.create(label="A fig", data={"kind": "fig"})
    assert cases.create_many([{"label": "A pear", "kind": "pear"}, {"label": "An oak", "height": "30"}])
    renamed = cases.update(fig.uuid, label="An old fig", base_version=1)
    assert (renamed.currentVersion.version, renamed.currentVersion.data) == (2, {"kind": "fig"})
    with pytest.raises(PyODKError) as refused:
        cases.update(fig.uuid, data={"height": "4"}, base_version=1)
    assert refused.value.is_central_error(409.15)
    assert cases.update(fig.uuid, data={"height": "4"}, force=True).currentVersion.version == 3
    assert cases.delete(fig.uuid)
    assert sorted(each.currentVersion.label for each in cases.list()) == ["A pear", "An oak"]
