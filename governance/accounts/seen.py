"""What a member of staff has seen in the clear and taken out: from the log, in codes and random references."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from governance.accounts.errors import NoSuchStaffError
from governance.accounts.tables import StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Entry, ObjectRef
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work

DAYS: Final = 30
MOST_DAYS: Final = 730
MOST_REVEALS: Final = 20_000
_REVEALS: Final = (Action.PERSON_REVEALED,)
_TAKEN: Final = (Action.EXPORT_FETCHED, Action.AUDIT_EXPORTED, Action.IMPORT_REFUSALS_READ)
"""Acts by which data leave in a file."""


@frozen
class PersonSeen:
    """A person of whom fields were seen in the clear.

    Attributes:
        subject: random reference; the log tells nothing more of who it is.
        fields: their names, all that were ever opened in this time.
        times: how often.
    """

    subject: SubjectRef
    fields: tuple[str, ...]
    times: int
    last_at: datetime


@frozen
class FileTaken:
    """A file that was taken out.

    Attributes:
        action: code of the act.
        object: the export or import; None where it was the log.
    """

    action: str
    object: UUID | None
    at: datetime


@frozen
class SeenReport:
    """What somebody has seen and taken out.

    Attributes:
        since: from when on.
        people: those of whom fields were revealed, the latest first.
        cut: whether there were more reveals than are told of.
        files: what was taken out, the latest first.
        readings: how often each act of reading was done, masked reading included, by code.
    """

    staff: StaffId
    since: datetime
    people: tuple[PersonSeen, ...]
    cut: bool
    files: tuple[FileTaken, ...]
    readings: Mapping[str, int]


def seen_by(work: Work, *, staff: StaffId, days: int = DAYS) -> SeenReport:
    """What a member of staff has seen in the clear and taken out in the last days; told in the log.

    Raises:
        NoSuchStaffError: where there is no such staff member.
        InvalidError: where *days* are out of bounds.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InvalidError("This cannot be told.", errors={"days": [f"Give 1 to {MOST_DAYS} days."]})
    if work.session.get(StaffRow, staff) is None:
        raise NoSuchStaffError("There is no such staff member.")
    since = work.now - timedelta(days=days)
    reveals = audit.acts_of(work, actor=staff, since=since, actions=_REVEALS, limit=MOST_REVEALS + 1)
    taken = audit.acts_of(work, actor=staff, since=since, actions=_TAKEN, limit=MOST_REVEALS)
    people = _people(reveals[:MOST_REVEALS])
    readings = audit.readings_of(work, actor=staff, since=since)
    facts = {"days": days, "people": len(people), "files": len(taken)}
    audit.append(work, Action.STAFF_REPORTED, object=ObjectRef("staff", staff), facts=facts)
    files = tuple(FileTaken(one.action, None if one.object is None else one.object.id, one.at) for one in taken)
    return SeenReport(staff, since, people, len(reveals) > MOST_REVEALS, files, readings)


def _people(reveals: list[Entry]) -> tuple[PersonSeen, ...]:
    found: dict[SubjectRef, list[Entry]] = {}
    for one in reveals:
        if one.subject is not None:
            found.setdefault(one.subject, []).append(one)
    return tuple(
        PersonSeen(subject, tuple(sorted({name for one in told for name in _fields(one)})), len(told), told[0].at)
        for subject, told in found.items()
    )


def _fields(entry: Entry) -> list[str]:
    said = entry.facts.get("fields")
    return [str(name) for name in said] if isinstance(said, list) else []
