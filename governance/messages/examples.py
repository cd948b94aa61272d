"""Made-up values, so that words of a message can be looked at as their reader will see them."""

from datetime import UTC, date, datetime

from governance.kernel import packs
from governance.messages.texts import Template, Values, language_of
from governance.messages.times import moment, written

_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_RECEIVED, _DUE = date(2026, 12, 1), date(2026, 12, 31)
_KIND = {
    Template.PROPOSAL_WAITS: "release_hold",
    Template.ALERT_RAISED: "unusual_reading",
}
_SAID = {
    "en": ("access to your data", "Which of our shops did you buy at?", "We have to look through three archives.",
           "The file is on your page.", ["News", "Offers"]),
    "ru": ("доступ к вашим данным", "В каком из магазинов вы покупали?", "Нужно просмотреть три архива.",
           "Файл лежит на вашей странице.", ["Новости", "Скидки"]),
    "uk": ("доступ до ваших даних", "У якій із крамниць ви купували?", "Потрібно переглянути три архіви.",
           "Файл лежить на вашій сторінці.", ["Новини", "Знижки"]),
}  # fmt: skip


def example(template: Template, language: str, *, controller: str, authority: str = "", office: str = "") -> Values:
    """What a template is filled in with to be looked at: made up, but for whose messages they are.

    Args:
        template: which.
        language: of the words.
        controller: the name of the controller.
        authority: the supervisory authority; empty where none is on record.
        office: whom people turn to.
    """
    chosen = language_of(language)
    what, question, reason, answer, purposes = _SAID[chosen if chosen in packs.SHIPPED else "en"]
    return {
        "controller": controller,
        "purposes": purposes,
        "link": "https://privacy.example.org/confirm/made-up",
        "days": 7,
        "kind": _KIND.get(template, ""),
        "proposal": "01a20000-0000-7000-8000-000000000001",
        "alert": "01a20000-0000-7000-8000-000000000002",
        "until": written(_DUE, language),
        "at": moment(_AT, language=language, zone="Europe/Berlin"),
        "token": "gov_invitation_made_up",
        "code": "1234 5678",
        "minutes": 10,
        "number": "R-23456789",
        "what": what,
        "received": written(_RECEIVED, language),
        "due": written(_DUE, language),
        "office": office or controller,
        "authority": authority,
        "certificate_at": "",
        "pages_at": "https://privacy.example.org/my",
        "question": question,
        "reason": reason,
        "ground": "excessive",
        "answer": answer,
    }
