"""`requests`: what people ask of their data, from the letter to the answer."""

import sys
from datetime import datetime
from typing import Any

import click

from governance.cli.context import answer_json, answer_table, as_json, operator_work, say
from governance.cli.request_acts import ACTS
from governance.cli.requests_shown import DAY, choice, found, line_of, tell
from governance.customers.codes import ContactKind
from governance.kernel.ids import SubjectId
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import About, Arrival, Asking
from governance.rights.corrections import contact_of, is_new_contact
from governance.rights.operations import NewRequest


@click.group()
def requests() -> None:
    """Requests of data subjects: received, proved, decided, carried out, answered in time."""


for _one in ACTS:
    requests.add_command(_one)


@requests.command()
@click.option("--kind", type=choice(RequestKind), required=True, help="What is asked for.")
@click.option("--arrival", type=choice(Arrival), default=Arrival.LETTER.value, show_default=True)
@click.option("--about", type=choice(About), help="Of an objection or a restriction.")
@click.option("--contact-kind", type=choice(ContactKind), help="Kind of the contact that the answer goes to.")
@click.option("--contact", help="Where the answer goes; - reads it from standard input.")
@click.option("--customer", type=click.UUID, help="Id of the person, where it is known.")
@click.option("--checked", help="How it was made sure who asks; the request is open at once.")
@click.option("--received-on", type=DAY, help="Day of receipt, YYYY-MM-DD; today by default.")
@click.option("--language", help="Of the answers: en, ru, uk.")
@click.option("--country", help="Where the person lives; its law applies as well.")
@click.option("--asking", type=choice(Asking), default=Asking.SELF.value, show_default=True)
@click.option("--asker", help="Who asks for the person, and by what authority.")
@click.option("--said", help="Words of the request.")
@click.option(
    "--change",
    "changes",
    multiple=True,
    help="Of a rectification: FIELD=VALUE (extra.KEY, contact.ID, contact.new=KIND:VALUE); several times.",
)
@as_json
def receive(**given: Any) -> None:  # noqa: ANN401 (the options above)
    """Put a request on record."""
    as_json = bool(given.pop("as_json"))
    received = given.pop("received_on")
    contact = given.pop("contact")
    changes = dict(_change(one) for one in given.pop("changes"))
    about, customer = given.pop("about"), given.pop("customer")
    new = NewRequest(
        kind=RequestKind(given.pop("kind")),
        arrival=Arrival(given.pop("arrival")),
        about=None if about is None else About(about),
        asking=Asking(given.pop("asking")),
        contact=sys.stdin.readline().strip() if contact == "-" else contact,
        customer=None if customer is None else SubjectId(customer),
        received_on=None if received is None else received.date(),
        changes=changes or None,
        **given,
    )
    with operator_work() as work:
        made = rights.receive(work, new=new)
    if as_json:
        answer_json(made)
        return
    click.echo(made.request.number)
    if made.joined:
        say("The same request stands already; this one was counted with it.")
    if made.stopped:
        say("What it ends was stopped at once.")
    tell(made.request)


@requests.command("list")
@click.option("--state", type=choice(RequestState), help="All that stand by default.")
@click.option("--kind", type=choice(RequestKind))
@click.option("--due-before", type=DAY, help="Only those due before this day.")
@click.option("--untold", is_flag=True, help="Only those of whose corrections some recipient was not told yet.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(
    *, state: str | None, kind: str | None, due_before: datetime | None, untold: bool, limit: int, as_json: bool
) -> None:
    """Show requests, the one that is due first at the top."""
    with operator_work() as work:
        found = rights.queue(
            work,
            states=[] if state is None else [RequestState(state)],
            kinds=[] if kind is None else [RequestKind(kind)],
            due_before=None if due_before is None else due_before.date(),
            untold=untold,
            limit=limit,
        )
    if as_json:
        answer_json(found)
        return
    answer_table(
        ["number", "kind", "state", "received", "due", "reminded", "repeats", "id"], [line_of(one) for one in found]
    )


@requests.command()
@click.argument("request")
@as_json
def show(*, request: str, as_json: bool) -> None:
    """Show a request by number or id: due dates with their traces, history, notices, what may be done now."""
    with operator_work() as work:
        seen = found(work, request)
    if as_json:
        answer_json(seen)
        return
    tell(seen)
    answer_table(["at", "act", "state", "by"], [(one.at, one.act, one.state, one.actor_kind) for one in seen.events])
    answer_table(
        ["notice", "by", "message", "told", "id"],
        [(one.notice, one.carrier, one.message, one.told_at, one.id) for one in seen.notices],
    )
    answer_table(
        ["recipient", "fields", "told", "id"],
        [(one.name, ", ".join(one.fields), one.told_at, one.recipient) for one in seen.recipients],
    )


def _change(said: str) -> tuple[str, object]:
    field, found, value = (one.strip() for one in said.partition("="))
    if not found:
        raise click.BadParameter("Give FIELD=VALUE.", param_hint="--change")
    if not value:
        return field, None
    if is_new_contact(field):
        kind, _, contact = value.partition(":")
        return field, {"kind": kind.strip(), "value": contact.strip()}
    return field, value if contact_of(field) is None else {"value": value}
