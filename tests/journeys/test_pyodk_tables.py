"""pyODK, as it is on PyPI, reads tables by OData and merges a table of its own into an entity list."""

from __future__ import annotations

from pyodk.client import Client

from tests.journeys.fruit_trees import form
from tests.support.backend import instance


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


def test_a_table_is_merged_into_an_entity_list(client: Client) -> None:
    client.entity_lists.create(entity_list_name="trees")
    client.entities.default_entity_list_name = "trees"
    for name in ("fig", "oak"):
        client.entities.merge([{"label": name, "height": "3"}], match_keys=["label"], add_new_properties=True)
    client.entities.merge(
        [{"label": "fig", "height": "4"}, {"label": "pear", "height": "5"}],
        match_keys=["label"],
        update_matched=True,
        delete_not_matched=True,
    )
    rows = client.entities.get_table(count=True)["value"]
    assert sorted((row["label"], row["height"]) for row in rows) == [("fig", "4"), ("pear", "5")]
