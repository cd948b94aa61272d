"""Closed codes of requests."""

from enum import StrEnum


class Arrival(StrEnum):
    """How a request came."""

    PORTAL = "portal"
    API = "api"
    EMAIL = "email"
    LETTER = "letter"
    CALL = "call"
    VISIT = "visit"


class Asking(StrEnum):
    """Who asks."""

    SELF = "self"
    GUARDIAN = "guardian"
    """Of a child, or of somebody under guardianship."""
    REPRESENTATIVE = "representative"
    """By a power of attorney."""
    AGENT = "agent"
    """A service that asks for many people."""
    HEIR = "heir"
    """Of somebody who died."""


class About(StrEnum):
    """What a request is about, where its kind leaves that open."""

    ADVERTISING = "advertising"
    """An objection to advertising, which works at once (GDPR Art. 21(3))."""
    PROCESSING = "processing"
    """An objection to processing, which is decided (GDPR Art. 21(1))."""
    PLACE = "place"
    """A restriction is to be placed."""
    LIFT = "lift"
    """A restriction that the person asked for is to be lifted."""


class Proof(StrEnum):
    """How identity was proved."""

    CODE = "code"
    """By a code sent to a contact of the person."""
    SECOND_CONTACT = "second_contact"
    """By codes sent to two contacts of the person."""
    OFFICER = "officer"
    """By an officer, who wrote down what was checked."""
    NOT_NEEDED = "not_needed"
    """What is asked for protects whoever it is about, and shows nothing."""


class Outcome(StrEnum):
    """How a request ended."""

    DONE = "done"
    NOTHING_HELD = "nothing_held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    JOINED = "joined"


class RefusalGround(StrEnum):
    """Why a request is refused; each has its sentence in the notice."""

    NOT_IDENTIFIED = "not_identified"
    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    LEGAL_DUTY = "legal_duty"
    LEGAL_CLAIMS = "legal_claims"
    RIGHTS_OF_OTHERS = "rights_of_others"
    NOT_ENTITLED = "not_entitled"
    DATA_ACCURATE = "data_accurate"
    COMPELLING_GROUNDS = "compelling_grounds"


class Entry(StrEnum):
    """What a line of a request's history tells of, beside the acts of `policies.requests`."""

    RECEIVE = "receive"
    REPEAT = "repeat"
    """The same was asked again while the request stood."""
    EXTEND = "extend"
    CONFIRM = "confirm_contact"
    """An officer has seen that the answer goes to whom it should."""
    REMIND = "remind"
    CARRY = "carry"
    """A part of what was asked for was done."""


class Notice(StrEnum):
    """What the person is told; each is a template of messages."""

    RECEIVED = "request_received"
    IDENTITY = "request_identity"
    QUESTION = "request_question"
    EXTENDED = "request_extended"
    REFUSED = "request_refused"
    COMPLETED = "request_completed"
    NOTHING_HELD = "request_nothing_held"
    EXPIRED = "request_expired"
    LIFTING = "request_lifting"


class Carrier(StrEnum):
    """By which way a notice goes."""

    EMAIL = "email"
    SMS = "sms"
    HAND = "hand"
    """No message reaches the person: somebody writes or tells it."""


class Reminder(StrEnum):
    """How late it is."""

    HALF = "half"
    NEARLY = "nearly"
    OVERDUE = "overdue"
