"""Purchases and interactions find their people by e-mail and phone."""

from collections.abc import Sequence
from uuid import UUID

from governance.customers.bulk_events import record_interactions, record_purchases
from governance.customers.records import InteractionOf, Moment, NewInteraction, NewPurchase, Origin, PurchaseOf
from governance.intake.dates import PartialDate
from governance.intake.lookup import held_by, ranked
from governance.intake.outcome import Outcome
from governance.intake.records import CustomerRow, InteractionRow, PurchaseRow
from governance.intake.staging import Remark
from governance.intake.values import Refusal
from governance.intake.waiting import ReadyRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

SEVERAL_PEOPLE = "several-people"
UNKNOWN_PERSON = Refusal(
    "", "row-unknown-person", "Nobody in the store has this e-mail or phone; import the customer, then this row again."
)


Event = PurchaseRow | InteractionRow


def owners_of(work: Work, rows: Sequence[ReadyRow]) -> tuple[list[tuple[Event, SubjectId]], Outcome]:
    """Whose each record is; what is nobody's is refused in the outcome.

    Of several people, whoever has most of the row's contacts is taken, and the earliest of these: the same file always
    comes to the same people. The row is remarked.
    """
    held = held_by(work, (key for row in rows for key in row.keys))
    outcome = Outcome()
    tied: list[tuple[Event, SubjectId]] = []
    for row in rows:
        record = row.waiting.record
        found = ranked(held, row.keys)
        if isinstance(record, CustomerRow):
            continue
        if not found:
            outcome.refused[record.number] = UNKNOWN_PERSON
            continue
        if len(found) > 1:
            outcome.remarks.append(Remark(record.number, SEVERAL_PEOPLE))
        tied.append((record, found[0].id))
    return tied, outcome


def apply_purchases(work: Work, origin: Origin, rows: Sequence[ReadyRow]) -> Outcome:
    """Record purchases of people who are in the store."""
    tied, outcome = owners_of(work, rows)
    purchases = [PurchaseOf(person, _purchase(row)) for row, person in tied if isinstance(row, PurchaseRow)]
    _count(outcome, record_purchases(work, purchases, batch=origin.batch))
    return outcome


def apply_interactions(work: Work, origin: Origin, rows: Sequence[ReadyRow]) -> Outcome:
    """Record interactions with people who are in the store."""
    tied, outcome = owners_of(work, rows)
    interactions = [InteractionOf(person, _interaction(row)) for row, person in tied if isinstance(row, InteractionRow)]
    _count(outcome, record_interactions(work, interactions, batch=origin.batch))
    return outcome


def _count(outcome: Outcome, ids: Sequence[UUID | None]) -> None:
    """Those without an id were there already: the same number, or the same kind at the same instant."""
    outcome.created = sum(made is not None for made in ids)
    outcome.unchanged = len(ids) - outcome.created


def _purchase(row: PurchaseRow) -> NewPurchase:
    return NewPurchase(
        paid_at=moment(row.paid_at),
        total=row.total,
        currency=row.currency,
        number=row.order_number,
        items=row.items,
        buyer=None if row.buyer_name is None else {"name": row.buyer_name},
        note=row.note,
    )


def _interaction(row: InteractionRow) -> NewInteraction:
    return NewInteraction(
        kind=row.kind,
        at=moment(row.at),
        seconds=row.seconds,
        result=row.result,
        note=row.note,
        next_contact_at=None if row.next_at is None else moment(row.next_at),
    )


def moment(read: "Moment | PartialDate") -> Moment:
    """An instant, or a day; what is less than a day has been refused with its row.

    Raises:
        ValueError: where only a month is known.
    """
    if not isinstance(read, PartialDate):
        return read
    if read.exact is None:
        raise ValueError("An event needs a whole date.")
    return read.exact
