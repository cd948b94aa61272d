"""One batch: rows claimed that nobody else works on, asked about again under the locks, taken away and told of.

The rows, the entries in each person's own history, the receipt and the counts go in by one transaction, or not at all;
so whoever is killed loses nothing and repeats nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.customers.expiring import Stock, empty_fields, lock_people, refs_of, restrict_many
from governance.erasure import operations as erasure
from governance.erasure.operations import Origin, OriginKind
from governance.kernel.ids import SubjectId, SubjectRef, by_number
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.retention import RetentionAction, RetentionPolicy, TargetKind
from governance.reference.retention_rules import PolicyVersion
from governance.retention.due import Rules, columns, due, only
from governance.retention.records import RunId
from governance.retention.simulating import log_class, log_month
from governance.retention.tables import BatchRow, FailureRow, PartRow

_TOLD: Final = {RetentionAction.RESTRICT: Action.RESTRICTION_PLACED}
_WHOLE_TABLES: Final = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_sort")
"""What the planner may not do while a batch is looked for: each would read everybody for some hundreds."""
PEOPLE_AT_ONCE: Final = 1_000
ROWS_AT_ONCE: Final = 2_000


@frozen
class Batch:
    """What one transaction took away.

    Attributes:
        claimed: rows that were locked; where none were, the part is done, or others have the rest.
        people, rows: how many went. People of other batches may be among them.
        fields: values that were emptied.
    """

    claimed: tuple[UUID, ...]
    people: int = 0
    rows: int = 0
    fields: int = 0


@frozen
class Part:
    """What a run does by one version of a policy."""

    run: RunId
    number: int
    version: PolicyVersion

    @property
    def policy(self) -> RetentionPolicy:
        """The rule."""
        return self.version.policy


def batch_size(policy: RetentionPolicy) -> int:
    """How many rows one transaction takes at most."""
    return PEOPLE_AT_ONCE if _by_person(policy) else ROWS_AT_ONCE


def claim(work: Work, rules: Rules, part: Part, *, at_most: int) -> list[UUID]:
    """Lock up to so many due rows that nobody else works on, and whose people nobody else works on."""
    policy = part.policy
    stock = rules.stock(policy)
    failed = select(FailureRow.object_id).where(FailureRow.run_id == part.run, FailureRow.number == part.number)
    asked = columns(stock)
    query = due(rules, policy).where(asked["id"].not_in(failed)).order_by(asked["at"], asked["id"]).limit(at_most)
    if stock.locked:
        query = query.with_for_update(of=stock.locked, skip_locked=True)
    query = query.with_only_columns(asked["id"], asked["person_id"], maintain_column_froms=True)
    with _along_indexes(work, policy):
        rows: dict[UUID, UUID | None] = dict(iter(work.session.execute(query)))
    people = [one for one in set(rows.values()) if one is not None]
    locked = lock_people(work, people, to_erase=_by_person(policy))
    return [row for row, person in rows.items() if person is None or person in locked]


def take_away(work: Work, rules: Rules, part: Part, claimed: Sequence[UUID]) -> Batch:
    """Ask again about rows that were claimed, and take away those that are still due.

    Raises:
        GovernanceError: where one of them cannot go; nothing has gone then.
    """
    policy = part.policy
    stock = rules.stock(policy)
    asked = columns(stock)
    again = only(due(rules, policy), stock, claimed).with_only_columns(
        asked["id"], asked["person_id"], maintain_column_froms=True
    )
    with _along_indexes(work, policy):
        rows: dict[UUID, UUID | None] = dict(iter(work.session.execute(again)))
    if not rows:
        return Batch(tuple(claimed))
    people = list(dict.fromkeys(one for one in rows.values() if one is not None))
    told_by_erasure = policy.action in (RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE)
    refs = {} if told_by_erasure else refs_of(work, people)
    gone, fields = _carry_out(work, part, stock, list(rows))
    _tell_people(work, part, rows, refs)
    batch = Batch(tuple(claimed), len(people), gone, fields)
    _receipt(work, part, batch, sorted(rows, key=by_number))
    return batch


@contextmanager
def _along_indexes(work: Work, policy: RetentionPolicy) -> Iterator[None]:
    """Let a batch of people be looked for along indexes: that of the clock, or that of their ids."""
    if not _by_person(policy):
        yield
        return
    _let_read_whole_tables(work, "off")
    yield
    _let_read_whole_tables(work, "on")


def _let_read_whole_tables(work: Work, state: str) -> None:
    """Until the transaction ends; in one statement."""
    work.session.execute(select(*(func.set_config(each, state, True) for each in _WHOLE_TABLES)))


def _by_person(policy: RetentionPolicy) -> bool:
    return policy.target.kind in (TargetKind.SUBJECT, TargetKind.COMPARTMENT)


def age_bodies(work: Work, rules: Rules, part: Part) -> Batch:
    """Drop the bodies of entries whose time is over, by whole months; the hashes stay.

    Raises:
        RetentionError: where they are younger than the log keeps them in any case.
    """
    before = log_month(rules, part.policy)
    count = audit.count_bodies(work, action_class=log_class(part.policy), before=before)
    if count == 0:
        return Batch(())
    audit.drop_bodies(work, action_class=log_class(part.policy), before=before)
    batch = Batch((), 0, count)
    _receipt(work, part, batch, [])
    return batch


def _carry_out(work: Work, part: Part, stock: Stock, ids: Sequence[UUID]) -> tuple[int, int]:
    """Rows that went, and values that were emptied."""
    action = part.policy.action
    if action is RetentionAction.CLEAR_FIELDS:
        return len(ids), empty_fields(work, stock=stock, ids=ids, fields=part.policy.target.fields)
    people = [SubjectId(one) for one in ids]
    if action is RetentionAction.SHRED_COMPARTMENT:
        compartment = Compartment(part.policy.target.name)
        return len(ids), erasure.shred_compartment(work, people=people, compartment=compartment)
    if action is RetentionAction.RESTRICT:
        return restrict_many(work, people=ids), 0
    if action in (RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE):
        origin = Origin(OriginKind.POLICY_RUN, part.run, part.policy.key)
        keep = action is RetentionAction.ANONYMISE
        erasure.erase_many(work, people=people, origin=origin, keep_statistics=keep)
        return len(ids), 0
    return stock.remove(work, ids), 0


def _tell_people(work: Work, part: Part, rows: Mapping[UUID, UUID | None], refs: Mapping[UUID, UUID]) -> None:
    """An entry in the history of each person, with how many of their rows went."""
    counts: dict[UUID, int] = {}
    for person in rows.values():
        if person is not None and person in refs:
            counts[refs[person]] = counts.get(refs[person], 0) + 1
    told = _facts(part)
    about = ObjectRef("retention-run", part.run)
    audit.append_many(
        work,
        [
            NewEntry(_TOLD.get(part.policy.action, Action.ROWS_PURGED), SubjectRef(ref), about, {**told, "rows": count})
            for ref, count in sorted(counts.items())
        ],
    )


def _receipt(work: Work, part: Part, batch: Batch, ids: Sequence[UUID]) -> None:
    """The entry of the batch, the row that names it, and the counts of the part: the last that is locked."""
    digest = sha256(b"".join(one.bytes for one in ids)).digest()
    facts = {**_facts(part), "people": batch.people, "rows": batch.rows, "fields": batch.fields, "digest": digest.hex()}
    entry = audit.append(work, Action.PURGE_BATCH_DONE, object=ObjectRef("retention-run", part.run), facts=facts)
    work.session.add(
        BatchRow(
            entry=entry,
            run_id=part.run,
            number=part.number,
            at=work.now,
            people=batch.people,
            rows=batch.rows,
            digest=digest,
        )
    )
    work.session.flush()
    work.session.execute(
        update(PartRow)
        .where(PartRow.run_id == part.run, PartRow.number == part.number)
        .values(people=PartRow.people + batch.people, rows=PartRow.rows + batch.rows, batches=PartRow.batches + 1),
        execution_options={"synchronize_session": False},
    )


def _facts(part: Part) -> dict[str, Fact]:
    policy = part.policy
    return {"policy": policy.key, "version": policy.version, "action": policy.action.value, "table": policy.target.name}
