"""How many people a member of staff sees in the clear: counted by day and person, kept to a quota, watched if wished.

The day is one of the controller's zone. The row of a member's day is locked while it is counted, so that reveals at the
same time add up; what is refused is rolled back and does not count.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Date, Uuid, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from governance.accounts.alerts import AlertKind, raise_alert
from governance.accounts.errors import DisabledError, NoSuchStaffError, OwnQuotaError, QuotaExceededError
from governance.accounts.tables import ReadingDayRow, ReadingRow, ReadingRulesRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import StaffId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies import access
from governance.policies.permissions import Permission
from governance.reference import operations as reference

PEOPLE_PER_DAY: Final = 50
"""The quota where no other was set."""
MOST_PEOPLE: Final = 100_000
USUAL_DAYS: Final = 28
"""What is usual is the mean over the days on which somebody read at all, of so many before today."""
USUAL_DAYS_NEEDED: Final = 5
UNUSUAL_TIMES: Final = 3
UNUSUAL_PEOPLE: Final = 20
"""Fewer people than this are never unusual."""
PEOPLE_KEPT: Final = timedelta(days=2)
DAYS_KEPT: Final = timedelta(days=60)


@frozen
class ReadingRules:
    """How much may be read.

    Attributes:
        people_per_day: how many people a member of staff may see in the clear in a day.
        watch_unusual: whether officers are told of unusual reading; off unless the controller wants it, since staff are
            people, too.
    """

    people_per_day: int = PEOPLE_PER_DAY
    watch_unusual: bool = False


@frozen
class ReadingDay:
    """A member's day.

    Attributes:
        people: how many people were seen in the clear.
        allowed: how many may be.
    """

    staff: StaffId
    day: date
    people: int
    allowed: int


def count_reading(work: Work, *, people: Sequence[SubjectRef]) -> None:
    """Count people whom the actor, a member of staff, is about to see in the clear; each counts once a day.

    Systems have no quota: they are kept to scopes and rates.

    Raises:
        QuotaExceededError: it would be more than the actor may see today; nothing of it is counted then.
    """
    if work.actor.kind is not ActorKind.STAFF or work.actor.id is None:
        return
    rules, day = reading_rules(work), _today(work)
    row = _locked_day(work, work.actor.id, day)
    asked = select(literal(row.staff_id, Uuid), literal(day, Date), func.unnest(literal(list(people), ARRAY(Uuid))))
    fresh = insert(ReadingRow).from_select(["staff_id", "day", "subject_ref"], asked).on_conflict_do_nothing()
    row.people += len(work.session.scalars(fresh.returning(ReadingRow.subject_ref)).all())
    allowed = row.granted or rules.people_per_day
    if row.people > allowed:
        raise QuotaExceededError(
            f"You may see {allowed} people in the clear today; ask an officer to grant you more for the day.",
            retry_after_seconds=_seconds_left(work),
        )
    work.session.flush()
    if rules.watch_unusual:
        _watch(work, row)


def tell_quota_exceeded(work: Work) -> None:
    """Alert officers that the actor wanted to see more than allowed, once a day; in a unit of work of its own."""
    if work.actor.id is None:
        return
    row = _locked_day(work, work.actor.id, _today(work))
    if row.refused_told:
        return
    row.refused_told = True
    facts: dict[str, Fact] = {"day": row.day, "people": row.people, "allowed": _allowed(work, row)}
    raise_alert(work, kind=AlertKind.QUOTA_EXCEEDED, staff=_known(work, row.staff_id), facts=facts)


def grant_reading(work: Work, *, staff: StaffId, people: int) -> ReadingDay:
    """Let a member of staff see more people today than the quota; nobody does so for themselves.

    Raises:
        ForbiddenError: where the actor may not do this.
        OwnQuotaError: where the actor asks for themselves.
        NoSuchStaffError, DisabledError: as they say.
        InvalidError: where it is no more than the quota, or more than can be counted.
    """
    _require(work, Permission.READINGS_GRANT)
    if work.actor.kind is ActorKind.STAFF and work.actor.id == staff:
        raise OwnQuotaError("Another officer grants it, or `governance staff allow-reading` on the host.")
    member = work.session.get(StaffRow, staff)
    if member is None:
        raise NoSuchStaffError("There is no such staff member.")
    if member.disabled_at is not None:
        raise DisabledError("The account is disabled.")
    usual = reading_rules(work).people_per_day
    if not usual < people <= MOST_PEOPLE:
        sentence = f"Give a number above {usual}, the quota, and up to {MOST_PEOPLE}."
        raise InvalidError("This cannot be granted.", errors={"people": [sentence]})
    row = _locked_day(work, staff, _today(work))
    row.granted = people
    work.session.flush()
    facts: dict[str, Fact] = {"day": row.day, "people": people}
    audit.append(work, Action.READING_GRANTED, object=ObjectRef("staff", staff), facts=facts)
    return ReadingDay(staff, row.day, row.people, people)


def reading_rules(work: Work) -> ReadingRules:
    """The rules in force."""
    row = work.session.get(ReadingRulesRow, 1)
    return ReadingRules() if row is None else ReadingRules(row.people_per_day, row.watch_unusual)


def set_reading_rules(
    work: Work, *, people_per_day: int | None = None, watch_unusual: bool | None = None
) -> ReadingRules:
    """Change how much may be read; what is None stays.

    Tightening is anybody's who may do this. A higher quota for all is also one's own, so only the operator of the host
    sets it; officers are told of it, as they are where reading is no longer watched.

    Raises:
        ForbiddenError: where the actor may not do this.
        OwnQuotaError: where anybody but the operator asks for a higher quota.
        InvalidError: where the quota is out of bounds.
    """
    _require(work, Permission.READINGS_CONFIGURE)
    now = reading_rules(work)
    wanted = ReadingRules(
        now.people_per_day if people_per_day is None else people_per_day,
        now.watch_unusual if watch_unusual is None else watch_unusual,
    )
    if not 1 <= wanted.people_per_day <= MOST_PEOPLE:
        sentence = f"Give a number from 1 to {MOST_PEOPLE}."
        raise InvalidError("The rules cannot be so.", errors={"people_per_day": [sentence]})
    raised = wanted.people_per_day > now.people_per_day
    if raised and work.actor.kind is not ActorKind.OPERATOR:
        raise OwnQuotaError(
            "This would raise your own quota, too. The operator sets it on the host, `governance alerts rules`; "
            "another officer can be asked to grant more for a day."
        )
    told = {"people_per_day": wanted.people_per_day, "watch_unusual": wanted.watch_unusual}
    values = {**told, "changed_at": work.now}
    statement = insert(ReadingRulesRow).values(id=1, **values)
    work.session.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=values),
        execution_options={"synchronize_session": False},
    )
    work.session.expire_all()
    audit.append(work, Action.READING_RULES_SET, facts=told)
    if raised or (now.watch_unusual and not wanted.watch_unusual):
        by = work.actor.id or work.actor.kind.value
        raise_alert(work, kind=AlertKind.READING_LOOSENED, facts={**told, "by": by})
    return wanted


def forget_readings(work: Work) -> int:
    """Delete whom somebody saw two days ago or before, and counts of two months ago; answers how many rows."""
    today = _today(work)
    people = delete(ReadingRow).where(ReadingRow.day < today - PEOPLE_KEPT).returning(ReadingRow.day)
    days = delete(ReadingDayRow).where(ReadingDayRow.day < today - DAYS_KEPT).returning(ReadingDayRow.day)
    options = {"synchronize_session": False}
    return sum(len(work.session.execute(one, execution_options=options).all()) for one in (people, days))


def _watch(work: Work, row: ReadingDayRow) -> None:
    if row.unusual_told or row.people < UNUSUAL_PEOPLE:
        return
    before = (
        ReadingDayRow.staff_id == row.staff_id,
        ReadingDayRow.day < row.day,
        ReadingDayRow.day >= row.day - timedelta(days=USUAL_DAYS),
        ReadingDayRow.people > 0,
    )
    days, total = work.session.execute(select(func.count(), func.sum(ReadingDayRow.people)).where(*before)).one()
    if days < USUAL_DAYS_NEEDED or row.people * days <= UNUSUAL_TIMES * total:
        return
    row.unusual_told = True
    facts: dict[str, Fact] = {"day": row.day, "people": row.people, "usual": round(total / days)}
    raise_alert(work, kind=AlertKind.UNUSUAL_READING, staff=_known(work, row.staff_id), facts=facts)


def _locked_day(work: Work, staff: UUID, day: date) -> ReadingDayRow:
    new = {"staff_id": staff, "day": day, "people": 0, "refused_told": False, "unusual_told": False}
    work.session.execute(insert(ReadingDayRow).values(new).on_conflict_do_nothing())
    query = select(ReadingDayRow).where(ReadingDayRow.staff_id == staff, ReadingDayRow.day == day)
    return work.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def _allowed(work: Work, row: ReadingDayRow) -> int:
    return row.granted or reading_rules(work).people_per_day


def _known(work: Work, staff: UUID) -> StaffId | None:
    return None if work.session.get(StaffRow, staff) is None else StaffId(staff)


def _today(work: Work) -> date:
    return work.now.astimezone(_zone(work)).date()


def _seconds_left(work: Work) -> int:
    """Until midnight in the controller's zone."""
    zone = _zone(work)
    tomorrow = datetime.combine(work.now.astimezone(zone).date() + timedelta(days=1), time(), tzinfo=zone)
    return max(1, ceil((tomorrow - work.now).total_seconds()))


def _zone(work: Work) -> ZoneInfo:
    controller = reference.find_controller(work)
    return ZoneInfo("UTC" if controller is None else controller.zone)


def _require(work: Work, permission: Permission) -> None:
    if not access.allows(work.actor, permission).allowed:
        raise ForbiddenError(f"This needs the permission {permission.value}, which you do not have.")
