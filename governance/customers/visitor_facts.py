"""A second fact tells which person a visitor is: birth date, postcode, or the number of the last purchase.

Compared are digests, for everybody who holds the contact and whether or not the fact is known of them, in constant
time. Tries are capped by contact and by everybody who holds it, by network, and in all: a birth date is one of a few
thousand. What does not match and what is not known looks the same.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from governance.accounts.attempts import place_of
from governance.accounts.portal import operations as portal
from governance.accounts.portal.operations import Allowance
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import ObjectRef
from governance.customers.holders import Known
from governance.customers.loading import opened
from governance.customers.tables import PersonRow, PurchaseRow
from governance.customers.visiting import Visitor, holders_of, proven_rows, widened
from governance.kernel.ids import SubjectRef
from governance.kernel.work import Work
from governance.vault.blind import normal_text

TRIES: Final = 5
WINDOW: Final = timedelta(days=1)
LASTING_TRIES: Final = 20
"""About one person in a month: at five a day somebody's birthday would be found within a quarter of a year."""
LASTING_WINDOW: Final = timedelta(days=30)
PER_ADDRESS: Final = 30
HOUR: Final = timedelta(hours=1)


class SecondFact(StrEnum):
    """What tells a person from others who read the same mailbox."""

    BIRTH_DATE = "birth_date"
    POSTCODE = "postcode"
    PURCHASE_NUMBER = "purchase_number"


def confirm_by_fact(
    work: Work, *, visitor: Visitor, fact: SecondFact, value: str, address: str, per_hour: int
) -> Visitor | None:
    """Single out which holder of the contact this is; None where nobody, or more than one, has this fact.

    Right, the session opens more under a new token, and a contact that only this person holds counts as verified. The
    caller commits in either case: what was tried stays tried.

    Args:
        work: the unit of work.
        visitor: whose session it is.
        fact: which fact.
        value: as typed; a date as ISO 8601.
        address: where the request comes from.
        per_hour: facts that may be tried in an hour, all together.

    Raises:
        TooManyError: too many were tried by this contact, about somebody who holds it, from this network, or in all.
    """
    holders = holders_of(work, visitor.visit)
    _count(work, visitor, holders, address=address, per_hour=per_hour)
    given = _digest(_normal(value))
    matching = [
        one for one, kept in zip(holders, _kept(work, fact, holders), strict=True) if hmac.compare_digest(kept, given)
    ]
    facts = {"fact": fact.value, "held": len(holders)}
    if len(matching) != 1 or not _normal(value):
        audit.append(work, Action.VISIT_CONFIRMED, facts=facts, outcome=Outcome.REFUSED)
        return None
    person = matching[0]
    if len(holders) == 1:
        _verify(work, visitor, person)
    audit.append(work, Action.VISIT_CONFIRMED, subject=person.ref, facts=facts)
    return widened(work, portal.widen_visit(work, visit=visitor.visit.id, person=person.id))


def _count(work: Work, visitor: Visitor, holders: Sequence[Known], *, address: str, per_hour: int) -> None:
    people = [str(one.id) for one in holders]
    portal.take(
        work,
        [
            Allowance("fact-address", [place_of(address)], PER_ADDRESS, HOUR),
            Allowance("fact", [visitor.visit.contact.counted], TRIES, WINDOW),
            Allowance("fact-person", people, TRIES, WINDOW),
            Allowance("fact-person-month", people, LASTING_TRIES, LASTING_WINDOW),
            Allowance("fact-all", [""], per_hour, HOUR),
        ],
    )


def _kept(work: Work, fact: SecondFact, holders: Sequence[Known]) -> list[bytes]:
    """Digests of the fact, one for each of *holders*; of nothing that can be typed where it is not known."""
    values: list[str | None] = []
    for one in holders:
        if fact is SecondFact.PURCHASE_NUMBER:
            last = select(PurchaseRow).where(PurchaseRow.person_id == one.id).order_by(PurchaseRow.paid_at.desc())
            purchase = work.session.scalars(last.limit(1)).first()
            values.append(None if purchase is None else opened(purchase, "number"))
        else:
            row = work.session.get(PersonRow, one.id)
            values.append(None if row is None else opened(row, fact.value))
    return [_digest(_normal(one)) if one else secrets.token_bytes(32) for one in values]


def _verify(work: Work, visitor: Visitor, person: Known) -> None:
    for row in proven_rows(work, visitor.visit, person.id):
        if row.verified_at is None:
            row.verified_at = work.now
            work.session.flush()
            audit.append(
                work,
                Action.CONTACT_VERIFIED,
                subject=SubjectRef(person.ref),
                object=ObjectRef("contact", row.id),
                facts={"kind": row.kind, "by": "second_fact"},
            )


def _normal(value: str) -> str:
    """Blanks, dashes and capitals make no difference."""
    return normal_text(value).replace(" ", "").replace("-", "")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
