"""`packages`: all that is kept of a person, as one archive; notes about others decided over; archives fetched."""

import os
from pathlib import Path
from uuid import UUID

import click

from governance.accounts.staff import find_staff
from governance.cli.context import answer_json, answer_table, as_json, opened, operator_work, say
from governance.cli.exports import created
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import Decision, FlagId, Package, PackageId, PackageKind, PackageState


@click.group("packages")
def packages_group() -> None:
    """Packages of a person's data: made, looked through, downloaded, destroyed after two weeks."""


@packages_group.command()
@click.argument("person", metavar="CUSTOMER", type=click.UUID)
@click.option("--kind", type=click.Choice([one.value for one in PackageKind]), default="access", show_default=True)
@click.option("--language", default="en", show_default=True, help="Of the readable page: en, ru or uk.")
@click.option("--now", is_flag=True, help="Make it here instead of leaving it to a worker.")
@as_json
def make(*, person: UUID, kind: str, language: str, now: bool, as_json: bool) -> None:
    """Have a package of a CUSTOMER's data made; answers its id."""
    with opened() as store:
        with operator_work(store) as work:
            made = packages.order(work, person=SubjectId(person), kind=PackageKind(kind), language=language)
        if now:
            packages.make(store.database, package=made.id)
            with operator_work(store) as work:
                made = packages.find_package(work, package=made.id)
    if as_json:
        answer_json(made)
        return
    click.echo(made.id)
    _say(made)


@packages_group.command("list")
@click.option("--state", type=click.Choice([one.value for one in PackageState]), help="Only those that are so far.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(*, state: str | None, limit: int, as_json: bool) -> None:
    """Show packages, newest first."""
    with operator_work() as work:
        found = packages.list_packages(work, state=None if state is None else PackageState(state), limit=limit)
    _tell(found, as_json=as_json)


@packages_group.command()
@click.argument("package", type=click.UUID)
@as_json
def show(*, package: UUID, as_json: bool) -> None:
    """Show how far a PACKAGE is."""
    with operator_work() as work:
        found = packages.find_package(work, package=PackageId(package))
    if as_json:
        answer_json(found)
        return
    _tell([found], as_json=False)
    _say(found)


@packages_group.command()
@click.argument("package", type=click.UUID)
@as_json
def notes(*, package: UUID, as_json: bool) -> None:
    """Show the notes of a PACKAGE that may be about somebody else too; told in the log."""
    with operator_work() as work:
        found = packages.flags_of(work, package=PackageId(package))
    if as_json:
        answer_json(found)
        return
    rows = [(one.id, f"{one.table}.{one.field}", one.doubts, one.decision, one.text) for one in found]
    answer_table(("note", "field", "because of", "decision", "text"), rows)


@packages_group.command()
@click.argument("package", type=click.UUID)
@click.argument("note", type=click.UUID)
def release(*, package: UUID, note: UUID) -> None:
    """Let a NOTE into the package as it is."""
    _decide(package, note, Decision.RELEASE, None)


@packages_group.command()
@click.argument("package", type=click.UUID)
@click.argument("note", type=click.UUID)
@click.option("--instead", help="The note without what is about others; withheld as a whole where left out.")
def redact(*, package: UUID, note: UUID, instead: str | None) -> None:
    """Tell other words in the place of a NOTE, or that it is withheld."""
    _decide(package, note, Decision.REDACT, instead)


@packages_group.command()
@click.argument("package", type=click.UUID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def download(*, package: UUID, file: Path) -> None:
    """Write a PACKAGE to FILE, to be handed to the person; told in the log."""
    with opened() as store:
        taken = created(file)
        try:
            with open_work(store.database, OPERATOR) as work:
                fetched = packages.fetch(work, package=PackageId(package))
            with os.fdopen(taken, "wb") as target:
                for piece in packages.package_pieces(store.database, fetched, actor=OPERATOR):
                    target.write(piece)
        except BaseException:
            file.unlink()
            raise
    say("The file is in the clear, and yours to protect; hand it to nobody but the person.")


@packages_group.command()
@click.argument("package", type=click.UUID)
def destroy(*, package: UUID) -> None:
    """Destroy what is in a PACKAGE before its time, with its keys."""
    with operator_work() as work:
        done = packages.discard(work, package=PackageId(package))
    say("The package and its keys are destroyed." if done else "It was destroyed before.")


def _decide(package: UUID, note: UUID, decision: Decision, instead: str | None) -> None:
    with operator_work() as work:
        found = packages.decide(work, package=PackageId(package), flag=FlagId(note), decision=decision, instead=instead)
    _say(found)


def _tell(found: list[Package], *, as_json: bool) -> None:
    if as_json:
        answer_json(found)
        return
    rows = [
        (one.id, one.person, one.kind, one.state, one.open_flags or "", one.rows, one.expires_at, one.downloads)
        for one in found
    ]
    headings = ("package", "customer", "kind", "state", "notes to look at", "rows", "until", "downloads")
    answer_table(headings, rows)


def _say(found: Package) -> None:
    if found.state is PackageState.MAKING:
        say("A worker makes it; see: governance packages show")
    elif found.state is PackageState.REVIEW:
        say(f"{found.open_flags} notes may be about somebody else; see: governance packages notes {found.id}")
    elif found.state is PackageState.READY:
        say(f"Ready: governance packages download {found.id} FILE")


@packages_group.command("name-reader")
@click.argument("person", metavar="CUSTOMER", type=click.UUID)
@click.argument("staff", metavar="STAFF")
@click.option("--reason", required=True, help="Why the person needs the name; sealed.")
def name_reader(*, person: UUID, staff: str, reason: str) -> None:
    """Let packages of a CUSTOMER made from now on tell the name of STAFF (id or address) who read their data."""
    with operator_work() as work:
        who = find_staff(work, who=staff)
        packages.name_reader(work, person=SubjectId(person), staff=who, reason=reason)
    say("The name stands in packages that are made from now on.")


@packages_group.command("unname-reader")
@click.argument("person", metavar="CUSTOMER", type=click.UUID)
@click.argument("staff", metavar="STAFF")
def unname_reader(*, person: UUID, staff: str) -> None:
    """Let packages of a CUSTOMER tell the role of STAFF alone again."""
    with operator_work() as work:
        packages.unname_reader(work, person=SubjectId(person), staff=find_staff(work, who=staff))
    say("Packages that are made from now on tell the role alone.")
