"""What is said of a consent, brought to the form in which it is kept, or sent back with what is wrong."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from governance.consent.codes import CONTACTS_OF, NoticeKind
from governance.consent.errors import UnknownPurposeError
from governance.consent.events import ContactSaid, NewEvent
from governance.consent.terms import Terms, terms_of
from governance.customers import contact_values
from governance.customers.codes import ContactKind
from governance.customers.event_values import json_value
from governance.customers.records import NewContact
from governance.customers.texts import Complaints, Wrong
from governance.kernel.work import Work
from governance.policies.consent_state import STOPS, EventKind
from governance.policies.purposes import PurposeBook
from governance.reference.operations import find_controller
from governance.reference.record import Controller

CONSENTS: Final = frozenset({EventKind.GIVEN, EventKind.CONFIRMED, EventKind.RENEWED})
"""Events that say yes."""
_MOST_PLACES: Final = 2**63 - 1
"""Greatest place in a sequence."""


class Accepted(NamedTuple):
    """An event that may be kept.

    Attributes:
        new: as it was handed in.
        valid_at: when it was said; None for the instant of recording, or where nobody knows.
        contact: in normal form.
    """

    new: NewEvent
    valid_at: datetime | None
    contact: NewContact | None


class Acceptance:
    """What events are measured against within one unit of work; read once, however many events there are."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._normal: dict[ContactSaid, NewContact] = {}

    @cached_property
    def _terms(self) -> Terms:
        return terms_of(self._work)

    @cached_property
    def _book(self) -> PurposeBook:
        return self._terms.book(self._work.now)

    @cached_property
    def _controller(self) -> Controller | None:
        return find_controller(self._work)

    @property
    def _home(self) -> str | None:
        """Country whose phone numbers are written without a country code."""
        return None if self._controller is None else self._controller.region

    def accept(self, new: NewEvent) -> Accepted:
        """*new* in the form in which it is kept.

        Raises:
            UnknownPurposeError: where there is no such purpose.
            InvalidError: `errors` says by field what is wrong.
        """
        errors = Complaints()
        purpose = self._book.purposes.get(new.purpose)
        if purpose is None:
            raise UnknownPurposeError(
                "There is no purpose of this key; see: governance consent purposes",
                errors={"purpose": ["No purpose has this key."]},
            )
        if new.kind in CONSENTS and new.channel not in purpose.channels:
            errors.add("channel", "This purpose does not use this channel, so that nobody can consent to it.")
        if new.kind in (EventKind.EXPIRED, EventKind.PARTED):
            errors.add("kind", "The service alone records that a consent has lapsed, or that a merge was undone.")
        if new.voids is not None and new.kind is not EventKind.INVALIDATED:
            errors.add("voids", "Only an event of the kind invalidated takes another away.")
        for name, place in (("seen", new.seen), ("voids", new.voids)):
            if place is not None and not 0 <= place <= _MOST_PLACES:
                errors.add(name, "No sequence has such a place.")
        if new.subject is None and new.contact is None:
            errors.add("customer_id", "Say whose it is: by customer id, by contact, or by both.")
        contact = None
        with errors.at("contact"):
            contact = self._contact(new)
        with errors.at("evidence"):
            json_value(dict(new.evidence))
        with errors.at("notice"):
            self._look_at_notice(new)
        valid_at = None
        with errors.at("valid_at"):
            valid_at = self._said_at(new)
        errors.end("This event cannot be recorded.")
        return Accepted(new, valid_at, contact)

    def _contact(self, new: NewEvent) -> NewContact | None:
        said = new.contact
        if said is None:
            return None
        kinds = CONTACTS_OF[new.channel]
        if new.kind in CONSENTS and kinds and said.kind not in kinds:
            raise Wrong("This channel reaches people by another kind of contact: " + ", ".join(kinds) + ".")
        known = self._normal.get(said)
        if known is None:
            home = self._home if said.kind is ContactKind.PHONE and said.region is None else None
            as_read = contact_values.ContactSaid(kind=said.kind, value=said.value, region=said.region)
            known = self._normal[said] = contact_values.read_contact(as_read, home=home)
        return known

    def _look_at_notice(self, new: NewEvent) -> None:
        if new.notice is None:
            return
        notice = self._terms.notice(NoticeKind.CONSENT, new.purpose, new.notice)
        if notice is None:
            raise Wrong("The notice of this purpose has no such version; see: governance consent notices list")
        if new.language is not None and new.language not in notice.languages:
            raise Wrong("This version of the notice is not written in this language.")

    def _said_at(self, new: NewEvent) -> datetime | None:
        said = new.valid_at
        if said is None:
            return None
        if new.claimed:
            raise Wrong("A claim is what nobody knows the instant of; leave out one of the two.")
        if new.whole_day:
            return self._of_day(said.date(), ends=new.kind in STOPS)
        if said > self._work.now:
            raise Wrong("This instant has not come yet.")
        return said

    def _of_day(self, day: date, *, ends: bool) -> datetime:
        """A consent counts from the start of its day, a stop from its end, so that of two on one day the stop stays."""
        zone = UTC if self._controller is None else ZoneInfo(self._controller.zone)
        try:
            start = datetime.combine(day, time(), zone).astimezone(UTC)
        except OverflowError:
            raise Wrong("This day is too long ago.") from None
        if start > self._work.now:
            raise Wrong("This day has not come yet.")
        if not ends:
            return start
        try:
            end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        except OverflowError:
            return self._work.now
        return min(end - timedelta(microseconds=1), self._work.now)
