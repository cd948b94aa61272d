"""One-time codes: eight digits sent to whatever contact was typed, good once, for ten minutes, and for five tries.

A code is kept as HMAC under a server key together with its request, so that a stolen table does not tell it, and one
sent for a request opens no other. Whether anybody holds the contact is not looked up: what is done for a known contact
and for an unknown one is the same, and so is the time that it takes.
"""

import hmac
import secrets
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import select

from governance.accounts.attempts import place_of
from governance.accounts.portal.counting import Allowance, take
from governance.accounts.portal.tables import PortalCodeRow
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import ObjectRef
from governance.kernel.ids import OwnerId, SubjectRef, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.operations import Line, Template
from governance.messages.texts import language_of
from governance.reference import operations as reference
from governance.vault.blind import BlindIndex, normal_email, normal_phone
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

CodeId = NewType("CodeId", UUID)
VisitId = NewType("VisitId", UUID)

DIGITS: Final = 8
LIFE: Final = timedelta(minutes=10)
TRIES: Final = 5
PER_CONTACT: Final = 5
PER_ADDRESS: Final = 30
WINDOW: Final = timedelta(hours=1)
_INDEX: Final = BlindIndex("portal_code.digest", lambda value: value)
_NOBODYS: Final = UUID(int=0)
_NORMAL: Final = {Line.EMAIL: normal_email, Line.SMS: normal_phone}


@frozen
class ProvenContact:
    """A contact that somebody has shown to control, or wants to.

    Attributes:
        line: by which a code reaches it.
        value: e-mail address, or number in E.164; a personal value.
        language: ISO 639, in which its holder is written to.
    """

    line: Line
    value: str = field(repr=False)
    language: str

    @property
    def counted(self) -> str:
        """What uses of it are counted under: the form that blind indexes have it in, so one for all its spellings."""
        return f"{self.line} {_NORMAL[self.line](self.value)}"


@frozen
class SentCode:
    """A code on its way.

    Attributes:
        id: of the request; the code is good together with it and no other.
        expires_at: good strictly before this instant.
    """

    id: CodeId
    expires_at: datetime


@frozen
class RightCode:
    """A code that was right; it is spent.

    Attributes:
        owner: key owner under whom the contact is sealed.
        message: by which the code was sent.
    """

    contact: ProvenContact
    owner: OwnerId
    message: UUID | None


def send_code(
    work: Work,
    *,
    contact: ProvenContact,
    address: str,
    per_hour: int,
    visit: VisitId | None = None,
    subject: SubjectRef | None = None,
    template: Template = Template.PORTAL_CODE,
) -> SentCode:
    """Send a code to a contact, whoever holds it, if *work* is committed.

    Args:
        work: the unit of work.
        contact: where to, in normal form.
        address: where the request comes from, an IP address.
        per_hour: codes that may be sent in an hour, all together.
        visit: session that the code is to step up; None for one that begins a session.
        subject: whose session that is, for the log.
        template: its words: to be typed on a page, or read out to somebody.

    Raises:
        TooManyError: too many codes went to the contact, were asked for by the address, or were sent in all.
    """
    take(
        work,
        [
            Allowance("address", [place_of(address)], PER_ADDRESS, WINDOW),
            Allowance("contact", [contact.counted], PER_CONTACT, WINDOW),
            Allowance("all", [""], per_hour, WINDOW),
        ],
    )
    owner, code, request = OwnerId(uuid7()), _make(), CodeId(uuid7())
    vault = vault_of(work.session)
    vault.owners.create(work.session, OwnerKind.VISIT, [owner])
    row = PortalCodeRow(
        id=request,
        owner_id=owner,
        session_id=visit,
        kind=contact.line.value,
        language=language_of(contact.language),
        digest=vault.indexer.digest(_INDEX, _bound(request, code)),
        tries=0,
        created_at=work.now,
        expires_at=work.now + LIFE,
        contact=contact.value,
    )
    work.session.add(row)
    work.session.flush()
    controller = reference.find_controller(work)
    row.message_id = messages.enqueue(
        work,
        template=template,
        language=row.language,
        recipient=contact.value,
        values={
            "code": f"{code[:4]} {code[4:]}",
            "controller": "" if controller is None else controller.legal_name,
            "minutes": int(LIFE.total_seconds()) // 60,
        },
        expires_at=row.expires_at,
        channel=contact.line,
    )
    facts = {"channel": contact.line.value, "step_up": visit is not None}
    audit.append(work, Action.CODE_SENT, subject=subject, object=ObjectRef("portal-code", request), facts=facts)
    return SentCode(request, row.expires_at)


def try_code(work: Work, *, code_id: CodeId, typed: str, visit: VisitId | None = None) -> RightCode | None:
    """Look at a code, which counts as a try; None where anything is wrong, which of it is not told.

    The caller commits in either case: what was tried stays tried. A code that was right is spent.

    Args:
        work: the unit of work.
        code_id: of the request that the code was sent for.
        typed: blanks and dashes make no difference.
        visit: session that the code was asked for; None for one that begins a session.
    """
    query = select(PortalCodeRow).where(PortalCodeRow.id == code_id).with_for_update()
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    code = "".join(typed.split()).replace("-", "")
    indexer = vault_of(work.session).indexer
    kept = indexer.digest(_INDEX, _bound(_NOBODYS, "")) if row is None else row.digest
    right = any(hmac.compare_digest(one, kept) for one in indexer.ask(_INDEX, [_bound(code_id, code)]))
    alive = row is not None and row.used_at is None and row.tries < TRIES and work.now < row.expires_at
    if row is None or not alive or row.session_id != visit:
        _tell_refused(work, code_id)
        return None
    row.tries += 1
    if not right or row.contact is None:
        work.session.flush()
        _tell_refused(work, code_id)
        return None
    row.used_at = work.now
    work.session.flush()
    return RightCode(ProvenContact(Line(row.kind), row.contact, row.language), OwnerId(row.owner_id), row.message_id)


def _tell_refused(work: Work, code_id: CodeId) -> None:
    audit.append(work, Action.CODE_REFUSED, object=ObjectRef("portal-code", code_id), outcome=Outcome.REFUSED)


def _make() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def _bound(request: UUID, code: str) -> str:
    return f"{request} {code}"
