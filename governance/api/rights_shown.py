"""How requests of data subjects are answered."""

import marshmallow as ma

from governance.api.schemas import Instant, Schema, code
from governance.customers.codes import ContactKind
from governance.kernel.work import ActorKind
from governance.policies.deadline_rules import Duty, RequestKind, Unit, Wait
from governance.policies.deadline_steps import Move
from governance.policies.requests import RequestAct, RequestState
from governance.rights.codes import (
    About,
    Arrival,
    Asking,
    Carrier,
    Notice,
    Outcome,
    Proof,
    RefusalGround,
    Reminder,
)


class DueStepShown(Schema):
    """A step on the way to a due date."""

    move = code(Move, required=True)
    day = ma.fields.Date(required=True, metadata={"description": "The day that the step led to."})
    count = ma.fields.Integer(required=True, allow_none=True, metadata={"description": "Of the period that was added."})
    unit = code(Unit, required=True, allow_none=True)
    rest = ma.fields.Date(
        required=True, allow_none=True, metadata={"description": "The day of rest that the step moved away from."}
    )
    name = ma.fields.String(required=True, metadata={"description": "Of the holiday; empty for a weekend."})
    wait = code(Wait, required=True, allow_none=True)
    citation = ma.fields.String(required=True)


class RequestDutyShown(Schema):
    """What a law wants done, and by when."""

    law = ma.fields.String(required=True)
    law_version = ma.fields.Integer(required=True)
    duty = code(Duty, required=True)
    due_on = ma.fields.Date(required=True, metadata={"description": "The last day on which it is done in time."})
    calendar = ma.fields.String(required=True)
    calendar_version = ma.fields.Integer(required=True)
    citation = ma.fields.String(required=True)
    verified = ma.fields.Boolean(required=True, metadata={"description": "Compared with a published text."})
    borrowed = ma.fields.Boolean(
        required=True, metadata={"description": "The law names no period for the kind; the one for access stands in."}
    )
    note = ma.fields.String(required=True)
    trace = ma.fields.String(required=True, metadata={"description": "The steps that led to the day, in English."})
    steps = ma.fields.List(
        ma.fields.Nested(DueStepShown),
        required=True,
        metadata={"description": "The same in codes; empty for requests from before these were kept."},
    )


class RequestEventShown(Schema):
    """A line of the history."""

    sequence = ma.fields.Integer(required=True)
    act = ma.fields.String(required=True)
    state = code(RequestState, required=True)
    at = Instant(required=True)
    actor_kind = code(ActorKind, required=True)
    actor_id = ma.fields.UUID(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)


class RequestNoticeShown(Schema):
    """Something that the person was told."""

    id = ma.fields.UUID(required=True)
    notice = code(Notice, required=True)
    carrier = code(Carrier, required=True)
    language = ma.fields.String(required=True)
    at = Instant(required=True)
    told_at = Instant(required=True, allow_none=True, metadata={"description": "By hand."})
    message = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "waiting, sending, sent, failed or gone."}
    )


class RequestLineShown(Schema):
    """A request as a queue shows it."""

    id = ma.fields.UUID(required=True)
    number = ma.fields.String(required=True)
    kind = code(RequestKind, required=True)
    state = code(RequestState, required=True)
    arrival = code(Arrival, required=True)
    received_on = ma.fields.Date(required=True)
    due_on = ma.fields.Date(required=True)
    reminded = code(Reminder, required=True, allow_none=True)
    repeats = ma.fields.Integer(required=True)
    outcome = code(Outcome, required=True, allow_none=True)


class RequestRecipientShown(Schema):
    """Somebody who got data that were corrected, or may only be stored now (GDPR Art. 19)."""

    recipient = ma.fields.UUID(required=True, metadata={"description": "The version of the recipient."})
    name = ma.fields.String(required=True)
    disclosures = ma.fields.List(ma.fields.UUID(), required=True)
    fields_ = ma.fields.List(
        ma.fields.String(),
        required=True,
        data_key="fields",
        attribute="fields",
        metadata={"description": "What they are told of: person.city, contact.email, extra.KEY, restriction."},
    )
    told_at = Instant(required=True, allow_none=True)


class RequestShown(RequestLineShown):
    """A request as it may be seen."""

    version = ma.fields.Integer(
        required=True, metadata={"description": "How it stands; the number in the ETag, which acts take as If-Match."}
    )
    about = code(About, required=True, allow_none=True)
    asking = code(Asking, required=True)
    recorded_at = Instant(required=True)
    language = ma.fields.String(required=True)
    country = ma.fields.String(required=True, allow_none=True)
    zone = ma.fields.String(required=True)
    laws = ma.fields.List(ma.fields.String(), required=True)
    first_due_on = ma.fields.Date(required=True)
    extended_on = ma.fields.Date(required=True, allow_none=True)
    waiting_until = ma.fields.Date(required=True, allow_none=True)
    duties = ma.fields.List(ma.fields.Nested(RequestDutyShown), required=True)
    customer = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "Null to systems until it is proved who asks."}
    )
    proof = code(Proof, required=True, allow_none=True)
    contact_kind = code(ContactKind, required=True, allow_none=True)
    contact = ma.fields.String(required=True, allow_none=True)
    said = ma.fields.String(required=True, allow_none=True)
    asker = ma.fields.String(required=True, allow_none=True)
    checked = ma.fields.String(required=True, allow_none=True)
    changes = ma.fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "By field: `before`, `after`, whether a steward looks first (`grave`), and if `applied`."
        },
    )
    answer = ma.fields.String(required=True, allow_none=True)
    earlier = ma.fields.Integer(
        required=True, metadata={"description": "Requests of this kind by the person in the year before."}
    )
    joined_to = ma.fields.UUID(required=True, allow_none=True)
    proposal = ma.fields.UUID(required=True, allow_none=True)
    carried_as = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "Id of the erasure or package that does it."}
    )
    ground = code(RefusalGround, required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    flags = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "What is unusual; `foreign_contact`: the answer goes to none of the person's own."},
    )
    needs_approval = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "Why a second person has to approve."}
    )
    acts = ma.fields.List(code(RequestAct), required=True, metadata={"description": "What may be done now."})
    events = ma.fields.List(ma.fields.Nested(RequestEventShown), required=True)
    notices = ma.fields.List(ma.fields.Nested(RequestNoticeShown), required=True)
    recipients = ma.fields.List(
        ma.fields.Nested(RequestRecipientShown),
        required=True,
        metadata={"description": "Whom to tell of what was corrected or restricted."},
    )


class RequestReceived(Schema):
    """A request that is on record."""

    request = ma.fields.Nested(RequestShown, required=True)
    joined = ma.fields.Boolean(
        required=True, metadata={"description": "The same stood already, so this one was counted with it."}
    )
    stopped = ma.fields.Boolean(required=True, metadata={"description": "Something was stopped at once."})
