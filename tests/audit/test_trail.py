"""Reading the trail: search finds what it should, proofs hold, and the reading itself is told."""

from datetime import timedelta

import pytest

from governance.audit import merkle, notes
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import NewEntry, ObjectRef, decode
from governance.audit.errors import AuditBrokenError, NotYetProvableError
from governance.audit.trail import Filter
from governance.kernel.clock import FixedClock
from governance.kernel.errors import ConflictError, InvalidError, NotFoundError
from governance.kernel.ids import EntryId, SubjectRef, uuid4, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from tests.audit.conftest import STAFF, Log
from tests.conftest import NOW

SUBJECT, CONTACT = SubjectRef(uuid4()), uuid7()


@pytest.fixture
def trail(work: Work) -> dict[str, EntryId]:
    """Five entries a minute apart, by name."""
    told = {
        "created": NewEntry(Action.PERSON_CREATED, SUBJECT),
        "edited": NewEntry(Action.PERSON_EDITED, SUBJECT, ObjectRef("contact", CONTACT)),
        "refused": NewEntry(Action.ACCESS_REFUSED, outcome=Outcome.REFUSED),
        "other": NewEntry(Action.PERSON_EDITED, SubjectRef(uuid4())),
        "rotated": NewEntry(Action.KEY_ROTATED),
    }
    made: dict[str, EntryId] = {}
    for number, (name, new) in enumerate(told.items()):
        actor = SYSTEM if name == "rotated" else STAFF
        made[name] = audit.append_many(Work(work.session, actor, NOW + timedelta(minutes=number)), [new])[0]
    return made


def minutes(number: int):
    return NOW + timedelta(minutes=number)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (Filter(subject=SUBJECT), ["edited", "created"]),
        (Filter(actor=STAFF.id), ["other", "refused", "edited", "created"]),
        (Filter(actor_kind="system", until=minutes(5)), ["rotated"]),
        (Filter(action="customers:person:edited"), ["other", "edited"]),
        (Filter(action_class="key"), ["rotated"]),
        (Filter(object_id=CONTACT), ["edited"]),
        (Filter(object_kind="contact"), ["edited"]),
        (Filter(outcome="refused"), ["refused"]),
        (Filter(since=minutes(1), until=minutes(3)), ["refused", "edited"]),
        (Filter(subject=SUBJECT, action="customers:person:edited"), ["edited"]),
        (Filter(), ["rotated", "other", "refused", "edited", "created"]),
        (Filter(subject=SubjectRef(uuid4())), []),
    ],
)
def test_search_finds_by_each_condition_newest_first(work: Work, trail: dict[str, EntryId], by: Filter, expected):
    page = audit.search(work, by=by)
    names = {eid: name for name, eid in trail.items()}
    assert [names[found.entry.eid] for found in page.entries] == expected
    assert page.cursor is None


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_pages_meet_without_gap_or_overlap_even_within_one_instant(work: Work, trail: dict[str, EntryId], size: int):
    same = audit.append_many(work, [NewEntry(Action.PERSON_READ) for _ in range(4)])
    by = Filter(actor_kind=None, until=minutes(5), since=NOW - timedelta(days=1))
    found, cursor = [], None
    while True:
        page = audit.search(work, by=by, cursor=cursor, limit=size)
        found += [one.entry.eid for one in page.entries if one.entry.action != "audit:trail:searched"]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(found) == sorted([*same, *trail.values()])


@pytest.mark.parametrize("cursor", ["x", "", "MjAyNg==", "0000", "а"])
def test_a_cursor_that_is_none_of_ours_is_refused(work: Work, cursor: str):
    with pytest.raises(InvalidError):
        audit.search(work, by=Filter(), cursor=cursor)


@pytest.mark.parametrize("limit", [0, 501, -1])
def test_a_page_out_of_bounds_is_refused(work: Work, limit: int):
    with pytest.raises(InvalidError):
        audit.search(work, by=Filter(), limit=limit)


def test_searching_is_told_in_the_trail_with_what_was_asked_but_not_what_was_found(work: Work):
    audit.search(Work(work.session, STAFF, NOW), by=Filter(subject=SUBJECT, outcome="done"))
    (told,) = audit.search(work, by=Filter(action="audit:trail:searched")).entries
    assert told.entry.subject == SUBJECT
    assert told.entry.actor_id == STAFF.id
    assert told.entry.facts == {"by": ["subject", "outcome"], "found": 0}


def test_reading_an_entry_gives_its_exact_bytes_and_is_told(work: Work, trail: dict[str, EntryId]):
    read = audit.entry(work, eid=trail["edited"])
    assert decode(read.leaf) == read.entry
    assert (read.entry.subject, read.seq) == (SUBJECT, None)
    (told,) = audit.search(work, by=Filter(action="audit:entry:read")).entries
    assert told.entry.object == ObjectRef("audit-entry", trail["edited"])


def test_an_entry_that_does_not_exist_is_not_found(work: Work):
    for ask in (audit.entry, audit.details, audit.inclusion_proof):
        with pytest.raises(NotFoundError):
            ask(work, eid=EntryId(uuid7()))


def test_a_proof_holds_against_the_signed_checkpoint_for_every_entry(log: Log):
    log.grow(300)
    signed = log.grow(10)
    log.append(5)
    log.sequence()
    assert signed is not None
    verifier = notes.Verifier.parse(log.outside.vkey() or "")
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as work:
        for number in (0, 255, 256, 299, 309):
            proof = audit.inclusion_proof(work, eid=log.eids[number])
            stated = notes.open_checkpoint(proof.checkpoint, verifier)
            assert (stated.size, stated.root) == (proof.size, proof.root) == (310, signed.root)
            assert proof.leaf is not None
            assert decode(proof.leaf).eid == log.eids[number]
            merkle.verify_inclusion(
                index=proof.index, size=proof.size, leaf=merkle.leaf_hash(proof.leaf), path=proof.path, root=stated.root
            )
        with pytest.raises(NotYetProvableError):
            audit.inclusion_proof(work, eid=log.eids[310])


def test_an_entry_without_a_place_is_not_yet_provable(log: Log):
    (eid,) = log.append(1)
    with open_work(log.database, SYSTEM) as work, pytest.raises(NotYetProvableError):
        audit.inclusion_proof(work, eid=eid)


def test_an_edited_entry_has_no_proof(log: Log):
    log.grow(10)
    log.as_superuser(
        "ALTER TABLE audit_body_decision_2026_11 DISABLE TRIGGER ALL",
        f"UPDATE audit_body SET bytes = bytes || ' ' WHERE eid = '{log.eids[4]}'",
    )
    with open_work(log.database, SYSTEM) as work, pytest.raises(AuditBrokenError):
        audit.inclusion_proof(work, eid=log.eids[4])


def test_a_kept_checkpoint_is_proved_to_be_the_beginning_of_the_newest(log: Log):
    kept = [log.grow(count) for count in (1, 299, 7)]
    with open_work(log.database, SYSTEM) as work:
        for first in kept:
            assert first is not None
            newest, path = audit.consistency_proof(work, first=first)
            merkle.verify_consistency(
                first=first.size, second=307, first_root=first.root, second_root=newest.checkpoint.root, path=path
            )
        with pytest.raises(ConflictError):
            audit.consistency_proof(work, first=notes.Checkpoint(first.origin, 300, bytes(32)))
        for stranger in (notes.Checkpoint("governance/other", 1, bytes(32)), notes.Checkpoint(first.origin, 308, b"")):
            with pytest.raises(NotFoundError):
                audit.consistency_proof(work, first=stranger)


def test_all_who_read_the_log_stand_in_one_list_whatever_they_did(work: Work, trail: dict[str, EntryId]):
    officer = Work(work.session, STAFF, minutes(6))
    audit.search(officer, by=Filter(subject=SUBJECT))
    audit.entry(Work(work.session, STAFF, minutes(7)), eid=trail["created"])
    exported = NewEntry(Action.AUDIT_EXPORTED, facts={"size": 5})
    audit.append_many(Work(work.session, SYSTEM, minutes(8)), [exported])

    later = Work(work.session, SYSTEM, minutes(9))
    first = audit.who_read(later, limit=2, until=minutes(9))
    rest = audit.who_read(later, limit=2, until=minutes(9), cursor=first.cursor)

    assert [one.action for one in first.entries] == ["audit:trail:exported", "audit:entry:read"]
    assert [one.action for one in rest.entries] == ["audit:trail:searched"]
    assert rest.cursor is None
    assert [one.facts["by"] for one in rest.entries] == [["subject"]]
    searched = audit.who_read(later, action=Action.AUDIT_SEARCHED, actor=STAFF.id, since=minutes(6), until=minutes(7))
    assert [one.actor_id for one in searched.entries] == [STAFF.id]
    told = audit.who_read(later, action=Action.AUDIT_SEARCHED, since=minutes(9))
    assert {tuple(one.facts["by"]) for one in told.entries} == {
        ("readings", "until"), ("readings", "actor", "action", "since", "until")
    }  # fmt: skip
