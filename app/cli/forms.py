"""Commands for forms: publish a workbook, list what is there."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.cli.faults import tell_problems
from app.db import models
from app.db.queries import forms as queries
from app.db.queries import projects as project_queries
from app.permissions import ANONYMOUS
from app.services.compile_form import XLSFORM_TYPES, FormSource, compile_source
from app.services.draft_form import create_form, set_draft
from app.services.publish_form import publish_draft


def project_named(name: str) -> models.Project:
    """A project by its code (CT, MA) or number. Raises a usage error that lists them."""
    found = project_queries.project_by_code(name)
    if found is None and name.isdigit():
        found = project_queries.project(int(name))
    if found is None:
        known = ", ".join(f"{each.code or each.id} ({each.name})" for each in project_queries.projects(None))
        raise click.BadParameter(f"there is no project {name}; there are: {known or 'none; run setup'}")
    return found


@click.command("publish")
@click.argument("workbook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", "project_name", required=True, help="Code or number of the project.")
@click.option("--version", "version_name", help="Publish it under this version instead of the workbook's.")
@click.option("--draft", is_flag=True, help="Leave it as a draft to try on a phone.")
@click.option("--ignore-warnings", is_flag=True, help="They were looked at.")
@with_appcontext
@tell_problems
def publish_command(
    workbook: Path, project_name: str, version_name: str | None, draft: bool, ignore_warnings: bool
) -> None:
    """Compile WORKBOOK (.xlsx, .xls, .csv, .md or .xml) and publish it as a form or a new version of one."""
    project = project_named(project_name)
    kind = workbook.suffix.lower()
    if kind not in (*XLSFORM_TYPES, ".xml"):
        raise click.BadParameter(f"{workbook.name}: a form is one of {', '.join((*XLSFORM_TYPES, '.xml'))}")
    source = FormSource(workbook.read_bytes(), kind, workbook.stem)
    compiled = compile_source(source)
    for warning in compiled.warnings:
        click.echo(f"warning: {warning['message']}", err=True)
    form = queries.form(project.id, compiled.schema.xml_form_id)
    if form is None:
        form = create_form(ANONYMOUS, project, source, ignore_warnings=ignore_warnings)
    else:
        current = queries.current_version(form.id)
        version = version_name or compiled.schema.version
        if current is not None and queries.published_version(form.id, version) is not None and not draft:
            raise click.ClickException(
                f"{form.xml_form_id} already has a published version '{version}'; change the version on the settings"
                " sheet, or add --version with a new one"
            )
        set_draft(ANONYMOUS, project, form, source, ignore_warnings=ignore_warnings)
    if not draft:
        publish_draft(ANONYMOUS, project, form, version=version_name)
    state = "draft of" if draft else "published"
    click.echo(
        f"{state} {form.xml_form_id}, version {version_name or compiled.schema.version or '(none)'}, in {project.name}"
    )


@click.command("forms")
@with_appcontext
@tell_problems
def forms_command() -> None:
    """List the forms of every project."""
    for project in project_queries.projects(None):
        click.echo(f"{project.code or project.id}  {project.name}")
        for listed in queries.listed_forms(project.id):
            version = listed.version.version if listed.version is not None else ""
            form, sent = listed.form, listed.totals.submissions
            click.echo(f"    {form.xml_form_id:24} {version:14} {form.state:8} {sent} submissions")


COMMANDS = (publish_command, forms_command)
