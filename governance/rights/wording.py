"""What kinds of requests are called in notices, in the languages that these are written in."""

from collections.abc import Mapping, Sequence
from typing import Final

from governance.policies.deadline_rules import RequestKind
from governance.policies.documents import Titles
from governance.rights.codes import About

_TITLES: Final[Mapping[tuple[RequestKind, About | None], Titles]] = {
    (RequestKind.ACCESS, None): Titles("access to your data", "предоставление ваших данных", "надання ваших даних"),
    (RequestKind.PORTABILITY, None): Titles(
        "your data in a form to take with you", "перенос ваших данных", "перенесення ваших даних"
    ),
    (RequestKind.RECTIFICATION, None): Titles(
        "correction of your data", "исправление ваших данных", "виправлення ваших даних"
    ),
    (RequestKind.ERASURE, None): Titles("deletion of your data", "удаление ваших данных", "видалення ваших даних"),
    (RequestKind.RESTRICTION, About.PLACE): Titles(
        "restriction of the use of your data", "ограничение обработки ваших данных", "обмеження обробки ваших даних"
    ),
    (RequestKind.RESTRICTION, About.LIFT): Titles(
        "an end to the restriction of your data",
        "снятие ограничения обработки ваших данных",
        "зняття обмеження обробки ваших даних",
    ),
    (RequestKind.OBJECTION, About.ADVERTISING): Titles(
        "an end to advertising", "прекращение рекламы", "припинення реклами"
    ),
    (RequestKind.OBJECTION, About.PROCESSING): Titles(
        "an end to the processing of your data", "прекращение обработки ваших данных", "припинення обробки ваших даних"
    ),
    (RequestKind.OPT_OUT, None): Titles(
        "an end to the sharing of your data", "прекращение передачи ваших данных", "припинення передачі ваших даних"
    ),
    (RequestKind.WITHDRAWAL, None): Titles(
        "withdrawal of all your consents", "отзыв всех ваших согласий", "відкликання всіх ваших згод"
    ),
    (RequestKind.COMPLAINT, None): Titles(
        "an answer to your complaint", "ответ на вашу жалобу", "відповідь на вашу скаргу"
    ),
}


def what(kind: RequestKind, about: About | None, language: str) -> str:
    """What is asked for, as a notice says it."""
    return _TITLES[kind, about].get(language)


def called() -> Sequence[Titles]:
    """All that requests are called."""
    return tuple(_TITLES.values())
