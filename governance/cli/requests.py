"""`requests`: what people ask of their data, from the letter to the answer."""

import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import click

from governance.accounts.portal.operations import CodeId
from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, say
from governance.customers.codes import ContactKind
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import About, Arrival, Asking, RefusalGround
from governance.rights.operations import NewRequest, RequestId, RequestLine, RequestView

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def requests() -> None:
    """Requests of data subjects: received, proved, decided, carried out, answered in time."""


def _choice(codes: Any) -> click.Choice[str]:  # noqa: ANN401 (a class of codes)
    return click.Choice([one.value for one in codes])


@requests.command()
@click.option("--kind", type=_choice(RequestKind), required=True, help="What is asked for.")
@click.option("--arrival", type=_choice(Arrival), default=Arrival.LETTER.value, show_default=True)
@click.option("--about", type=_choice(About), help="Of an objection or a restriction.")
@click.option("--contact-kind", type=_choice(ContactKind), help="Kind of the contact that the answer goes to.")
@click.option("--contact", help="Where the answer goes; - reads it from standard input.")
@click.option("--customer", type=click.UUID, help="Id of the person, where it is known.")
@click.option("--checked", help="How it was made sure who asks; the request is open at once.")
@click.option("--received-on", type=_DAY, help="Day of receipt, YYYY-MM-DD; today by default.")
@click.option("--language", help="Of the answers: en, ru, uk.")
@click.option("--country", help="Where the person lives; its law applies as well.")
@click.option("--asking", type=_choice(Asking), default=Asking.SELF.value, show_default=True)
@click.option("--asker", help="Who asks for the person, and by what authority.")
@click.option("--said", help="Words of the request.")
@click.option("--change", "changes", multiple=True, help="Of a rectification: FIELD=VALUE; several times.")
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
    _tell(made.request)


@requests.command("list")
@click.option("--state", type=_choice(RequestState), help="All that stand by default.")
@click.option("--kind", type=_choice(RequestKind))
@click.option("--due-before", type=_DAY, help="Only those due before this day.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(*, state: str | None, kind: str | None, due_before: datetime | None, limit: int, as_json: bool) -> None:
    """Show requests, the one that is due first at the top."""
    with operator_work() as work:
        found = rights.queue(
            work,
            states=[] if state is None else [RequestState(state)],
            kinds=[] if kind is None else [RequestKind(kind)],
            due_before=None if due_before is None else due_before.date(),
            limit=limit,
        )
    if as_json:
        answer_json(found)
        return
    answer_table(
        ["number", "kind", "state", "received", "due", "reminded", "repeats", "id"], [_line(one) for one in found]
    )


@requests.command()
@click.argument("request")
@as_json
def show(*, request: str, as_json: bool) -> None:
    """Show a request by number or id: due dates with their traces, history, notices, what may be done now."""
    with operator_work() as work:
        seen = _found(work, request)
    if as_json:
        answer_json(seen)
        return
    _tell(seen)
    answer_table(["at", "act", "state", "by"], [(one.at, one.act, one.state, one.actor_kind) for one in seen.events])
    answer_table(
        ["notice", "by", "message", "told", "id"],
        [(one.notice, one.carrier, one.message, one.told_at, one.id) for one in seen.notices],
    )


@requests.command()
@click.argument("request")
@click.argument("customer", type=click.UUID)
@click.option("--checked", required=True, help="What was checked, in words.")
@as_json
def prove(*, request: str, customer: UUID, checked: str, as_json: bool) -> None:
    """Take who asks as proved."""
    _act(
        request, as_json, lambda work, it: rights.prove(work, request=it, customer=SubjectId(customer), checked=checked)
    )


@requests.command()
@click.argument("request")
def code(request: str) -> None:
    """Send a code to the contact of a request; whoever asks reads it out."""
    with opened() as store, open_work(store.database, OPERATOR) as work:
        it = _id(work, request)
        sent = rights.send_code(work, request=it, per_hour=store.settings.portal_codes_per_hour)
    click.echo(sent.id)


@requests.command()
@click.argument("request")
@click.argument("code_id", metavar="CODE-ID", type=click.UUID)
@click.argument("typed", metavar="CODE")
@click.option("--customer", type=click.UUID, help="Which holder of the contact, where several hold it.")
@as_json
def confirm(*, request: str, code_id: UUID, typed: str, customer: UUID | None, as_json: bool) -> None:
    """Prove who asks by the code that was read out."""
    with operator_work() as work:
        it = _id(work, request)
        chosen = None if customer is None else SubjectId(customer)
        seen = rights.prove_by_code(work, request=it, code_id=CodeId(code_id), typed=typed, customer=chosen)
    if seen is None:
        raise click.ClickException("The code is wrong, spent or too old; send a new one.")
    _answer(seen, as_json)


@requests.command()
@click.argument("request")
@click.option("--question", required=True, help="Goes into the notice.")
@click.option("--until", type=_DAY, help="Last day on which an answer is waited for.")
@as_json
def ask(*, request: str, question: str, until: datetime | None, as_json: bool) -> None:
    """Ask the person something."""
    day: date | None = None if until is None else until.date()
    _act(request, as_json, lambda work, it: rights.ask(work, request=it, question=question, until=day))


@requests.command()
@click.argument("request")
@click.option("--words", required=True, help="What the person replied.")
@as_json
def reply(*, request: str, words: str, as_json: bool) -> None:
    """Take down what the person replied."""
    _act(request, as_json, lambda work, it: rights.reply(work, request=it, words=words))


@requests.command()
@click.argument("request")
@click.option("--reason", required=True, help="Goes into the notice.")
@as_json
def extend(*, request: str, reason: str, as_json: bool) -> None:
    """Take more time, once, where the law allows it."""
    _act(request, as_json, lambda work, it: rights.extend(work, request=it, reason=reason))


@requests.command()
@click.argument("request")
@click.option("--ground", type=_choice(RefusalGround), required=True)
@click.option("--reason", required=True, help="Goes into the notice.")
@as_json
def refuse(*, request: str, ground: str, reason: str, as_json: bool) -> None:
    """Refuse a request; the person is told ground, reason, authority and court."""
    _act(
        request,
        as_json,
        lambda work, it: rights.refuse(work, request=it, ground=RefusalGround(ground), reason=reason),
    )


@requests.command()
@click.argument("request")
@click.option("--reason", required=True, help="Why a second person has to look.")
@as_json
def submit(*, request: str, reason: str, as_json: bool) -> None:
    """Put a request before a second person; an erasure becomes a proposal."""
    _act(request, as_json, lambda work, it: rights.submit(work, request=it, reason=reason))


@requests.command()
@click.argument("request")
@as_json
def approve(*, request: str, as_json: bool) -> None:
    """Approve what somebody else has put forward."""
    _act(request, as_json, lambda work, it: rights.approve(work, request=it))


@requests.command()
@click.argument("request")
@click.option("--fields", help="Of a rectification: those that are changed, with commas; all by default.")
@as_json
def start(*, request: str, fields: str | None, as_json: bool) -> None:
    """Begin to carry a request out; what can be done at once is done and completed."""
    chosen = None if fields is None else [one.strip() for one in fields.split(",") if one.strip()]
    _act(request, as_json, lambda work, it: rights.start(work, request=it, fields=chosen))


@requests.command()
@click.argument("request")
@click.option("--answer", help="Goes into the notice.")
@as_json
def complete(*, request: str, answer: str | None, as_json: bool) -> None:
    """Complete what was carried out by hand; the person is told."""
    _act(request, as_json, lambda work, it: rights.complete(work, request=it, answer=answer))


@requests.command()
@click.argument("request")
@click.argument("other")
@as_json
def join(*, request: str, other: str, as_json: bool) -> None:
    """Join a request to another one that stands and asks for the same."""
    _act(request, as_json, lambda work, it: rights.join(work, request=it, into=_id(work, other)))


@requests.command()
@click.argument("request")
@click.option("--reason", help="What the person said.")
@as_json
def withdraw(*, request: str, reason: str | None, as_json: bool) -> None:
    """Note that the person does not want it any more."""
    _act(request, as_json, lambda work, it: rights.withdraw(work, request=it, reason=reason))


@requests.command()
@click.argument("request")
@click.argument("notice", type=click.UUID)
@click.option("--told", is_flag=True, help="Note that it was sent or told.")
def notice(*, request: str, notice: UUID, told: bool) -> None:
    """Print a notice, to send or tell it by hand."""
    with operator_work() as work:
        it = _id(work, request)
        text = rights.notice_text(work, request=it, notice=notice)
        if told:
            rights.note_told(work, request=it, notice=notice)
    click.echo(text)


def _act(request: str, as_json: bool, act: Callable[[Work, RequestId], RequestView]) -> None:  # noqa: FBT001 (inner)
    with operator_work() as work:
        seen = act(work, _id(work, request))
    _answer(seen, as_json)


def _answer(seen: RequestView, as_json: bool) -> None:  # noqa: FBT001 (inner)
    if as_json:
        answer_json(seen)
    else:
        _tell(seen)


def _found(work: Work, request: str) -> RequestView:
    try:
        return rights.find(work, request=RequestId(UUID(request)))
    except ValueError:
        return rights.find_by_number(work, number=request)


def _id(work: Work, request: str) -> RequestId:
    try:
        return RequestId(UUID(request))
    except ValueError:
        return rights.find_by_number(work, number=request).id


def _change(said: str) -> tuple[str, str]:
    field, found, value = said.partition("=")
    if not found:
        raise click.BadParameter("Give FIELD=VALUE.", param_hint="--change")
    return field.strip(), value.strip()


def _line(one: RequestLine) -> tuple[object, ...]:
    return (one.number, one.kind, one.state, one.received_on, one.due_on, one.reminded, one.repeats, one.id)


def _tell(seen: RequestView) -> None:
    say(f"{seen.kind} of {seen.received_on}: {seen.state}, due {seen.due_on}; possible now: {', '.join(seen.acts)}")
    for one in seen.duties:
        say(f"  {one.law} {one.duty} by {one.due_on}: {one.trace}{'' if one.verified else ' (unverified)'}")
    for why in seen.needs_approval:
        say(f"  a second person has to approve: {why}")
