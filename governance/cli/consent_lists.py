"""`consent check`, `consent prove` and `consent suppress`: for mailers that only speak files."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click

from governance.cli.context import answer_json, as_json, opened, progress, say
from governance.cli.instants import Instant
from governance.consent.operations import Asked
from governance.intake import operations as intake
from governance.intake.contact_lists import ListOptions
from governance.intake.sifting import Sifted
from governance.intake.stop_lists import Stop
from governance.kernel.ids import EntryId
from governance.kernel.work import OPERATOR
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.purposes import Channel

SHOWN = 20
"""Numbers of rows that are told to people; machines are told more."""
_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
_CHANNEL = click.option("--channel", type=click.Choice([one.value for one in Channel]), required=True)
_COLUMN = click.option("--column", help="Heading of the column that holds the contact, or its place: #2.")
_SHEET = click.option("--sheet", help="Sheet of a workbook; the first that holds anything if not said.")
_REGION = click.option("--region", help="Country of phone numbers without a country code: RU, UA, DE.")


@click.command()
@_FILE
@click.option("--purpose", required=True, help="What is to be sent, by its key; see: governance consent purposes")
@_CHANNEL
@_COLUMN
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File for the rows that may be sent to, or a folder; beside FILE if not said.",
)
@click.option("--campaign", help="Your code of the mailing, for the log; no name of a person.")
@click.option("--opt-out-in-message", is_flag=True, help="Every message offers a way to refuse; soft opt-in needs it.")
@click.option("--as-of", type=Instant(), help="Answer as it would have been then.")
@_SHEET
@_REGION
@as_json
def check(
    *,
    file: Path,
    purpose: str,
    channel: str,
    column: str | None,
    out: Path | None,
    campaign: str | None,
    opt_out_in_message: bool,
    as_of: datetime | None,
    sheet: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Give the list FILE back with only those rows that may be sent to, and the others with why not."""
    asked = Asked(
        purpose=purpose,
        channel=Channel(channel),
        as_of=as_of,
        campaign=campaign,
        region=region,
        opt_out_in_message=opt_out_in_message,
    )
    allowed, reasons = _targets(file, out)
    with (
        opened() as store,
        file.open("rb") as content,
        _written(allowed, reasons) as (kept, left),
        progress("Checking") as bar,
    ):
        told = intake.sift(
            store.database,
            actor=OPERATOR,
            file=content,
            asked=asked,
            options=ListOptions(column, sheet, region),
            allowed=kept,
            reasons=left,
            on_rows=lambda rows: bar(rows, None),
        )
    if as_json:
        answer_json({**_json(told), "allowed_file": str(allowed), "reasons_file": str(reasons)})
        return
    say(f"{told.allowed} of {told.rows} rows may be sent to, by the column {told.column}: {allowed}")
    if told.rows > told.allowed:
        say(f"{told.rows - told.allowed} may not: {reasons}")
    for why, count in sorted(told.reasons.items(), key=lambda one: -one[1]):
        say(f"  {why.value}: {count}")
    _say_malformed(told.malformed)
    first, more = told.decisions[0], len(told.decisions) - 1
    say(f"Decided in {first}{f' and {more} more, see --json' if more else ''}.")
    say("Both files hold personal data: delete them after use.")


@click.command()
@_FILE
@click.option(
    "--reason", type=click.Choice(["unsubscribed", "complaint", "hard_bounce", "do_not_contact"]), required=True
)
@_CHANNEL
@click.option(
    "--scope",
    type=click.Choice([one.value for one in Scope]),
    help="What they are kept from; all advertising if not said, and everything for hard bounces.",
)
@click.option("--purpose", help="Key of the purpose, where they are kept from one only.")
@_COLUMN
@click.option(
    "--rest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write rows that hold no contact to this CSV file, to be corrected and brought again.",
)
@_SHEET
@_REGION
@as_json
def suppress(
    *,
    file: Path,
    reason: str,
    channel: str,
    scope: str | None,
    purpose: str | None,
    column: str | None,
    rest: Path | None,
    sheet: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Let nobody of the list FILE be written to any more: unsubscriptions, complaints, bounces."""
    stop = Stop(Channel(channel), SuppressionReason(reason), None if scope is None else Scope(scope), purpose)
    with contextlib.ExitStack() as stack:
        store, content = stack.enter_context(opened()), stack.enter_context(file.open("rb"))
        left = None if rest is None else stack.enter_context(_written(rest))[0]
        bar = stack.enter_context(progress("Keeping"))
        told = intake.stop_list(
            store.database,
            actor=OPERATOR,
            file=content,
            stop=stop,
            options=ListOptions(column, sheet, region),
            rest=left,
            on_rows=lambda rows: bar(rows, None),
        )
    if as_json:
        answer_json(told)
        return
    say(f"{told.stopped} of {told.rows} rows are on the suppression ledger, by the column {told.column}.")
    _say_malformed(told.malformed)
    if told.malformed and rest is None:
        say("To get these rows back for correction, run it again with --rest FILE; it stops nobody twice.")


def _targets(file: Path, out: Path | None) -> tuple[Path, Path]:
    """Files for the rows that may be sent to and for the reasons."""
    suffix = ".xlsx" if file.suffix.lower() in {".xls", ".ods", ".xlsm"} else file.suffix
    if out is None or out.is_dir():
        folder = file.parent if out is None else out
        return folder / f"{file.stem}.allowed{suffix}", folder / f"{file.stem}.reasons.csv"
    return out, out.with_name(f"{out.stem}.reasons.csv")


@contextlib.contextmanager
def _written(*targets: Path) -> Iterator[Sequence[BinaryIO]]:
    """New files for nobody else to read; they are there when all is done, and not at all where anything fails."""
    for target in targets:
        if target.exists():
            raise click.UsageError(f"{target} is there already; move it away, or name another file.")
    parts = [target.with_name(f".{target.name}.part") for target in targets]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(_new(part)) for part in parts]
        try:
            yield files
        except BaseException:
            for part in parts:
                part.unlink(missing_ok=True)
            raise
        for file, part, target in zip(files, parts, targets, strict=True):
            if not file.closed:
                file.flush()
            part.rename(target)  # before it is closed, and with that free for others


def _new(path: Path) -> BinaryIO:
    """An empty file for us alone; what a run that was killed has left of it is used anew."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}. Name another file.") from None
    made = os.fdopen(descriptor, "r+b")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
        ours = found.st_uid == os.getuid() and found.st_nlink == 1 and path.stat().st_ino == found.st_ino
    except OSError:  # locked by another run, or taken away by one that has just ended
        ours = False
    if not ours:
        made.close()
        raise click.UsageError(f"{path} is being written by another run; wait for it, or name another file.")
    os.fchmod(descriptor, 0o600)
    made.truncate()
    return made


def _json(told: Sifted) -> dict[str, object]:
    return {
        "at": told.at,
        "column": told.column,
        "rows": told.rows,
        "allowed": told.allowed,
        "reasons": {why.value: count for why, count in told.reasons.items()},
        "malformed": told.malformed,
        "decisions": told.decisions,
    }


def _say_malformed(rows: Sequence[int]) -> None:
    if rows:
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        say(f"Rows without a contact of this channel: {', '.join(map(str, rows[:SHOWN]))}{more}.")


@click.command()
@_FILE
@click.argument("decisions", nargs=-1, required=True, type=click.UUID)
@_CHANNEL
@_COLUMN
@_SHEET
@_REGION
@as_json
def prove(
    *,
    file: Path,
    decisions: tuple[UUID, ...],
    channel: str,
    column: str | None,
    sheet: str | None,
    region: str | None,
    as_json: bool,
) -> int:
    """Tell whether DECISIONS of the audit log were about exactly the list FILE, one for each 10,000 rows in order."""
    with opened() as store, file.open("rb") as content:
        proved = intake.prove(
            store.database,
            actor=OPERATOR,
            file=content,
            channel=Channel(channel),
            options=ListOptions(column=column, sheet=sheet, region=region),
            decisions=[EntryId(one) for one in decisions],
        )
    if as_json:
        answer_json({"proved": proved})
        return 0 if all(proved) else 1
    for decision, is_about in zip(decisions, proved, strict=True):
        say(f"{decision}: {'this list' if is_about else 'another list, order or spelling'}")
    return 0 if all(proved) else 1
