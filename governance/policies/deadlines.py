"""When a duty towards a person is due: pure, and with a trace that names every step.

A period is months, calendar days or working days. The day on which a request arrives is not counted; a period of
months ends on the same-numbered day, else on the last day of the month; where the law says so, an end on a day of rest
moves to the next working day (Regulation (EEC, Euratom) 1182/71 Art. 3; Civil Code of Russia Art. 191 to 193; Civil
Code of Ukraine Art. 253 and 254). Which of these a law has, `deadlines.yaml` says with its citations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from governance.policies.deadline_rules import Effect, LawTimes, Rule, Span, Unit, Wait
from governance.policies.deadline_steps import Move, Step
from governance.policies.deadline_traces import Due
from governance.policies.periods import Period
from governance.policies.working_days import ONE_DAY, Calendar


@dataclass(frozen=True, slots=True)
class Waited:
    """A time during which the person was asked for something: from the day of asking to the day of the answer."""

    why: Wait
    since: date
    until: date


def due(
    law: LawTimes,
    rule: Rule,
    received: date,
    *,
    calendar: Calendar,
    extended_on: date | None = None,
    waited: Sequence[Waited] = (),
) -> Due:
    """The last day for a duty.

    Args:
        law: whose way of counting holds.
        rule: the duty, one of the law's.
        received: the day, in the controller's zone, on which the request arrived.
        calendar: whose working days count.
        extended_on: the day on which the person was told of an extension, if so; none before receipt counts.
        waited: times during which the person was asked for something; one that is still open is given until today.
    """
    steps = [Step(Move.RECEIVED, received)]
    start = _start(rule, received, waited, steps)
    end = _end(law, rule, rule.span, start, calendar, waited, steps)
    if extended_on is not None and rule.extension is not None and extended_on >= received:
        if extended_on <= end:
            steps = steps[: 2 if start != received else 1]
            longer = Span(rule.span.count + rule.extension.count, rule.span.unit)
            end = _end(law, rule, longer, start, calendar, waited, steps, extended=True)
        else:
            steps.append(Step(Move.TOO_LATE, extended_on, citation=rule.extension_citation))
    return Due(
        date=end,
        law=law.key,
        law_version=law.version,
        calendar=calendar.key,
        calendar_version=calendar.version,
        citation=rule.citation,
        verified=rule.verified,
        steps=tuple(steps),
    )


def _start(rule: Rule, received: date, waited: Sequence[Waited], steps: list[Step]) -> date:
    restarts = [one for one in waited if rule.waits.get(one.why) is Effect.RESTARTS]
    if not restarts:
        return received
    last = max(restarts, key=lambda one: one.until)
    if last.until <= received:
        return received
    steps.append(Step(Move.RESTARTED, last.until, wait=last.why, citation=rule.citation))
    return last.until


def _end(
    law: LawTimes,
    rule: Rule,
    span: Span,
    start: date,
    calendar: Calendar,
    waited: Sequence[Waited],
    steps: list[Step],
    *,
    extended: bool = False,
) -> date:
    citation = rule.extension_citation if extended else ""
    end = calendar.after_working_days(start, span.count) if span.unit is Unit.WORKING_DAYS else _added(start, span)
    steps.append(Step(Move.EXTENDED if extended else Move.PERIOD, end, span=span, citation=citation))
    end = _stopped(rule, span, start, end, calendar, waited, steps)
    if span.count == 0 or span.unit is Unit.WORKING_DAYS:
        return end
    counting = law.counting
    if counting.rolls and calendar.rests_on(end):
        steps.append(
            Step(
                Move.ROLLED,
                moved := calendar.working_day_from(end),
                rest=end,
                name=calendar.holidays.get(end, ""),
                citation=counting.rolls_citation,
            )
        )
        end = moved
    elif not any(step.citation == counting.citation for step in steps):
        steps[-1] = _citing(steps[-1], counting.citation)
    if _is_long(span) and calendar.working_days(start, end) < counting.least_working_days:
        end = calendar.after_working_days(start, counting.least_working_days)
        steps.append(Step(Move.LENGTHENED, end, citation=counting.least_citation))
    return end


def _is_long(span: Span) -> bool:
    return span.unit is Unit.MONTHS or span.count >= 2


def _citing(step: Step, citation: str) -> Step:
    return step if step.citation else Step(step.move, step.day, step.span, step.rest, step.name, step.wait, citation)


def _added(start: date, span: Span) -> date:
    period = Period(months=span.count) if span.unit is Unit.MONTHS else Period(days=span.count)
    return period.after(datetime.combine(start, time())).date()


def _stopped(
    rule: Rule, span: Span, start: date, end: date, calendar: Calendar, waited: Sequence[Waited], steps: list[Step]
) -> date:
    """The end, later by the days during which the clock stood still; days that two waits share count once."""
    still: set[date] = set()
    for one in waited:
        effect = rule.waits.get(one.why)
        if effect is None and one.until > one.since:
            steps.append(Step(Move.NOT_STOPPED, end, wait=one.why))
        if effect is Effect.STOPS:
            since = max(one.since, start)
            still.update(since + ahead * ONE_DAY for ahead in range((one.until - since).days))
    # A wait that began after the period was over stops nothing any more.
    for day in sorted(still):
        if day > end:
            break
        if span.unit is Unit.WORKING_DAYS:
            end = end if calendar.rests_on(day) else calendar.after_working_days(end, 1)
        else:
            end += timedelta(days=1)
    if still and steps[-1].day != end:
        steps.append(Step(Move.STOPPED, end, span=Span(len(still), Unit.DAYS), citation=rule.citation))
    return end
