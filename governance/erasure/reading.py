"""The one way to what a law keeps of people who were erased: with a permission of its own, a reason, and an entry."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.customers.kept import KeptPurchase, KeptPurchases, kept_purchases
from governance.customers.pages import After
from governance.customers.reach import allow
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.reference.operations import find_controller
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

__all__ = ["KeptPurchase", "KeptPurchases", "Wanted", "read_kept"]


@frozen
class Wanted:
    """Which purchases.

    Attributes:
        number: of the invoice; all where nothing is said.
        since, until: first and last day of payment, in the controller's zone.
    """

    number: str | None = None
    since: date | None = None
    until: date | None = None


def read_kept(work: Work, *, wanted: Wanted, reason: str, after: After | None = None, limit: int = 50) -> KeptPurchases:
    """Read purchases that a law keeps of people who were erased, newest first; told in the log with the reason, sealed.

    They are kept for taxes and accounts alone (GDPR Art. 17(3)(b), 18(2)), so nobody else finds, lists or exports them.

    Raises:
        ForbiddenError: without `erasure:kept`.
        InvalidError: where no reason is given.
    """
    allow(work, Permission.ERASURE_KEPT)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    if wanted.since is not None and wanted.until is not None and wanted.until < wanted.since:
        errors.add("until", "This lies before the first day.")
    errors.end("What is kept for the tax office is read for a reason.")
    found = kept_purchases(
        work,
        number=wanted.number,
        since=_midnight(work, wanted.since, days=0),
        until=_midnight(work, wanted.until, days=1),
        after=after,
        limit=limit,
    )
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.ERASURE, [owner])
    facts: dict[str, Fact] = {
        "by_number": wanted.number is not None,
        "count": len(found.items),
        "since": wanted.since,
        "until": wanted.until,
    }
    audit.append(work, Action.ERASURE_KEPT_READ, facts=facts, personal={"reason": reason}, owner=owner)
    return found


def _midnight(work: Work, day: date | None, *, days: int) -> datetime | None:
    if day is None:
        return None
    known = find_controller(work)
    zone = ZoneInfo("UTC" if known is None else known.zone)
    return datetime.combine(day + timedelta(days=days), time(), zone)
