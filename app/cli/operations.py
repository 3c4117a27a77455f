"""Commands that keep what was taken: sweep, check, copy, restore, change the key, erase.

Each loads its service when it runs: the commands are known to the serving process too, which needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from app.cli.faults import tell_problems
from app.cli.forms import project_named
from app.cli.showing import give, progress_shown, tell_refusals
from app.permissions import ANONYMOUS

# A backup that was made, and lacks files that rows name.
INCOMPLETE = 3

_FILE = click.Path(dir_okay=False, path_type=Path)
_SECRET = click.Path(exists=True, dir_okay=False, path_type=Path)


def _command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """What every command here has: the application, faults in one line, --json."""

    def made(function: Callable[..., Any]) -> click.Command:
        wrapped = tell_problems(tell_refusals(function))
        option = click.option("--json", "as_json", is_flag=True, help="Give the outcome as one JSON document.")
        return click.command(name)(option(with_appcontext(wrapped)))

    return made


@_command("sweep")
@click.option("--now", "at_once", is_flag=True, help="Delete in this sweep what otherwise the next one would.")
@click.option(
    "--older-than",
    type=click.IntRange(0, 8760),
    metavar="HOURS",
    help="Instead of SPORTEL_SWEEP_HOURS; less than an hour only where nobody is sending.",
)
def sweep_command(at_once: bool, older_than: int | None, as_json: bool) -> None:
    """Take away what a crash left behind: unfinished uploads, files and data keys that no row names.

    The first sweep marks, the next one deletes what is still unnamed.
    """
    from app.services.sweep import sweep

    age = None if older_than is None else timedelta(hours=older_than)
    with progress_shown(as_json) as progress:
        swept = sweep(at_once=at_once, older_than=age, progress=progress)
    text = "\n".join(f"{each.kind}: {each.seen} seen, {each.marked} marked, {each.deleted} deleted" for each in swept)
    give({"swept": swept}, as_json, text)


@_command("fsck")
def fsck_command(as_json: bool) -> None:
    """Read every sealed XML, record, case and file again. Ends with status 1 if something is wrong."""
    from app.services.fsck import fsck

    with progress_shown(as_json) as progress:
        checked = fsck(progress)
    lines = [f"{fault.place}: {fault.kind}: {fault.detail}" for fault in checked.faults]
    lines += [f"{count} {what} read" for what, count in checked.counts.items()]
    lines.append(
        f"{len(checked.faults)} faults; {checked.erased} keys destroyed by erasure; {checked.orphans} files that no row"
        " names (see sweep)"
    )
    give(checked, as_json, "\n".join(lines))
    if not checked.sound:
        raise SystemExit(1)


@_command("backup")
@click.argument("file", type=_FILE)
@click.option("--recipient", "recipients", multiple=True, metavar="age1…", help="An age public key; may be repeated.")
@click.option("--passphrase-file", type=_SECRET, help="A file with a passphrase in its first line, mode 0400.")
@click.option("--with-key", is_flag=True, help="Refused: a backup with its key opens to whoever finds it.")
def backup_command(
    file: Path, recipients: tuple[str, ...], passphrase_file: Path | None, with_key: bool, as_json: bool
) -> None:
    """Copy everything at one moment into FILE, encrypted, while the service runs. The key file is NOT in it."""
    from app.services.age_files import lock_to, lock_with, read_passphrase
    from app.services.backup import back_up

    if with_key:
        raise click.UsageError(
            "the key file never goes into a backup: who finds one must not be able to open it. Copy it to another place"
            " by itself, once, and after each rotate-key"
        )
    if bool(recipients) == bool(passphrase_file):
        raise click.UsageError("give --recipient with an age public key, or --passphrase-file; not both")
    with progress_shown(as_json) as progress:
        lock = lock_to(recipients) if passphrase_file is None else lock_with(read_passphrase(passphrase_file))
        made = back_up(file, lock, progress)
    click.echo(
        f"The key file is NOT in this backup. Without the key {', '.join(made.wrapping_keys)} nobody can read it:"
        " keep the key file in another place.",
        err=True,
    )
    text = f"{made.file}: {made.rows} rows, {made.blobs} files, {made.size_bytes} bytes"
    if made.absent:
        text += f"\n{len(made.absent)} files that rows name are missing from the storage; run: flask sportel fsck"
    give(made, as_json, text)
    if made.absent:
        raise SystemExit(INCOMPLETE)


@_command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--identity", "identity_file", type=_SECRET, help="The age identity file of a recipient, mode 0400.")
@click.option("--passphrase-file", type=_SECRET, help="The file with the passphrase, mode 0400.")
def restore_command(file: Path, identity_file: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Restore FILE into the configured place, which must be empty, on SQLite or PostgreSQL; erasures are kept."""
    from app.services.age_files import read_identities, read_passphrase, unlock_with
    from app.services.restore import restore

    if (identity_file is None) == (passphrase_file is None):
        raise click.UsageError("give --identity with the age identity file, or --passphrase-file; not both")
    with progress_shown(as_json) as progress:
        passphrase = None if passphrase_file is None else read_passphrase(passphrase_file)
        identities = None if identity_file is None else read_identities(identity_file)
        done = restore(file, unlock_with(passphrase, identities), progress)
    text = (
        f"Restored the backup of {done.made_at} ({done.from_database}): {done.rows} rows and {done.blobs} files,"
        f" compared with the backup. {done.erased_again} erased again by the ledger."
    )
    if done.absent:
        text += f"\n{len(done.absent)} files were missing already when the backup was made."
    give(done, as_json, text)


@_command("digest")
def digest_command(as_json: bool) -> None:
    """Show rows and SHA-256 of each table's canonical dump: the same on two places that hold the same."""
    from app.services.canonical_dump import digests

    found = digests()
    give(found, as_json, "\n".join(f"{each.sha256}  {each.rows:9}  {name}" for name, each in found.items()))


@_command("rotate-key")
@click.option("--retire-old", is_flag=True, help="Drop the keys that wrap nothing any more, instead.")
def rotate_key_command(retire_old: bool, as_json: bool) -> None:
    """Add a new sealing key and wrap every data key with it. May be stopped at any moment, and run again."""
    from app.services.rotate_key import retire_old_keys, rotate_key

    if retire_old:
        retired = retire_old_keys()
        text = f"Dropped {', '.join(retired)}; backups from before open no more." if retired else "No old key is left."
        give({"retired": retired}, as_json, text)
        return
    with progress_shown(as_json) as progress:
        done = rotate_key(progress)
    how = "added the key" if done.new_key_id else "the active key is"
    give(
        done,
        as_json,
        f"{how} {done.active_id}; {done.rewrapped} data keys wrapped again. Back up the key file now, then, after"
        " backups from before may go: flask sportel rotate-key --retire-old",
    )


@_command("erase")
@click.argument("instance_id")
@click.option("--project", "project_name", required=True, help="Code or number of the project.")
@click.option("--form", "xml_form_id", required=True, help="The form's ID.")
@click.option("--reason", required=True, help="Who asked and why, without names; it is kept for ever.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_command(instance_id: str, project_name: str, xml_form_id: str, reason: str, yes: bool, as_json: bool) -> None:
    """Erase the submission INSTANCE_ID for ever, with its files, edits and what was kept aside of it."""
    from app.db.queries.forms import forms_called
    from app.services.erase_submission import erase_submission

    project = project_named(project_name)
    forms = forms_called(project.id, xml_form_id)
    if not forms:
        raise click.BadParameter(f"there is no form {xml_form_id} in {project.name}; run: flask sportel forms")
    if not yes:
        click.confirm("This cannot be undone, not even from a backup. Erase?", abort=True, err=True)
    erased = erase_submission(ANONYMOUS, forms[0], instance_id, reason)
    lines = [f"Erased: {erased.versions} versions, {erased.files} files, {erased.kept_aside} kept aside."]
    if erased.entities:
        lines.append("Cases that it made or changed are NOT erased; decide on each:")
        lines += [
            f"  {each.dataset} {each.uuid}{' (made only by this submission)' if each.only_from_this else ''}"
            for each in erased.entities
        ]
    lines.append("Older backups hold it until their keys go: run rotate-key, and --retire-old.")
    give(erased, as_json, "\n".join(lines))


COMMANDS = (
    sweep_command,
    fsck_command,
    backup_command,
    restore_command,
    digest_command,
    rotate_key_command,
    erase_command,
)
