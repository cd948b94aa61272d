"""Exports with real commits: altered, approved by two at once, killed on the way, fetched by two at once."""

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import psycopg
import pytest

from governance import executors
from governance.accounts import operations as accounts
from governance.accounts.errors import DecidedError
from governance.accounts.operations import AlertKind
from governance.audit.actions import Action
from governance.disclosures import fetching, making
from governance.disclosures import operations as disclosures
from governance.disclosures.errors import ExportSpentError, NoSuchExportError
from governance.disclosures.operations import ExportId, ExportState, Selection
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Actor, Work, open_work
from governance.reference.recipients import retire_recipient
from governance.vault.errors import ShreddedError
from governance.vault.keyring import Keyring
from tests import forks
from tests.conftest import NOW, Store
from tests.factories import exporting
from tests.factories.trail import entries

CLOCK = FixedClock(NOW)
PEOPLE = 9


class Office:
    """A committed store with people to be exported."""

    def __init__(self, database: Database) -> None:
        self.database = database
        executors.install(database)
        with self.work(SYSTEM) as work:
            exporting.firm(work)
            exporting.letters(work)
            self.people: list[SubjectId] = exporting.buyers(work, PEOPLE)
            self.anna, self.boris, self.vera = (exporting.officer(work) for _ in range(3))

    def work(self, actor: Actor) -> AbstractContextManager[Work]:
        return open_work(self.database, actor, clock=CLOCK)

    def approved(self) -> ExportId:
        """A proposal that was approved, and is not carried out yet."""
        with self.work(self.anna) as work:
            made = exporting.propose(work, selection=Selection(self.people))
        with self.work(self.boris) as work:
            accounts.approve(work, proposal=made.id, digest=made.digest)
        return ExportId(made.id)

    def begun(self) -> ExportId:
        """An export whose rows are to be gathered."""
        export = self.approved()
        with self.work(SYSTEM) as work:
            assert accounts.execute(work, proposal=accounts.ProposalId(export))
        return export

    def ready(self) -> ExportId:
        """An export that waits to be fetched."""
        export = self.begun()
        making.make(self.database, export=export, clock=CLOCK)
        return export


@pytest.fixture
def office(fresh_database: Database) -> Iterator[Office]:
    return Office(fresh_database)


@pytest.mark.parametrize(
    "altered",
    [
        """UPDATE proposal SET payload = jsonb_set(payload, '{fields}', '["contact.email", "person.birth_date"]')""",
        "UPDATE export_selection SET people = people[1:8]",
    ],
)
def test_what_was_altered_after_it_was_approved_is_not_exported(
    office: Office, fresh_store: Store, altered: str
) -> None:
    export = office.approved()
    with psycopg.connect(fresh_store.admin_url) as attacker:
        attacker.execute(altered.encode())
    with office.work(SYSTEM) as work:
        assert not accounts.execute(work, proposal=accounts.ProposalId(export))
    with office.work(SYSTEM) as work:
        assert accounts.find_proposal(work, proposal=accounts.ProposalId(export)).failure == "proposal-altered"
        with pytest.raises(NoSuchExportError):
            disclosures.find_export(work, export=export)


def test_two_who_approve_at_once_and_two_workers_make_one_export(office: Office) -> None:
    with office.work(office.anna) as work:
        made = exporting.propose(work, selection=Selection(office.people))
    start, refused, done = Barrier(2), [], []

    def approve(actor: Actor) -> None:
        start.wait()
        try:
            with office.work(actor) as work:
                accounts.approve(work, proposal=made.id, digest=made.digest)
        except DecidedError as error:
            refused.append(error)

    def carry_out() -> None:
        start.wait()
        with office.work(SYSTEM) as work:
            done.append(accounts.execute(work, proposal=made.id))
        making.make(office.database, export=ExportId(made.id), clock=CLOCK)

    _both(Thread(target=approve, args=(one,)) for one in (office.boris, office.vera))
    _both(Thread(target=carry_out) for _ in range(2))

    assert (len(refused), sorted(done)) == (1, [False, True])
    with office.work(SYSTEM) as work:
        found = disclosures.find_export(work, export=ExportId(made.id))
        assert (found.state, found.rows) == (ExportState.READY, PEOPLE)
        assert len(entries(work, Action.EXPORT_BEGUN)) == len(entries(work, Action.EXPORT_READY)) == 1


def test_of_two_who_fetch_at_once_one_gets_it_whole_and_the_keys_are_gone(office: Office) -> None:
    export = office.ready()
    start, files, refused = Barrier(2), [], []

    def fetch() -> None:
        start.wait()
        try:
            with office.work(office.anna) as work:
                fetched = fetching.fetch(work, export=export)
        except ExportSpentError as error:
            refused.append(error)
        else:
            files.append(b"".join(fetching.pieces(office.database, fetched, actor=office.anna, clock=CLOCK)))

    _both(Thread(target=fetch) for _ in range(2))

    assert (len(files), len(refused)) == (1, 1)
    assert len(exporting.lines(files[0])) == PEOPLE
    with office.work(SYSTEM) as work:
        assert disclosures.find_export(work, export=export).state is ExportState.DESTROYED
        [shredded] = entries(work, Action.OWNER_SHREDDED)
        assert not disclosures.destroy(work, export=export)
    assert len(shredded.facts["owners"]) == 1


def test_whoever_breaks_off_on_the_way_leaves_no_rows_behind(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PEOPLE", 2)
    export = office.ready()
    with office.work(office.anna) as work:
        fetched = fetching.fetch(work, export=export)
    taken = fetching.pieces(office.database, fetched, actor=office.anna, clock=CLOCK)
    next(taken), next(taken)
    taken.close()
    with office.work(SYSTEM) as work:
        assert disclosures.find_export(work, export=export).state is ExportState.DESTROYED


def test_a_server_that_died_while_it_handed_out_is_cleaned_up_after(office: Office) -> None:
    export = office.ready()
    with office.work(office.anna) as work:
        fetching.fetch(work, export=export)
    night = FixedClock(NOW + timedelta(hours=2))
    with open_work(office.database, SYSTEM, clock=night) as work:
        assert disclosures.due_for_destruction(work) == [export]
        assert disclosures.destroy(work, export=export)


def test_what_was_sealed_cannot_be_read_from_a_copy_once_it_was_destroyed(office: Office, fresh_store: Store) -> None:
    export = office.ready()
    copy = "CREATE TABLE kept AS SELECT * FROM export_chunk"
    back = "INSERT INTO export_chunk SELECT * FROM kept"
    with psycopg.connect(fresh_store.admin_url) as attacker:
        attacker.execute(copy.encode())
    with office.work(office.anna) as work:
        fetched = fetching.fetch(work, export=export)
    b"".join(fetching.pieces(office.database, fetched, actor=office.anna, clock=CLOCK))
    with psycopg.connect(fresh_store.admin_url) as attacker:
        attacker.execute(back.encode())
    with pytest.raises(ShreddedError):
        b"".join(fetching.pieces(office.database, fetched, actor=office.anna, clock=CLOCK))


def test_an_export_that_may_not_be_made_any_more_says_so_and_officers_are_told(office: Office) -> None:
    export = office.begun()
    with office.work(SYSTEM) as work:
        retire_recipient(work, key="letters")
    making.make(office.database, export=export, clock=CLOCK)
    with office.work(SYSTEM) as work:
        found = disclosures.find_export(work, export=export)
        assert (found.state, found.failure) == (ExportState.FAILED, "recipient-retired")
        assert "letters is retired" in (found.failure_words or "")
        assert [one.kind for one in accounts.list_alerts(work)] == [AlertKind.EXPORT_FAILED]
        assert disclosures.due_for_destruction(work) == [export]
    with office.work(office.anna) as work, pytest.raises(ExportSpentError, match="letters is retired"):
        fetching.fetch(work, export=export)


@pytest.mark.parametrize("parts", [1, 3])
def test_a_worker_killed_on_the_way_costs_nothing_and_doubles_nothing(
    office: Office, fresh_store: Store, keyring: Keyring, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = office.begun()
    program = [str(Path(__file__).with_name("killed.py")), fresh_store.app_url, str(keyring.path)]
    died = forks.run(*program, str(export), str(parts))
    assert died.returncode == -signal.SIGKILL, died.stderr
    with office.work(SYSTEM) as work:
        found = disclosures.find_export(work, export=export)
        assert (found.state, found.considered) == (ExportState.MAKING, 2 * parts)
        assert disclosures.unfinished_exports(work) == [export]

    monkeypatch.setattr(making, "PEOPLE", 2)
    told: list[making.Progress] = []
    making.make(office.database, export=export, clock=CLOCK, on_progress=told.append)
    assert [(one.considered, one.total) for one in told] == [
        (min(done, PEOPLE), PEOPLE) for done in range(2 * parts + 2, PEOPLE + 2, 2)
    ]
    with office.work(office.anna) as work:
        fetched = fetching.fetch(work, export=export)
    file = b"".join(fetching.pieces(office.database, fetched, actor=office.anna, clock=CLOCK))

    assert sorted(exporting.lines(file)) == sorted(
        f'"Petrenko-{one}","Олена","buyer{one}@example.org"' for one in range(PEOPLE)
    )
    with office.work(SYSTEM) as work:
        assert all(len(disclosures.recipients_of(work, person=person)) == 1 for person in office.people)


def _both(threads: Iterator[Thread]) -> None:
    begun = list(threads)
    for thread in begun:
        thread.start()
    for thread in begun:
        thread.join()
