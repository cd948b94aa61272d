"""`alerts`: what officers should know of, and how much staff may read before they are told."""

from uuid import UUID

import click

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertId
from governance.cli.context import answer_json, answer_table, as_json, operator_work, say


@click.group()
def alerts() -> None:
    """What officers should know of."""


@alerts.command("list")
@click.option("--unseen", is_flag=True, help="Only those that nobody has seen.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(*, unseen: bool, limit: int, as_json: bool) -> None:
    """Show alerts, newest first."""
    with operator_work() as work:
        found = accounts.list_alerts(work, unseen=unseen, limit=limit)
    if as_json:
        answer_json(found)
        return
    rows = [
        (
            one.id,
            one.kind,
            one.at,
            one.staff,
            ", ".join(f"{name} {fact}" for name, fact in one.facts.items()),
            one.seen_at,
        )
        for one in found
    ]
    answer_table(["id", "kind", "at", "staff", "facts", "seen"], rows)


@alerts.command()
@click.argument("alert", type=click.UUID)
def seen(alert: UUID) -> None:
    """Mark an alert as seen."""
    with operator_work() as work:
        accounts.see_alert(work, alert=AlertId(alert))
    say("Marked as seen.")


@alerts.command()
@click.option("--people-per-day", type=int, help="How many people a member of staff may see in the clear in a day.")
@click.option("--watch-unusual/--no-watch-unusual", default=None, help="Whether to tell officers of unusual reading.")
@as_json
def rules(*, people_per_day: int | None, watch_unusual: bool | None, as_json: bool) -> None:
    """Show how much may be read, or change it."""
    with operator_work() as work:
        if people_per_day is None and watch_unusual is None:
            found = accounts.reading_rules(work)
        else:
            found = accounts.set_reading_rules(work, people_per_day=people_per_day, watch_unusual=watch_unusual)
    if as_json:
        answer_json(found)
        return
    click.echo(
        f"{found.people_per_day} people a day; unusual reading is {'' if found.watch_unusual else 'not '}watched."
    )
