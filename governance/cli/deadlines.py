"""`deadlines`: when duties towards people are due, and the laws and calendars behind it."""

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say, settings
from governance.custody.opening import KEYRING
from governance.kernel.errors import InvalidError, NotFoundError
from governance.policies import shipped
from governance.policies.deadline_rules import Duty, LawTimes, RequestKind, Rule
from governance.policies.deadline_traces import Due
from governance.policies.deadline_words import LANGUAGES, written
from governance.policies.deadlines import due as compute
from governance.policies.working_days import Calendar
from governance.reference.calendars import (
    FIRST_YEAR,
    LAST_YEAR,
    UNEDITED,
    CalendarEdits,
    calendar_edits,
    calendar_name,
    edit_calendar,
    shipped_calendar,
)
from governance.reference.times import calendar_for, law_times, set_law, shipped_calendar_for


@click.group()
def deadlines() -> None:
    """When duties towards people are due, by which law and calendar."""


@deadlines.command("due")
@click.option("--law", required=True, help="Key of the law, such as gdpr or ru_152fz.")
@click.option("--kind", required=True, type=click.Choice([one.value for one in RequestKind]), help="What is asked for.")
@click.option("--duty", type=click.Choice([one.value for one in Duty]), default="answer", show_default=True)
@click.option("--country", required=True, help="Whose days of rest count: DE, or a part such as DE-BY.")
@click.option(
    "--extended-on", type=click.DateTime(["%Y-%m-%d"]), help="Day on which the person was told of an extension."
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", help="Of the steps; JSON has them in codes, too."
)
@click.argument("dates", nargs=-1, metavar="[DATE...]")
@as_json
def due_(
    *,
    law: str,
    kind: str,
    duty: str,
    country: str,
    extended_on: object,
    language: str,
    dates: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell for each DATE of receipt (YYYY-MM-DD; from standard input where none is given) the last day, and why.

    Laws and calendars are those of the store; without a store, those shipped.
    """
    received = [_day(text, f"line {number}" if not dates else "date") for number, text in _texts(dates)]
    if not received:
        raise InvalidError("No date was given.", errors={"date": ["Give some as YYYY-MM-DD, or a line each."]})
    told_on = extended_on.date() if hasattr(extended_on, "date") else None
    if told_on is not None and any(told_on < day for day in received):
        raise InvalidError(
            "An extension is wrong.", errors={"extended-on": ["It was told before the request was received."]}
        )
    for day, told in _told(law, RequestKind(kind), Duty(duty), country.upper(), received, told_on):
        if as_json:
            click.echo(json.dumps(_as_json(day, kind, duty, told), ensure_ascii=False))
        else:
            named = calendar_name(told.calendar, language)
            click.echo(f"{told.date}  {told.traced(language, calendar=named)}")


def _texts(dates: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    lines = dates or (line.strip() for line in sys.stdin)
    return ((number, text) for number, text in enumerate(lines, start=1) if text)


def _day(text: str, place: str = "date") -> date:
    day: date | None = None
    with contextlib.suppress(ValueError):
        day = date.fromisoformat(text)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        said = f"Give it as YYYY-MM-DD, in {FIRST_YEAR} to {LAST_YEAR}."
        raise InvalidError("A date is wrong.", errors={place: [said]})
    return day


def _told(
    law: str, kind: RequestKind, duty: Duty, country: str, received: list[date], extended_on: date | None
) -> list[tuple[date, Due]]:
    if not _has_store():
        times = _times(shipped.deadlines(), law)
        calendar = shipped_calendar_for(times, country=country, received=received)
        return _computed(times, _rule(times, kind, duty), calendar, received, extended_on)
    with operator_work() as work:
        times = _times(law_times(work), law)
        calendar = calendar_for(work, times, country=country, received=received)
    return _computed(times, _rule(times, kind, duty), calendar, received, extended_on)


def _has_store() -> bool:
    return (settings().secrets_dir / KEYRING).exists()


def _computed(
    times: LawTimes, rule: Rule, calendar: Calendar, received: list[date], extended_on: date | None
) -> list[tuple[date, Due]]:
    return [(day, compute(times, rule, day, calendar=calendar, extended_on=extended_on)) for day in received]


def _times(known: Mapping[str, LawTimes], law: str) -> LawTimes:
    if law not in known:
        raise NotFoundError(f"No law has this key; known are {', '.join(known)}.")
    return known[law]


def _rule(times: LawTimes, kind: RequestKind, duty: Duty) -> Rule:
    duties = times.rules.get(kind)
    if duties is None:
        raise NotFoundError(f"{times.key} knows no request for {kind}; it knows {', '.join(times.rules)}.")
    if duty not in duties:
        raise NotFoundError(f"{times.key} knows no duty to {duty} here; it knows {', '.join(duties)}.")
    return duties[duty]


def _as_json(received: date, kind: str, duty: str, told: Due) -> dict[str, object]:
    return {
        "received": received.isoformat(),
        "due": told.date.isoformat(),
        "law": told.law,
        "law_version": told.law_version,
        "kind": kind,
        "duty": duty,
        "calendar": told.calendar,
        "calendar_version": told.calendar_version,
        "citation": told.citation,
        "verified": told.verified,
        "trace": told.trace,
        "steps": [one.codes() for one in told.steps],
    }


@deadlines.command()
@click.argument("law", required=False)
@as_json
def laws(*, law: str | None, as_json: bool) -> None:
    """Show the duties that the laws in force bring, or one of them; without a store, those shipped."""
    known = shipped.deadlines()
    if _has_store():
        with operator_work() as work:
            known = law_times(work)
    chosen = [_times(known, law)] if law else list(known.values())
    rows = [
        {
            "law": times.key,
            "version": times.version,
            "kind": kind.value,
            "duty": duty.value,
            "within": written(rule.span) if rule.span.count else "at once",
            "extension": written(rule.extension) if rule.extension else None,
            "citation": rule.citation,
            "verified": rule.verified,
            "note": rule.note or None,
        }
        for times in chosen
        for kind, duties in times.rules.items()
        for duty, rule in duties.items()
    ]
    if as_json:
        answer_json(rows)
        return
    names = ["law", "kind", "duty", "within", "extension", "citation", "verified"]
    answer_table(names, [tuple(row[name] for name in names) for row in rows])


@deadlines.command("set-law")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def set_law_(*, file: Path) -> None:
    """Put the time limits of FILE into force, in the form of the package's deadlines.yaml; one law, next version."""
    with operator_work() as work:
        times = set_law(work, document=_text(file))
    say(f"{times.key} v{times.version} is in force. Requests that stand keep the dates that they were told.")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise InvalidError("The law cannot be used.", errors={"document": ["It is no text in UTF-8."]}) from None


@deadlines.command("calendar")
@click.argument("key")
@click.option("--year", type=click.IntRange(1990, 2100), help="Which year; this one if not said.")
@click.option("--add", "added", multiple=True, metavar="DATE=NAME", help="A further day of rest.")
@click.option("--remove", "removed", multiple=True, metavar="DATE", help="A day that is no holiday after all.")
@click.option("--worked", multiple=True, metavar="DATE", help="A day of rest that is worked.")
@as_json
def calendar_(
    *,
    key: str,
    year: int | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    worked: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show the days of rest of KEY (DE, DE-BY), or change them; what was changed before stays.

    Without a store, days are shown as shipped.
    """
    key = key.upper()
    if not _has_store() and not (added or removed or worked):
        _show_calendar(key, year or date.today().year, 0, UNEDITED, as_json=as_json)  # noqa: DTZ011 - no zone is known
        return
    with operator_work() as work:
        version, edits = calendar_edits(work, key)
        if added or removed or worked:
            names = dict(edits.added) | {_day(day): name for day, _, name in (one.partition("=") for one in added)}
            version = edit_calendar(
                work,
                key,
                added=names,
                removed=edits.removed | {_day(one) for one in removed},
                worked=edits.worked | {_day(one) for one in worked},
            ).version
            version, edits = calendar_edits(work, key)
        wanted = year or work.now.year
    _show_calendar(key, wanted, version, edits, as_json=as_json)


def _show_calendar(key: str, wanted: int, version: int, edits: CalendarEdits, *, as_json: bool) -> None:
    days = dict(shipped_calendar(key, years=[wanted]).holidays)
    rows = [
        *((day, name, "removed" if day in edits.removed else "") for day, name in days.items()),
        *((day, name, "added") for day, name in edits.added.items() if day.year == wanted and day not in days),
        *((day, "", "worked") for day in edits.worked if day.year == wanted),
    ]
    rows.sort()
    if as_json:
        told = [{"day": day, "name": name, "edit": edit or None} for day, name, edit in rows]
        answer_json({"calendar": key, "version": version, "days": told})
        return
    answer_table(["day", "name", "edit"], rows)
    say(f"Calendar {key}, version {version}.")
