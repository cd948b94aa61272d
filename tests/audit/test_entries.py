"""The bytes of an entry: frozen, canonical, and with nothing personal in them."""

import hmac
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.audit import entries
from governance.audit.actions import Action, ActionClass, Outcome
from governance.audit.entries import NewEntry, ObjectRef, decode, encode
from governance.audit.errors import AuditBrokenError, EntryError
from governance.kernel.ids import EntryId, OwnerId, SubjectRef, uuid7
from governance.kernel.work import OPERATOR, SYSTEM, Actor, ActorKind

AT = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ID = UUID("01a2018b-4b5c-7668-8ee4-a6a1b8749723")
ACTOR = Actor(kind=ActorKind.STAFF, id=ID, permissions=frozenset())

# Bytes as version 1 wrote them. They stand in customers' trees: this text never changes, whatever else does.
GOLDEN = (
    b'{"action":"customers:person:edited","actor":{"id":"01a2018b-4b5c-7668-8ee4-a6a1b8749723","kind":"staff"},'
    b'"at":"2026-11-22T12:00:00.123456Z","class":"decision","eid":"01a2018b-4b5c-7668-8ee4-a6a1b8749723",'
    b'"facts":{"count":3,"due":"2026-12-01","fields":["family_name","email"],"first":true,"none":null},'
    b'"object":{"id":"01a2018b-4b5c-7668-8ee4-a6a1b8749723","kind":"contact"},"outcome":"done",'
    b'"personal":{"reason":"5eb30c193c1f9a3c0f73b0b8ffcd14bf9bc7e0e4b6f1ac3ba4c6fb9b5e1f0f0a"},'
    b'"subject":"01a2018b-4b5c-7668-8ee4-a6a1b8749723","v":1}'
)


def test_version_1_is_read_as_it_was_written():
    read = decode(GOLDEN)
    assert read == entries.Entry(
        eid=EntryId(ID),
        at=AT,
        action="customers:person:edited",
        action_class="decision",
        actor_kind="staff",
        actor_id=ID,
        actor_name=None,
        subject=SubjectRef(ID),
        object=ObjectRef("contact", ID),
        outcome="done",
        facts={"count": 3, "due": "2026-12-01", "fields": ["family_name", "email"], "first": True, "none": None},
        personal={"reason": "5eb30c193c1f9a3c0f73b0b8ffcd14bf9bc7e0e4b6f1ac3ba4c6fb9b5e1f0f0a"},
    )


def test_version_1_is_still_written_byte_for_byte(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(entries, "uuid7", lambda: ID)
    monkeypatch.setattr(
        entries, "digest", lambda content: "5eb30c193c1f9a3c0f73b0b8ffcd14bf9bc7e0e4b6f1ac3ba4c6fb9b5e1f0f0a"
    )
    facts = {"first": True, "none": None, "fields": ["family_name", "email"], "count": 3, "due": date(2026, 12, 1)}
    new = NewEntry(Action.PERSON_EDITED, SubjectRef(ID), ObjectRef("contact", ID), facts, {"reason": "x"}, OwnerId(ID))
    local = AT.astimezone(timezone(timedelta(hours=3)))
    assert encode(new, actor=ACTOR, at=local).leaf == GOLDEN


def test_what_does_not_apply_is_left_out():
    told = json.loads(encode(NewEntry(Action.CONTROLLER_SET), actor=OPERATOR, at=AT).leaf)
    assert set(told) == {"v", "eid", "at", "class", "action", "actor", "outcome"}
    assert told["actor"] == {"kind": "operator", "name": "cli"}


def test_a_personal_detail_enters_the_leaf_only_as_a_digest_under_a_random_salt():
    new = NewEntry(Action.PERSON_EDITED, personal={"reason": "звонил Иванов"}, owner=OwnerId(ID))
    first, second = (encode(new, actor=ACTOR, at=AT) for _ in range(2))
    assert "Иванов".encode() not in first.leaf
    assert decode(first.leaf).personal != decode(second.leaf).personal
    content = first.details[0].content
    expected = hmac.digest(content[:32], "звонил Иванов".encode(), "sha256").hex()
    assert decode(first.leaf).personal == {"reason": expected}


def test_a_personal_detail_needs_a_key_owner():
    with pytest.raises(EntryError):
        encode(NewEntry(Action.PERSON_EDITED, personal={"reason": "x"}), actor=ACTOR, at=AT)


@pytest.mark.parametrize(
    "fact",
    ["Ivanov Ivan", "ivan@example.ru", "Иванов", "line\nbreak", {"Иванов": 1}, ["ivan@example.ru"], 1.5, b"bytes",
     {1, 2}, 2**60, datetime(2026, 1, 1)],  # noqa: DTZ001 (naive on purpose)
)  # fmt: skip
def test_free_text_and_other_things_that_are_no_codes_are_refused(fact: object):
    with pytest.raises(EntryError) as refused:
        encode(NewEntry(Action.PERSON_EDITED, facts={"fact": fact}), actor=ACTOR, at=AT)
    assert "van" not in refused.value.detail


def test_a_name_of_an_actor_is_a_code_too():
    with pytest.raises(EntryError):
        encode(
            NewEntry(Action.CONTROLLER_SET),
            actor=Actor(ActorKind.OPERATOR, None, frozenset(), name="Иванов"),
            at=AT,
        )


def test_an_entry_longer_than_16_kib_is_refused_with_its_length():
    longest = NewEntry(Action.PERSON_EDITED, facts={"ids": [uuid7() for _ in range(400)]})
    assert len(encode(longest, actor=ACTOR, at=AT).leaf) < 16 * 1024
    with pytest.raises(EntryError, match="16384 is the limit"):
        encode(NewEntry(Action.PERSON_EDITED, facts={"ids": [uuid7()] * 430}), actor=ACTOR, at=AT)


CODES = st.from_regex(r"[!-?A-~]{0,20}", fullmatch=True)
FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1) | CODES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(CODES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(CODES, FACTS, max_size=5), st.sampled_from(list(Action)), st.sampled_from(list(Outcome)))
def test_any_facts_survive_and_bytes_are_canonical(facts, action: Action, outcome: Outcome):
    made = encode(NewEntry(action, facts=facts, outcome=outcome), actor=SYSTEM, at=AT)
    read = decode(made.leaf)
    assert (read.facts, read.action, read.outcome, read.at) == (facts, action.value, outcome.value, AT)
    assert made.leaf == rfc8785.dumps(json.loads(made.leaf))


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.booleans() | st.integers(0, 1) | FACTS, max_size=3)))
def test_entries_made_together_are_told_as_if_each_had_been_made_alone(many):
    told_before: entries.Told = {}
    for facts in [*many, *many]:
        new = NewEntry(Action.PERSON_EDITED, facts=facts)
        together = decode(encode(new, actor=SYSTEM, at=AT, told_before=told_before).leaf)
        alone = decode(encode(new, actor=SYSTEM, at=AT).leaf)
        assert json.dumps(together.facts) == json.dumps(alone.facts)


@pytest.mark.parametrize(
    "leaf", [b"", b"null", b"{}", b'{"v":2}', GOLDEN[:-1], GOLDEN.replace(b'"kind":"staff"', b'"sort":"staff"')]
)
def test_bytes_that_are_no_entry_of_a_known_version_are_refused(leaf: bytes):
    with pytest.raises(AuditBrokenError):
        decode(leaf)


def test_every_action_is_named_room_noun_verb_and_is_named_once():
    codes = [action.value for action in Action]
    assert len(codes) == len(set(codes))
    for action in Action:
        assert re.fullmatch(r"[a-z]+:[a-z-]+:[a-z]+(?:-[a-z]+)?", action.value)
        assert action.label[0].isupper()
        assert isinstance(action.action_class, ActionClass)
