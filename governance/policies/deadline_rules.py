"""What a law says of time: kinds of requests, duties, periods, and how they are counted. Data, in `deadlines.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from governance.policies.documents import Titles


class RequestKind(StrEnum):
    """What a person asks for."""

    ACCESS = "access"
    PORTABILITY = "portability"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    OPT_OUT = "opt_out"
    """Of sharing with others, or of sale."""
    WITHDRAWAL = "withdrawal"
    """Of all consents."""
    COMPLAINT = "complaint"


class Duty(StrEnum):
    """What a law wants done by a day."""

    ANSWER = "answer"
    """Done, or refused with the reason."""
    ACKNOWLEDGE = "acknowledge"
    """Receipt confirmed."""
    STOP = "stop"
    """Processing stopped."""
    BLOCK = "block"
    """Data blocked while it is looked into."""
    DESTROY = "destroy"


class Unit(StrEnum):
    """What a period is counted in."""

    MONTHS = "months"
    DAYS = "days"
    WORKING_DAYS = "working_days"


class Wait(StrEnum):
    """What is waited for from the person."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"


class Effect(StrEnum):
    """What such a wait does to a period."""

    STOPS = "stops"
    """Its days do not count."""
    RESTARTS = "restarts"
    """The period begins when it ends."""


@dataclass(frozen=True, slots=True)
class Span:
    """A number of months, days or working days; none at all is at once."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Counting:
    """How a law counts.

    Attributes:
        rolls: whether a last day of rest moves to the next working day.
        least_working_days: how many working days a period of two days or more holds at least.
        transfers: whether a weekend day is a working day once a government moved its rest to another day. By Regulation
            1182/71 Art. 2(2) no Saturday or Sunday ever is.
        citation: of the way months and days are counted.
        rolls_citation, least_citation, transfers_citation: of the other three.
    """

    citation: str
    rolls: bool = False
    rolls_citation: str = ""
    least_working_days: int = 0
    least_citation: str = ""
    transfers: bool = False
    transfers_citation: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One duty of a law.

    Attributes:
        span: until when, from receipt.
        extension: how much longer, if the person is told within the first period; None where it may not be extended.
        waits: what waiting for the person does, where the law says that it does something.
        citation: article.
        verified: whether this was compared with a published text.
        note: what a reader should know, in English.
    """

    span: Span
    citation: str
    verified: bool
    note: str = ""
    extension: Span | None = None
    extension_citation: str = ""
    waits: Mapping[Wait, Effect] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class LawTimes:
    """The time limits of a law.

    Attributes:
        key: of the law.
        version: of these rows.
        rules: by kind of request and duty; a kind that the law does not know is missing.
        calendar: whose working days count; None for those of the country that is asked about.
    """

    key: str
    version: int
    titles: Titles
    counting: Counting
    rules: Mapping[RequestKind, Mapping[Duty, Rule]]
    calendar: str | None = None
