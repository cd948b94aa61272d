"""`report`: how the customer base stands."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import click

from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, progress, say
from governance.consent import operations as consent
from governance.consent.freshness import Outcome
from governance.intake import operations as intake
from governance.intake.snapshots import Count, Freshness, QualityOfDay
from governance.kernel.work import OPERATOR, open_work
from governance.retention import operations as retention


@click.group("report")
def report() -> None:
    """Show who may be written to and why not, and what is known of customers."""


@report.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="As counted on this day (UTC); the newest if not said.")
@as_json
def freshness(*, day: datetime | None, as_json: bool) -> None:
    """Show how many may be written to, may be asked, or are left alone, by purpose and channel."""
    with operator_work() as work:
        found = intake.freshness_report(work, day=None if day is None else day.date())
    if as_json:
        answer_json(found)
        return
    _show_freshness(found)


@report.command()
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="For the trend.")
@as_json
def quality(*, days: int, as_json: bool) -> None:
    """Show of how many customers each field is filled, valid and verified."""
    with operator_work() as work:
        found = intake.quality_report(work, days=days)
    if as_json:
        answer_json(found)
        return
    _show_quality(found)


@report.command()
@as_json
def take(*, as_json: bool) -> None:
    """Count now, as the worker does every night and after each import."""
    with opened() as store, progress("Counting") as bar:
        found = intake.take_snapshot(store.database, actor=OPERATOR, on_progress=lambda done: bar(done, None))
        with open_work(store.database, OPERATOR) as work:
            consent.count_months(work)
            retention.count_outlook(work)
    if as_json:
        answer_json(found)
        return
    _show_freshness(found)


def _show_freshness(found: Freshness) -> None:
    groups: dict[tuple[str, str], list[Count]] = defaultdict(list)
    for count in found.counts:
        groups[count.purpose, count.channel].append(count)
    rows = [
        (*key, *(sum(int(one.people) for one in counts if one.outcome is outcome) for outcome in Outcome), _why(counts))
        for key, counts in groups.items()
    ]
    say(f"{found.people} people, counted on {found.day} (UTC).")
    answer_table(["purpose", "channel", "mailable", "may be asked", "ask elsewhere", "silent", "why not"], rows)
    say(f"Of {found.unverified} of them no contact was verified for a year.")
    if found.unreviewed:
        say(f"{found.unreviewed} merges wait to be looked at: governance merges list --state unreviewed")


def _why(counts: Sequence[Count]) -> str:
    reasons: dict[str, int] = defaultdict(int)
    for one in counts:
        if one.outcome is not Outcome.MAILABLE:
            reasons[one.reason] += int(one.people)
    return ", ".join(f"{reason} {people}" for reason, people in sorted(reasons.items(), key=lambda one: -one[1]))


def _show_quality(found: Sequence[QualityOfDay]) -> None:
    newest, oldest = found[0], found[-1]
    before = {one.field: one for one in oldest.fields}
    rows = [
        (
            one.field,
            _share(one.filled, newest.people),
            _share(one.valid, newest.people),
            "" if one.verified is None else _share(one.verified, newest.people),
            _trend(one.valid, newest.people, before[one.field].valid, oldest.people) if one.field in before else "",
        )
        for one in newest.fields
        if one.filled or (one.field in before and before[one.field].filled)
    ]
    say(f"{newest.people} people, counted on {newest.day} (UTC); the trend is that of valid ones since {oldest.day}.")
    answer_table(["field", "filled", "valid", "verified", "trend"], rows)


def _share(part: int | str, people: int) -> str:
    return f"{int(part) / people:.1%}" if people else ""


def _trend(part: int | str, people: int, before: int | str, people_before: int) -> str:
    if not people or not people_before:
        return ""
    return f"{100 * (int(part) / people - int(before) / people_before):+.1f}"
