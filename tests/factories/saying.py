"""People who can be asked, notices to be agreed to, and what they say, for tests of consent."""

from datetime import datetime

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.events import ContactSaid, NewEvent
from governance.consent.notices import Notice, NoticeText
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind
from governance.customers.records import NewContact
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from tests.factories.customers import origin, person

TEXTS = {
    "en": NoticeText("Newsletter", "I agree to get the newsletter of Demonstration Shop by e-mail."),
    "uk": NoticeText("Розсилка", "Я погоджуюся отримувати новини Demonstration Shop електронною поштою."),
}


def mail(address: str = "irina.vorobeva@example.org") -> ContactSaid:
    return ContactSaid(ContactKind.EMAIL, address)


def someone(work: Work, *addresses: str) -> SubjectId:
    """A person with these e-mail addresses."""
    contacts = tuple(NewContact(ContactKind.EMAIL, one) for one in addresses or ("irina.vorobeva@example.org",))
    return create_people(work, [person(contacts=contacts)], origin=origin())[0]


def notice(work: Work, purpose: str = "newsletter", *, material: bool = True, begins: datetime | None = None) -> Notice:
    """A further version of a purpose's notice."""
    return consent.publish_notice(
        work, kind=NoticeKind.CONSENT, key=purpose, texts=TEXTS, material=material, effective_from=begins
    )


def said(kind: EventKind, **more: object) -> NewEvent:
    """An event, of the newsletter by e-mail unless it is said otherwise."""
    given = {"purpose": "newsletter", "channel": Channel.EMAIL, "method": Method.WEB_FORM, **more}
    if kind in {EventKind.GIVEN, EventKind.CONFIRMED} and "notice" not in more:
        given["notice"] = 1
    return NewEvent(kind=kind, **given)  # type: ignore[arg-type]  # tests say what they need
