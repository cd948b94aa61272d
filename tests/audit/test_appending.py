"""Appending: in the log if and only if the change is, and nothing in it is readable that should not be."""

import contextlib
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select, text

from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.appending import COPY_FROM
from governance.audit.entries import NewEntry, ObjectRef, decode
from governance.audit.errors import EntryError
from governance.audit.merkle import leaf_hash
from governance.audit.tables import BodyRow, DetailRow, EntryRow, PendingRow
from governance.kernel.clock import FixedClock
from governance.kernel.ids import OwnerId, SubjectRef, uuid4, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of
from tests.audit.conftest import STAFF, Log
from tests.conftest import NOW


def new_owner(work: Work) -> OwnerId:
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.PERSON, [owner])
    return owner


@pytest.mark.parametrize("count", [1, 2, COPY_FROM - 1, COPY_FROM, COPY_FROM + 50])
def test_entries_are_stored_whole_whichever_way_they_go_in(work: Work, count: int):
    work = Work(work.session, STAFF, NOW)
    subject, thing = SubjectRef(uuid4()), uuid7()
    new = [
        NewEntry(Action.PERSON_EDITED, subject, ObjectRef("contact", thing), {"number": number}, outcome=Outcome.FAILED)
        if number % 2
        else NewEntry(Action.CONTROLLER_SET)
        for number in range(count)
    ]
    eids = audit.append_many(work, new)
    bodies = {row.eid: row for row in work.session.scalars(select(BodyRow).where(BodyRow.eid.in_(eids)))}
    entries = {row.eid: row for row in work.session.scalars(select(EntryRow).where(EntryRow.eid.in_(eids)))}
    pending = {row.eid: row for row in work.session.scalars(select(PendingRow).where(PendingRow.eid.in_(eids)))}
    assert len(eids) == len(set(eids)) == len(bodies) == len(entries) == len(pending) == count
    for number, eid in enumerate(eids):
        row, told = bodies[eid], decode(bodies[eid].leaf)
        assert leaf_hash(row.leaf) == entries[eid].leaf_hash == pending[eid].leaf_hash
        assert (told.eid, told.at, told.actor_id) == (eid, NOW, STAFF.id) == (row.eid, row.at, row.actor_id)
        assert (told.action, told.action_class) == (row.action, row.action_class) == (
            new[number].action.value, new[number].action.action_class.value,
        )  # fmt: skip
        if number % 2:
            assert (row.subject_ref, row.object_kind, row.object_id) == (subject, "contact", thing)
            assert told.facts == {"number": number}
            assert row.outcome == told.outcome == "failed"
        else:
            assert (row.subject_ref, row.object_kind, row.object_id, row.outcome) == (None, None, None, "done")


def test_appending_nothing_is_no_act(work: Work):
    assert audit.append_many(work, []) == []


def test_an_entry_that_cannot_be_told_leaves_no_trace_of_the_others(work: Work):
    before = work.session.scalar(text("SELECT count(*) FROM audit_entry"))
    with pytest.raises(EntryError):
        audit.append_many(work, [NewEntry(Action.PERSON_EDITED), NewEntry(Action.PERSON_EDITED, facts={"x": "a b"})])
    assert work.session.scalar(text("SELECT count(*) FROM audit_entry")) == before


def fail() -> None:
    raise RuntimeError


def test_an_entry_shares_the_fate_of_its_transaction(log: Log):
    with contextlib.suppress(RuntimeError), open_work(log.database, SYSTEM) as work:
        audit.append(work, Action.PERSON_EDITED)
        fail()
    assert log.ask("SELECT count(*) FROM audit_entry") == [(0,)]
    log.append(1)
    assert log.ask("SELECT (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM audit_body)") == [(1, 1)]


def test_a_savepoint_takes_back_what_was_appended_within_it(work: Work):
    kept = audit.append(work, Action.PERSON_EDITED)
    with contextlib.suppress(RuntimeError), work.session.begin_nested():
        lost = audit.append(work, Action.PERSON_EDITED)
        fail()
    assert work.session.get(EntryRow, kept) is not None
    assert work.session.get(EntryRow, lost) is None


def test_appending_waits_for_nobody_who_holds_the_tree(log: Log):
    with psycopg.connect(log.admin_url) as holder:
        holder.execute("SELECT * FROM audit_head FOR UPDATE")
        with open_work(log.database, SYSTEM) as work:
            work.session.execute(text("SET LOCAL lock_timeout = '1s'"))
            audit.append(work, Action.PERSON_EDITED)


def test_details_are_sealed_beside_the_entry_and_their_reading_is_told(work: Work):
    owner = new_owner(work)
    subject = SubjectRef(uuid4())
    eid = audit.append(
        work, Action.PERSON_REVEALED, subject=subject, facts={"fields": ["email"]}, owner=owner,
        personal={"reason": "Клиент Ёлкин просил 😀", "note": ""},
    )  # fmt: skip
    assert audit.details(work, eid=eid) == {"reason": "Клиент Ёлкин просил 😀", "note": ""}
    stored = work.session.execute(text("SELECT content_sealed FROM audit_detail WHERE eid = :eid"), {"eid": eid})
    assert all("Ёлкин".encode() not in bytes(sealed) for (sealed,) in stored)
    readings = work.session.scalars(select(BodyRow).where(BodyRow.action == Action.AUDIT_DETAILS_READ.value))
    assert [(row.subject_ref, row.object_id) for row in readings] == [(subject, eid)]


def test_many_entries_seal_their_details_under_their_own_owners(work: Work):
    owners = [new_owner(work) for _ in range(3)]
    new = [NewEntry(Action.PERSON_REVEALED, owner=one, personal={"reason": f"number {one}"}) for one in owners]
    for owner, eid in zip(owners, audit.append_many(work, new), strict=True):
        assert audit.details(work, eid=eid) == {"reason": f"number {owner}"}


def test_details_of_a_shredded_owner_are_gone_while_the_entry_stays_valid(log: Log):
    with open_work(log.database, STAFF, clock=FixedClock(NOW)) as work:
        owner = new_owner(work)
        eid = audit.append(work, Action.PERSON_REVEALED, owner=owner, personal={"reason": "Ёлкин"})
    with open_work(log.database, STAFF) as work:
        vault_of(work.session).owners.shred(work.session, [owner])
    log.now += timedelta(seconds=1)
    with open_work(log.database, STAFF, clock=FixedClock(log.now)) as work:
        assert audit.details(work, eid=eid) == {"reason": None}
        assert leaf_hash(audit.entry(work, eid=eid).leaf) == work.session.get(EntryRow, eid).leaf_hash
        with pytest.raises(ShreddedError):
            audit.append(work, Action.PERSON_REVEALED, owner=owner, personal={"reason": "again"})
        assert audit.forget_details(work, owners=[owner]) == 1
        assert work.session.scalars(select(DetailRow)).all() == []
