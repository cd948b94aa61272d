"""Words that officers ask the log in, turned into its filters: who, what, how it ended and since when."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from governance.audit.actions import Action
from governance.console.days import read_day
from governance.intake.folding import fold_name
from governance.kernel.records import frozen

SHORTEST: Final = 4
"""Letters of the shortest word that is looked at; the shorter ones bind others."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_SPANS: Final[Mapping[str, tuple[int, int | None]]] = {
    **dict.fromkeys(("today", "сегодня", "сьогодні"), (0, None)),
    **dict.fromkeys(("yesterday", "вчера", "вчора", "учора"), (1, 1)),
    **dict.fromkeys(("week", "неделя", "неделе", "неделю", "тиждень", "тижня", "тижні"), (7, None)),
    **dict.fromkeys(("month", "месяц", "месяце", "місяць", "місяця", "місяці"), (30, None)),
}
"""Days back from today at which a span begins, and ends; None for one that goes on."""
_DAY: Final = re.compile(r"(?:\b([^\W\d_]+)\s+)?(?<![\d.-])(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})(?![\d-])")
_SINCE: Final = frozenset({"since", "from", "after", "с", "со", "от", "после", "з", "із", "від", "після"})
_UNTIL: Final = frozenset({"until", "till", "before", "to", "by", "по", "до"})
_BINDING: Final = frozenset({"last", "this", "past", "прошлой", "прошлый", "прошлом", "этой", "минулого", "минулий"})


@frozen
class Heard:
    """What was understood.

    Attributes:
        asked: filters of the log by name.
        unheard: words that no filter was found for.
    """

    asked: Mapping[str, str]
    unheard: tuple[str, ...]


def heard(
    said: str,
    *,
    staff: Mapping[UUID, str],
    labels: Mapping[Action, str],
    outcomes: Mapping[str, str],
    today: date,
) -> Heard:
    """Filters that *said* asks for; names and labels are those that the reader sees, spans are of three languages."""
    asked, rest, no_days = _of_days(said.casefold())
    words = [one for one in _words(rest) if one not in _BINDING]
    left = []
    for word in words:
        found = _of_span(word, today) or _of_staff(word, staff) or _of_outcome(word, outcomes)
        asked.update(found)
        if not found:
            left.append(word)
    known = {one: _words(label) for one, label in labels.items()}
    weights = {word: sum(_has(label, word) for label in known.values()) for word in left}
    scores = {one: sum(1 / weights[word] for word in left if _has(label, word)) for one, label in known.items()}
    best = max(scores, key=lambda one: (scores[one], -len(known[one])))
    if scores[best] > 0:
        asked["action"] = best.value
    return Heard(asked, (*no_days, *(word for word in left if not _has(known[best], word))))


def _of_days(text: str) -> tuple[dict[str, str], str, list[str]]:
    """Days that a text names, what is left of it, and what looks like a day and is none."""
    asked: dict[str, str] = {}
    days, wrong, rest = [], [], text
    for found in _DAY.finditer(text):
        binding, said = found[1] or "", found[2]
        day = _day(said)
        if day is None:
            wrong.append(said)
        elif binding in _SINCE:
            asked["since"] = day
        elif binding in _UNTIL:
            asked["until"] = day
        else:
            days.append(day)
        known = binding in _SINCE or binding in _UNTIL
        rest = rest.replace(found[0] if known else said, " ", 1)
    if days:
        asked = {"since": min(days), "until": max(days), **asked}
    return asked, rest, wrong


def _day(said: str) -> str | None:
    first, *others = said.split(".")
    day = read_day("-".join((others[1], others[0].zfill(2), first.zfill(2))) if others else said)
    return None if day is None else day.isoformat()


def _words(text: str) -> list[str]:
    return [one for one in _WORD.findall(text.casefold()) if len(one) >= SHORTEST]


def _is_alike(one: str, other: str) -> bool:
    """Whether two words differ in their endings at most."""
    stem = max(SHORTEST, min(len(one), len(other)) - 2)
    return one[:stem] == other[:stem]


def _has(words: Iterable[str], word: str) -> bool:
    return any(_is_alike(one, word) for one in words)


def _of_span(word: str, today: date) -> Mapping[str, str]:
    if word not in _SPANS:
        return {}
    since, until = _SPANS[word]
    asked = {"since": (today - timedelta(days=since)).isoformat()}
    return asked if until is None else asked | {"until": (today - timedelta(days=until)).isoformat()}


def _of_staff(word: str, staff: Mapping[UUID, str]) -> Mapping[str, str]:
    """Whoever alone has this name, in whichever letters it is written: Kovalenko is Коваленко, too."""
    folded = fold_name(word)
    found = [one for one, name in staff.items() if _has(_words(name), word) or _has(fold_name(name).split(), folded)]
    return {"actor": str(found[0])} if len(found) == 1 else {}


def _of_outcome(word: str, outcomes: Mapping[str, str]) -> Mapping[str, str]:
    found = [code for code, said in outcomes.items() if code != "done" and _has(_words(said), word)]
    return {"outcome": found[0]} if found else {}
