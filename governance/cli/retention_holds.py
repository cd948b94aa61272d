"""`retention hold`, `holds` and `release`: data of many people kept from being removed."""

from datetime import datetime
from typing import Final, TextIO
from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.cli.instants import Instant
from governance.customers import operations as customers
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.retention import operations as retention

HOLDABLE: Final = ("profile", "contact", "behaviour", "finance", "evidence")


@click.command()
@click.argument("people", type=click.File(encoding="utf-8"), required=False)
@click.option("--evaluation", type=click.UUID, help="All whom this evaluation of a segment found, instead of PEOPLE.")
@click.option("--compartment", "compartments", multiple=True, required=True, type=click.Choice(HOLDABLE))
@click.option("--reason", required=True, help="Why; sealed.")
@click.option("--review", required=True, type=Instant(), help="When somebody must look at it again.")
@click.option("--case", "case_ref", help="Name of the case; sealed.")
def hold(
    people: TextIO | None,
    evaluation: UUID | None,
    compartments: tuple[str, ...],
    reason: str,
    review: datetime,
    case_ref: str | None,
) -> None:
    """Keep data of PEOPLE from being removed: a file of ids of customers, a line each; - for standard input."""
    if (people is None) == (evaluation is None):
        raise click.UsageError("Name a file of PEOPLE, or --evaluation of a segment.")
    ids = [] if people is None else [SubjectId(_id_of(line)) for line in people.read().split()]
    with operator_work() as work:
        if evaluation is not None:
            placed = retention.hold_segment(
                work,
                evaluation=evaluation,
                compartments=compartments,
                reason=reason,
                review_at=review,
                case_ref=case_ref,
            )
        else:
            placed = customers.place_holds(
                work, people=ids, compartments=compartments, reason=reason, review_at=review, case_ref=case_ref
            )
    say(f"{placed} holds were placed.")


@click.command()
@click.option("--case", "case_ref", help="Those of a case, by its name; else those that are to be looked at again.")
@as_json
def holds(case_ref: str | None, *, as_json: bool) -> None:
    """Show legal holds that stand: of a case, or those whose time for review has come."""
    with operator_work() as work:
        found = (
            customers.holds_to_review(work) if case_ref is None else customers.holds_of_case(work, case_ref=case_ref)
        )
    if as_json:
        answer_json(found)
        return
    rows = [(one.id, one.person, one.compartments, one.placed_at, one.review_at) for one in found]
    answer_table(["hold", "customer", "compartments", "placed_at", "review_at"], rows)


@click.command()
@click.option("--case", "case_ref", required=True, help="Name of the case.")
@click.option("--reason", required=True, help="Why; sealed.")
def release(case_ref: str, reason: str) -> None:
    """Propose that all holds of a case be released; each is decided by another person."""
    with operator_work() as work:
        found = customers.holds_of_case(work, case_ref=case_ref)
        for one in found:
            customers.propose_release(work, subject=one.person, hold=one.id, reason=reason)
    say(f"The release of {len(found)} holds was proposed; see: governance proposals list")


def _id_of(line: str) -> UUID:
    try:
        return UUID(line)
    except ValueError:
        raise InvalidError("The file holds something that is no id of a customer.") from None
