"""The duty to inform (GDPR Arts 13 and 14): who was told what is done with their data, by which words, when and how."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, Uuid, any_, insert, literal, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.consent.codes import InformMethod, NoticeKind
from governance.consent.tables import InformingRow
from governance.consent.terms import NoticeVersion, terms_of
from governance.customers import informing
from governance.customers.holders import Known, find_known
from governance.customers.informing import Uninformed
from governance.customers.reach import allow
from governance.customers.texts import Complaints
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope

MOST_PEOPLE: Final = 5000
"""Told of in one call."""
MOST_DAYS: Final = 366
LISTED: Final = 1000
"""People on one page."""


@frozen
class Informing:
    """That one person was told.

    Attributes:
        id: of the record, and of its audit entry.
        notice, version: of the privacy notice.
        language: ISO 639, in which they were told; None where nobody knows.
        at: when they were told.
    """

    id: EntryId
    subject: SubjectId
    notice: str
    version: int
    language: str | None
    method: InformMethod
    at: datetime
    recorded_at: datetime


@frozen
class Informed:
    """What became of a call.

    Attributes:
        items: one for each person who was told, in the order asked.
        unknown: those of whom nobody within reach has the id.
    """

    items: tuple[Informing, ...]
    unknown: tuple[SubjectId, ...]


class UninformedAfter(NamedTuple):
    """The place in the list behind which the next page begins."""

    inform_by: datetime
    subject: SubjectId


@frozen
class UninformedPage:
    """A page of people to be told, the most urgent first; *next_after* is where the next one begins."""

    items: tuple[Uninformed, ...]
    next_after: UninformedAfter | None


def inform(
    work: Work,
    *,
    people: Sequence[SubjectId],
    notice: str,
    method: InformMethod,
    version: int | None = None,
    language: str | None = None,
    at: datetime | None = None,
) -> Informed:
    """Record that people were told of the processing; from then on nothing is kept from them because they were not.

    It is for whoever told them to say so: the service sends no notice by itself.

    Args:
        work: the transaction.
        people: at most 5,000 customers.
        notice: key of the privacy notice.
        method: how they were told.
        version: of the notice; the one in force at that instant by default.
        language: ISO 639, in which they were told.
        at: when; now by default.

    Raises:
        ForbiddenError: where the actor may not record it.
        InvalidError: `errors` says by field what is wrong.
    """
    reach = allow(work, Permission.CONSENT_RECORD)
    told_at = work.now if at is None else at
    shown = _checked(work, people, notice, version, language, told_at)
    known = find_known(work, people)
    reached = {one.id: one for one in known.values() if reach is RowScope.ALL or one.responsible == work.actor.id}
    unknown = tuple(one for one in people if one not in known or known[one].id not in reached)
    facts: dict[str, Fact] = {
        "at": told_at,
        "language": language,
        "method": method.value,
        "notice": notice,
        "version": shown.version,
    }
    persons = list(reached.values())
    ids = audit.append_many(work, [NewEntry(Action.PERSON_INFORMED, subject=one.ref, facts=facts) for one in persons])
    items = tuple(
        Informing(eid, person.id, notice, shown.version, language, method, told_at, work.now)
        for eid, person in zip(ids, persons, strict=True)
    )
    if items:
        work.session.execute(insert(InformingRow), [_row(work, one) for one in items])
        informing.note_informed(work, told=dict.fromkeys(reached, told_at))
    return Informed(items, unknown)


def note_shown(work: Work, *, person: Known, notice: str, language: str, at: datetime) -> None:
    """Record that a person was shown a privacy notice while they entered their data (GDPR Art. 13).

    For whoever has recorded the data and when they were informed.

    Args:
        work: the transaction.
        person: who entered their data.
        notice: key of the privacy notice; nothing is recorded where none was in force.
        language: of the page; kept where the notice is written in it.
        at: when it was shown.
    """
    shown = terms_of(work).notice_in_force(NoticeKind.PRIVACY, notice, at)
    if shown is None:
        return
    written = language if language in shown.languages else None
    facts: dict[str, Fact] = {
        "at": at,
        "language": written,
        "method": InformMethod.WEB.value,
        "notice": notice,
        "version": shown.version,
    }
    eid = audit.append(work, Action.PERSON_INFORMED, subject=person.ref, facts=facts)
    told = Informing(eid, person.id, notice, shown.version, written, InformMethod.WEB, at, work.now)
    work.session.execute(insert(InformingRow), [_row(work, told)])


def uninformed(work: Work, *, days: int, after: UninformedAfter | None = None, limit: int = LISTED) -> UninformedPage:
    """People who are to be told within *days* days, those included for whom it is too late; told in the log.

    Raises:
        ForbiddenError: where the actor may not read consents.
        InvalidError: where *days* is no number of days from 0 to a year.
    """
    if not 0 <= days <= MOST_DAYS:
        raise InvalidError("This cannot be looked ahead.", errors={"days": [f"From 0 to {MOST_DAYS} days."]})
    found = informing.to_inform(
        work,
        permission=Permission.CONSENT_READ,
        until=work.now + timedelta(days=days),
        after=after,
        limit=limit + 1,
    )
    items = tuple(found[:limit])
    audit.append(work, Action.CONSENT_READ, facts={"list": "uninformed", "days": days, "found": len(items)})
    last = items[-1] if len(found) > limit else None
    return UninformedPage(items, None if last is None else UninformedAfter(last.inform_by, last.subject))


def informings_of(work: Work, people: Sequence[SubjectId], *, until: datetime) -> list[Informing]:
    """What *people* were told, by what had been recorded up to an instant, in the order of the telling.

    For whoever has decided that it may be read.
    """
    row = InformingRow
    mine = any_(literal(list(people), ARRAY(Uuid)))
    query = select(row).where(row.person_id == mine, row.recorded_at <= until).order_by(row.at, row.id)
    return [
        Informing(
            id=EntryId(one.id),
            subject=SubjectId(one.person_id),
            notice=one.notice,
            version=one.version,
            language=one.language,
            method=InformMethod(one.method),
            at=one.at,
            recorded_at=one.recorded_at,
        )
        for one in work.session.scalars(query)
    ]


def _checked(
    work: Work, people: Sequence[SubjectId], notice: str, version: int | None, language: str | None, at: datetime
) -> NoticeVersion:
    errors = Complaints()
    if not 1 <= len(people) <= MOST_PEOPLE:
        errors.add("customers", f"Name 1 to {MOST_PEOPLE:,} customers.")
    if at > work.now:
        errors.add("at", "This instant has not come yet.")
    terms = terms_of(work)
    found = (
        terms.notice_in_force(NoticeKind.PRIVACY, notice, at)
        if version is None
        else terms.notice(NoticeKind.PRIVACY, notice, version)
    )
    if found is None and version is None:
        errors.add("notice", "No privacy notice of this key was in force then; name its version, or publish it first.")
    elif found is None:
        errors.add("version", "The privacy notice has no such version; see: governance consent notices list")
    elif language is not None and language not in found.languages:
        errors.add("language", "This version of the notice is not written in this language.")
    errors.end("This cannot be recorded.")
    if found is None:
        raise InvalidError("This cannot be recorded.")
    return found


def _row(work: Work, one: Informing) -> dict[str, object]:
    return {
        "id": one.id,
        "person_id": one.subject,
        "notice": one.notice,
        "version": one.version,
        "language": one.language,
        "method": one.method.value,
        "at": one.at,
        "recorded_at": one.recorded_at,
        "actor_kind": work.actor.kind.value,
        "actor_id": work.actor.id,
    }
