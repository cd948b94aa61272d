"""Evidence of consents, and subscriptions, that a retention policy may take away; as `customers.expiring`.

Evidence goes only once the consent has ended: withdrawn, refused, objected to, or lapsed. Of each ended consent the
last event stays, without its evidence: the bare "no", so that silence is never taken for more.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, delete, func, literal, null, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from governance.consent.tables import ConsentEventRow, ConsentRequestRow, ConsentStateRow, ConsentSubjectRow
from governance.custody.shredding import Reason, shred
from governance.customers.expiring import Statement, Stock, of_rows
from governance.kernel.ids import OwnerId
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind, Standing
from governance.policies.retention import Clock

GRANTS: Final = (EventKind.GIVEN, EventKind.CONFIRMED, EventKind.RENEWED)
ENDED: Final = (Standing.WITHDRAWN, Standing.OBJECTED, Standing.REFUSED, Standing.EXPIRED)


def standing_of(people: Statement) -> Statement:
    """A statement of the number of consents that people (a statement of `id`) have given and that stand."""
    these = people.subquery()
    return select(func.count()).where(
        ConsentStateRow.standing == Standing.GIVEN.value, ConsentStateRow.person_id.in_(select(these.c.id))
    )


def _thin(work: Work, ids: Sequence[UUID]) -> int:
    """Delete evidence by the function that may, and what the states tell of events that are gone."""
    work.session.flush()
    met = select(ConsentEventRow.person_id, ConsentEventRow.purpose, ConsentEventRow.channel).where(
        ConsentEventRow.id == of_rows(ids)
    )
    of_these = [tuple(row) for row in work.session.execute(met.distinct())]
    gone = work.session.scalar(select(func.retention_thin_evidence(literal(list(ids), ARRAY(Uuid)))))
    states = ConsentStateRow.__table__.c
    emptied = dict.fromkeys(
        ("given_at", "given_notice", "given_event", "confirmed_at", "confirmed_notice", "confirmed_event"), None
    )
    for at in range(0, len(of_these), 500):
        some = of_these[at : at + 500]
        keys = or_(
            *(and_(states.person_id == one, states.purpose == two, states.channel == three) for one, two, three in some)
        )
        work.session.connection().execute(update(ConsentStateRow).where(keys).values(**emptied))
    work.session.expire_all()
    return int(gone or 0)


def _remove_subscriptions(work: Work, ids: Sequence[UUID]) -> int:
    owners = work.session.scalars(select(ConsentRequestRow.owner_id).where(ConsentRequestRow.id == of_rows(ids))).all()
    shred(work, owners=[OwnerId(one) for one in owners], reason=Reason.RETENTION_ENDED)
    work.session.execute(delete(ConsentRequestRow).where(ConsentRequestRow.id == of_rows(ids)))
    return len(owners)


_EVENT, _STATE = ConsentEventRow, ConsentStateRow
_SAME = and_(_STATE.person_id == _EVENT.person_id, _STATE.purpose == _EVENT.purpose, _STATE.channel == _EVENT.channel)


def _evidence(clock: Clock, at: Any) -> Stock:  # noqa: ANN401 - a column, or a function of some
    rows = (
        select(
            _EVENT.id.label("id"),
            func.coalesce(ConsentSubjectRow.merged_into, _EVENT.person_id).label("person_id"),
            at.label("at"),
            _EVENT.channel.label("code"),
        )
        .select_from(_EVENT)
        .join(_STATE, _SAME)
        .join(ConsentSubjectRow, ConsentSubjectRow.person_id == _EVENT.person_id)
        .where(
            _STATE.standing.in_([one.value for one in ENDED]),
            or_(_STATE.event.is_(None), _STATE.event != _EVENT.id, _EVENT.__table__.c.evidence_sealed.is_not(None)),
        )
    )
    return Stock("consent_event", clock, rows, Compartment.EVIDENCE, (ConsentSubjectRow,), _thin)


_CREATED: InstrumentedAttribute[Any] = ConsentRequestRow.created_at
_GIVEN = aliased(ConsentEventRow)
# A state forgets its grant when the consent ends, and the period of its proof runs from the grant all the same.
_GRANTED_AT = (
    select(func.max(func.coalesce(_GIVEN.valid_at, _GIVEN.recorded_at)))
    .where(
        _GIVEN.person_id == _EVENT.person_id,
        _GIVEN.purpose == _EVENT.purpose,
        _GIVEN.channel == _EVENT.channel,
        _GIVEN.kind.in_([one.value for one in GRANTS]),
    )
    .correlate(_EVENT)
    .scalar_subquery()
)
STOCKS: Final = (
    _evidence(Clock.CONSENT_WITHDRAWN, _STATE.since),
    _evidence(Clock.CONSENT_GIVEN, func.coalesce(_GRANTED_AT, _STATE.since)),
    _evidence(Clock.CONSENT_LAST_USED, func.greatest(_STATE.last_used_at, _GRANTED_AT)),
    Stock(
        "subscription",
        Clock.SUBSCRIPTION_REQUESTED,
        select(
            ConsentRequestRow.id.label("id"),
            literal(None, Uuid).label("person_id"),
            _CREATED.label("at"),
            null().label("code"),
        ).where(ConsentRequestRow.confirmed_at.is_(None)),
        None,
        (ConsentRequestRow,),
        _remove_subscriptions,
    ),
)
"""What this package keeps, by table and clock."""
