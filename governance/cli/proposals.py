"""`proposals`: what waits for a second person. Whoever runs commands at the host counts as one, whoever that is."""

from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.accounts.operations import Proposal, ProposalId, ProposalState
from governance.cli.context import answer_json, answer_table, as_json, operator_work, say


@click.group()
def proposals() -> None:
    """Acts that a second person approves or refuses."""


@proposals.command("list")
@click.option("--state", type=click.Choice([one.value for one in ProposalState]), help="Those in one state only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(*, state: str | None, limit: int, as_json: bool) -> None:
    """Show proposals, newest first."""
    wanted = None if state is None else ProposalState(state)
    with operator_work() as work:
        found = accounts.list_proposals(work, state=wanted, limit=limit)
    if as_json:
        answer_json(found)
        return
    rows = [(one.id, one.kind, _state(one), one.proposed_by or one.proposed_by_kind, one.until) for one in found]
    answer_table(["id", "kind", "state", "proposed by", "until"], rows)


@proposals.command()
@click.argument("proposal", type=click.UUID)
@as_json
def show(*, proposal: UUID, as_json: bool) -> None:
    """Show all of a proposal: what is to be done, why, and the digest that an approval names."""
    with operator_work() as work:
        found = accounts.find_proposal(work, proposal=ProposalId(proposal))
    if as_json:
        answer_json(found)
        return
    rows = [
        ("kind", found.kind),
        *found.payload.items(),
        ("reason", found.reason),
        ("proposed by", found.proposed_by or found.proposed_by_kind),
        ("until", found.until),
        ("state", _state(found)),
        *([] if found.failure_words is None else [("why it failed", found.failure_words)]),
        ("decided by", found.decided_by or found.decided_by_kind),
        ("answer", found.answer),
        ("digest", found.digest),
    ]
    answer_table(["", ""], rows)


@proposals.command()
@click.argument("proposal", type=click.UUID)
@click.option("--digest", required=True, help="As `proposals show` tells it: what you have looked at, and no other.")
def approve(proposal: UUID, digest: str) -> None:
    """Approve what somebody else proposed; the worker carries it out."""
    with operator_work() as work:
        accounts.approve(work, proposal=ProposalId(proposal), digest=digest)
    say("Approved. The worker carries it out within seconds.")


@proposals.command()
@click.argument("proposal", type=click.UUID)
@click.option("--reason", required=True, help="Why; sealed.")
def refuse(proposal: UUID, reason: str) -> None:
    """Refuse a proposal, or take back what was proposed from here."""
    with operator_work() as work:
        accounts.refuse(work, proposal=ProposalId(proposal), reason=reason)
    say("Refused.")


def _state(found: Proposal) -> str:
    if found.alone:
        return "executed alone"
    return found.state.value if found.failure is None else f"{found.state.value}: {found.failure}"
