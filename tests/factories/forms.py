"""Published notices and subscription forms, and what a visitor sends."""

from datetime import datetime, timedelta

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import Filled, Form, NoticeText, ShownForm, Visit
from governance.customers.records import Json
from governance.kernel.work import Work
from governance.messages.outbox import lend
from governance.reference.operations import set_controller

VISIT = Visit(address="203.0.113.7", agent="Mozilla/5.0")
BASE = "https://privacy.example.org"
EMAIL = "irina.vorobeva@example.org"
TITLES: Json = {"en": "Stay in touch", "ru": "Будем на связи", "uk": "Будьмо на зв'язку"}
DOCUMENT: dict[str, Json] = {
    "titles": TITLES,
    "items": [
        {"purpose": "newsletter", "channels": ["email"]},
        {"purpose": "own_offers", "channels": ["email", "audience"]},
    ],
    "privacy_notice": "privacy",
}


def words(what: str) -> dict[str, NoticeText]:
    """A text in the three languages."""
    return {
        "en": NoticeText(f"Yes, {what}", f"I agree to {what}.\nI can take it back."),
        "ru": NoticeText(f"Да, {what}", f"Я согласен на {what}."),
        "uk": NoticeText(f"Так, {what}", f"Я погоджуюся на {what}."),
    }


def publish_notices(work: Work, *purposes: str) -> None:
    """Notices of *purposes*, and a privacy notice."""
    for purpose in purposes:
        consent.publish_notice(work, kind=NoticeKind.CONSENT, key=purpose, texts=words(purpose), material=True)
    texts = {"en": NoticeText("How we use data", "As little as we can.")}
    consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="privacy", texts=texts, material=True)


def publish(work: Work, key: str = "club", **said: Json) -> Form:
    """A form, with the notices and the controller that it needs."""
    set_controller(work, legal_name="ООО Ромашка", address="Псков", country="RU")
    publish_notices(work, "newsletter", "own_offers", "birthday")
    return consent.publish_form(work, key=key, document={**DOCUMENT, **said})


def filled(shown: ShownForm, *ticked: str, email: str = EMAIL, **fields: str) -> Filled:
    """The form as its page sends it."""
    marks = {item.purpose: item.notice.mark for item in shown.items}
    return Filled(email=email, ticked=ticked or ("newsletter",), marks=marks, fields=fields)


def subscribe(work: Work, *ticked: str, email: str = EMAIL, key: str = "club", **fields: str) -> None:
    """Send the form as its page shows it now."""
    shown = consent.show_form(work, key=key, language="en")
    sent = filled(shown, *ticked, email=email, **fields)
    consent.subscribe(work, key=key, filled=sent, language="en", visit=VISIT, base_url=BASE)


def mailed_token(work: Work) -> str:
    """The token in the mail that is due; the mail is taken."""
    lent = lend(work)
    assert lent is not None
    return str(lent.values["link"]).removeprefix(f"{BASE}/confirm/").partition("?")[0]


def token_for(work: Work, *ticked: str, email: str = EMAIL, **fields: str) -> str:
    """Send the form and take the mail."""
    subscribe(work, *ticked, email=email, **fields)
    return mailed_token(work)


def later(at: datetime, **by: float) -> datetime:
    """An instant after *at*."""
    return at + timedelta(**by)
