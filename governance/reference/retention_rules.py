"""Versions of retention policies, as reference rows: kept for ever, one of each key active at most.

How a version comes to be active is decided in `retention`; what is active here is heeded by all that erases or tells
how long something is kept.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import NewType
from uuid import UUID

from sqlalchemy import func, select, text

from governance.kernel.errors import NotFoundError
from governance.kernel.ids import uuid7
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.retention import RetentionPolicy
from governance.policies.retention_reader import parse_policies, write_policy
from governance.reference.tables import RetentionPolicyRow

PolicyId = NewType("PolicyId", UUID)

POLICY_LOCK = 0x706F6C696379
"""Advisory lock under which versions are numbered and made active ("policy" in ASCII)."""


class PolicyState(StrEnum):
    """How far a version of a policy is."""

    DRAFT = "draft"
    SIMULATED = "simulated"
    APPROVED = "approved"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


@frozen(kw_only=True)
class PolicyVersion:
    """A version of a policy and how far it is.

    Attributes:
        simulated_people, simulated_rows: what was overdue when it was simulated.
        wave_size: how many rows, or people who are erased, a run may take while waves are left; None for all.
        waves_left: how many runs share what was overdue.
    """

    id: PolicyId
    policy: RetentionPolicy
    state: PolicyState
    drafted_at: datetime
    drafted_by_kind: ActorKind
    drafted_by: UUID | None
    simulated_at: datetime | None
    simulated_people: int | None
    simulated_rows: int | None
    wave_size: int | None
    waves_left: int
    approved_at: datetime | None
    ended_at: datetime | None


class NoSuchPolicyError(NotFoundError):
    """There is no such version of a retention policy."""

    slug = "no-such-policy"


def active(work: Work) -> Mapping[str, RetentionPolicy]:
    """The policies in force, by key."""
    return MappingProxyType({one.policy.key: one.policy for one in active_versions(work)})


def active_versions(work: Work) -> list[PolicyVersion]:
    """The versions in force, by key."""
    query = select(RetentionPolicyRow).where(RetentionPolicyRow.state == PolicyState.ACTIVE.value)
    return [_told(row) for row in work.session.scalars(query.order_by(RetentionPolicyRow.key))]


def policy_versions(work: Work) -> list[PolicyVersion]:
    """All versions of all policies, by key, the newest first."""
    query = select(RetentionPolicyRow).order_by(RetentionPolicyRow.key, RetentionPolicyRow.version.desc())
    return [_told(row) for row in work.session.scalars(query)]


def policy_version(work: Work, *, policy: PolicyId) -> PolicyVersion:
    """A version.

    Raises:
        NoSuchPolicyError: where there is none.
    """
    return _told(_row(work, policy))


def newest_version(work: Work, *, key: str) -> PolicyVersion:
    """The newest version of a policy.

    Raises:
        NoSuchPolicyError: where there is no such policy.
    """
    query = select(RetentionPolicyRow).where(RetentionPolicyRow.key == key)
    row = work.session.scalars(query.order_by(RetentionPolicyRow.version.desc()).limit(1)).first()
    if row is None:
        raise NoSuchPolicyError("There is no such retention policy.")
    return _told(row)


def following_version(work: Work, *, key: str) -> int:
    """The number that a new version of a policy gets; nobody else gives it out until the transaction ends."""
    _lock(work)
    query = select(func.max(RetentionPolicyRow.version)).where(RetentionPolicyRow.key == key)
    return (work.session.scalar(query) or 0) + 1


def keep_draft(work: Work, *, policy: RetentionPolicy) -> PolicyVersion:
    """Keep a version, for whoever has decided that it makes sense and is the next one."""
    row = RetentionPolicyRow(
        id=uuid7(),
        key=policy.key,
        version=policy.version,
        document=write_policy(policy),
        state=PolicyState.DRAFT.value,
        drafted_at=work.now,
        drafted_by_kind=work.actor.kind.value,
        drafted_by=work.actor.id,
        waves_left=0,
    )
    work.session.add(row)
    work.session.flush()
    return _told(row)


def keep_simulated(
    work: Work, *, policy: PolicyId, people: int, rows: int, wave_size: int | None, waves: int
) -> PolicyVersion:
    """Take down what a simulation found, and in how many waves it is to go.

    Raises:
        NoSuchPolicyError: where there is no such version.
    """
    row = _row(work, policy)
    if row.state == PolicyState.DRAFT.value:
        row.state = PolicyState.SIMULATED.value
    row.simulated_at, row.simulated_people, row.simulated_rows = work.now, people, rows
    row.wave_size, row.waves_left = wave_size, waves
    work.session.flush()
    return _told(row)


def keep_active(work: Work, *, policy: PolicyId) -> PolicyVersion:
    """Put an approved version into force in the place of the one before.

    Raises:
        NoSuchPolicyError: where there is no such version.
    """
    _lock(work)
    row = _row(work, policy)
    row.state, row.approved_at = PolicyState.APPROVED.value, work.now
    work.session.flush()
    _supersede(work, row.key)
    row.state = PolicyState.ACTIVE.value
    work.session.flush()
    return _told(row)


def end_active(work: Work, *, key: str) -> bool:
    """Take a policy out of force; answers whether one was."""
    _lock(work)
    return _supersede(work, key)


def take_wave(work: Work, *, policy: PolicyId) -> None:
    """Count a wave as gone.

    Raises:
        NoSuchPolicyError: where there is no such version.
    """
    row = _row(work, policy)
    row.waves_left = max(0, row.waves_left - 1)
    work.session.flush()


def _supersede(work: Work, key: str) -> bool:
    query = select(RetentionPolicyRow).where(
        RetentionPolicyRow.key == key, RetentionPolicyRow.state == PolicyState.ACTIVE.value
    )
    before = work.session.scalars(query.with_for_update()).one_or_none()
    if before is None:
        return False
    before.state, before.ended_at = PolicyState.SUPERSEDED.value, work.now
    work.session.flush()
    return True


def _lock(work: Work) -> None:
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POLICY_LOCK})


def _row(work: Work, policy: PolicyId) -> RetentionPolicyRow:
    row = work.session.get(RetentionPolicyRow, policy)
    if row is None:
        raise NoSuchPolicyError("There is no such version of a retention policy.")
    return row


def _told(row: RetentionPolicyRow) -> PolicyVersion:
    return PolicyVersion(
        id=PolicyId(row.id),
        policy=_policy_of(row.key, row.document),
        state=PolicyState(row.state),
        drafted_at=row.drafted_at,
        drafted_by_kind=ActorKind(row.drafted_by_kind),
        drafted_by=row.drafted_by,
        simulated_at=row.simulated_at,
        simulated_people=row.simulated_people,
        simulated_rows=row.simulated_rows,
        wave_size=row.wave_size,
        waves_left=row.waves_left,
        approved_at=row.approved_at,
        ended_at=row.ended_at,
    )


@lru_cache(maxsize=512)
def _policy_of(key: str, document: str) -> RetentionPolicy:
    # Reading YAML takes milliseconds, and each batch of a run asks for all that are in force.
    (policy,) = parse_policies(document.encode(), name=key).values()
    return policy
