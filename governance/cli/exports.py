"""`export`: customers leave in bulk, by a proposal that a second person approves; leaked files are traced back."""

import os
from pathlib import Path
from typing import BinaryIO, TextIO
from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, say
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import Export, ExportFormat, ExportId, Selection
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.policies.purposes import Channel


@click.group()
def export() -> None:
    """Exports of customers: proposed, approved by somebody else, fetched once."""


@export.command()
@click.option("--recipient", required=True, help="Key of who gets it; see: governance recipients list")
@click.option("--purpose", required=True, help="Key of what they get it for.")
@click.option("--channels", required=True, help="By which people will be reached: email,sms")
@click.option("--fields", required=True, help="Columns: person.given_name,contact.email,extra.KEY")
@click.option("--format", "kind", type=click.Choice([one.value for one in ExportFormat]), default="csv")
@click.option("--customers", type=click.File("r"), help="File with the ids of those to look at, one a line.")
@click.option("--reason", required=True, help="Why; sealed, for whoever decides.")
@as_json
def propose(
    *,
    recipient: str,
    purpose: str,
    channels: str,
    fields: str,
    kind: str,
    customers: TextIO | None,
    reason: str,
    as_json: bool,
) -> None:
    """Propose an export; somebody else approves it: governance proposals approve."""
    selection = None if customers is None else Selection([_id(line) for line in customers if line.strip()])
    with operator_work() as work:
        made = disclosures.propose_export(
            work,
            recipient=recipient,
            purpose=purpose,
            channels=[_channel(one) for one in _split(channels)],
            format=ExportFormat(kind),
            fields=_split(fields),
            reason=reason,
            selection=selection,
        )
    if as_json:
        answer_json(made)
        return
    click.echo(made.id)
    if made.alone:
        say("Nobody else could have decided, so it is being made now.")
    else:
        say("Another person approves it with: governance proposals approve")


@export.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(*, limit: int, as_json: bool) -> None:
    """Show exports, newest first."""
    with operator_work() as work:
        found = disclosures.list_exports(work, limit=limit)
    _tell(found, as_json=as_json)


@export.command()
@click.argument("export_id", metavar="EXPORT", type=click.UUID)
@as_json
def show(*, export_id: UUID, as_json: bool) -> None:
    """Show how far an export is, who was left out, and what became of it."""
    with operator_work() as work:
        found = disclosures.find_export(work, export=ExportId(export_id))
    if as_json:
        answer_json(found)
        return
    _tell([found], as_json=False)
    for reason, count in sorted(found.left_out.items()):
        say(f"{count} left out: {reason}")
    if found.failure_words is not None:
        say(found.failure_words)


@export.command()
@click.argument("export_id", metavar="EXPORT", type=click.UUID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def download(export_id: UUID, file: Path) -> None:
    """Fetch an export that was proposed from here into FILE, once; then its keys are destroyed."""
    with opened() as store:
        taken = created(file)
        try:
            with open_work(store.database, OPERATOR) as work:
                fetched = disclosures.fetch(work, export=ExportId(export_id))
        except BaseException:
            os.close(taken)
            file.unlink()
            raise
        with os.fdopen(taken, "wb") as target:
            for piece in disclosures.export_pieces(store.database, fetched, actor=OPERATOR):
                target.write(piece)
    say(f"{fetched.rows} rows; the export is destroyed here, and the file is yours to protect.")


@export.command()
@click.argument("file", type=click.File("rb"))
@as_json
def trace(*, file: BinaryIO, as_json: bool) -> None:
    """Find out which export a leaked FILE comes from, sorted, cut, renamed or mixed as it may be."""
    with operator_work() as work:
        found = disclosures.trace(work, file=file)
    if as_json:
        answer_json(found)
        return
    say(
        f"{found.recognised} of {found.compared} rows are of people who were in one of {found.exports} exports; "
        f"the file has {found.rows} rows."
    )
    if not found.suspects:
        say("No export is likely enough to be named.")
        return
    rows = [
        (
            one.export,
            one.exporter or one.exporter_kind,
            one.recipient_key,
            one.downloaded_at,
            f"{one.share}%",
            one.rows,
            one.times_likelier,
            one.or_else,
        )
        for one in found.suspects
    ]
    answer_table(["export", "exporter", "recipient", "fetched", "share", "rows", "times likelier", "or else"], rows)
    if not found.certain:
        say("The file does not tell these exports from those under `or else`.")


def created(file: Path) -> int:
    """A new file that nobody else may read; made before the export is spent."""
    try:
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException("FILE is there already; name another.") from None
    except OSError as error:
        raise click.ClickException(f"FILE cannot be written: {error.strerror}.") from None


def _id(line: str) -> SubjectId:
    try:
        return SubjectId(UUID(line.strip()))
    except ValueError:
        raise click.BadParameter("One id of a customer a line.", param_hint="--customers") from None


def _channel(name: str) -> Channel:
    try:
        return Channel(name)
    except ValueError:
        raise click.BadParameter(f"One of {', '.join(Channel)}.", param_hint="--channels") from None


def _split(words: str) -> list[str]:
    return [one.strip() for one in words.split(",") if one.strip()]


def _tell(found: list[Export], *, as_json: bool) -> None:
    if as_json:
        answer_json(found)
        return
    rows = [
        (
            one.id,
            one.state.value if one.failure is None else f"{one.state.value}: {one.failure}",
            one.recipient_key,
            one.purpose,
            f"{one.considered}/{one.total}",
            one.rows,
            sum(one.left_out.values()),
            one.expires_at,
        )
        for one in found
    ]
    answer_table(["id", "state", "recipient", "purpose", "looked at", "rows", "left out", "until"], rows)
