"""Rows that somebody wrote into the log by hand with the service's own rights: the alarm, and how the log goes on."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.audit import operations as audit
from governance.audit import sequencer
from governance.audit.actions import Action
from governance.audit.entries import decode
from governance.audit.errors import AuditBrokenError, AuditRollbackError
from governance.audit.outside import Watch
from governance.audit.quarantining import Quarantined
from governance.kernel.clock import FixedClock
from governance.kernel.errors import ConflictError
from governance.kernel.work import OPERATOR, open_work
from tests.audit.conftest import Log
from tests.audit.forging import tamper
from tests.conftest import Store

LEAF_AT_THE_END = "INSERT INTO audit_leaf SELECT 1, size, gen_random_uuid(), sha256('x') FROM audit_head"
LEAF_OF_A_PENDING_ENTRY = "INSERT INTO audit_leaf SELECT 1, 500, eid, leaf_hash FROM audit_pending LIMIT 1"
LEAF_IN_NO_TREE = "INSERT INTO audit_leaf SELECT 7, 0, eid, leaf_hash FROM audit_pending LIMIT 1"
PENDING_AT_TWO_INSTANTS = "INSERT INTO audit_pending SELECT at - interval '1 s', eid, leaf_hash FROM audit_pending"
PENDING_WITH_ANOTHER_HASH = (
    "INSERT INTO audit_pending SELECT at - interval '1 s', eid, sha256('x') FROM audit_pending LIMIT 1"
)
PENDING_THAT_HAS_ITS_PLACE = "INSERT INTO audit_pending SELECT e.at, eid, e.leaf_hash FROM audit_entry e LIMIT 1"
FORGERIES = [
    LEAF_AT_THE_END,
    LEAF_OF_A_PENDING_ENTRY,
    LEAF_IN_NO_TREE,
    PENDING_AT_TWO_INSTANTS,
    PENDING_WITH_ANOTHER_HASH,
    PENDING_THAT_HAS_ITS_PLACE,
]


def as_service(store: Store, statement: str) -> None:
    """What an injection can do: write with the rights of the service's role."""
    with psycopg.connect(store.app_url) as connection:
        connection.execute(statement)


def drain(log: Log) -> int:
    return sequencer.drain(log.database, outside=log.outside, clock=FixedClock(log.now)).placed


def quarantine(log: Log) -> Quarantined:
    with open_work(log.database, OPERATOR, clock=FixedClock(log.now)) as work:
        return audit.quarantine(work, outside=log.outside)


def places(log: Log) -> list[tuple[object, ...]]:
    return log.ask("SELECT eid FROM audit_leaf WHERE tree_id = 1 ORDER BY seq")


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_was_written_by_hand_raises_an_alarm_and_is_moved_aside_without_losing_an_entry(
    log: Log, fresh_store: Store, forgery: str
):
    log.grow(3)
    genuine = log.append(2)
    as_service(fresh_store, forgery)
    with pytest.raises(AuditBrokenError, match="governance audit quarantine"):
        drain(log)
    (alarm,) = log.outside.alarms()
    assert alarm.slug == "audit-broken"
    log.sign()
    assert log.outside.alarms() == [alarm]  # that the signer is content does not silence it

    moved = quarantine(log)

    assert moved.leaves + moved.pending == len(log.ask("SELECT eid FROM audit_quarantine"))
    assert moved.leaves + moved.pending >= 1
    assert drain(log) == 3
    assert log.outside.alarms() == []
    assert {(eid,) for eid in [*log.eids[:3], *genuine, moved.told_in]} == set(places(log))
    assert len(places(log)) == 6
    log.sign()
    found = log.verify()
    assert found.whole, found.differences
    assert any("moved aside by an operator" in note for note in found.notes)


def test_the_entry_tells_what_was_moved(log: Log, fresh_store: Store):
    log.grow(3)
    log.append(2)
    as_service(fresh_store, PENDING_AT_TWO_INSTANTS)
    as_service(fresh_store, LEAF_AT_THE_END)
    moved = quarantine(log)
    assert (moved.leaves, moved.pending, moved.entries) == (1, 2, 2)
    ((leaf,),) = log.ask(f"SELECT bytes FROM audit_body WHERE eid = '{moved.told_in}'")
    told = decode(leaf)  # type: ignore[arg-type]
    assert told.action == Action.AUDIT_ROWS_QUARANTINED
    assert told.facts == {"leaves": 1, "pending": 2, "entries": 2}


def test_an_entry_whose_only_row_claims_another_instant_is_pending_again_as_it_was_written(log: Log):
    (eid,) = log.append(1)
    tamper(log, "UPDATE audit_pending SET at = at - interval '1 day'")
    assert quarantine(log).entries == 1
    assert log.ask(f"SELECT p.eid FROM audit_pending p JOIN audit_entry e USING (eid, at) WHERE eid = '{eid}'") == [
        (eid,)
    ]


def test_nothing_is_moved_where_nothing_contradicts_the_log(log: Log):
    log.grow(3)
    log.append(2)
    with pytest.raises(ConflictError):
        quarantine(log)
    assert log.ask("SELECT count(*) FROM audit_quarantine") == [(0,)]
    assert log.ask("SELECT count(*) FROM audit_pending") == [(2,)]


def test_the_end_of_a_tree_that_was_cut_back_is_not_taken_for_forged(log: Log):
    log.grow(3)
    log.grow(3)
    tamper(log, "UPDATE audit_head SET size = 3")
    with pytest.raises(AuditRollbackError, match="6 were signed"):
        quarantine(log)
    assert len(places(log)) == 6


def test_the_database_moves_nothing_without_a_new_entry_that_tells_of_it(log: Log, fresh_store: Store):
    (eid,) = log.append(1)
    as_service(fresh_store, LEAF_AT_THE_END)
    with open_work(log.database, OPERATOR) as work, pytest.raises(DBAPIError, match="tells of it"):
        work.session.execute(text("SELECT audit_move_aside(:eid)"), {"eid": eid})
    assert len(places(log)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_leaf",
        "UPDATE audit_leaf SET seq = 9",
        "DELETE FROM audit_pending",
        "DELETE FROM audit_quarantine",
        "INSERT INTO audit_quarantine VALUES (gen_random_uuid(), 1, 'leaf', 1, 1, NULL, gen_random_uuid(), '')",
        "UPDATE audit_vkey SET vkey = ''",
    ],
)
def test_the_service_itself_can_neither_delete_leaves_nor_quarantine_by_hand(
    log: Log, fresh_store: Store, statement: str
):
    log.grow(2)
    log.append(1)
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
        as_service(fresh_store, statement)


@pytest.mark.parametrize("table", ["audit_entry", "audit_pending", "audit_leaf"])
def test_a_hash_of_another_length_is_refused(log: Log, fresh_store: Store, table: str):
    columns = {
        "audit_entry": "(eid, class, at, leaf_hash) VALUES (gen_random_uuid(), 'read', now(), 'short')",
        "audit_pending": "(at, eid, leaf_hash) VALUES (now(), gen_random_uuid(), 'short')",
        "audit_leaf": "(tree_id, seq, eid, leaf_hash) VALUES (1, 0, gen_random_uuid(), 'short')",
    }
    with pytest.raises(psycopg.errors.CheckViolation):
        as_service(fresh_store, f"INSERT INTO {table} {columns[table]}")


def test_an_alarm_of_one_watch_is_not_taken_down_by_the_other(log: Log):
    log.outside.raise_alarm("audit-broken", "x", at=log.now, by=Watch.SEQUENCER)
    log.outside.raise_alarm("audit-rollback", "y", at=log.now)
    assert [alarm.slug for alarm in log.outside.alarms()] == ["audit-rollback", "audit-broken"]
    log.grow(1)  # the signer is content, and says so
    assert [alarm.slug for alarm in log.outside.alarms()] == ["audit-broken"]
    log.append(1)
    drain(log)
    assert log.outside.alarms() == []
