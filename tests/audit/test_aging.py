"""What leaves the log: bodies of whole aged months, beside an entry that tells of it; hashes and proofs stay."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.audit import merkle, verify
from governance.audit import operations as audit
from governance.audit.actions import Action, ActionClass
from governance.audit.entries import ObjectRef
from governance.audit.errors import RetentionError
from governance.audit.trail import Filter
from governance.kernel.clock import FixedClock
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import EntryId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from tests.audit.conftest import STAFF, Log

OLD, BEFORE = datetime(2025, 3, 5, tzinfo=UTC), date(2025, 4, 1)


def partition(kind: str, month: date) -> str:
    """SQL of a partition as `audit_ensure_partitions` would have made it in that month."""
    name, end = f"audit_body_{kind}_{month:%Y_%m}", date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return (
        f"CREATE TABLE {name} PARTITION OF audit_body_{kind} "
        f"FOR VALUES FROM ('{month} 00:00+00') TO ('{end} 00:00+00');"
        f"SELECT audit_guard_partition('{name}')"
    )


@pytest.fixture
def aged(log: Log) -> Log:
    """300 reads and one decision of March 2025, 300 reads of today."""
    with log.database.engine.connect() as connection:
        owner = connection.scalar(text("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'audit_body'"))
    log.as_superuser(f'SET ROLE "{owner}"', partition("read", date(2025, 3, 1)))
    today, log.now = log.now, OLD
    log.append(300, Action.PERSON_READ)
    log.append(1, Action.PERSON_EDITED)  # goes to the default partition: no month was made for it
    log.sequence()
    log.now = today
    log.append(300, Action.PERSON_READ)
    log.sequence()
    log.sign()
    return log


def drop(log: Log, kind: ActionClass = ActionClass.READ, before: date = BEFORE) -> int:
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        return audit.drop_bodies(work, action_class=kind, before=before)


def test_dropping_removes_the_bodies_of_that_class_and_time_and_nothing_else(aged: Log):
    assert drop(aged) == 1
    left = dict(aged.ask("SELECT class, count(*) FROM audit_body GROUP BY class"))  # type: ignore[arg-type]
    assert left == {"read": 300, "decision": 1, "key": 1}
    assert aged.ask("SELECT count(*) FROM audit_entry") == [(602,)]
    assert aged.ask("SELECT class, month FROM audit_dropped") == [("read", "2025-03")]


def test_the_log_stays_whole_and_provable_after_a_dropping(aged: Log):
    drop(aged)
    aged.sequence()
    aged.sign()
    key = aged.key.public_key().public_bytes_raw()
    with open_work(aged.database, SYSTEM, clock=FixedClock(aged.now)) as work:
        found = audit.verify_live(work, public_key=key, outside=aged.outside)
        assert found.whole, found.differences
        assert (found.entries, found.dropped) == (602, 300)
        proof = audit.inclusion_proof(work, eid=aged.eids[5])
        assert proof.leaf is None
        merkle.verify_inclusion(
            index=proof.index, size=proof.size, leaf=proof.leaf_hash, path=proof.path, root=proof.root
        )
        with pytest.raises(NotFoundError, match="by age"):
            audit.entry(work, eid=aged.eids[5])
        with pytest.raises(NotFoundError, match="by age"):
            audit.details(work, eid=aged.eids[5])
        assert all(one.entry.at > OLD for one in audit.search(work, by=Filter(action="customers:person:read")).entries)
        exported = audit.export(work, directory=aged.folder / "export", outside=aged.outside, public_key=key)
    assert (exported.pruned, exported.kept, exported.damaged) == (512, 212, ())
    report = verify.verify_export(aged.folder / "export", kept=aged.outside.last(), vkey=aged.outside.vkey())
    assert report.whole, report.findings
    assert (report.verified, report.pruned) == (302, 300)
    assert not (aged.folder / "export/tile/entries/001").exists()


def test_of_the_default_partition_only_what_is_old_enough_goes(aged: Log):
    assert drop(aged, ActionClass.DECISION, date(2023, 10, 1)) == 0
    aged.now = datetime(2020, 1, 1, tzinfo=UTC)
    aged.append(3, Action.PERSON_EDITED)
    aged.sequence()
    aged.now = datetime(2026, 11, 22, tzinfo=UTC)
    assert drop(aged, ActionClass.DECISION, date(2023, 10, 1)) == 1
    assert aged.ask("SELECT at::date::text FROM audit_body WHERE class = 'decision'") == [("2025-03-05",)]
    assert aged.ask("SELECT class, month FROM audit_dropped") == [("decision", "2020-01")]


RUN = """
INSERT INTO retention_run (id, origin, state, at, started_at, started_by_kind, store_people, due_people, finished_at)
VALUES ('{}', 'hand', 'running', '2020-01-05', '2020-01-05', 'operator', 0, 0, {})
"""


def test_what_belongs_to_a_matter_that_is_open_or_closed_too_lately_waits_and_the_rest_of_its_month_goes(log: Log):
    """A month with a partition of its own: what stays of it moves, stays provable, and goes in its own time."""
    owner = log.ask("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'audit_body'")[0][0]
    matters = {uuid7(): ended for ended in ("NULL", "'2023-09-30'", "'2023-10-01'")}
    runs = [RUN.format(run, ended) for run, ended in matters.items()]
    log.as_superuser(*runs, f'SET ROLE "{owner}"', partition("decision", date(2020, 1, 1)))
    today, log.now = log.now, datetime(2020, 1, 5, tzinfo=UTC)
    log.append(2, Action.PERSON_EDITED)
    with open_work(log.database, STAFF, clock=FixedClock(log.now)) as work:
        about = [audit.append(work, Action.PURGE_STARTED, object=ObjectRef("retention-run", one)) for one in matters]
    log.sequence()
    log.sign()
    log.now = today

    def left() -> set[object]:
        return {eid for (eid,) in log.ask("SELECT eid FROM audit_body WHERE class = 'decision'")}

    def count(before: date) -> int:
        with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
            return audit.count_bodies(work, action_class=ActionClass.DECISION, before=before)

    assert count(date(2023, 10, 1)) == 3
    assert drop(log, ActionClass.DECISION, date(2023, 10, 1)) == 1
    assert left() == {about[0], about[2]}, "open, or closed on the first day that is kept"
    facts = log.ask("SELECT convert_from(bytes, 'UTF8')::jsonb -> 'facts' ->> 'awaited' FROM audit_body "
                    "WHERE action = 'audit:bodies:dropped'")  # fmt: skip
    assert facts == [("2",)]
    assert log.verify().whole
    assert (count(date(2023, 10, 1)), drop(log, ActionClass.DECISION, date(2023, 10, 1))) == (0, 0), "nothing twice"
    assert (count(date(2023, 11, 1)), drop(log, ActionClass.DECISION, date(2023, 11, 1))) == (1, 1)
    assert left() == {about[0]}
    log.sequence()
    log.sign()
    found = log.verify()
    assert (found.whole, found.dropped) == (True, 4), found.differences
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        assert audit.verify_enforcement(work.session.connection()) == []
        proof = audit.inclusion_proof(work, eid=about[1])
    merkle.verify_inclusion(index=proof.index, size=proof.size, leaf=proof.leaf_hash, path=proof.path, root=proof.root)


def test_a_default_partition_of_old_entries_alone_is_emptied_and_goes_on_guarded(log: Log):
    log.now = datetime(2020, 1, 1, tzinfo=UTC)
    log.append(3)
    log.sequence()
    log.now = datetime(2026, 11, 22, tzinfo=UTC)
    assert drop(log, ActionClass.DECISION, date(2023, 10, 1)) == 1
    assert log.ask("SELECT class, month FROM audit_dropped") == [("decision", "2020-01")]
    with log.database.engine.connect() as connection:
        assert audit.verify_enforcement(connection) == []
    log.now = datetime(2020, 1, 2, tzinfo=UTC)
    log.append(1)


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        (ActionClass.READ, date(2025, 12, 1)),
        (ActionClass.SYSTEM, date(2026, 11, 1)),
        (ActionClass.DECISION, date(2025, 4, 1)),
        (ActionClass.KEY, date(2025, 4, 1)),
        (ActionClass.READ, date(2025, 3, 2)),
        (ActionClass.READ, date(2099, 1, 1)),
    ],
)
def test_what_is_too_young_or_no_whole_month_stays_and_nothing_is_told(aged: Log, kind: ActionClass, before: date):
    with pytest.raises(RetentionError):
        drop(aged, kind, before)
    assert aged.ask("SELECT count(*) FROM audit_body") == [(601,)]


def test_entries_without_a_place_yet_are_not_dropped(aged: Log):
    today, aged.now = aged.now, OLD
    aged.append(1, Action.PERSON_READ)
    aged.now = today
    with pytest.raises(RetentionError):
        drop(aged)


@pytest.mark.parametrize(
    "facts", [{}, {"class": "system", "before": BEFORE}, {"class": "read", "before": "2025-03-01"}]
)
def test_the_database_drops_nothing_without_a_new_entry_that_tells_exactly_this(aged: Log, facts):
    def try_with(work: Work, eid: EntryId) -> None:
        work.session.execute(
            text("SELECT audit_drop_bodies('read', :before, :eid)"), {"before": BEFORE, "eid": eid}
        ).all()

    with open_work(aged.database, STAFF, clock=FixedClock(aged.now)) as work:
        eid = audit.append(work, Action.AUDIT_BODIES_DROPPED, facts=facts)
        with pytest.raises(DBAPIError, match="tells of it"), work.session.begin_nested():
            try_with(work, eid)
        with pytest.raises(DBAPIError, match="tells of it"), work.session.begin_nested():
            try_with(work, aged.eids[0])


def test_an_entry_that_already_has_its_place_licenses_no_further_dropping(aged: Log):
    with open_work(aged.database, STAFF, clock=FixedClock(aged.now)) as work:
        eid = audit.append(work, Action.AUDIT_BODIES_DROPPED, facts={"class": "read", "before": BEFORE})
    aged.sequence()
    with open_work(aged.database, STAFF) as work, pytest.raises(DBAPIError, match="tells of it"):
        work.session.execute(text("SELECT audit_drop_bodies('read', :before, :eid)"), {"before": BEFORE, "eid": eid})


def test_partitions_for_the_months_to_come_are_made_once(log: Log):
    with open_work(log.database, SYSTEM) as work:
        assert audit.ensure_partitions(work, months_ahead=3) == 0
        assert audit.ensure_partitions(work, months_ahead=5) == 8
        assert audit.ensure_partitions(work, months_ahead=5) == 0
        assert audit.verify_enforcement(work.session.connection()) == []


def test_an_entry_of_a_month_without_partition_is_kept_and_its_month_is_left_where_it_is(log: Log):
    log.now = datetime(2027, 6, 15, tzinfo=UTC)
    log.append(2)
    with open_work(log.database, SYSTEM) as work:
        audit.ensure_partitions(work, months_ahead=12)
    assert log.ask("SELECT tableoid::regclass::text, count(*) FROM audit_body GROUP BY 1") == [
        ("audit_body_decision_default", 2)
    ]
    assert log.sequence() == 2
