"""What a verdict is made of: facts of a contact in, an answer with its reason out.

Facts are named tuples, because a row of the lookup is one already and 100,000 of them are read in a second.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from governance.policies.consent_state import ConsentState
from governance.policies.purposes import Basis, Ground


class Reason(StrEnum):
    """Why something may be sent or not; in the order in which they are looked at."""

    UNKNOWN_PURPOSE = "unknown_purpose"
    """No such purpose, or it does not use this channel."""
    MALFORMED = "malformed"
    """What was sent is no contact of this channel."""
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    """Suppressed for nothing but a hard bounce: the contact does not work."""
    RESTRICTED = "restricted"
    """Processing is restricted (GDPR Art. 18), or nothing may be sent to the person whatever was agreed to."""
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    """Claimed, not confirmed by the holder of the contact where that is asked for, or said to be given later."""
    SUPERSEDED = "superseded"
    """Given to a notice that has since changed materially."""
    UNDER_AGE = "under_age"
    """Too young, or of unknown age, for a purpose with a minimum age."""
    CONSENTED = "consented"
    OTHER_GROUND = "other_ground"
    SILENT = "silent"


class Word(StrEnum):
    """What a mailer is told, who need not know more; these never change."""

    OK = "ok"
    NO_GROUND = "no_ground"
    OPTED_OUT = "opted_out"
    INVALID = "invalid"


WORDS: Mapping[Reason, Word] = MappingProxyType(
    {
        Reason.UNKNOWN_PURPOSE: Word.NO_GROUND,
        Reason.MALFORMED: Word.INVALID,
        Reason.UNKNOWN: Word.NO_GROUND,
        Reason.SUPPRESSED: Word.OPTED_OUT,
        Reason.BOUNCED: Word.INVALID,
        Reason.RESTRICTED: Word.NO_GROUND,
        Reason.OBJECTED: Word.OPTED_OUT,
        Reason.WITHDRAWN: Word.OPTED_OUT,
        Reason.REFUSED: Word.OPTED_OUT,
        Reason.EXPIRED: Word.NO_GROUND,
        Reason.UNCONFIRMED: Word.NO_GROUND,
        Reason.SUPERSEDED: Word.NO_GROUND,
        Reason.UNDER_AGE: Word.NO_GROUND,
        Reason.CONSENTED: Word.OK,
        Reason.OTHER_GROUND: Word.OK,
        Reason.SILENT: Word.NO_GROUND,
    }
)
"""The public word of every reason."""


class Scope(StrEnum):
    """What a suppression covers."""

    PURPOSE = "purpose"
    ADVERTISING = "advertising"
    EVERYTHING = "everything"


class SuppressionReason(StrEnum):
    """Why a contact is suppressed."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    DO_NOT_CONTACT = "do_not_contact"
    ERASED = "erased"


class Suppression(NamedTuple):
    """A line of the suppression ledger for one contact by one channel.

    Attributes:
        scope: what it covers.
        purpose: key of the purpose, where it covers one.
        reason: why.
        at: since when.
    """

    scope: Scope
    purpose: str | None
    reason: SuppressionReason
    at: datetime


class Holder(NamedTuple):
    """What is known of one person who holds the contact.

    Attributes:
        state: consent to this purpose by this channel; None where nothing was ever said.
        restricted: processing is restricted, or nothing may be sent to the person.
        country: ISO 3166-1 alpha-2; None where unknown, and then the controller's own counts.
        age_at_least: years that the person is known to have; None where the age is unknown.
        kept_on: ground on which the person is kept at all.
        sale_at: last recorded sale.
        opt_out_offered_at: when the contact was collected with a sale and a way to refuse advertising was offered.
    """

    state: ConsentState | None = None
    restricted: bool = False
    country: str | None = None
    age_at_least: int | None = None
    kept_on: Ground | None = None
    sale_at: datetime | None = None
    opt_out_offered_at: datetime | None = None


class ContactFacts(NamedTuple):
    """What is known of one contact.

    Attributes:
        holders: everybody who holds it; nobody where it is unknown.
        suppressions: lines of the ledger for it by this channel, recorded up to the instant asked about.
        well_formed: whether it is a contact of this channel at all.
    """

    holders: tuple[Holder, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    well_formed: bool = True


class Verdict(NamedTuple):
    """The answer for one contact.

    Attributes:
        allowed: whether it may be sent.
        reason: why or why not.
        ground: the lawful ground, where it may.
        valid_until: strictly before this instant, or when it lapsed; None for no end.
        notice_version: of the notice that was consented to.
        event: the consent event that decided, where one did.
        basis: the ground's citation in the person's jurisdiction, where the purpose names one there.
    """

    allowed: bool
    reason: Reason
    ground: Ground | None = None
    valid_until: datetime | None = None
    notice_version: int | None = None
    event: UUID | None = None
    basis: Basis | None = None

    @property
    def word(self) -> Word:
        """What a mailer is told."""
        return WORDS[self.reason]
