"""`webhooks`: systems that are told of changes of consents or requests as they come."""

from uuid import UUID

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.messages.webhooks import operations as messages
from governance.messages.webhooks.operations import MessageId, MessageState, NewWebhook, Topic, WebhookId


@click.group()
def webhooks() -> None:
    """Systems that are told of changes as they come."""


@webhooks.command()
@click.option("--name", required=True, help="Name of the system, never of a person.")
@click.option("--url", required=True, help="Where messages go; https, or http on this host.")
@click.option(
    "--topic",
    type=click.Choice([one.value for one in Topic]),
    default=Topic.CONSENTS.value,
    show_default=True,
    help="What it is told of: changes of consents, of those only the stops, or how requests of data subjects stand.",
)
@click.option("--from-beginning", is_flag=True, help="Tell of all that ever changed.")
@as_json
def create(*, name: str, url: str, topic: str, from_beginning: bool, as_json: bool) -> None:
    """Set a receiver up and print its secret, once."""
    with operator_work() as work:
        made = messages.create(work, name=name, url=url, topic=Topic(topic), from_beginning=from_beginning)
    _tell(made, as_json=as_json)


@webhooks.command("list")
@as_json
def list_(*, as_json: bool) -> None:
    """Show all receivers, what waits for them, and since when they have not been reached."""
    with operator_work() as work:
        found = messages.listed(work)
    if as_json:
        answer_json(found)
        return
    rows = [(one.id, one.name, one.topic.value, one.host, one.waiting, one.failed, one.failing_since) for one in found]
    answer_table(["id", "name", "topic", "host", "waiting", "given up", "failing since"], rows)


@webhooks.command("messages")
@click.argument("webhook", type=click.UUID)
@click.option("--state", type=click.Choice([one.value for one in MessageState]), help="Only those that stand so.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def messages_(*, webhook: UUID, state: str | None, limit: int, as_json: bool) -> None:
    """Show messages to a receiver, newest first; `--state failed` for those that could not be delivered."""
    wanted = None if state is None else MessageState(state)
    with operator_work() as work:
        found = messages.messages(work, webhook=WebhookId(webhook), state=wanted, limit=limit).items
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.id, one.number, one.changes, one.state.value, one.attempts, one.last_error, one.last_status, one.queued_at)
        for one in found
    ]
    answer_table(["id", "number", "changes", "state", "attempts", "error", "status", "since"], rows)


@webhooks.command()
@click.argument("webhook", type=click.UUID)
@click.argument("message", type=click.UUID, nargs=-1)
def resend(*, webhook: UUID, message: tuple[UUID, ...]) -> None:
    """Send messages again that were given up: those named, or all."""
    only = [MessageId(one) for one in message] or None
    with operator_work() as work:
        again = messages.send_again(work, webhook=WebhookId(webhook), only=only)
    say(f"{again} messages wait again; the worker sends them.")


@webhooks.command()
@click.argument("webhook", type=click.UUID)
def test(webhook: UUID) -> None:
    """Send a message that tells of no change, to try the receiver."""
    with operator_work() as work:
        made = messages.enqueue_test(work, webhook=WebhookId(webhook))
    say(f"Message {made.id} waits; the worker sends it. See: governance webhooks messages {webhook}")


@webhooks.command()
@click.argument("webhook", type=click.UUID)
@as_json
def renew(*, webhook: UUID, as_json: bool) -> None:
    """Make a new secret and print it, once; for a day messages carry a signature by the old one as well."""
    with operator_work() as work:
        made = messages.renew_secret(work, webhook=WebhookId(webhook))
    _tell(made, as_json=as_json)


@webhooks.command()
@click.argument("webhook", type=click.UUID)
def remove(webhook: UUID) -> None:
    """Remove a receiver with its messages."""
    with operator_work() as work:
        messages.remove(work, webhook=WebhookId(webhook))
    say("The webhook is removed.")


def _tell(made: NewWebhook, *, as_json: bool) -> None:
    if as_json:
        answer_json({"id": made.webhook.id, "secret": made.secret})
        return
    click.echo(made.secret)
    say(f"Webhook {made.webhook.id}: this is its secret; it is shown once and kept sealed.")
