"""`erasure`: erase a person, see how far it is, get the certificate."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click

from governance.cli.certificates import hand_out, where_to
from governance.cli.context import answer_json, answer_table, as_json, make_sure, opened, operator_work, say
from governance.custody.dumps import plain_dump
from governance.custody.signing import bring_up_to_date
from governance.erasure import operations as erasures
from governance.erasure.operations import Erasure, ErasureId, ErasureState, Left
from governance.erasure.printing import print_certificate
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work

_WAITS = 3


@click.group()
def erasure() -> None:
    """Erasures: what may go goes, what must stay is named, and a certificate proves it."""


@erasure.command()
@click.argument("customer", type=click.UUID)
@as_json
def plan(*, customer: UUID, as_json: bool) -> None:
    """Show what would become of a customer's data today; nothing is done."""
    with operator_work() as work:
        found = erasures.plan_for(work, person=SubjectId(customer))
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.compartment.value, one.fate.value, one.first, one.until, one.rule, one.citation) for one in found.steps
    ]
    answer_table(("what", "becomes", "from", "until", "rule", "citation"), rows)
    for one in found.steps:
        if not one.in_force:
            say(
                f"No retention policy in force says how long {one.compartment.value} is kept; the period shipped for "
                "the country of the controller is heeded. Look at it: governance retention policies"
            )
    if found.others:
        say(f"{found.others} other people share a contact with this one and keep it.")
    if found.recipients:
        say(f"{found.recipients} recipients of past disclosures are to be told.")


@erasure.command()
@click.argument("customer", type=click.UUID)
@click.option("--reason", required=True, help="Why; sealed, for whoever looks into it later.")
@click.option("--yes", is_flag=True, help="Do not ask; it cannot be undone.")
@as_json
def start(*, customer: UUID, reason: str, yes: bool, as_json: bool) -> int:
    """Erase a customer now; what a law wants kept, or a hold covers, stays until then."""
    if not yes:
        make_sure("This cannot be undone. Erase this customer?")
    with opened() as store:
        with open_work(store.database, OPERATOR) as work:
            begun = erasures.order(work, person=SubjectId(customer), reason=reason)
        through = erasures.run(store.database, erasure=begun, actor=OPERATOR)
        with open_work(store.database, OPERATOR) as work:
            found = erasures.show(work, erasure=begun)
    if as_json:
        answer_json(found)
    else:
        click.echo(found.id)
        _tell(found)
    return 0 if through else _WAITS


@erasure.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(*, limit: int, as_json: bool) -> None:
    """Show erasures, newest first."""
    with operator_work() as work:
        found = erasures.list_erasures(work, limit=limit)
    if as_json:
        answer_json(found)
        return
    rows = [(one.id, one.state.value, one.origin.kind.value, one.people, one.begun_at, one.closed_at) for one in found]
    answer_table(("id", "state", "by", "people", "begun", "closed"), rows)


@erasure.command()
@click.argument("erasure_id", metavar="ERASURE", type=click.UUID)
@as_json
def show(*, erasure_id: UUID, as_json: bool) -> None:
    """Show the steps of an erasure: done, waiting, or to be tried again."""
    with operator_work() as work:
        found = erasures.show(work, erasure=ErasureId(erasure_id))
    if as_json:
        answer_json(found)
    else:
        _tell(found)


@erasure.command()
@click.argument("erasure_id", metavar="ERASURE", type=click.UUID)
@click.option("--number", type=click.IntRange(1), help="Which one; the newest where nothing is said.")
@where_to
def certificate(*, erasure_id: UUID, number: int | None, output: Path | None, pdf: Path | None, language: str) -> None:
    """Get the certificate of an erasure, with proofs for the newest checkpoint.

    It is verified with: governance audit verify-certificate FILE --checkpoint FILE
    """
    with opened() as store:
        bring_up_to_date(store)
        with open_work(store.database, OPERATOR) as work:
            found = erasures.certificate(work, erasure=ErasureId(erasure_id), number=number)
    printed = partial(print_certificate, found, language=language)
    hand_out(found.content, printed, named=f"Certificate {found.number} of this erasure", output=output, pdf=pdf)


@erasure.command()
@click.option("--reason", required=True, help="Why; sealed, for whoever looks into it later.")
@click.option("--number", help="Of the invoice; all where nothing is said.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day of payment.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of payment.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@as_json
def kept(
    *, reason: str, number: str | None, since: datetime | None, until: datetime | None, limit: int, as_json: bool
) -> None:
    """Show purchases that tax law keeps of people who were erased; told in the log with the reason."""
    wanted = erasures.Wanted(number, since and since.date(), until and until.date())
    with operator_work() as work:
        found = erasures.read_kept(work, wanted=wanted, reason=reason, limit=limit)
    if as_json:
        answer_json(found.items)
        return
    rows = [(one.paid_at, one.number or "", one.total, one.currency) for one in found.items]
    answer_table(("paid", "number", "total", "currency"), rows)
    if found.next_after is not None:
        say("There are more; narrow the days.")


@erasure.command()
@click.argument("erasure_id", metavar="ERASURE", type=click.UUID)
@click.option(
    "--values",
    type=click.File("r", encoding="utf-8"),
    help="What was known of the person, a value a line (- for standard input).",
)
@as_json
def prove(*, erasure_id: UUID, values: TextIO | None, as_json: bool) -> int:
    """Look for whatever could be left of somebody who was erased: in all tables, a dump, and the files of the store."""
    told = [] if values is None else [line.strip() for line in values if line.strip()]
    needles = erasures.spellings(told)
    with opened() as store:
        with open_work(store.database, OPERATOR) as work:
            found = erasures.prove(work, erasure=ErasureId(erasure_id), values=told)
        left = list(found.left)
        if needles:
            in_dump = erasures.search_stream(plain_dump(store.server.client_environment()), needles)
            left += [Left("dump of the database", "value", in_dump)] if in_dump else []
            folder = store.settings.data_dir
            left += erasures.search_files(folder, needles, without=[folder / "postgres"])
    if as_json:
        answer_json({"absent": not left, "left": left, "kept": found.kept, "tables": found.tables})
    else:
        answer_table(("where", "what", "count"), [(one.where, one.what, one.count) for one in (*left, *found.kept)])
        click.echo(f"{found.tables} tables looked through" + (", a dump and all files searched" if needles else ""))
        if found.kept:
            click.echo("Kept, as the certificate says: " + ", ".join(sorted({one.where for one in found.kept})))
        click.echo("LEFT" if left else "ABSENT")
    return 1 if left else 0


def _tell(found: Erasure) -> None:
    rows = [
        (
            one.step.value,
            one.state.value,
            one.until or one.done_at or one.next_at,
            one.rows or "",
            one.failure or one.citation or "",
        )
        for one in found.steps
    ]
    answer_table(("step", "state", "when", "rows", "why"), rows)
    if found.state is ErasureState.RUNNING:
        say("The worker goes on with it.")
    elif found.state is ErasureState.WAITING:
        say("The rest goes by itself when its day has come or its holds are released.")
