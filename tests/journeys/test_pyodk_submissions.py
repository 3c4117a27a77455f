"""pyODK, as it is on PyPI, edits, reviews, comments on and reads submissions: with a password, and with an API key."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pyodk.client import Client
from pyodk.errors import PyODKError

from tests.journeys.fruit_trees import form
from tests.support.backend import instance


def test_a_submission_is_edited_reviewed_and_commented_on(client: Client) -> None:
    client.forms.create(form("1"), form_id="fruit trees")
    client.submissions.default_form_id = "fruit trees"
    first, second = f"uuid:{uuid4()}", f"uuid:{uuid4()}"
    client.submissions.create(instance("fruit trees", "<who>Drita</who>", instance_id=first))
    edit = instance(
        "fruit trees",
        "<who>Mira</who>",
        instance_id=second,
        meta=f"<orx:deprecatedID>{first}</orx:deprecatedID>",
    )
    client.submissions.edit(first, edit, comment="her name was wrong")
    assert client.submissions.get(first).reviewState == "edited"
    client.submissions.review(first, "approved", comment="looked at")
    assert client.submissions.get(first).reviewState == "approved"
    client.submissions.add_comment(first, "thank you")
    comments = [each.body for each in client.submissions.list_comments(first)]
    assert sorted(comments) == ["her name was wrong", "looked at", "thank you"]
    (row,) = client.submissions.get_table()["value"]
    assert (row["__id"], row["who"], row["__system"]["reviewState"]) == (first, "Mira", "approved")
    client.submissions.edit(first, edit)  # the same once more changes nothing
    with pytest.raises(PyODKError) as refused:
        client.submissions.edit(first, edit.replace(second, f"uuid:{uuid4()}"))
    assert refused.value.is_central_error(409.9)


def test_tables_are_read_in_parts(client: Client) -> None:
    client.forms.create(form("1"), form_id="fruit trees")
    client.submissions.default_form_id = "fruit trees"
    for number in range(3):
        client.submissions.create(instance("fruit trees", f"<who>{number}</who>", instance_id=f"uuid:{number}"))
    page = client.submissions.get_table(skip=1, top=1, count=True, filter="year(__system/submissionDate) ge 2026")
    assert (page["@odata.count"], [row["who"] for row in page["value"]]) == (3, ["1"])
    chosen = client.submissions.get_table(select="who", wkt=True)["value"]
    assert chosen == [{"who": "2"}, {"who": "1"}, {"who": "0"}]
    assert len(client.submissions.get_table(expand="*")["value"]) == 3
