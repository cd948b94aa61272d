"""Asking people to decide: a mail that names the kind of act and the proposal, and nobody."""

from collections.abc import Sequence

from sqlalchemy import select

from governance.accounts.tables import ProposalRow, StaffRow
from governance.kernel.ids import StaffId
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.operations import Template
from governance.messages.times import moment
from governance.reference import operations as reference


def ask(work: Work, row: ProposalRow, people: Sequence[StaffId]) -> None:
    """Put a mail to each of *people* into the outbox; it is of no use once the proposal's time is over."""
    if not people:
        return
    controller = reference.find_controller(work)
    language, zone = (None, None) if controller is None else (controller.language, controller.zone)
    until = moment(row.until, language=language, zone=zone)
    for one in work.session.scalars(select(StaffRow).where(StaffRow.id.in_(people)).order_by(StaffRow.id)):
        if one.email is None:
            continue
        messages.enqueue(
            work,
            template=Template.PROPOSAL_WAITS,
            language=language,
            recipient=one.email,
            values={"kind": row.kind, "proposal": str(row.id), "until": until},
            expires_at=row.until,
        )
