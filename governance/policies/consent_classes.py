"""Holders who differ in nothing that a verdict looks at, put into one class and decided once.

Of instants, ages and versions of notices a verdict only asks on which side of an edge they lie. `edges` names these for
a question; whoever reads many holders sorts them by the edges, and `decide_class` has `decide` answer for one of the
class. So the ten thousand holders of a batch come to a few dozen decisions.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from governance.policies.consent import Question, decide
from governance.policies.consent_facts import ContactFacts, Holder, Verdict
from governance.policies.consent_state import ConsentState, Grant, Standing
from governance.policies.periods import Period
from governance.policies.purposes import Ground

NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
"""Nothing that counts lies before this instant."""
ABSENT, ENDED, HOLDS, TO_COME = range(4)
"""Classes of an instant: there is none; up to the edge; after it, and up to the instant asked about; after that."""
GIVEN_OLD, CONFIRMED_OLD, RESTRICTED, GROWN_UP = 1 << 8, 1 << 9, 1 << 10, 1 << 11
"""Bits of a class above those of its four instants: notices older than counts, and what is known of the person."""
_TICK: Final = timedelta(microseconds=1)
_EVENT: Final = UUID(int=0)


class Edges(NamedTuple):
    """Where the answers to a question change.

    Attributes:
        at: the instant asked about; what lies after it is yet to come.
        lapsed: consents up to this instant have lapsed.
        sold: sales up to this instant are too old.
        minimum_notice: versions of the notice before this one count no more.
        minimum_age: in years.
    """

    at: datetime
    lapsed: datetime
    sold: datetime
    minimum_notice: int
    minimum_age: int


class HolderClass(NamedTuple):
    """All holders who differ in nothing that counts.

    Attributes:
        marks: classes of the instants of consent, confirmed consent, sale and offer to opt out, two bits each from the
            lowest; above them the bits named here.
        country: as the holder's.
        ground: on which the person is kept.
        standing: where the consent stands; None where nothing was ever said.
    """

    marks: int
    country: str | None
    ground: str | None
    standing: str | None


def edges(question: Question) -> Edges:
    """The edges of a question."""
    at = question.at
    return Edges(
        at,
        _last_ended(question.valid_for, at),
        _last_ended(question.sale_within, at),
        question.minimum_notice,
        question.minimum_age or 0,
    )


@lru_cache(maxsize=1024)
def _last_ended(period: Period | None, at: datetime) -> datetime:
    """The latest instant from which the period has ended by *at*: an end never comes the earlier for a later start."""
    if period is None:
        return NEVER
    low, high = 0, (at - NEVER) // _TICK  # ended by then; not ended
    if period.after(NEVER) > at:
        return NEVER
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if period.after(NEVER + middle * _TICK) <= at else (low, middle)
    return NEVER + low * _TICK


def decide_class(known: HolderClass, question: Question, found: Edges) -> Verdict:
    """The verdict on a contact that one holder of a class has, and that the ledger knows nothing of.

    It says whether, why and on what ground; what differs within a class (dates, versions, events) it leaves out.
    """
    verdict = decide(ContactFacts((one_of(known, found),)), question)
    return Verdict(verdict.allowed, verdict.reason, verdict.ground)


def one_of(known: HolderClass, found: Edges) -> Holder:
    """A holder of a class."""
    marks, ground = known.marks, known.ground
    state = None
    if known.standing is not None:
        given = _grant(marks & 3, found, old=bool(marks & GIVEN_OLD))
        confirmed = _grant(marks >> 2 & 3, found, old=bool(marks & CONFIRMED_OLD))
        state = ConsentState(_STANDINGS[known.standing], None, None, given, confirmed)
    return Holder(
        state,
        bool(marks & RESTRICTED),
        known.country,
        found.minimum_age if marks & GROWN_UP else None,
        None if ground is None else _GROUNDS.get(ground),
        _instant(marks >> 4 & 3, found.sold, found.at),
        _instant(marks >> 6 & 3, NEVER, found.at),
    )


_STANDINGS: Final = {one.value: one for one in Standing}
_GROUNDS: Final = {one.value: one for one in Ground}


def _grant(which: int, found: Edges, *, old: bool) -> Grant | None:
    at = _instant(which, found.lapsed, found.at)
    return None if at is None else Grant(at, found.minimum_notice - 1 if old else found.minimum_notice, _EVENT)


def _instant(which: int, edge: datetime, at: datetime) -> datetime | None:
    return (None, edge, at, at + _TICK)[which]
