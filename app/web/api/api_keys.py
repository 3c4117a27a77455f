"""Keys for scripts and spreadsheets."""

from __future__ import annotations

from typing import Any

from app.permissions import SIGNED_IN
from app.services.api_keys import add_key, keys_of, revoke_key
from app.web.door import Door, Here, success
from app.web.schemas import SuccessSchema
from app.web.schemas.identity import ApiKeySchema, NewApiKeySchema

door = Door("api_keys", tag="API keys")

_ALL = "/users/<int:actor_id>/api-keys"


@door.route("GET", _ALL, verb=SIGNED_IN, summary="A person's API keys", returns=ApiKeySchema(many=True))
def list_keys(here: Here, actor_id: int) -> list[dict[str, Any]]:
    return keys_of(here.actor, actor_id)


@door.route(
    "POST",
    _ALL,
    verb=SIGNED_IN,
    summary="Make an API key of one's own; it is shown this once",
    body=NewApiKeySchema(),
    returns=ApiKeySchema(),
)
def create(here: Here, actor_id: int, body: dict[str, Any]) -> dict[str, Any]:
    new = add_key(here.actor, actor_id, body)
    (shown,) = (each for each in keys_of(here.actor, actor_id) if each["id"] == new.key_id)
    return shown | {"token": new.token}


@door.route(
    "DELETE",
    f"{_ALL}/<int:key_id>",
    verb=SIGNED_IN,
    summary="Revoke an API key: its next request is refused",
    returns=SuccessSchema(),
)
def delete(here: Here, actor_id: int, key_id: int) -> dict[str, bool]:
    revoke_key(here.actor, actor_id, key_id)
    return success()
