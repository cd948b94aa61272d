"""`backup` and `restore`."""

from pathlib import Path

import click

from governance.cli.context import answer_json, answer_table, as_json, make_sure, opened, say, settings
from governance.custody import keeping
from governance.custody.backup import nightly
from governance.custody.places import Places
from governance.custody.restore import newest_backup, require_keyring
from governance.custody.restore import restore as restore_backup
from governance.custody.swapping import drop_replaced
from governance.erasure import operations as erasures
from governance.kernel.folders import prepare_data_dir
from governance.kernel.server import reach
from governance.kernel.work import OPERATOR
from governance.retention import operations as retention
from governance.retention.operations import RunState

ROWS_TOLD = 50_000

_folder = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.option("--list", "listing", is_flag=True, help="Show what backups there are.")
@click.option("--verify", "checked", type=_folder, help="Decrypt a backup to its end instead of making one.")
@as_json
def backup(*, listing: bool, checked: Path | None, as_json: bool) -> None:
    """Make a backup: data and keys apart, encrypted, verified. As many are kept as GOVERNANCE_BACKUP_KEEP says."""
    if listing:
        _list(as_json=as_json)
    elif checked is not None:
        with opened() as store:
            manifest = keeping.verify(checked, store.keyring)
        say(f"The backup of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC is whole.")
    else:
        with opened() as store:
            done = nightly(store, OPERATOR)
        if as_json:
            answer_json({"folder": str(done.made.folder), "removed": done.pruned.backups})
            return
        click.echo(str(done.made.folder))
        say("Copy it to another machine. It is restored with this keyring only: keep the recovery sheet elsewhere.")


def _list(*, as_json: bool) -> None:
    found = keeping.backups(Places(settings().data_dir).backups)
    shown = [
        {
            "folder": str(one.folder),
            "made_at": one.manifest.made_at,
            "data": one.manifest.has_data,
            "keys": one.has_keys,
            "bytes": sum(facts.length for facts in one.manifest.files.values()),
        }
        for one in found
    ]
    if as_json:
        answer_json(shown)
        return
    answer_table(["folder", "made", "data", "keys", "bytes"], [tuple(one.values()) for one in shown])


@click.command()
@click.argument("folder", type=_folder, required=False)
@click.option("--keys", "keys", type=_folder, help="Folder of the dump of keys to use; the newest that fits otherwise.")
@click.option("--drop-old", is_flag=True, help="Restore nothing: drop what restores left beside the database.")
@click.option("--yes", is_flag=True, help="Restore without asking.")
@as_json
def restore(*, folder: Path | None, keys: Path | None, drop_old: bool, yes: bool, as_json: bool) -> None:
    """Restore a backup, the newest one if FOLDER is not given. The service must not be running.

    It is restored beside the present database, which it replaces at the very end; that one is kept under another name
    until --drop-old, or until the next restore.
    """
    found = settings()
    data_dir = prepare_data_dir(found.data_dir)
    if drop_old:
        with reach(found) as server:
            say("Dropped." if drop_replaced(server) else "There is nothing that a restore has left.")
        return
    chosen = newest_backup(data_dir) if folder is None else folder
    require_keyring(found)
    if not yes:
        make_sure(f"Replace the present data by the backup {chosen.name}?")
    with reach(found) as server:
        done = restore_backup(server, chosen, OPERATOR, keys=keys, say=say, progress=_tell_rows)
    _erase_again()
    _purge_again()
    if as_json:
        answer_json(done)
        return
    say(f"Restored: data of {done.made_at:%Y-%m-%d %H:%M:%S}, keys of {done.keys_made_at:%Y-%m-%d %H:%M:%S} UTC.")
    if done.shredded:
        say(f"{done.shredded} keys that had been shredded since were shredded again.")
    if done.replaced is not None:
        say(f"The former database still stands, as {done.replaced}. When all is well: governance restore --drop-old")
    if done.log_warning is not None:
        say(f"Signing the audit log is refused until you have looked at this: {done.log_warning}")


def _erase_again() -> None:
    """Remove the rows of people who were erased since the backup; their keys are gone already."""
    with opened() as store:
        people = erasures.erase_restored(store.database, actor=OPERATOR)
    if people:
        say(f"{people} people who had been erased since were erased again.")


def _purge_again() -> None:
    """Remove what retention had removed since the backup, before the service opens."""
    with opened() as store:
        run = retention.purge_restored(store.database, actor=OPERATOR)
    if run is None:
        return
    if run.state is RunState.FUSED:
        say(f"{run.due_people} people are overdue: approve their removal (governance retention approve {run.id}).")
    elif rows := sum(part.rows for part in run.parts):
        say(f"{rows} rows that were overdue were removed again.")


def _tell_rows(table: str, rows: int) -> None:
    if rows % ROWS_TOLD == 0:
        say(f"{table}: {rows} rows have their index.")
