"""Which doors are there, and where?"""

from __future__ import annotations

from flask import Flask

from app.web import health, home, metrics, password_page
from app.web.api import (
    actor_properties,
    api_keys,
    app_users,
    assignments,
    audits,
    backups,
    comments,
    configuration,
    dataset_diffs,
    datasets,
    draft_submissions,
    drafts,
    encryption_keys,
    entities,
    entity_files,
    entity_geodata,
    entity_versions,
    exports,
    form_versions,
    forms,
    geodata,
    hand_over,
    loosening,
    lost_phones,
    offices,
    oidc,
    password_resets,
    preferences,
    previews,
    projects,
    public_links,
    quarantine,
    reveals,
    roles,
    second_factor,
    security_keys,
    sessions,
    submission_changes,
    submissions,
    users,
    version_files,
)
from app.web.door import Door, Operation
from app.web.odata import lists, tables
from app.web.openrosa import draft, form_list, integrity, submission

API_DOORS: tuple[Door, ...] = (
    sessions.door,
    oidc.door,
    users.door,
    password_resets.door,
    preferences.door,
    configuration.door,
    backups.door,
    api_keys.door,
    second_factor.door,
    security_keys.door,
    roles.door,
    assignments.door,
    offices.door,
    projects.door,
    app_users.door,
    actor_properties.door,
    lost_phones.door,
    forms.door,
    form_versions.door,
    public_links.door,
    drafts.door,
    dataset_diffs.door,
    loosening.door,
    submissions.door,
    submission_changes.door,
    comments.door,
    version_files.door,
    geodata.door,
    draft_submissions.door,
    encryption_keys.door,
    previews.door,
    exports.door,
    quarantine.door,
    reveals.door,
    audits.door,
    tables.door,
    datasets.door,
    entities.door,
    lists.door,
    entity_files.door,
    entity_geodata.door,
    entity_versions.door,
    hand_over.door,
    form_list.door,
    submission.door,
    integrity.door,
    draft.door,
)
OTHER_DOORS: tuple[Door, ...] = (health.door, metrics.door, home.door, password_page.door)

PREFIXES = {door.name: "/v1" for door in API_DOORS}


def operations() -> tuple[Operation, ...]:
    """Every declared route."""
    return tuple(operation for door in (*API_DOORS, *OTHER_DOORS) for operation in door.operations)


def install_routes(app: Flask) -> None:
    """Open every door."""
    for door in API_DOORS:
        app.register_blueprint(door.blueprint, url_prefix="/v1")
    for door in OTHER_DOORS:
        app.register_blueprint(door.blueprint)
