"""`retention`: how long data are kept: policies, what they would remove, and runs that remove it."""

from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from governance.accounts.operations import Proposal, ProposalState
from governance.cli.certificates import hand_out, where_to
from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, progress, say
from governance.cli.instants import Instant
from governance.cli.retention_holds import hold, holds, release
from governance.custody.opening import Store
from governance.custody.signing import bring_up_to_date
from governance.erasure import operations as erasures
from governance.kernel.errors import InvalidError
from governance.kernel.work import OPERATOR
from governance.policies.retention_reader import write_policy
from governance.reference.retention_rules import PolicyVersion, newest_version
from governance.retention import operations as retention
from governance.retention.operations import Forecast, Progress, Run, RunId, RunState
from governance.retention.printing import print_certificate

_POLICY = ["key", "version", "state", "keep", "action", "of", "simulated_at", "people", "rows", "waves left"]
_FORECAST = ["policy", "version", "action", "before", "people", "rows", "fields", "consents", "invoices kept"]
_RUN = ["run", "state", "at", "policy", "version", "due", "at most", "people", "rows", "failed", "left over"]


@click.group()
def retention_group() -> None:
    """How long data are kept, and the removal of what is overdue."""


@retention_group.command()
@click.option("--shipped", is_flag=True, help="Those that come with the package, as YAML; none of them acts.")
@as_json
def policies(*, shipped: bool, as_json: bool) -> None:
    """Show all versions of all policies."""
    with operator_work() as work:
        if shipped:
            found = retention.shipped(work)
            click.echo("".join(write_policy(one) for one in found).replace("\npolicies:\n", "\n"), nl=False)
            return
        _answer_policies(retention.policies(work), as_json=as_json)


@retention_group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--shipped", "keys", multiple=True, metavar="KEY", help="One that comes with the package; may repeat.")
@as_json
def draft(file: Path | None, keys: tuple[str, ...], *, as_json: bool) -> None:
    """Draft the policies of FILE (YAML), or ones that come with the package."""
    if (file is None) == (not keys):
        raise click.UsageError("Name a FILE, or --shipped KEY.")
    with operator_work() as work:
        made = [retention.draft_shipped(work, key=key) for key in keys]
        if file is not None:
            made += retention.draft(work, document=_text_of(file))
        _answer_policies(made, as_json=as_json)


@retention_group.command()
@click.option("--policy", "key", metavar="KEY", help="The newest version of one, in the place of that in force.")
@click.option("--at", type=Instant(), help="Another day or instant than now; nothing is taken down then.")
@click.option("--curve", is_flag=True, help="What comes due in each month of two years, too.")
@as_json
def simulate(key: str | None, at: datetime | None, *, curve: bool, as_json: bool) -> None:
    """Show what would be removed; of a drafted policy, also take down that it was simulated."""
    with operator_work() as work:
        if key is None:
            found = retention.simulate(work, at=at, curve=curve or as_json)
        else:
            found = retention.look_ahead(work, policy=newest_version(work, key=key).id, at=at)
    if as_json:
        answer_json(found)
        return
    _answer_forecast(found, curve=curve)


@retention_group.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why; sealed.")
@as_json
def activate(key: str, reason: str, *, as_json: bool) -> None:
    """Propose that the newest version of KEY, which was simulated, be put into force."""
    with operator_work() as work:
        _answer_proposal(
            retention.propose_activation(work, policy=newest_version(work, key=key).id, reason=reason), as_json=as_json
        )


@retention_group.command()
@click.argument("key")
def end(key: str) -> None:
    """Take KEY out of force: nothing is removed by it any more."""
    with operator_work() as work:
        retention.end(work, key=key)
    say("Out of force.")


@retention_group.command()
@as_json
def statistics(*, as_json: bool) -> None:
    """Show what people did who were made anonymous, by month; groups of less than five are left out."""
    with operator_work() as work:
        found = erasures.statistics(work)
    if as_json:
        answer_json(found)
        return
    rows = [(one.month, one.kind, one.code, one.country, one.rows, one.total) for one in found]
    answer_table(["month", "kind", "code", "country", "rows", "total"], rows)


@retention_group.command("fiscal-year")
@click.argument("begins", required=False)
def fiscal_year(begins: str | None) -> None:
    """Show when the fiscal year begins, or set it: month and day, such as 04-01."""
    with operator_work() as work:
        told = retention.fiscal_year(work) if begins is None else retention.set_fiscal_year(work, begins=begins)
    say(f"The fiscal year begins on {told}.")


@retention_group.command()
@click.option("--policy", "keys", multiple=True, metavar="KEY", help="Only this one; may repeat.")
@click.option("--resume", type=click.UUID, help="See a run through that was begun already, beside others at it.")
@click.option("--rest", type=click.FloatRange(0, 100), default=0.5, show_default=True, help="Rest after each batch.")
@as_json
def run(keys: tuple[str, ...], resume: UUID | None, rest: float, *, as_json: bool) -> None:
    """Remove what is overdue, here and now; whoever interrupts this leaves the rest to the worker."""
    with opened() as store:
        with operator_work(store) as work:
            begun = (
                retention.find_run(work, run=RunId(resume))
                if resume is not None
                else retention.begin(work, keys=keys or None, at_once=True)
            )
        found = _seen_through(store, begun, rest)
    if found.state is RunState.FUSED:
        say(f"It would touch {found.due_people} people: approve it first (governance retention approve {found.id}).")
    _answer_runs([found], as_json=as_json)


@retention_group.command()
@click.argument("run", type=click.UUID)
@click.option("--reason", required=True, help="Why so many may go; sealed.")
@as_json
def approve(run: UUID, reason: str, *, as_json: bool) -> None:
    """Propose that a run which would touch too many people go on."""
    with operator_work() as work:
        _answer_proposal(retention.propose_resumption(work, run=RunId(run), reason=reason), as_json=as_json)


@retention_group.command()
@click.argument("run", type=click.UUID)
def stop(run: UUID) -> None:
    """Stop a run between two batches; what has gone has gone."""
    with operator_work() as work:
        retention.stop(work, run=RunId(run))
    say("Stopped.")


@retention_group.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@as_json
def runs(limit: int, *, as_json: bool) -> None:
    """Show runs, newest first, with what each policy removed."""
    with operator_work() as work:
        _answer_runs(retention.list_runs(work, limit=limit), as_json=as_json)


@retention_group.command()
@click.argument("run", type=click.UUID)
@as_json
def failures(run: UUID, *, as_json: bool) -> None:
    """Show what a run could not remove, and what hindered it; the next run tries it again."""
    with operator_work() as work:
        found = retention.failures(work, run=RunId(run))
    if as_json:
        answer_json(found)
        return
    rows = [(one.policy, one.version, one.object, one.slug, one.attempts, one.at) for one in found]
    answer_table(["policy", "version", "row", "hindered by", "attempts", "at"], rows)


@retention_group.command()
@click.argument("run", type=click.UUID)
@where_to
def certificate(run: UUID, output: Path | None, pdf: Path | None, language: str) -> None:
    """Get what a run destroyed, with the proof of each batch, as JSON or for people.

    It is verified with: governance audit verify-certificate FILE --checkpoint FILE
    """
    with opened() as store:
        bring_up_to_date(store)
        with operator_work(store) as work:
            found = retention.certificate(work, run=RunId(run))
    printed = partial(print_certificate, found, language=language)
    hand_out(found.content, printed, named="The certificate of this run", output=output, pdf=pdf)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidError("The file is no text in UTF-8.") from None


def _seen_through(store: Store, begun: Run, rest: float) -> Run:
    with progress("Removing what is overdue") as bar:

        def told(at: Progress) -> None:
            bar(at.done, at.total)

        return retention.see_through(store.database, actor=OPERATOR, run=begun.id, rest=rest, on_progress=told)


def _answer_policies(found: list[PolicyVersion], *, as_json: bool) -> None:
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.policy.key, one.policy.version, one.state, one.policy.keep, one.policy.action,
         one.policy.target.name or one.policy.target.kind, one.simulated_at, one.simulated_people, one.simulated_rows,
         one.waves_left or None)
        for one in found
    ]  # fmt: skip
    answer_table(_POLICY, rows)


def _answer_forecast(found: Forecast, *, curve: bool) -> None:
    say(f"{found.due_people} of {found.store_people} people; from {found.fuse_people} on a run has to be approved.")
    rows = [
        (one.key, one.version, one.action, one.cutoff, one.people, one.rows, one.fields, one.consents, one.invoices,
         one.held, one.restricted)
        for one in found.policies
    ]  # fmt: skip
    answer_table([*_FORECAST, "held", "restricted"], rows)
    for conflict in found.conflicts:
        say(f"{conflict.policy}: {conflict.reason.value} {conflict.other} {conflict.citation}".rstrip())
    if curve and found.policies:
        months = [ahead.month for ahead in found.policies[0].curve]
        by_month = [
            (month, *(_rows_in(one.curve, place) for one in found.policies)) for place, month in enumerate(months)
        ]
        answer_table(["month", *(one.key for one in found.policies)], by_month)


def _rows_in(curve: tuple[retention.MonthAhead, ...], place: int) -> int | None:
    return curve[place].rows if place < len(curve) else None


def _answer_proposal(made: Proposal, *, as_json: bool) -> None:
    if as_json:
        answer_json(made)
    elif made.state is ProposalState.EXECUTED:
        say("Done, by one person alone: nobody else could have decided.")
    else:
        say(f"Proposed; another person decides: governance proposals show {made.id}")


def _answer_runs(found: list[Run], *, as_json: bool) -> None:
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.id, one.state, one.at, part.key, part.version, part.due_rows, part.at_most, part.people, part.rows,
         part.failed, part.left_over)
        for one in found
        for part in one.parts
    ]  # fmt: skip
    answer_table(_RUN, rows)


for _command in (hold, holds, release):
    retention_group.add_command(_command)
