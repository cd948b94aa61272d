"""What is done to a request, act by act: commands of `requests`."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import click

from governance.accounts.portal.operations import CodeId
from governance.cli.context import as_json, opened, operator_work, say
from governance.cli.requests_shown import DAY, act, answer, choice, id_of
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.rights import operations as rights
from governance.rights.codes import RefusalGround


@click.command()
@click.argument("request")
@click.argument("customer", type=click.UUID)
@click.option("--checked", required=True, help="What was checked, in words.")
@as_json
def prove(*, request: str, customer: UUID, checked: str, as_json: bool) -> None:
    """Take who asks as proved."""
    act(
        request, as_json, lambda work, it: rights.prove(work, request=it, customer=SubjectId(customer), checked=checked)
    )


@click.command()
@click.argument("request")
def code(request: str) -> None:
    """Send a code to the contact of a request; whoever asks reads it out."""
    with opened() as store, open_work(store.database, OPERATOR) as work:
        it = id_of(work, request)
        sent = rights.send_code(work, request=it, per_hour=store.settings.portal_codes_per_hour)
    click.echo(sent.id)


@click.command()
@click.argument("request")
@click.argument("code_id", metavar="CODE-ID", type=click.UUID)
@click.argument("typed", metavar="CODE")
@click.option("--customer", type=click.UUID, help="Which holder of the contact, where several hold it.")
@as_json
def confirm(*, request: str, code_id: UUID, typed: str, customer: UUID | None, as_json: bool) -> None:
    """Prove who asks by the code that was read out."""
    with operator_work() as work:
        it = id_of(work, request)
        chosen = None if customer is None else SubjectId(customer)
        seen = rights.prove_by_code(work, request=it, code_id=CodeId(code_id), typed=typed, customer=chosen)
    if seen is None:
        raise click.ClickException("The code is wrong, spent or too old; send a new one.")
    answer(seen, as_json)


@click.command()
@click.argument("request")
@click.option("--question", required=True, help="Goes into the notice.")
@click.option("--until", type=DAY, help="Last day on which an answer is waited for.")
@as_json
def ask(*, request: str, question: str, until: datetime | None, as_json: bool) -> None:
    """Ask the person something."""
    day: date | None = None if until is None else until.date()
    act(request, as_json, lambda work, it: rights.ask(work, request=it, question=question, until=day))


@click.command()
@click.argument("request")
@click.option("--words", required=True, help="What the person replied.")
@as_json
def reply(*, request: str, words: str, as_json: bool) -> None:
    """Take down what the person replied."""
    act(request, as_json, lambda work, it: rights.reply(work, request=it, words=words))


@click.command()
@click.argument("request")
@click.option("--reason", required=True, help="Goes into the notice.")
@as_json
def extend(*, request: str, reason: str, as_json: bool) -> None:
    """Take more time, once, where the law allows it."""
    act(request, as_json, lambda work, it: rights.extend(work, request=it, reason=reason))


@click.command()
@click.argument("request")
@click.option("--reason", required=True, help="How the contact is known to be theirs, in words.")
@as_json
def confirm_contact(*, request: str, reason: str, as_json: bool) -> None:
    """Confirm that the answer may go to a contact that the person is not on record with."""
    act(request, as_json, lambda work, it: rights.confirm_contact(work, request=it, reason=reason))


@click.command()
@click.argument("request")
@click.option("--ground", type=choice(RefusalGround), required=True)
@click.option("--reason", required=True, help="Goes into the notice.")
@as_json
def refuse(*, request: str, ground: str, reason: str, as_json: bool) -> None:
    """Refuse a request; the person is told ground, reason, authority and court."""
    act(
        request,
        as_json,
        lambda work, it: rights.refuse(work, request=it, ground=RefusalGround(ground), reason=reason),
    )


@click.command()
@click.argument("request")
@click.option("--reason", required=True, help="Why a second person has to look.")
@as_json
def submit(*, request: str, reason: str, as_json: bool) -> None:
    """Put a request before a second person; an erasure becomes a proposal."""
    act(request, as_json, lambda work, it: rights.submit(work, request=it, reason=reason))


@click.command()
@click.argument("request")
@as_json
def approve(*, request: str, as_json: bool) -> None:
    """Approve what somebody else has put forward."""
    act(request, as_json, lambda work, it: rights.approve(work, request=it))


@click.command()
@click.argument("request")
@click.option("--fields", help="Of a rectification: those that are changed, with commas; all by default.")
@click.option(
    "--purposes", help="Of an objection that is upheld: those that end; all on legitimate interest by default."
)
@as_json
def start(*, request: str, fields: str | None, purposes: str | None, as_json: bool) -> None:
    """Begin to carry a request out; what can be done at once is done and completed."""
    act(
        request,
        as_json,
        lambda work, it: rights.start(work, request=it, fields=_listed(fields), purposes=_listed(purposes)),
    )


def _listed(said: str | None) -> list[str] | None:
    return None if said is None else [one.strip() for one in said.split(",") if one.strip()]


@click.command()
@click.argument("request")
@click.option("--answer", help="Goes into the notice.")
@as_json
def complete(*, request: str, answer: str | None, as_json: bool) -> None:
    """Complete what was carried out by hand; the person is told."""
    act(request, as_json, lambda work, it: rights.complete(work, request=it, answer=answer))


@click.command()
@click.argument("request")
@click.argument("other")
@as_json
def join(*, request: str, other: str, as_json: bool) -> None:
    """Join a request to another one that stands and asks for the same."""
    act(request, as_json, lambda work, it: rights.join(work, request=it, into=id_of(work, other)))


@click.command()
@click.argument("request")
@click.option("--reason", help="What the person said.")
@as_json
def withdraw(*, request: str, reason: str | None, as_json: bool) -> None:
    """Note that the person does not want it any more."""
    act(request, as_json, lambda work, it: rights.withdraw(work, request=it, reason=reason))


@click.command()
@click.argument("request")
@click.argument("notice", type=click.UUID)
@click.option("--told", is_flag=True, help="Note that it was sent or told.")
def notice(*, request: str, notice: UUID, told: bool) -> None:
    """Print a notice, to send or tell it by hand."""
    with operator_work() as work:
        it = id_of(work, request)
        text = rights.notice_text(work, request=it, notice=notice)
        if told:
            rights.note_told(work, request=it, notice=notice)
    click.echo(text)


@click.command("told-recipient")
@click.argument("request")
@click.argument("recipient", type=click.UUID)
def told_recipient(*, request: str, recipient: UUID) -> None:
    """Note that a recipient of past disclosures was told of what was corrected or restricted."""
    with operator_work() as work:
        told = rights.note_recipient_told(work, request=id_of(work, request), recipient=recipient)
    say(f"{told.name} was told of {', '.join(told.fields)}.")


ACTS: Final = (
    prove,
    code,
    confirm,
    ask,
    reply,
    extend,
    confirm_contact,
    refuse,
    submit,
    approve,
    start,
    complete,
    join,
    withdraw,
    notice,
    told_recipient,
)
"""The commands."""
