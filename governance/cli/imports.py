"""`import`: bring a list of customers, purchases or interactions in, and take it back."""

import os
import shlex
import time
from pathlib import Path
from uuid import UUID

import click

from governance.cli import import_report
from governance.cli.context import (
    answer_json,
    answer_table,
    as_json,
    make_sure,
    on_terminal,
    opened,
    operator_work,
    progress,
    say,
)
from governance.custody.opening import Store
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.claims import NoticeShown
from governance.intake.files import FileOptions, Provenance
from governance.intake.headings import FileKind
from governance.intake.reports import BatchReport, BatchState, DryRun, Undone
from governance.kernel.errors import ConflictError, InvalidError
from governance.kernel.ids import BatchId
from governance.kernel.work import OPERATOR, open_work

WAIT_SECONDS = 0.5


class FileFirst(click.Group):
    """A group that takes a file where no command is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command `file` before what is none of the commands."""
        asks_help = args[:1] in (["-h"], ["--help"])
        if args and args[0] not in self.commands and not asks_help:
            args = ["file", *args]
        return super().parse_args(ctx, args)


@click.group("import", cls=FileFirst, epilog="For a file: governance import FILE --source till --ground contract")
def imports() -> None:
    """Bring in a file of customers, purchases or interactions."""


def _codes(kind: type[Source | Ground | FileKind]) -> click.Choice[str]:
    return click.Choice([one.value for one in kind])


@imports.command("file")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True))
@click.option("--source", type=_codes(Source), help="Where the data came from.")
@click.option("--ground", type=_codes(Ground), help="The lawful ground on which these people are kept.")
@click.option(
    "--mapping", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Headings to fields, YAML."
)
@click.option("--kind", type=_codes(FileKind), help="What the rows are, where the headings do not tell.")
@click.option("--sheet", help="Sheet of a workbook; the first that holds anything if not said.")
@click.option("--region", help="Country of phone numbers without a country code: RU, UA, DE.")
@click.option("--currency", help="Currency of sums that name none: RUB, UAH, EUR.")
@click.option("--month-first", is_flag=True, help="03/04/2024 is the fourth of March.")
@click.option(
    "--notice",
    "shown",
    multiple=True,
    metavar="PURPOSE=VERSION[:LANGUAGE]",
    help="The notice that these people were shown when they agreed: newsletter=1 or newsletter=1:uk. "
    "Without it every yes is kept as a claim, and nothing is sent on it.",
)
@click.option("--yes", is_flag=True, help="Import without asking.")
@as_json
def bring(
    *,
    file: Path,
    source: str | None,
    ground: str | None,
    mapping: Path | None,
    kind: str | None,
    sheet: str | None,
    region: str | None,
    currency: str | None,
    month_first: bool,
    shown: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Show what an import of FILE would do, and do it when told so.

    The word `file` may be left out: governance import clients.csv --source till --ground contract
    """
    columns, notices = intake.notices_told({} if mapping is None else intake.read_mapping(mapping.read_bytes()))
    options = FileOptions(
        file_name=file.name,
        kind=None if kind is None else FileKind(kind),
        sheet=sheet,
        mapping=columns,
        region=region,
        currency=currency,
        day_first=not month_first,
        notices={**notices, **_shown(shown)},
    )
    with opened() as store:
        # What waits half-way is not tried anew: that takes long, and the question was answered the first time.
        tried = None if yes and _brought_before(store, file, options) else _try(store, file, options)
        if tried is not None and not as_json:
            import_report.show_dry_run(tried, file)
        provenance = _agreed(file, tried, source, ground, yes=yes, quiet=as_json)
        if provenance is None:
            if as_json:
                answer_json({"dry_run": tried, "imported": None})
            return
        done = _import(store, file, options, provenance)
    if as_json:
        answer_json({"dry_run": tried, "imported": done})
        return
    import_report.show_batch(done)


def _shown(told: tuple[str, ...]) -> dict[str, NoticeShown]:
    found: dict[str, NoticeShown] = {}
    for one in told:
        purpose, equals, version = one.partition("=")
        if not equals:
            raise click.BadParameter("Give PURPOSE=VERSION, such as newsletter=1.", param_hint="--notice")
        found[purpose] = intake.read_notice(purpose, version)
    return found


@imports.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@as_json
def list_(*, limit: int, as_json: bool) -> None:
    """Show imports, newest first."""
    with operator_work() as work:
        found = intake.batches(work, limit=limit)
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.id, one.created_at, one.kind, one.state, f"{one.done}/{one.good}", one.refused, one.incomplete)
        for one in found
    ]
    answer_table(["batch", "brought", "kind", "state", "rows done", "refused", "incomplete"], rows)


@imports.command()
@click.argument("batch", type=click.UUID)
@as_json
def show(*, batch: UUID, as_json: bool) -> None:
    """Show one import; of one that was undone, also who was left as they are."""
    with operator_work() as work:
        found = intake.undone(work, batch=BatchId(batch))
    if as_json:
        answer_json(found.batch)
        return
    import_report.show_batch(found.batch)
    _show_kept(found)


@imports.command()
@click.argument("batch", type=click.UUID)
@as_json
def resume(*, batch: UUID, as_json: bool) -> None:
    """Go on with an import, or its undoing, that was interrupted."""
    with opened() as store:
        done = _run(store, BatchId(batch))
    if as_json:
        answer_json(done)
        return
    import_report.show_batch(done)


@imports.command()
@click.argument("batch", type=click.UUID)
@click.option("--yes", is_flag=True, help="Undo without asking.")
@as_json
def undo(*, batch: UUID, yes: bool, as_json: bool) -> None:
    """Restore what was before an import; people edited since are left as they are, and listed."""
    if not yes:
        make_sure("Restore what was before this import?")
    with opened() as store, progress("Undoing") as bar:
        done = intake.undo_batch(
            store.database, actor=OPERATOR, batch=BatchId(batch), on_progress=lambda at: bar(at.done, at.total)
        )
    if as_json:
        answer_json(done)
        return
    say(f"Undone: {done.removed} records removed, {done.restored} people restored.")
    _show_kept(done)


def _show_kept(done: Undone) -> None:
    if done.edited_since:
        say(f"{len(done.edited_since)} people were edited since and left as they are:")
        for person in done.edited_since:
            click.echo(str(person))


@imports.command()
@click.argument("batch", type=click.UUID)
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows as CSV to a file."
)
@as_json
def refused(*, batch: UUID, target: Path | None, as_json: bool) -> None:
    """Show which rows were refused and why; with --to, write them out for correction (kept for 7 days)."""
    with operator_work() as work:
        if target is not None:
            try:
                descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except OSError as error:
                raise click.UsageError(f"{target} cannot be written: {error.strerror}. Name another file.") from None
            with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as out:
                out.writelines(intake.refused_csv(work, batch=BatchId(batch)))
            say(f"The refused rows are in {target}. They hold personal data: delete the file when it is corrected.")
            return
        shown = [
            {"row": row.number, "column": one.column, "reason": one.reason, "imported": not row.whole}
            for row in intake.refused_rows(work, batch=BatchId(batch))
            for one in row.refusals
        ]
    if as_json:
        answer_json(shown)
        return
    answer_table(["row", "column", "why", "rest imported"], [tuple(one.values()) for one in shown])


def _try(store: Store, file: Path, options: FileOptions) -> DryRun:
    with progress("Reading") as bar, file.open("rb") as content, open_work(store.database, OPERATOR) as work:
        return intake.dry_run(work, file=content, options=options, on_rows=lambda rows: bar(rows, None))


def _brought_before(store: Store, file: Path, options: FileOptions) -> bool:
    with file.open("rb") as content, open_work(store.database, OPERATOR) as work:
        return intake.brought_before(work, file=content, options=options) is not None


def _agreed(
    file: Path, tried: DryRun | None, source: str | None, ground: str | None, *, yes: bool, quiet: bool
) -> Provenance | None:
    """What was said of source and ground, if the import is to be done."""
    if tried is not None and not yes:
        if not on_terminal() or quiet:
            if not quiet:
                said = f"--source {source or 'SOURCE'} --ground {ground or 'GROUND'}"
                again = "".join(f" {word}" for word in _as_told(file))
                say(f"Nothing was imported. To import: governance import{again} {said} --yes")
            return None
        if not tried.good:
            return None
        source = source or click.prompt("Where did the data come from", type=_codes(Source), err=True)
        ground = ground or click.prompt("On which lawful ground", type=_codes(Ground), err=True)
        if not click.confirm(f"Import {tried.good} rows?", err=True):
            return None
    if tried is not None and not tried.good:
        raise InvalidError("No row of this file can be imported.")
    if source is None or ground is None:
        raise click.UsageError("The import needs --source and --ground.")
    return Provenance(Source(source), Ground(ground))


def _as_told(file: Path) -> list[str]:
    """FILE and the options of this call that decide how it is read, as words of a shell."""
    told = click.get_current_context().params
    words = [str(file)]
    for name in ("mapping", "kind", "sheet", "region", "currency"):
        if told[name] is not None:
            words += [f"--{name}", str(told[name])]
    if told["month_first"]:
        words.append("--month-first")
    words += [word for one in told["shown"] for word in ("--notice", one)]
    return [shlex.quote(word) for word in words]


def _import(store: Store, file: Path, options: FileOptions, provenance: Provenance) -> BatchReport:
    with progress("Staging") as bar, file.open("rb") as content, open_work(store.database, OPERATOR) as work:
        started = intake.start(
            work, file=content, provenance=provenance, options=options, on_rows=lambda rows: bar(rows, None)
        )
    if started.again:
        say(f"This file was imported before, as {started.batch.id}.")
        if started.batch.state is BatchState.FINISHED:
            return started.batch
        say(f"It goes on after {started.batch.done} of {started.batch.good} rows.")
    return _run(store, started.batch.id)


def _run(store: Store, batch: BatchId) -> BatchReport:
    looking_on = False
    with progress("Importing") as bar:
        while True:
            try:
                return intake.resume(
                    store.database, actor=OPERATOR, batch=batch, on_progress=lambda at: bar(at.done, at.total)
                )
            except ConflictError:
                # The worker has taken it up meanwhile; it does the same, so there is nothing to do but look on.
                if not looking_on:
                    say("Another process is applying this import; waiting until it is done.")
                    looking_on = True
                with open_work(store.database, OPERATOR) as work:
                    found = intake.report(work, batch=batch)
                if found.state in (BatchState.FINISHED, BatchState.UNDONE):
                    return found
                bar(found.done, found.good)
            time.sleep(WAIT_SECONDS)
