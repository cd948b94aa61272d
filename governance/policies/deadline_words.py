"""How the steps to a due date read, in the languages that people are answered in.

Citations stay in the language of their law, but for the words between names and numbers; names of holidays stay in that
of their calendar.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

from governance.policies.deadline_rules import Span, Unit, Wait
from governance.policies.deadline_steps import Move, Step

DEFAULT: Final = "en"
_COUNTS: Final = {1: "one", 2: "two", 3: "three"}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language.

    Attributes:
        short, long: days of the week from Monday on, as a date has them and as a sentence does.
        units: forms of each unit: for one, and for many; in Slavic languages for 1, 2 to 4, and the rest.
        shipped, edited: how a calendar stands: as it came, or by its last edit.
    """

    short: tuple[str, ...]
    long: tuple[str, ...]
    units: Mapping[Unit, tuple[str, ...]]
    waits: Mapping[Wait, str]
    moves: Mapping[Move, str]
    at_once: str
    holiday: str
    calendar: str
    shipped: str
    edited: str


_WORDS: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "en": _Words(
            short=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
            long=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
            units={
                Unit.MONTHS: ("month", "months"),
                Unit.DAYS: ("day", "days"),
                Unit.WORKING_DAYS: ("working day", "working days"),
            },
            waits={Wait.IDENTITY: "identity", Wait.CLARIFICATION: "clarification"},
            moves={
                Move.RECEIVED: "received {day}",
                Move.PERIOD: "{span} -> {day}",
                Move.EXTENDED: "extended to {span} -> {day}",
                Move.TOO_LATE: "extension told {day}, too late to count",
                Move.RESTARTED: "{wait} given {day}, from which the period runs",
                Move.STOPPED: "clock stopped for {span} -> {day}",
                Move.NOT_STOPPED: "waiting for {wait} does not stop the clock",
                Move.ROLLED: "{plain} is {rest} -> next working day {day}",
                Move.LENGTHENED: "at least two working days -> {day}",
            },
            at_once="at once",
            holiday="a public holiday ({name})",
            calendar="calendar: {name}, {version}",
            shipped="as shipped",
            edited="version {number}",
        ),
        "ru": _Words(
            short=("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
            long=("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
            units={
                Unit.MONTHS: ("месяц", "месяца", "месяцев"),
                Unit.DAYS: ("день", "дня", "дней"),
                Unit.WORKING_DAYS: ("рабочий день", "рабочих дня", "рабочих дней"),
            },
            waits={Wait.IDENTITY: "подтверждения личности", Wait.CLARIFICATION: "уточнения"},
            moves={
                Move.RECEIVED: "получено: {day}",
                Move.PERIOD: "{span} -> {day}",
                Move.EXTENDED: "вместе с продлением {span} -> {day}",
                Move.TOO_LATE: "о продлении сообщено {day}: слишком поздно, не считается",
                Move.RESTARTED: "срок идёт от {wait}: {day}",
                Move.STOPPED: "срок не шёл {span} -> {day}",
                Move.NOT_STOPPED: "ожидание {wait} срок не останавливает",
                Move.ROLLED: "{plain} — {rest} -> следующий рабочий день: {day}",
                Move.LENGTHENED: "не меньше двух рабочих дней -> {day}",
            },
            at_once="сразу",
            holiday="праздник ({name})",
            calendar="календарь: {name}, {version}",
            shipped="исходный",
            edited="редакция {number}",
        ),
        "uk": _Words(
            short=("пн", "вт", "ср", "чт", "пт", "сб", "нд"),
            long=("понеділок", "вівторок", "середа", "четвер", "п’ятниця", "субота", "неділя"),
            units={
                Unit.MONTHS: ("місяць", "місяці", "місяців"),
                Unit.DAYS: ("день", "дні", "днів"),
                Unit.WORKING_DAYS: ("робочий день", "робочі дні", "робочих днів"),
            },
            waits={Wait.IDENTITY: "підтвердження особи", Wait.CLARIFICATION: "уточнення"},
            moves={
                Move.RECEIVED: "отримано: {day}",
                Move.PERIOD: "{span} -> {day}",
                Move.EXTENDED: "разом із продовженням {span} -> {day}",
                Move.TOO_LATE: "про продовження повідомлено {day}: запізно, не рахується",
                Move.RESTARTED: "строк іде від {wait}: {day}",
                Move.STOPPED: "строк не йшов {span} -> {day}",
                Move.NOT_STOPPED: "очікування {wait} строк не зупиняє",
                Move.ROLLED: "{plain} — {rest} -> наступний робочий день: {day}",
                Move.LENGTHENED: "щонайменше два робочі дні -> {day}",
            },
            at_once="одразу",
            holiday="свято ({name})",
            calendar="календар: {name}, {version}",
            shipped="початковий",
            edited="редакція {number}",
        ),
    }
)
LANGUAGES: Final = tuple(_WORDS)
_CITED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "ru": {
            "second sentence": "второе предложение",
            "by analogy": "по аналогии",
            "guidance on the right of access, calendar month": "руководство о праве на доступ, календарный месяц",
        },
        "uk": {
            "second sentence": "друге речення",
            "by analogy": "за аналогією",
            "guidance on the right of access, calendar month": "настанова про право на доступ, календарний місяць",
        },
    }
)
"""Words between the names and numbers of the laws that come with the service."""


def trace(steps: Sequence[Step], *, calendar: str, version: int, citation: str, language: str = DEFAULT) -> str:
    """The steps in one line, with the calendar and what was cited.

    Args:
        steps: in their order.
        calendar: whose days of rest counted, as its reader calls it.
        version: of the calendar; 0 as shipped.
        citation: of the duty.
        language: ISO 639; English where nothing is written in it.
    """
    words = _WORDS.get(language, _WORDS[DEFAULT])
    cited = dict.fromkeys(step.citation for step in steps if step.citation)
    stands = words.edited.format(number=version) if version else words.shipped
    counted = words.calendar.format(name=calendar, version=stands)
    laws = [_cited(one, language) for one in dict.fromkeys((citation, *cited))]
    return "; ".join((" -> ".join(_sentences(steps, language)), counted, *laws))


def _cited(citation: str, language: str) -> str:
    for english, said in _CITED.get(language, {}).items():
        citation = citation.replace(english, said)
    return citation


def written(span: Span, language: str = DEFAULT) -> str:
    """A period in words: `one month`, `10 working days`."""
    forms = _WORDS.get(language, _WORDS[DEFAULT]).units[span.unit]
    count = _COUNTS.get(span.count, str(span.count)) if len(forms) == 2 else str(span.count)
    return f"{count} {forms[_form(span.count, len(forms))]}"


def _form(count: int, forms: int) -> int:
    """Which form of a word stands beside a number (Unicode CLDR, plural rules of en, ru and uk)."""
    if forms == 2:
        return 0 if count == 1 else 1
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else 2


def _sentences(steps: Sequence[Step], language: str) -> Iterator[str]:
    for step, following in zip_longest(steps, steps[1:]):
        moves_on = following is not None and following.move is Move.ROLLED and step.span is not None
        said = _sentence(step, language)
        yield said.rpartition(" -> ")[0] if moves_on else said


def _sentence(step: Step, language: str) -> str:
    words = _WORDS.get(language, _WORDS[DEFAULT])
    rest = ""
    if step.rest is not None:
        rest = words.holiday.format(name=step.name) if step.name else words.long[step.rest.weekday()]
    at_once = step.span is None or step.span.count == 0
    return words.moves[step.move].format(
        day=f"{words.short[step.day.weekday()]} {_plain(step.day, language)}",
        plain="" if step.rest is None else _plain(step.rest, language),
        rest=rest,
        span=words.at_once if at_once or step.span is None else written(step.span, language),
        wait="" if step.wait is None else words.waits[step.wait],
    )


def _plain(day: date, language: str) -> str:
    if language in _WORDS and language != DEFAULT:
        return f"{day:%d.%m.%Y}"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
