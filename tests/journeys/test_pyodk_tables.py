"""pyODK, as it is on PyPI, reads tables by OData and merges a table of its own into an entity list."""

from __future__ import annotations

from pyodk.client import Client


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
