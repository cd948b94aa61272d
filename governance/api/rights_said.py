"""What is said with requests of data subjects: as they come, and with each act."""

from typing import Final
from uuid import UUID

import marshmallow as ma

from governance.api.paging import CursorField, PageQuery
from governance.api.portal import CodeGiven
from governance.api.rights_shown import RequestShown
from governance.api.schemas import Schema, code
from governance.customers.codes import ContactKind
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights.codes import About, Arrival, Asking, RefusalGround

WORDS: Final = ma.validate.Length(1, 4000)


class RequestNew(Schema):
    """A request as it came."""

    kind = code(RequestKind, required=True)
    arrival = code(Arrival, load_default=Arrival.API)
    about = code(
        About,
        load_default=None,
        metadata={"description": "Of an objection: advertising or processing; of a restriction: place or lift."},
    )
    asking = code(Asking, load_default=Asking.SELF)
    asker = ma.fields.String(
        load_default=None, validate=WORDS, metadata={"description": "Who asks for the person, by what authority."}
    )
    contact_kind = code(ContactKind, load_default=None)
    contact = ma.fields.String(
        load_default=None, validate=ma.validate.Length(1, 500), metadata={"description": "Where the answer goes."}
    )
    region = ma.fields.String(load_default=None, metadata={"description": "Country of a phone number without +."})
    customer = ma.fields.UUID(load_default=None, metadata={"description": "The person, where that is known."})
    received_on = ma.fields.Date(
        load_default=None, metadata={"description": "Day of receipt; today by default, and never later."}
    )
    language = ma.fields.String(load_default=None, validate=ma.validate.Length(2, 8))
    country = ma.fields.String(load_default=None, metadata={"description": "Where the person lives; ISO 3166."})
    said = ma.fields.String(load_default=None, validate=WORDS, metadata={"description": "Words of the request."})
    changes = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.Raw(allow_none=True),
        load_default=None,
        metadata={
            "description": "Of a rectification: the right values by field, `extra.KEY`, `contact.ID` (`{value}`, or "
            "null to remove it) and `contact.new`, `contact.new2`... (`{kind, value}`)."
        },
    )
    checked = ma.fields.String(
        load_default=None,
        validate=WORDS,
        metadata={"description": "How an officer made sure who asks; the request is open at once."},
    )


class CallNew(Schema):
    """A call as it comes in."""

    contact_kind = code(ContactKind, required=True)
    contact = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))
    region = ma.fields.String(load_default=None)
    note = ma.fields.String(load_default=None, validate=WORDS)
    language = ma.fields.String(load_default=None, validate=ma.validate.Length(2, 8))
    country = ma.fields.String(load_default=None)
    kind = code(RequestKind, load_default=RequestKind.ERASURE)


class CallerShown(Schema):
    """Somebody who holds the contact that a caller named, masked."""

    id = ma.fields.UUID(required=True)
    family_name = ma.fields.String(required=True, allow_none=True)
    given_name = ma.fields.String(required=True, allow_none=True)
    birth_date = ma.fields.String(required=True, allow_none=True)
    city = ma.fields.String(required=True, allow_none=True)


class CallShown(Schema):
    """What a call has come to."""

    request = ma.fields.Nested(RequestShown, required=True, attribute="received.request")
    joined = ma.fields.Boolean(required=True, attribute="received.joined")
    stopped = ma.fields.Boolean(required=True, attribute="received.stopped")
    people = ma.fields.List(
        ma.fields.Nested(CallerShown), required=True, metadata={"description": "Those who hold the contact."}
    )
    code = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "Of the code on its way; sent back with it."}
    )
    call_back = ma.fields.Boolean(
        required=True, metadata={"description": "Whether no code reaches the contact: call back the number on record."}
    )


class QueueQuery(PageQuery):
    """Which requests are listed."""

    cursor = CursorField(int, UUID, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    state = code(RequestState, load_default=None, metadata={"description": "All that stand by default."})
    kind = code(RequestKind, load_default=None)
    customer = ma.fields.UUID(load_default=None)
    due_before = ma.fields.Date(load_default=None)
    untold = ma.fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        load_default=False,
        metadata={"description": "Only those whose recipients were not all told of a correction, ended ones too."},
    )


class RequestReason(Schema):
    """An act with its reason."""

    reason = ma.fields.String(required=True, validate=WORDS, metadata={"description": "Sealed."})


class RequestReasonMaybe(Schema):
    """An act that may have a reason."""

    reason = ma.fields.String(load_default=None, validate=WORDS)


class RequestQuestion(Schema):
    """A question to the person."""

    question = ma.fields.String(required=True, validate=WORDS, metadata={"description": "Goes into the notice."})
    until = ma.fields.Date(load_default=None, metadata={"description": "Last day on which an answer is waited for."})


class RequestReply(Schema):
    """What the person replied."""

    words = ma.fields.String(required=True, validate=WORDS)


class OfficerProof(Schema):
    """What an officer checked."""

    customer = ma.fields.UUID(required=True)
    checked = ma.fields.String(required=True, validate=WORDS, metadata={"description": "In words; no copies."})


class CodeProof(CodeGiven):
    """A code as it was read out."""

    customer = ma.fields.UUID(load_default=None, metadata={"description": "Which holder, where several hold it."})


class CodeTried(Schema):
    """What came of a code."""

    right = ma.fields.Boolean(required=True, metadata={"description": "False where it is wrong, spent or too old."})
    request = ma.fields.Nested(RequestShown, required=True, allow_none=True)


class RequestStart(Schema):
    """The beginning of carrying out."""

    fields_ = ma.fields.List(
        ma.fields.String(),
        load_default=None,
        data_key="fields",
        attribute="fields",
        metadata={"description": "Of a rectification: those that are changed; all that wait by default."},
    )
    purposes = ma.fields.List(
        ma.fields.String(),
        load_default=None,
        metadata={
            "description": "Of an objection to processing that is upheld: those that end; by default all that rest on "
            "a legitimate interest."
        },
    )


class RequestAnswer(Schema):
    """The answer to the person."""

    answer = ma.fields.String(load_default=None, validate=WORDS, metadata={"description": "Goes into the notice."})


class RequestRefusal(Schema):
    """Why a request is refused."""

    ground = code(RefusalGround, required=True)
    reason = ma.fields.String(required=True, validate=WORDS, metadata={"description": "Goes into the notice."})


class RequestJoin(Schema):
    """Which request stands already."""

    into = ma.fields.UUID(required=True)


class RequestNoticeText(Schema):
    """The words of a notice."""

    text = ma.fields.String(required=True)
