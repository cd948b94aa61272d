"""What a consent event looks like on its way in, and what became of it on its way out."""

from datetime import datetime, time
from typing import Any

import marshmallow as ma

from governance.api.schemas import Instant, Moment, Schema, code, flag
from governance.consent import operations as consent
from governance.consent.operations import ContactSaid, NewEvent
from governance.customers.codes import ContactKind
from governance.kernel.clock import UTC
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel


class ConsentContact(Schema):
    """The contact that was used."""

    kind = code(ContactKind, required=True)
    value = ma.fields.String(required=True, validate=ma.validate.Length(1, 500))
    region = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Country of a phone number without a country code; else the controller's."},
    )

    @ma.post_load
    def said(self, told: dict[str, Any], **_options: object) -> ContactSaid:
        """What the operations take."""
        return ContactSaid(**told)


class ConsentEventNew(Schema):
    """Something said about one purpose by one channel. Name the customer by id, by contact, or by both."""

    kind = code(EventKind, required=True)
    purpose = ma.fields.String(required=True, validate=ma.validate.Length(1, 50))
    channel = code(Channel, required=True)
    method = code(Method, load_default=Method.API, metadata={"description": "How it was said to you."})
    customer_id = ma.fields.UUID(load_default=None, allow_none=True, attribute="subject")
    contact = ma.fields.Nested(
        ConsentContact,
        load_default=None,
        allow_none=True,
        metadata={"description": "The contact used; it is sealed with the event as evidence."},
    )
    valid_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "When it was said: an instant, or a day. Of a day a consent counts from its start, a stop "
            "from its end. Left out: now."
        },
    )
    claimed = flag(load_default=False, metadata={"description": "Nobody knows when: a consent is kept as a claim."})
    notice = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "Version of the notice that was shown; without it a consent is kept as a claim."},
    )
    language = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(2, 8))
    seen = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(0),
        metadata={
            "description": "The customer's `sequence` that you had read before; a consent undoes no stop recorded "
            "after it. Left out: you had all of it."
        },
    )
    voids = ma.fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(1),
        metadata={"description": "For `invalidated`: `sequence` of the consent that it takes away; all if left out."},
    )
    evidence = ma.fields.Dict(
        keys=ma.fields.String(),
        load_default={},
        metadata={"description": "What proves it: form, address, agent, reference of a scan. Sealed."},
    )

    @ma.post_load
    def new(self, told: dict[str, Any], **_options: object) -> NewEvent:
        """What the operations take."""
        said = told["valid_at"]
        if said is not None and not isinstance(said, datetime):
            told |= {"valid_at": datetime.combine(said, time(), UTC), "whole_day": True}
        return NewEvent(**told)


class ConsentEventMade(Schema):
    """A recorded event, and where the consent stands after it."""

    id = ma.fields.UUID(required=True)
    customer_id = ma.fields.UUID(
        required=True,
        allow_none=True,
        attribute="subject",
        metadata={"description": "Null where nobody is known by the contact: the suppression ledger keeps the stop."},
    )
    sequence = ma.fields.Integer(required=True)
    standing = ma.fields.String(required=True, attribute="state.standing")
    confirmed = ma.fields.Function(
        lambda made: made.state.confirmed is not None,
        required=True,
        metadata={"type": "boolean", "description": "Whether it counts as the word of the contact's holder."},
    )


class ConsentEventAnswer(ConsentEventMade):
    """A recorded event, with the same stop for others who hold the contact."""

    also = ma.fields.List(ma.fields.Nested(ConsentEventMade), required=True)


class ConsentBatchNew(Schema):
    """Events to be recorded, in order."""

    events = ma.fields.List(
        ma.fields.Nested(ConsentEventNew), required=True, validate=ma.validate.Length(1, consent.MOST_EVENTS)
    )


class ConsentRefusal(Schema):
    """Why an event of a batch was not recorded."""

    type = ma.fields.String(required=True, attribute="slug")
    detail = ma.fields.String(required=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()), required=True)


class ConsentBatchItem(Schema):
    """What became of an event of a batch: recorded or refused."""

    recorded = ma.fields.Nested(ConsentEventAnswer, required=True, allow_none=True)
    refused = ma.fields.Nested(ConsentRefusal, required=True, allow_none=True)


class ConsentBatchAnswer(Schema):
    """What became of each event, in order."""

    items = ma.fields.List(ma.fields.Nested(ConsentBatchItem), required=True)
    recorded = ma.fields.Integer(required=True)
    refused = ma.fields.Integer(required=True)


class ConsentEvent(Schema):
    """An event, without its evidence."""

    id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True)
    purpose = ma.fields.String(required=True)
    channel = ma.fields.String(required=True)
    method = ma.fields.String(required=True)
    sequence = ma.fields.Integer(required=True)
    recorded_at = Instant(required=True)
    valid_at = Instant(required=True, allow_none=True)
    whole_day = ma.fields.Boolean(required=True)
    notice = ma.fields.Integer(required=True, allow_none=True)
    language = ma.fields.String(required=True, allow_none=True)
    seen = ma.fields.Integer(required=True, allow_none=True)
    voids = ma.fields.Integer(required=True, allow_none=True)
    import_id = ma.fields.UUID(required=True, allow_none=True, attribute="batch")
    actor_kind = ma.fields.String(required=True)
    actor_id = ma.fields.UUID(required=True, allow_none=True)
