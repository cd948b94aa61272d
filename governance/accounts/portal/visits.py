"""Sessions of customers: a quarter of an hour on one proven contact, by a token made anew whenever it opens more.

The server alone makes tokens and takes none that it did not make, so nobody can be led into a session that another
knows the token of.
"""

from dataclasses import field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from governance.accounts.keys import Token, make_token, matches, token_id_of
from governance.accounts.portal.codes import ProvenContact, RightCode, VisitId
from governance.accounts.portal.tables import PortalCodeRow, PortalSessionRow
from governance.custody.shredding import Reason, shred
from governance.kernel.errors import UnauthenticatedError
from governance.kernel.ids import OwnerId, SubjectId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.operations import Line
from governance.vault.errors import ShreddedError

LIFE: Final = timedelta(minutes=15)
KEPT: Final = timedelta(hours=1)
"""How long after its end a code or session is kept, and its contact with it."""
FORGOTTEN_AT_ONCE: Final = 500


@frozen
class Visit:
    """A session that goes on.

    Attributes:
        token_id: names the present token, no secret.
        contact: the one that was proven.
        person: whom a second fact singled out; None where none did.
        stepped_up: whether a second contact was proven as well.
        expires_at: over from this instant on.
    """

    id: VisitId
    token_id: str
    contact: ProvenContact
    person: SubjectId | None
    stepped_up: bool
    expires_at: datetime


@frozen
class NewVisit:
    """A session that has just begun, or opens more from now on.

    Attributes:
        token: what is presented from now on; shown once, and nowhere kept.
    """

    visit: Visit
    token: str = field(repr=False)


def begin_visit(work: Work, *, proven: RightCode) -> NewVisit:
    """Begin a session on a contact that a code has proven."""
    token = make_token(Token.VISIT)
    row = PortalSessionRow(
        id=uuid7(),
        owner_id=proven.owner,
        token_id=token.id,
        digest=token.digest,
        kind=proven.contact.line.value,
        language=proven.contact.language,
        begun_at=work.now,
        expires_at=work.now + LIFE,
        contact=proven.contact.value,
    )
    work.session.add(row)
    work.session.flush()
    return NewVisit(_told(row, proven.contact.value), token.presented)


def authenticate_visit(work: Work, *, presented: str) -> Visit:
    """The session whose token is presented; asked anew each time.

    Raises:
        UnauthenticatedError: where there is none, or it is over; which of them is not told.
    """
    query = select(PortalSessionRow).where(PortalSessionRow.token_id == token_id_of(Token.VISIT, presented))
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    right = matches(presented, None if row is None else row.digest)
    contact = _contact(row) if right and row is not None and _goes_on(row, work.now) else None
    if row is None or contact is None:
        raise UnauthenticatedError("The session is over; ask for a new code.")
    return _told(row, contact)


def widen_visit(work: Work, *, visit: VisitId, person: SubjectId | None = None, stepped_up: bool = False) -> NewVisit:
    """Let a session open more from now on, under a new token; the old one is good no more.

    Raises:
        UnauthenticatedError: where it is over by now.
    """
    row = _locked(work, visit)
    contact = _contact(row)
    if contact is None or not _goes_on(row, work.now):
        raise UnauthenticatedError("The session is over; ask for a new code.")
    token = make_token(Token.VISIT)
    row.token_id, row.digest = token.id, token.digest
    row.person_id = person or row.person_id
    row.stepped_up_at = work.now if stepped_up else row.stepped_up_at
    work.session.flush()
    return NewVisit(_told(row, contact), token.presented)


def end_visit(work: Work, *, visit: VisitId) -> None:
    """End a session from this instant on."""
    row = _locked(work, visit)
    row.ended_at = row.ended_at or work.now
    work.session.flush()


def forget_visits(work: Work) -> int:
    """Destroy the keys of codes and sessions that ended an hour ago, and delete them; answers how many."""
    before = work.now - KEPT
    of_codes = select(PortalCodeRow.id, PortalCodeRow.owner_id).where(PortalCodeRow.expires_at < before - LIFE)
    codes = work.session.execute(of_codes.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)).all()
    _delete(work, PortalCodeRow, [one.id for one in codes])
    free = ~select(PortalCodeRow.id).where(PortalCodeRow.session_id == PortalSessionRow.id).exists()
    of_visits = select(PortalSessionRow.id, PortalSessionRow.owner_id).where(
        PortalSessionRow.expires_at < before - LIFE, free
    )
    visits = work.session.execute(of_visits.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)).all()
    _delete(work, PortalSessionRow, [one.id for one in visits])
    owners = sorted({one.owner_id for one in (*codes, *visits)})
    if owners:
        shred(work, owners=[OwnerId(one) for one in owners], reason=Reason.OBJECT_EXPIRED)
    return len(codes) + len(visits)


def _delete(work: Work, table: type[PortalCodeRow | PortalSessionRow], ids: list[UUID]) -> None:
    if ids:
        work.session.execute(delete(table).where(table.id.in_(ids)), execution_options={"synchronize_session": "fetch"})


def _locked(work: Work, visit: VisitId) -> PortalSessionRow:
    query = select(PortalSessionRow).where(PortalSessionRow.id == visit).with_for_update()
    return work.session.scalars(query.execution_options(populate_existing=True)).one()


def _contact(row: PortalSessionRow) -> str | None:
    try:
        return row.contact
    except ShreddedError:  # a restored backup, older than the shredding
        return None


def _goes_on(row: PortalSessionRow, now: datetime) -> bool:
    return row.ended_at is None and now < row.expires_at


def _told(row: PortalSessionRow, contact: str) -> Visit:
    return Visit(
        id=VisitId(row.id),
        token_id=row.token_id,
        contact=ProvenContact(Line(row.kind), contact, row.language),
        person=None if row.person_id is None else SubjectId(row.person_id),
        stepped_up=row.stepped_up_at is not None,
        expires_at=row.expires_at,
    )
