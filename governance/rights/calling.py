"""The call "delete me": found by the contact, advertising stopped, the request on record, a code on its way; in one."""

from datetime import datetime
from uuid import UUID

from governance.accounts.portal.operations import CodeId
from governance.customers import operations as customers
from governance.customers.views import PersonView
from governance.customers.visiting import LINES
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestAct
from governance.rights.codes import Arrival
from governance.rights.proving import send_code
from governance.rights.receiving import receive
from governance.rights.records import NewRequest, Received, RequestId


@frozen
class Called:
    """What a call has come to.

    Attributes:
        received: the request; what it ends is stopped already.
        people: who holds the contact, masked; with one of them who asks is proved by the code alone.
        code: request of the code that is on its way, to be read out by the caller; None where none can be sent.
        code_expires_at: good strictly before this instant.
        call_back: whether the number on record has to be called back instead: no code reaches the contact.
    """

    received: Received
    people: tuple[PersonView, ...]
    code: CodeId | None
    code_expires_at: datetime | None
    call_back: bool

    @property
    def request(self) -> UUID:
        """Id of the request."""
        return self.received.request.id


def call(
    work: Work,
    *,
    contact_kind: str,
    contact: str,
    per_hour: int,
    region: str | None = None,
    note: str | None = None,
    language: str | None = None,
    country: str | None = None,
    kind: RequestKind = RequestKind.ERASURE,
) -> Called:
    """Take a call: whoever calls hears no more than that it is on record, until the code is read out.

    Args:
        work: the transaction.
        contact_kind: e-mail, phone, card...
        contact: as the caller says it.
        per_hour: codes that may be sent in an hour, all together.
        region: country of a phone number without a country code.
        note: what was said, in words; sealed.
        language: ISO 639, of the answers.
        country: where the caller lives.
        kind: what is asked for.

    Raises:
        ForbiddenError: without `requests:receive`, `requests:work` and `customers:search`.
        InvalidError: where it is no such contact; `errors` says what is wrong.
        TooManyError: codes were asked for too often, or too many requests of this contact stand.
    """
    found = customers.search(work, by=contact_kind, value=contact, region=region)
    new = NewRequest(
        kind=kind,
        arrival=Arrival.CALL,
        contact_kind=contact_kind,
        contact=contact,
        region=region,
        customer=SubjectId(found.items[0].id) if len(found.items) == 1 else None,
        said=note,
        language=language,
        country=country,
    )
    received = receive(work, new=new)
    reachable = contact_kind in {one.value for one in LINES}
    if not reachable or RequestAct.PROVE not in received.request.acts:
        return Called(received, found.items, None, None, call_back=not reachable)
    sent = send_code(work, request=RequestId(received.request.id), per_hour=per_hour)
    return Called(received, found.items, sent.id, sent.expires_at, call_back=False)
