"""`keys`: the state of the keys, their rotation, and the recovery sheet."""

import contextlib
import os
from datetime import datetime
from pathlib import Path

import click

from governance.cli.context import answer_json, answer_table, as_json, on_terminal, opened, say, settings
from governance.consent.wrapping import wrap_ledger
from governance.custody import recovery as sheets
from governance.custody import rotation
from governance.custody.duties import duties_of
from governance.custody.opening import KEYRING
from governance.custody.places import Places
from governance.custody.reindexing import IndexRotation
from governance.custody.rows import indexed_fields
from governance.kernel.clock import SystemClock
from governance.kernel.errors import GovernanceError
from governance.kernel.folders import prepare_data_dir
from governance.kernel.work import OPERATOR, open_work

PASSPHRASE = "GOVERNANCE_RECOVERY_PASSPHRASE"  # noqa: S105 - the name of the variable
_sheet = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def keys() -> None:
    """The keys that all else hangs on."""


@keys.command()
@as_json
def status(*, as_json: bool) -> None:
    """Show how old the keys are, what is due, and whether a recovery sheet was confirmed."""
    with opened() as store, open_work(store.database, OPERATOR) as work:
        found = rotation.status(work, epoch_days=store.settings.epoch_days)
        sheet = sheets.status(Places(store.settings.data_dir), store.keyring)
    if as_json:
        answer_json({"keys": found, "sheet": sheet})
        return
    answer_table(
        ["epoch", "since", "wraps", "destroyed"],
        [(life.id, life.created_at, life.keys, life.destroyed_at) for life in found.epochs],
    )
    click.echo(
        f"Next rotation: {_day(found.due_at)}. What is shredded now is gone from all copies by {_day(found.ends_at)}."
    )
    if sheet.warning is not None:
        click.echo(f"{sheet.warning} Run: governance keys recovery")


@keys.command()
@click.option("--indexes", is_flag=True, help="Rotate the root of the blind indexes: all digests are made anew.")
@click.option("--ledger", is_flag=True, help="Wrap the suppression ledger in a further key; no older one is destroyed.")
@as_json
def rotate(*, indexes: bool, ledger: bool, as_json: bool) -> None:
    """Begin a new epoch: every data key is wrapped anew, then the old key is destroyed. May be interrupted."""
    if indexes and ledger:
        raise click.UsageError("Either --indexes or --ledger.")
    if indexes or ledger:
        (_rotate_indexes if indexes else _wrap_ledger)(as_json=as_json)
        return
    with opened() as store:
        done = rotation.rotate(store.database, store.keyring, OPERATOR, duties=duties_of(store, OPERATOR))
    if as_json:
        answer_json(done)
        return
    say(f"Epoch {done.epoch} wraps all data keys; {done.rewrapped} were moved, destroyed: {len(done.destroyed)}.")


def _rotate_indexes(*, as_json: bool) -> None:
    with opened() as store:
        duties = duties_of(store, OPERATOR)
        version = IndexRotation(store.database, store.keyring, OPERATOR, fields=indexed_fields(), duties=duties).run()
    if as_json:
        answer_json({"version": version})
        return
    say(f"The blind indexes are of version {version} now; the root before it is destroyed.")


def _wrap_ledger(*, as_json: bool) -> None:
    with opened() as store:
        layers = wrap_ledger(store.database, store.keyring, OPERATOR, duties=duties_of(store, OPERATOR))
    if as_json:
        answer_json({"layers": layers})
        return
    say(f"The suppression ledger is of {layers} layers now.")


@keys.command()
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Where the page to print goes.")
@click.option("--confirm", "confirmed", type=_sheet, help="Confirm a sheet: its lines, typed or scanned into a file.")
@click.option("--code", help="The check code printed on the sheet that is confirmed.")
@click.option("--restore", "restored", type=_sheet, help="Bring the keyring back from the lines of a sheet.")
@click.option("--copy", "sealed", type=_sheet, help="keyring.sealed of the backups, for keys younger than the sheet.")
@click.option(
    "--language", default="en", show_default=True, type=click.Choice(["en", "ru", "uk"]), help="Of its words."
)
def recovery(
    *,
    target: Path | None,
    confirmed: Path | None,
    code: str | None,
    restored: Path | None,
    sealed: Path | None,
    language: str,
) -> None:
    """Make a recovery sheet of the keyring, confirm it, or bring the keyring back from it.

    The sheet is worth nothing without its passphrase, which is asked for (or read from GOVERNANCE_RECOVERY_PASSPHRASE).
    """
    if confirmed is not None and restored is not None:
        raise click.UsageError("Either --confirm or --restore.")
    if restored is not None:
        _restore(restored, sealed)
    elif confirmed is not None:
        _confirm(confirmed, code)
    else:
        _make(target or Path("recovery-sheet.html"), language)


def _make(target: Path, language: str) -> None:
    with opened() as store:
        passphrase = _passphrase(new=True)
        with open_work(store.database, OPERATOR) as work:
            sheet = sheets.make(work, ring=store.keyring, passphrase=passphrase, language=language)
            for path, content in ((target, sheet.page), (target.with_suffix(".txt"), sheet.text)):
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(content)
    say(f"Print {target}, then delete it and {target.with_suffix('.txt')}. Keep paper and passphrase in two places.")
    say(f"Confirm from the paper: governance keys recovery --confirm FILE --code {sheet.check_code}")


def _confirm(path: Path, code: str | None) -> None:
    given = code or _prompted("Check code printed on the sheet", "--code")
    passphrase = _passphrase(new=False)
    with opened() as store, open_work(store.database, OPERATOR) as work:
        found = sheets.confirm(
            work,
            places=Places(store.settings.data_dir),
            ring=store.keyring,
            text=path.read_text("utf-8"),
            passphrase=passphrase,
            check_code=given,
        )
    say(found.warning or "The sheet is confirmed: with its passphrase it brings the keyring back.")


def _restore(path: Path, sealed: Path | None) -> None:
    found = settings()
    data_dir = prepare_data_dir(found.data_dir)
    copy = sealed if sealed is not None else Places(data_dir).keyring_copy
    sheets.recover(
        path.read_text("utf-8"),
        _passphrase(new=False),
        found.secrets_dir / KEYRING,
        now=SystemClock().now(),
        copy=copy.read_bytes() if copy.exists() else None,
    )
    say(f"The keyring is back in {found.secrets_dir}.")
    # On a new machine there is no log yet; there the restore of a backup, which comes next, writes its entry.
    with contextlib.suppress(GovernanceError), opened() as store, open_work(store.database, OPERATOR) as work:
        sheets.tell_recovered(work, store.keyring)


def _passphrase(*, new: bool) -> str:
    given = os.environ.get(PASSPHRASE, "")
    if given:
        return given
    if not on_terminal():
        raise click.UsageError(f"Nobody is there to be asked for the passphrase; set {PASSPHRASE}.")
    answer: str = click.prompt("Passphrase of the sheet", hide_input=True, confirmation_prompt=new, err=True)
    return answer


def _prompted(question: str, option: str) -> str:
    if not on_terminal():
        raise click.UsageError(f"{question} is needed; give {option}.")
    answer: str = click.prompt(question, err=True)
    return answer


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
