"""What the person is told, in the language of the request: by mail or SMS, or by hand where neither reaches them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.codes import ContactKind
from governance.customers.holders import contact_used
from governance.customers.reach import allow
from governance.kernel.ids import SubjectId, SubjectRef, uuid7
from governance.kernel.settings import PUBLIC_BASE
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.operations import Line, Template
from governance.messages.texts import language_of, passage
from governance.messages.times import written
from governance.messages.wording import VERSION, render_as_sent, version_in_force
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.reference import operations as reference
from governance.rights.codes import About, Carrier, Notice
from governance.rights.errors import NoSuchRequestError
from governance.rights.tables import RequestNoticeRow, RequestRow
from governance.rights.wording import what

LASTS: Final = timedelta(days=14)
"""A notice that could not be delivered for so long is of no use; it is shown as failed."""
_LINES: Final[Mapping[str, tuple[Line, Carrier]]] = {
    ContactKind.EMAIL: (Line.EMAIL, Carrier.EMAIL),
    ContactKind.PHONE: (Line.SMS, Carrier.SMS),
}


def tell(work: Work, row: RequestRow, notice: Notice, **values: str) -> None:
    """Put a notice on its way to the requester; never blocks the request, whatever becomes of it."""
    told = {**_common(work, row), **values}
    template = Template(notice.value)
    told[VERSION] = str(version_in_force(work, template=template, language=language_of(row.language)))
    kind, address = address_of(work, row)
    line, carrier = _LINES.get(kind or "", (None, Carrier.HAND))
    message = None
    if line is not None and address is not None:
        message = messages.enqueue(
            work,
            template=template,
            language=row.language,
            recipient=address,
            values=told,
            expires_at=work.now + LASTS,
            channel=line,
        )
    kept = RequestNoticeRow(
        id=uuid7(),
        owner_id=row.owner_id,
        request_id=row.id,
        notice=notice.value,
        carrier=(carrier if message is not None else Carrier.HAND).value,
        language=language_of(row.language),
        message_id=message,
        at=work.now,
        content=told,
    )
    work.session.add(kept)
    work.session.flush()


def where_it_lies(work: Work, row: RequestRow) -> str:
    """Where the person finds what was gathered for a request, in its language; empty where nothing was.

    Access is given by the data themselves, so whoever is told that it is done has to learn how to get at them
    (GDPR Art. 12(2), 15(3)).
    """
    if row.carried_as is None or RequestKind(row.kind) not in (RequestKind.ACCESS, RequestKind.PORTABILITY):
        return ""
    return passage("ready", language_of(row.language), _common(work, row))


def notice_text(work: Work, *, request: UUID, notice: UUID) -> str:
    """The words of a notice, subject first, to be sent or told by hand.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError: where the request has no such notice.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = _found(work, request, notice)
    said = render_as_sent(work, template=Template(row.notice), language=row.language, values=row.content or {})
    return f"{said.subject}\n\n{said.text}"


def note_told(work: Work, *, request: UUID, notice: UUID) -> None:
    """Note that somebody has sent or told a notice by hand.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError: where the request has no such notice.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = _found(work, request, notice)
    if row.told_at is not None:
        return
    row.told_at = work.now
    work.session.flush()
    about = work.session.get(RequestRow, request)
    ref = None if about is None or about.subject_ref is None else SubjectRef(about.subject_ref)
    facts: dict[str, Fact] = {"notice": row.notice, "request": request}
    audit.append(work, Action.REQUEST_NOTICE_TOLD, subject=ref, object=ObjectRef("request-notice", row.id), facts=facts)


def _found(work: Work, request: UUID, notice: UUID) -> RequestNoticeRow:
    row = work.session.get(RequestNoticeRow, notice)
    if row is None or row.request_id != request:
        raise NoSuchRequestError("The request has no such notice.")
    return row


def address_of(work: Work, row: RequestRow) -> tuple[str | None, str | None]:
    """Kind and value of the contact that answers go to: the one that was given, else one of a proved person."""
    if row.contact is not None:
        return row.contact_kind, row.contact
    if row.person_id is None or row.proof is None:
        return None, None
    person = SubjectId(row.person_id)
    used = contact_used(work, {person: frozenset({ContactKind.EMAIL, ContactKind.PHONE})})
    for kind in (ContactKind.EMAIL, ContactKind.PHONE):
        if (found := used.get((person, kind))) is not None:
            return kind.value, found.value
    return None, None


def _common(work: Work, row: RequestRow) -> dict[str, str]:
    controller = reference.controller(work)
    officer = controller.officer
    reach = (officer.email or officer.phone) if officer else None
    return {
        "controller": controller.legal_name,
        "number": row.number,
        "what": what(RequestKind(row.kind), None if row.about is None else About(row.about), language_of(row.language)),
        "received": written(row.received_on, row.language),
        "due": written(row.due_on, row.language),
        "office": reach or controller.address or controller.legal_name,
        "authority": controller.authority or "",
        "certificate_at": _certificate(work, row),
        "pages_at": _pages(work),
    }


def _pages(work: Work) -> str:
    """Where customers see their requests; empty where nobody has said under which address."""
    base = work.session.info.get(PUBLIC_BASE)
    return f"{base}/my/requests" if base else ""


def _certificate(work: Work, row: RequestRow) -> str:
    """Where the certificate of an erasure is had, by the number of its request; empty for all else."""
    base = work.session.info.get(PUBLIC_BASE)
    return f"{base}/certificate" if base and row.kind == RequestKind.ERASURE.value else ""
