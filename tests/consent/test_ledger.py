"""The suppression ledger through its rotation: whatever process asks, and wherever it was interrupted."""

from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import select, text

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent import wrapping
from governance.consent.batches import LEAST
from governance.consent.checking import Asked
from governance.consent.tables import SuppressionRow
from governance.consent.wrapping import wrap_ledger
from governance.custody.rotation import Duties
from governance.kernel.db import Database
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind
from governance.policies.purposes import Channel
from governance.vault.keyring import Keyring
from tests.conftest import Store, open_database
from tests.factories.saying import mail, notice, said, someone
from tests.factories.trail import entries

ADDRESSES = [f"customer{number}@example.org" for number in range(5)]


def suppress(work: Work, *addresses: str) -> None:
    consent.suppress_many(
        work,
        contacts=[mail(address) for address in addresses],
        channel=Channel.EMAIL,
        scope=Scope.ADVERTISING,
        reason=SuppressionReason.COMPLAINT,
    )


def unsubscribe(work: Work, address: str) -> None:
    consent.suppress(
        work,
        contact=mail(address),
        channel=Channel.EMAIL,
        scope=Scope.ADVERTISING,
        reason=SuppressionReason.UNSUBSCRIBED,
    )


def reasons(database: Database) -> list[Reason]:
    with open_work(database, OPERATOR) as work:
        asked = Asked("newsletter", Channel.EMAIL)
        short, long = (
            [one.reason for one in consent.check(work, question=asked, contacts=[*ADDRESSES, *others]).verdicts]
            for others in ([], [f"nobody.{number}@example.org" for number in range(LEAST)])
        )
        assert long[: len(ADDRESSES)] == short
        return short


def layers(database: Database) -> list[int]:
    with open_work(database, OPERATOR) as work:
        return sorted(digest[0] for digest in work.session.scalars(select(SuppressionRow.digest)))


@pytest.fixture
def database(fresh_database: Database) -> Database:
    """Customers who all want the newsletter; all but the last have complained meanwhile."""
    with open_work(fresh_database, OPERATOR) as work:
        notice(work)
        for address in ADDRESSES:
            consent.record(work, event=said(EventKind.CONFIRMED, subject=someone(work, address)))
        suppress(work, *ADDRESSES[:-1])
    return fresh_database


EXPECTED = [Reason.SUPPRESSED] * 4 + [Reason.CONSENTED]


def test_a_wrapped_ledger_is_heeded_by_every_process_at_once(
    database: Database, keyring: Keyring, fresh_store: Store
) -> None:
    other = open_database(fresh_store, Keyring(keyring.path))
    changed: list[Work] = []
    assert reasons(database) == reasons(other) == EXPECTED
    assert wrap_ledger(database, keyring, OPERATOR, duties=Duties(ring_changed=changed.append)) == 2
    assert layers(database) == [2] * 4
    assert reasons(other) == reasons(database) == EXPECTED
    assert len(changed) == 1
    assert wrap_ledger(database, keyring, OPERATOR, duties=Duties()) == 3
    assert reasons(other) == EXPECTED
    with open_work(database, OPERATOR) as work:
        assert [entry.facts["layers"] for entry in entries(work, Action.LEDGER_WRAPPED)] == [2, 2, 3, 3]
    other.dispose()


def test_an_interrupted_rotation_leaves_nobody_unheeded_and_goes_on(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrapping, "BATCH", 2)
    plain, calls = wrapping._wrap_some, []

    def once(*args: object) -> int:
        if calls:
            raise KeyboardInterrupt
        calls.append(args)
        return plain(*args)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(wrapping, "_wrap_some", once)
    with pytest.raises(KeyboardInterrupt):
        wrap_ledger(database, keyring, OPERATOR, duties=Duties())
    assert layers(database) == [1, 1, 2, 2]
    assert reasons(database) == EXPECTED
    monkeypatch.setattr(wrapping, "_wrap_some", plain)
    assert wrap_ledger(database, keyring, OPERATOR, duties=Duties()) == 2
    assert (layers(database), reasons(database)) == ([2] * 4, EXPECTED)


def test_the_same_line_written_before_and_after_a_key_came_in_stands_once(
    database: Database, keyring: Keyring, fresh_store: Store
) -> None:
    with open_work(database, OPERATOR) as work:
        before = len(entries(work, Action.CONTACT_SUPPRESSED))
        keyring.add_ledger_root(now=work.now)
        suppress(work, ADDRESSES[0])
        assert len(entries(work, Action.CONTACT_SUPPRESSED)) == before
    assert wrap_ledger(database, keyring, OPERATOR, duties=Duties()) == 2
    assert layers(database) == [2] * 4


def test_a_line_of_a_process_that_does_not_know_the_new_key_yet_is_heeded(
    database: Database, keyring: Keyring, fresh_store: Store
) -> None:
    late = open_database(fresh_store, Keyring(keyring.path))
    wrap_ledger(database, keyring, OPERATOR, duties=Duties())
    with open_work(late, OPERATOR) as work:
        suppress(work, ADDRESSES[-1])
    assert layers(database) == [1, 2, 2, 2, 2]
    assert reasons(database) == reasons(late) == [Reason.SUPPRESSED] * 5
    late.dispose()


@pytest.mark.parametrize("late_writes_last", [True, False])
def test_of_a_line_in_two_layers_the_later_stays_when_they_become_one(
    database: Database, keyring: Keyring, fresh_store: Store, late_writes_last: bool
) -> None:
    late = open_database(fresh_store, Keyring(keyring.path))
    keyring.add_ledger_root(now=datetime.now(UTC))
    for one in (database, late) if late_writes_last else (late, database):
        with open_work(one, OPERATOR) as work:
            unsubscribe(work, ADDRESSES[-1])
            last = work.now
    wrap_ledger(database, keyring, OPERATOR, duties=Duties())
    with open_work(database, OPERATOR) as work:
        found = consent.lines(work, contact=mail(ADDRESSES[-1]), channel=Channel.EMAIL)
        assert [one.at for one in found if one.lifted_at is None] == [last]
    late.dispose()


def read_in_order(session: psycopg.Connection[tuple[int]]) -> int:
    """Lines of the ledger that were read one after the other, by whomever."""
    session.execute("SELECT pg_stat_clear_snapshot()")
    [(read,)] = session.execute("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'suppression'")
    return read


def test_a_ledger_that_fills_is_not_read_from_end_to_end_by_lookups_planned_while_it_was_empty(
    fresh_store: Store, fresh_database: Database
) -> None:
    def ask(times: int) -> None:
        for _ in range(times):
            with open_work(fresh_database, OPERATOR) as work:
                consent.check(work, question=Asked("newsletter", Channel.EMAIL), contacts=[ADDRESSES[0]])
        with open_work(fresh_database, OPERATOR) as work:
            work.session.execute(text("SELECT pg_stat_force_next_flush()"))

    many = [f"left{number}@example.org" for number in range(4000)]
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as session:
        session.execute("VACUUM (ANALYZE) suppression")
        ask(20)  # the plan is kept from here on
        for first in range(0, len(many), 500):
            with open_work(fresh_database, OPERATOR) as work:
                suppress(work, *many[first : first + 500])
        ask(1)  # told of the new count, and of what was read meanwhile
        before = read_in_order(session)
        ask(20)
        assert read_in_order(session) == before
