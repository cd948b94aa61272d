"""When a request is to be answered: by the terms of the day on which it came, with what has happened since."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
from governance.policies.deadline_rules import Duty, LawTimes, RequestKind, Wait
from governance.policies.deadline_steps import step_of
from governance.policies.deadline_terms import Terms, freeze, thaw
from governance.policies.deadline_traces import Due
from governance.policies.deadlines import Waited, due
from governance.policies.requests import RequestAct
from governance.reference.lookup import countries
from governance.reference.record import Controller
from governance.reference.times import calendar_for, law_times
from governance.rights.records import DutyView
from governance.rights.tables import RequestEventRow, RequestRow

_BEGINS = {RequestAct.ASK_IDENTITY: Wait.IDENTITY, RequestAct.ASK: Wait.CLARIFICATION}
_ENDS = {
    RequestAct.PROVE: Wait.IDENTITY,
    RequestAct.REPLY: Wait.CLARIFICATION,
    RequestAct.RESUME: Wait.CLARIFICATION,
}
_BORROWED = "The law names no period for this kind of request; the one for access is used."


def local_day(at: datetime, zone: str) -> date:
    """The day that an instant falls on in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def laws_for(controller: Controller, country: str | None) -> tuple[str, ...]:
    """Keys of the laws that apply: the controller's, and those proposed for the country of the person."""
    theirs = countries().get(country or "")
    return tuple(dict.fromkeys((*controller.laws, *(theirs.laws if theirs else ()))))


def terms_at_receipt(
    work: Work, *, controller: Controller, country: str | None, kind: RequestKind, received: date
) -> dict[str, Any]:
    """What each law that applies wants, as it is now, in the form in which a request keeps it.

    Raises:
        InvalidError: where no law that applies has time limits.
    """
    known = law_times(work)
    kept: dict[str, Any] = {}
    for key in laws_for(controller, country):
        times = known.get(key)
        if times is None:
            continue
        borrowed = kind not in times.rules
        if borrowed and RequestKind.ACCESS not in times.rules:
            continue
        # Days of rest are those where the law is from: the controller's, or the country of the person.
        place = controller.calendar if key in controller.laws or country is None else country
        calendar = calendar_for(work, times, country=place, received=[received])
        kept[key] = freeze(Terms(_of_kind(times, kind), kind, calendar, borrowed), received=received)
    if not kept:
        raise InvalidError(
            "No law that applies has time limits; see: governance deadlines",
            errors={"laws": ["Name laws with time limits in the controller's record: governance init"]},
        )
    return kept


def _of_kind(times: LawTimes, kind: RequestKind) -> LawTimes:
    if kind in times.rules:
        return times
    answer = times.rules[RequestKind.ACCESS][Duty.ANSWER]
    return LawTimes(times.key, times.version, times.titles, times.counting, {kind: {Duty.ANSWER: answer}})


def set_duties(row: RequestRow, events: Sequence[RequestEventRow], *, today: date) -> None:
    """Compute anew when each duty of a request is due, with its extension and the times of waiting so far."""
    waited = waits(events, today=today)
    found: list[tuple[Due, Duty, bool, str]] = []
    for kept in row.terms.values():
        terms = thaw(kept)
        for duty, rule in terms.rules.items():
            told = due(
                terms.times,
                rule,
                row.received_on,
                calendar=terms.calendar,
                extended_on=row.extended_on,
                waited=waited,
            )
            found.append((told, duty, terms.borrowed, _BORROWED if terms.borrowed else rule.note))
    found.sort(key=lambda one: (one[0].date, one[0].law, one[1]))
    row.duties = [_kept(*one) for one in found]
    row.due_on = min(told.date for told, duty, _, _ in found if duty is Duty.ANSWER)


def waits(events: Sequence[RequestEventRow], *, today: date) -> list[Waited]:
    """The times during which the person was asked for something; one that is open lasts until *today*."""
    begun: dict[Wait, date] = {}
    found: list[Waited] = []
    for event in events:
        if event.act in _BEGINS:
            begun.setdefault(_BEGINS[RequestAct(event.act)], event.day)
        elif event.act in _ENDS and (since := begun.pop(_ENDS[RequestAct(event.act)], None)) is not None:
            found.append(Waited(_ENDS[RequestAct(event.act)], since, event.day))
    return found + [Waited(why, since, max(since, today)) for why, since in begun.items()]


def can_wait(row: RequestRow, why: Wait) -> bool:
    """Whether waiting for the person moves the day that rules, by the law that it comes from."""
    answers = [one for one in row.duties if one["duty"] == Duty.ANSWER]
    ruling = [one["law"] for one in answers if one["due_on"] == row.due_on.isoformat()]
    return all(why in thaw(row.terms[law]).rules[Duty.ANSWER].waits for law in ruling)


def extendable(row: RequestRow) -> bool:
    """Whether a law that rules allows more time."""
    answers = [one["law"] for one in row.duties if one["duty"] == Duty.ANSWER]
    return any(thaw(row.terms[law]).rules[Duty.ANSWER].extension is not None for law in answers)


def duty_view(kept: Any) -> DutyView:  # noqa: ANN401 (JSON, as `set_duties` kept it)
    """A duty as it is shown."""
    steps = tuple(step_of(one) for one in kept.get("steps", ()))
    said = {**kept, "duty": Duty(kept["duty"]), "due_on": date.fromisoformat(kept["due_on"]), "steps": steps}
    return DutyView(**said)


def _kept(told: Due, duty: Duty, borrowed: bool, note: str) -> dict[str, Any]:  # noqa: FBT001 (a record's own fields)
    return {
        "law": told.law,
        "law_version": told.law_version,
        "duty": duty.value,
        "due_on": told.date.isoformat(),
        "calendar": told.calendar,
        "calendar_version": told.calendar_version,
        "citation": told.citation,
        "verified": told.verified and not borrowed,
        "borrowed": borrowed,
        "note": note,
        "trace": told.trace,
        "steps": [one.codes() for one in told.steps],
    }
