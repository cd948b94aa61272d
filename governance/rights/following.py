"""A request as whoever made it follows it: what was said on either side, how far it is, what it came to.

Before an erasure its plan; after it its certificate, by the number of the request alone, since nothing else is left
by which anybody could be known. The certificate says nothing personal.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from governance.customers.loading import opened
from governance.customers.visiting import Visitor
from governance.erasure import operations as erasure
from governance.erasure.errors import NotCertifiedError
from governance.erasure.operations import Certificate, ErasureId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.operations import Template
from governance.messages.texts import language_of
from governance.messages.wording import render_as_sent
from governance.policies.deadline_rules import Duty, RequestKind
from governance.policies.erasure import PlanStep
from governance.policies.permissions import Permission
from governance.policies.requests import RequestAct, acts_in
from governance.rights.acting import as_service, history
from governance.rights.codes import Entry
from governance.rights.errors import NoSuchRequestError
from governance.rights.own_data import own_person
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import Package
from governance.rights.records import DutyView, RequestId
from governance.rights.tables import RequestNoticeRow, RequestRow
from governance.rights.timing import duty_view, local_day
from governance.rights.visiting import OwnRequest, own_row, shown_to

_MISSING: Final = "There is no request of an erasure with this number."


@frozen
class OwnMessage:
    """Something that was said.

    Attributes:
        by_visitor: whether the visitor said it.
        subject: of a message of ours; empty else.
        language: of a message of ours; empty else.
    """

    at: datetime
    by_visitor: bool
    subject: str
    text: str
    language: str = ""


@frozen(kw_only=True)
class OwnStory:
    """A request with all that belongs to it.

    Attributes:
        days_left: until the day on which it is due; negative where that is over.
        days: from its receipt to that day.
        duties: by when each law wants an answer, and how that day comes about; the earliest rules.
        may_withdraw, may_reply: what the visitor can do.
        messages: oldest first; empty where it is not sure who looks.
        package: what can be downloaded, of access and portability.
    """

    request: OwnRequest
    days_left: int
    days: int
    ended: bool
    duties: Sequence[DutyView]
    may_withdraw: bool
    may_reply: bool
    messages: Sequence[OwnMessage]
    package: Package | None


@frozen
class OwnPlan:
    """What would become of the visitor's data if they were erased today.

    Attributes:
        recipients: how many who got data are to be told.
    """

    steps: Sequence[PlanStep]
    recipients: int
    on: date


def own_story(work: Work, *, visitor: Visitor, request: RequestId) -> OwnStory:
    """A request of the visitor, with what was said.

    Raises:
        NoSuchRequestError: where the visitor has no such request.
    """
    row = own_row(work, visitor, request)
    shown = shown_to(row, visitor)
    acts = acts_in(shown.state)
    return OwnStory(
        request=shown,
        days_left=(row.due_on - local_day(work.now, row.zone)).days,
        days=max(1, (row.due_on - row.received_on).days),
        ended=row.closed_at is not None,
        duties=[one for one in map(duty_view, row.duties) if one.duty is Duty.ANSWER],
        may_withdraw=RequestAct.WITHDRAW in acts,
        may_reply=RequestAct.REPLY in acts and visitor.is_sure,
        messages=_messages(work, row) if visitor.is_sure else (),
        package=_package(work, row, visitor),
    )


def own_plan(work: Work, *, visitor: Visitor) -> OwnPlan:
    """What would become of the visitor's data.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    found = erasure.plan_for(work, person=own_person(work, visitor, Permission.PORTAL_READ))
    return OwnPlan(found.steps, found.recipients, found.on)


def certificate_of(work: Work, *, number: str) -> Certificate:
    """The newest certificate of the erasure that a request asked for, by the request's number.

    Raises:
        NoSuchRequestError: where there is no such request, or nothing was erased for it.
        NotCertifiedError: where it is not certified yet.
    """
    query = select(RequestRow.id).where(
        RequestRow.number == number.strip().upper(), RequestRow.kind == RequestKind.ERASURE.value
    )
    request = work.session.scalar(query)
    begun = [] if request is None else erasure.of_origin(work, origin=request)
    if not begun:
        raise NoSuchRequestError(_MISSING)
    if not begun[-1].certificates:
        raise NotCertifiedError("The erasure is under way; ask again in a few minutes.")
    return erasure.certificate(as_service(work), erasure=ErasureId(begun[-1].id))


def _messages(work: Work, row: RequestRow) -> list[OwnMessage]:
    query = select(RequestNoticeRow).where(RequestNoticeRow.request_id == row.id)
    found: list[OwnMessage] = []
    for one in work.session.scalars(query):
        values = opened(one, "content") or {}
        said = render_as_sent(work, template=Template(one.notice), language=one.language, values=values)
        found.append(
            OwnMessage(
                one.at, by_visitor=False, subject=said.subject, text=said.text, language=language_of(one.language)
            )
        )
    found += [
        OwnMessage(line.at, by_visitor=True, subject="", text=words)
        for line in history(work, row)
        if line.act in (RequestAct.REPLY.value, Entry.REPEAT.value) and (words := opened(line, "reason"))
    ]
    if words := opened(row, "said"):
        found.append(OwnMessage(row.recorded_at, by_visitor=True, subject="", text=words))
    return sorted(found, key=lambda one: (one.at, not one.by_visitor))


def _package(work: Work, row: RequestRow, visitor: Visitor) -> Package | None:
    if row.carried_as is None or row.kind not in (RequestKind.ACCESS.value, RequestKind.PORTABILITY.value):
        return None
    if visitor.person is None:
        return None
    return next((one for one in packages.own_packages(work, visitor=visitor) if one.id == row.carried_as), None)
