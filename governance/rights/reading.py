"""Reading requests as they come: in normal form, with what is meant where nothing is said, or sent back by field."""

from datetime import timedelta
from typing import Final

from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import home_region
from governance.customers.records import NewContact
from governance.customers.texts import LONG_TEXT, Complaints, Wrong, words
from governance.customers.values import country as read_country
from governance.kernel.work import Work
from governance.messages.texts import language_of
from governance.policies.deadline_rules import RequestKind
from governance.reference.record import Controller
from governance.rights.codes import About, Asking
from governance.rights.corrections import wrong_changes
from governance.rights.records import NewRequest
from governance.rights.timing import local_day

OLDEST: Final = timedelta(days=3 * 365)
"""A letter that lay longer is entered with a later date, and a word about it."""
_ABOUT: Final = {
    RequestKind.OBJECTION: (About.ADVERTISING, About.PROCESSING),
    RequestKind.RESTRICTION: (About.PLACE, About.LIFT),
}
"""The first of each is meant where nothing is said."""


def read(work: Work, new: NewRequest, controller: Controller) -> tuple[NewContact | None, NewRequest]:
    """The contact in its normal form, and the request with what is meant where nothing is said.

    Raises:
        InvalidError: `errors` says by field what is wrong.
    """
    errors = Complaints()
    today = local_day(work.now, controller.zone)
    if new.received_on is not None and not today - OLDEST <= new.received_on <= today:
        errors.add("received_on", "A request comes today, or came within the last three years.")
    about = _about(new, errors)
    said, asker, checked = (_words(errors, name, getattr(new, name), longest) for name, longest in _TEXTS)
    if new.asking is not Asking.SELF and asker is None:
        errors.add("asker", "Say who asks for the person, and by what authority.")
    if checked is not None and new.customer is None:
        errors.add("customer", "Name the customer whose identity was checked.")
    country = new.country
    with errors.at("country"):
        country = None if new.country is None else read_country(new.country)
    contact = _contact(work, new, errors)
    if contact is None and new.customer is None and not errors.errors:
        errors.add("contact", "Say where the answer goes, or which customer it is about.")
    _look_at_changes(work, new, errors)
    errors.end("The request cannot be put on record as it is.")
    language = language_of(new.language or controller.language)
    return contact, NewRequest(
        kind=new.kind,
        arrival=new.arrival,
        about=about,
        asking=new.asking,
        asker=asker,
        customer=new.customer,
        received_on=new.received_on,
        language=language,
        country=country,
        said=said,
        changes=new.changes,
        checked=checked,
    )


_TEXTS: Final = (("said", LONG_TEXT), ("asker", LONG_TEXT), ("checked", LONG_TEXT))


def _words(errors: Complaints, name: str, value: str | None, longest: int) -> str | None:
    kept = value
    if value is not None:
        with errors.at(name):
            kept = words(value, longest=longest, lines=True)
    return kept


def _about(new: NewRequest, errors: Complaints) -> About | None:
    lawful = _ABOUT.get(new.kind, ())
    if new.about is not None and new.about not in lawful:
        errors.add("about", "This goes with an objection or a restriction: " + (", ".join(lawful) or "leave it out."))
    return new.about or next(iter(lawful), None)


def _contact(work: Work, new: NewRequest, errors: Complaints) -> NewContact | None:
    found: NewContact | None = None
    if new.contact is not None or new.contact_kind is not None:
        with errors.at("contact"):
            found = _normal(work, new)
    return found


def _normal(work: Work, new: NewRequest) -> NewContact:
    if new.contact is None or new.contact_kind is None:
        raise Wrong("Give the contact and its kind, both or neither.")
    home = None
    if new.contact_kind == ContactKind.PHONE and new.region is None:
        home = home_region(work, new.contact)
    return read_contact(ContactSaid(kind=new.contact_kind, value=new.contact, region=new.region), home=home)


def _look_at_changes(work: Work, new: NewRequest, errors: Complaints) -> None:
    if (new.kind is RequestKind.RECTIFICATION) != bool(new.changes):
        errors.add("changes", "A rectification, and nothing else, says which fields are to have which values.")
        return
    for name, sentences in wrong_changes(work, new.changes or {}).items():
        for sentence in sentences:
            errors.add(f"changes.{name}", sentence)
