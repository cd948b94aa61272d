"""`consent explain`, `consent inform`, `consent uninformed`: the story of a contact, and the duty to inform."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, on_terminal, opened, operator_work, progress, say
from governance.cli.instants import Instant
from governance.consent import operations as consent
from governance.consent.codes import InformMethod
from governance.consent.operations import ContactSaid
from governance.customers.codes import ContactKind
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId

PART: Final = 5000
"""People whom one transaction notes."""
_INSTANT: Final = Instant()


@click.command()
@click.option("--customer", type=click.UUID, help="Id of a customer, instead of a contact.")
@click.option(
    "--kind",
    type=click.Choice(["email", "phone", "postal", "messenger"]),
    default="email",
    show_default=True,
    help="Of the contact, which is asked for or read from standard input, so that no other user of this host sees it.",
)
@click.option("--region", help="Country of a phone number without a country code: RU, UA, DE.")
@click.option(
    "--as-of", type=_INSTANT, help="By what had been recorded up to then: 2026-03-14T09:00:00Z. Now if left out."
)
@click.option(
    "--days", type=click.IntRange(0, 366), default=31, show_default=True, help="How far back checks are told."
)
@click.option("--reason", required=True, help="Why you need it; kept sealed in the log.")
@as_json
def explain(
    *,
    customer: UUID | None,
    kind: str,
    region: str | None,
    as_of: datetime | None,
    days: int,
    reason: str,
    as_json: bool,
) -> None:
    """Tell why a contact was written to, or was not: who holds it, what they said to which words, what was decided."""
    contact = None
    if customer is None:
        value = click.prompt("Contact", err=True) if on_terminal() else sys.stdin.readline()
        contact = ContactSaid(ContactKind(kind), value.strip(), region)
    with operator_work() as work:
        story = consent.explain(
            work,
            reason=reason,
            contact=contact,
            subject=None if customer is None else SubjectId(customer),
            as_of=as_of,
            days=days,
        )
    told = consent.tell_story(story)
    if as_json:
        answer_json(told)
        return
    for line in _story(told):
        click.echo(line)


@click.command()
@click.option("--days", type=click.IntRange(0, 366), default=7, show_default=True, help="How far to look ahead.")
@as_json
def uninformed(*, days: int, as_json: bool) -> None:
    """Show customers who must be told of the processing within some days, those overdue first (GDPR Art. 14)."""
    found: list[consent.Uninformed] = []
    with operator_work() as work:
        page = consent.uninformed(work, days=days)
        found += page.items
        while page.next_after is not None:
            page = consent.uninformed(work, days=days, after=page.next_after)
            found += page.items
    if as_json:
        answer_json([{"customer": one.subject, "inform_by": one.inform_by, "source": one.source} for one in found])
        return
    answer_table(
        ["customer", "tell them by", "source", "language"],
        [(one.subject, one.inform_by, one.source, one.language) for one in found],
    )
    if found:
        say("Until then nothing may be sent to them; when they are told: governance consent inform --notice KEY ...")


@click.command()
@click.argument("customer", type=click.UUID, nargs=-1)
@click.option(
    "--from",
    "listed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the ids of customers, one a line.",
)
@click.option("--notice", required=True, help="Key of the privacy notice that they were given.")
@click.option("--version", type=click.IntRange(1), help="Of the notice; the one in force if left out.")
@click.option("--language", help="In which they were told: ru, uk, en.")
@click.option("--method", type=click.Choice([one.value for one in InformMethod]), required=True, help="How.")
@click.option("--at", type=_INSTANT, help="When; now if left out.")
@as_json
def inform(
    *,
    customer: tuple[UUID, ...],
    listed: Path | None,
    notice: str,
    version: int | None,
    language: str | None,
    method: str,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Record that customers were told what is done with their data."""
    people = list(dict.fromkeys([*map(SubjectId, customer), *_listed(listed)]))
    if not people:
        raise click.UsageError("Name customers by their ids, or a file of them with --from.")
    told, unknown = 0, list[SubjectId]()
    with opened() as store, progress("Noting") as bar:
        for start in range(0, len(people), PART):
            with operator_work(store) as work:
                done = consent.inform(
                    work,
                    people=people[start : start + PART],
                    notice=notice,
                    method=InformMethod(method),
                    version=version,
                    language=language,
                    at=at,
                )
            told, unknown = told + len(done.items), [*unknown, *done.unknown]
            bar(told + len(unknown), len(people))
    if as_json:
        answer_json({"told": told, "unknown": unknown})
        return
    say(f"{told} people were told.")
    for one in unknown:
        say(f"  not found: {one}")


def _listed(file: Path | None) -> Iterator[SubjectId]:
    lines = [] if file is None else file.read_text("utf-8-sig").splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield SubjectId(UUID(line.strip()))
            except ValueError:
                raise InvalidError("The file of ids cannot be used.", errors={f"line {number}": ["no id"]}) from None


def _story(told: dict[str, Any]) -> Iterator[str]:
    yield f"As of {_at(told['as_of'])}; this reading is entry {told['entry_id']}."
    yield f"Held by {len(told['holders'])}." if told["holders"] else "Nobody in the store holds this contact."
    for holder in told["holders"]:
        yield from _holder(holder)
    for line in told["suppressions"]:
        end = "" if line["lifted_at"] is None else f", lifted {_at(line['lifted_at'])}"
        yield f"Suppressed: {line['channel']}, {_scope(line)}, {line['reason']}, since {_at(line['at'])}{end}"
    yield "Verdicts of that instant:"
    for one in told["verdicts"]:
        yield from _verdict(one)
    yield from _checks(told)


def _holder(holder: dict[str, Any]) -> Iterator[str]:
    yield f"Customer {holder['customer_id']}, kept since {_at(holder['created_at'])}, source {holder['source']}"
    if holder["inform_by"] is not None:
        informed = "not told yet" if holder["informed_at"] is None else f"told {_at(holder['informed_at'])}"
        yield f"  to be told of the processing by {_at(holder['inform_by'])}: {informed}"
    for one in holder["informings"]:
        yield f"  told by notice {one['notice']} {one['version']}, {one['method']}, {_at(one['at'])}"
    if holder["not_mailable"]:
        yield f"  nothing may be sent: {holder['not_mailable']}"
    for mark in holder["restrictions"]:
        yield f"  processing restricted: {mark['reason']}, {_at(mark['placed_at'])} to {_at(mark['lifted_at'])}"
    for event in holder["events"]:
        said = "at an unknown time" if event["valid_at"] is None else event["said_on"] or _at(event["valid_at"])
        words = "no known words" if event["notice"] is None else f"notice {event['notice']}"
        yield (
            f"  {event['sequence']}. {event['kind']} {event['purpose']} by {event['channel']}: said {said}, "
            f"recorded {_at(event['recorded_at'])}, {event['method']}, {words} (event {event['id']})"
        )
        for code, text in event["words"].items():
            yield f"     [{code}] {text['title']}"
            for line in text["body"].splitlines():
                yield f"     | {line}"


def _verdict(one: dict[str, Any]) -> Iterator[str]:
    answer = "yes" if one["allowed"] else "no"
    citation = f" ({one['citation']})" if one["citation"] else ""
    yield f"  {one['purpose']} by {one['channel']}: {answer}, {one['reason']}. {one['rule']}{citation}"
    if one["only_with_opt_out"]:
        yield "    Only in a message that itself offers a way to refuse."


def _checks(told: dict[str, Any]) -> Iterator[str]:
    checks: Sequence[dict[str, Any]] = told["checks"]
    yield f"Send checks that answered yes since {_at(told['checks_since'])}:" if checks else "No send check is known."
    for one in checks:
        whom = "this contact alone" if one["exact"] else f"a list of {one['count']}, which may have held it"
        campaign = f", campaign {one['campaign']}" if one["campaign"] else ""
        asked = f"{one['purpose']} by {one['channel']}{campaign}"
        yield f"  {_at(one['at'])} {asked}: {whom} (decision {one['decision_id']})"
    if not told["checks_complete"]:
        yield "  There were more than could be looked through; ask with fewer --days."


def _scope(line: dict[str, Any]) -> str:
    return f"purpose {line['purpose']}" if line["purpose"] else str(line["scope"])


def _at(instant: datetime | None) -> str:
    return "now" if instant is None else instant.strftime("%Y-%m-%d %H:%M:%SZ")
