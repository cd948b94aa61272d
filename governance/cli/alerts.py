"""`alerts`: what officers should know of."""

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
