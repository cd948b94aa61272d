"""What the staff of the demonstration have done by the time somebody looks: policies, a hold, segments, reveals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from governance.accounts import operations as accounts
from governance.consent import segmenting
from governance.consent.segment_examples import examples
from governance.customers import operations as customers
from governance.kernel.ids import SubjectId
from governance.kernel.work import Actor, Work
from governance.retention import operations as retention

_IN_FORCE: Final = ("interaction_notes", "unconfirmed_subscriptions", "refused_import_rows")
_PROPOSED: Final = "inactive_customers"
_DRAFTED: Final = "purchases_tax"
_SEGMENTS: Final = ("vip", "asleep", "newcomers")
_REVEALS: Final = (
    ("support", 7, ("contacts",), "Called us about a delivery; calls back on the number on record."),
    ("officer", 9, ("birth_date",), "Proof of identity at the counter."),
    ("steward", 11, ("family_name", "given_name"), "Two records look alike; the names were compared."),
    ("officer", 1, ("family_name", "given_name", "contacts"), "Identity of whoever asks to be erased by letter."),
)
"""Who looked at which customer, at which fields, and why."""
_HELD: Final = 20


def fill_office(work: Work, emails: Sequence[str]) -> bool:
    """Let the staff act as they would, unless they have; answers whether they did.

    All of it in one transaction: a demonstration that is stopped in the middle begins again with nothing half done.

    Args:
        work: of the operator, in a demonstration.
        emails: of the made-up customers.
    """
    staff = _staff(work)
    if len(staff["officer"]) < 2 or retention.policies(work):
        return False
    officer, other = (replace(work, actor=one) for one in staff["officer"][:2])
    for key in (*_IN_FORCE, _PROPOSED, _DRAFTED):
        _put_forward(officer, key, approver=other if key in _IN_FORCE else None)
    customers.place_holds(
        officer,
        people=[_customer(work, emails[_HELD])],
        compartments=["finance"],
        reason="A warranty claim over the last purchase is before the court.",
        review_at=work.now + timedelta(days=20),
        case_ref="2026-117",
    )
    for role, number, fields, reason in _REVEALS:
        subject = _customer(work, emails[number])
        customers.reveal(replace(work, actor=staff[role][0]), subject=subject, fields=fields, reason=reason)
    marketer = replace(work, actor=staff["marketer"][0])
    for key in _SEGMENTS:
        written = examples()[key]
        made = segmenting.define(marketer, key=key, titles=written.titles, rule=written.rule)
        segmenting.evaluate(marketer, segment=made.id)
    return True


def _put_forward(work: Work, key: str, *, approver: Work | None) -> None:
    """Draft a shipped policy, look ahead, and propose it; the actor of *approver* approves, where there is one."""
    drafted = retention.draft_shipped(work, key=key)
    retention.look_ahead(work, policy=drafted.id)
    if key == _DRAFTED:
        return
    proposal = retention.propose_activation(work, policy=drafted.id, reason="As the data protection officer advised.")
    if approver is not None:
        accounts.approve(approver, proposal=proposal.id, digest=proposal.digest)


def _staff(work: Work) -> Mapping[str, list[Actor]]:
    found: dict[str, list[Actor]] = {}
    for one in accounts.made_up_staff(work):
        for role in one.roles:
            found.setdefault(role, []).append(accounts.staff_actor(work, staff=one.id))
    return found


def _customer(work: Work, email: str) -> SubjectId:
    return customers.search(work, by="email", value=email).items[0].id
