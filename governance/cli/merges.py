"""`merges`: two records of one person made one, looked at, and made two again."""

from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.intake import operations as intake
from governance.intake.merges import MergeId, MergeState
from governance.kernel.ids import SubjectId


@click.group("merges")
def merges() -> None:
    """Make one of two records of a person, and two again."""


@merges.command()
@click.argument("into", type=click.UUID)
@click.argument("other", type=click.UUID)
@click.option("--reason", required=True, help="Why they are one; kept sealed.")
@as_json
def make(*, into: UUID, other: UUID, reason: str, as_json: bool) -> None:
    """Merge the customer OTHER into the customer INTO, who stays."""
    with operator_work() as work:
        made = intake.merge(work, into=SubjectId(into), other=SubjectId(other), reason=reason)
    if as_json:
        answer_json(made)
        return
    say(f"Merge {made.id}: both ids answer with {made.into}. It can be undone until {made.undo_until:%Y-%m-%d}.")
    say("Their data leave in no package and no export until: governance merges review " + str(made.id))


@merges.command("list")
@click.option("--state", type=click.Choice([one.value for one in MergeState]))
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@as_json
def list_(*, state: str | None, limit: int, as_json: bool) -> None:
    """Show merges, the newest first."""
    with operator_work() as work:
        found = intake.list_merges(work, state=None if state is None else MergeState(state), limit=limit)
    if as_json:
        answer_json(found.items)
        return
    rows = [(one.id, one.into, one.other, one.state, one.at, one.by_kind, one.undo_until) for one in found.items]
    answer_table(["merge", "customer", "merged", "state", "at", "by", "can be undone until"], rows)


@merges.command()
@click.argument("merge", type=click.UUID)
def review(*, merge: UUID) -> None:
    """Say that you have looked at a merge and found it right; its data may leave from now on."""
    with operator_work() as work:
        intake.review_merge(work, merge=MergeId(merge))
    say("Reviewed: data of the two may leave in packages and exports.")


@merges.command()
@click.argument("merge", type=click.UUID)
@as_json
def undo(*, merge: UUID, as_json: bool) -> None:
    """Make two again of those who were merged at most thirty days ago."""
    with operator_work() as work:
        parted = intake.undo_merge(work, merge=MergeId(merge))
    if as_json:
        answer_json(parted)
        return
    say(f"They are two again: {parted.merge.into} and {parted.merge.other}.")
    for kind, count in parted.stayed.items():
        say(f"Came meanwhile, and stays with the first: {count} {kind}.")
