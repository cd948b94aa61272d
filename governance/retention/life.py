"""The life of a policy: drafted, simulated, approved by another person, active, superseded."""

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Final
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.operations import Approved, Proposal, ProposalKind
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.reach import allow
from governance.kernel.errors import InvalidError, Sentence
from governance.kernel.work import Work
from governance.policies.documents import DocumentError
from governance.policies.permissions import Permission
from governance.policies.retention import LOG_PERIODS, RetentionPolicy, TargetKind, is_shorter
from governance.policies.retention_conflicts import Conflict, ConflictReason, conflicts
from governance.policies.retention_reader import parse_policies
from governance.policies.shipped import retention_policies
from governance.reference import retention_rules as kept
from governance.reference.operations import controller
from governance.reference.retention_rules import NoSuchPolicyError, PolicyId, PolicyState, PolicyVersion
from governance.retention.errors import NotSimulatedError, PolicyConflictError
from governance.retention.simulating import Forecast, simulate
from governance.retention.stocks import is_carried_out, stocks_of

LONGEST_DOCUMENT: Final = 100_000
_UNDER_MINIMUM: Final = Sentence("%(policy)s is shorter than a law wants the data kept%(law)s")
_UNDER_MINIMUM_OF: Final = Sentence("%(policy)s is shorter than a law wants the data kept by %(other)s%(law)s")
_FIGHTING: Final = Sentence("%(policy)s wants other things of the same data than %(other)s does%(law)s")


def shipped(work: Work) -> list[RetentionPolicy]:
    """The policies that come with the package, with the periods of the controller's country; none of them acts."""
    allow(work, Permission.RETENTION_READ)
    return list(retention_policies(controller(work).country).values())


def policies(work: Work) -> list[PolicyVersion]:
    """All versions of all policies, by key, the newest first.

    Raises:
        ForbiddenError: where the actor may not see them.
    """
    allow(work, Permission.RETENTION_READ)
    return kept.policy_versions(work)


def policy(work: Work, *, policy: PolicyId) -> PolicyVersion:
    """A version of a policy.

    Raises:
        ForbiddenError: where the actor may not see it.
        NoSuchPolicyError: where there is none.
    """
    allow(work, Permission.RETENTION_READ)
    return kept.policy_version(work, policy=policy)


def draft_shipped(work: Work, *, key: str) -> PolicyVersion:
    """Draft a policy that comes with the package, with the periods of the controller's country.

    Raises:
        ForbiddenError: where the actor may not draft.
        NoSuchPolicyError: where none of this key is shipped.
        PolicyConflictError: as `draft`.
    """
    found = {one.key: one for one in shipped(work)}.get(key)
    if found is None:
        raise NoSuchPolicyError("No policy of this key comes with the package.")
    return _draft(work, found)


def draft(work: Work, *, document: str) -> list[PolicyVersion]:
    """Draft policies in the form of `retention.yaml`; each becomes the next version of its key.

    Raises:
        ForbiddenError: where the actor may not draft.
        InvalidError: where the document is malformed or makes no sense; `errors` names the key.
        PolicyConflictError: where a policy undercuts a law, or fights another of the document.
    """
    if len(document) > LONGEST_DOCUMENT:
        raise InvalidError(
            "The document is too long.",
            errors={"document": [Sentence("Write at most %(num)s characters.", {"num": LONGEST_DOCUMENT})]},
        )
    try:
        read = parse_policies(document.encode(), name="document", country=controller(work).country)
    except DocumentError as error:
        said = Sentence(error.pattern, error.values, place=error.path)
        raise InvalidError("The policy cannot be used.", errors={"document": [said]}) from None
    if not read:
        raise InvalidError("The policy cannot be used.", errors=_wrong(Sentence("Give at least one policy.")))
    _refuse_conflicts(conflicts(read.values()))
    return [_draft(work, one) for one in read.values()]


def look_ahead(work: Work, *, policy: PolicyId, at: datetime | None = None) -> Forecast:
    """Simulate a version in the place of the one in force.

    What it would remove now, and in how many waves, is taken down with it. Where an instant is named it is only looked
    at.

    Raises:
        ForbiddenError: where the actor may not draft.
        NoSuchPolicyError: where there is no such version.
    """
    allow(work, Permission.RETENTION_DRAFT if at is None else Permission.RETENTION_READ)
    version = kept.policy_version(work, policy=policy)
    found = simulate(work, at=at, policies=[version.policy])
    if at is not None:
        return found
    (told,) = found.policies
    waves = ceil(told.people / found.fuse_people) if told.people > found.fuse_people else 0
    kept.keep_simulated(
        work,
        policy=policy,
        people=told.people,
        rows=told.rows,
        wave_size=ceil(told.rows / waves) if waves else None,
        waves=waves,
    )
    facts: dict[str, Fact] = {
        "policy": version.policy.key,
        "version": version.policy.version,
        "people": told.people,
        "rows": told.rows,
    }
    audit.append(work, Action.POLICY_SIMULATED, object=ObjectRef("retention-policy", policy), facts=facts)
    return found


def propose_activation(work: Work, *, policy: PolicyId, reason: str) -> Proposal:
    """Propose that a simulated version be put into force, in the waves that were told.

    Done at once where nobody else could decide.

    Raises:
        ForbiddenError: where the actor may not do it.
        NoSuchPolicyError: where there is no such version.
        NotSimulatedError: where it was not simulated yet, or is in force already, or was superseded.
        PolicyConflictError: where it makes no sense beside those in force.
    """
    allow(work, Permission.RETENTION_ACTIVATE)
    version = _activatable(work, policy)
    return accounts.propose(
        work,
        kind=ProposalKind.ACTIVATE_POLICY,
        payload={
            "policy": str(policy),
            "key": version.policy.key,
            "version": version.policy.version,
            "people": version.simulated_people or 0,
            "rows": version.simulated_rows or 0,
            "waves": version.waves_left,
        },
        reason=reason,
    )


def activate(work: Work, approved: Approved) -> None:
    """Put an approved version into force.

    Raises:
        NotSimulatedError, PolicyConflictError: as `propose_activation`.
    """
    policy = PolicyId(UUID(str(approved.payload["policy"])))
    version = _activatable(work, policy)
    kept.keep_active(work, policy=policy)
    facts: dict[str, Fact] = {
        "policy": version.policy.key,
        "version": version.policy.version,
        "waves": version.waves_left,
    }
    audit.append(work, Action.POLICY_ACTIVATED, object=ObjectRef("retention-policy", policy), facts=facts)


def end(work: Work, *, key: str) -> None:
    """Take a policy out of force: from now on nothing goes by it. Keeping more than before needs no second person.

    Raises:
        ForbiddenError: where the actor may not do it.
        NoSuchPolicyError: where none of this key is in force.
    """
    allow(work, Permission.RETENTION_ACTIVATE)
    standing = {one.policy.key: one for one in kept.active_versions(work)}.get(key)
    if standing is None or not kept.end_active(work, key=key):
        raise NoSuchPolicyError("No policy of this key is in force.")
    facts: dict[str, Fact] = {"policy": key, "version": standing.policy.version}
    audit.append(work, Action.POLICY_ENDED, object=ObjectRef("retention-policy", standing.id), facts=facts)


def _wrong(sentence: Sentence) -> dict[str, list[Sentence]]:
    return {"document": [sentence]}


def _draft(work: Work, read: RetentionPolicy) -> PolicyVersion:
    allow(work, Permission.RETENTION_DRAFT)
    _refuse_conflicts(conflicts([read]))
    if not is_carried_out(stocks_of(work), read):
        raise InvalidError(
            "The policy cannot be used.",
            errors=_wrong(Sentence("nothing here carries it out yet", place=f"policies.{read.key}.action")),
        )
    _require_log_period(read)
    version = replace(read, version=kept.following_version(work, key=read.key))
    made = kept.keep_draft(work, policy=version)
    facts: dict[str, Fact] = {"policy": version.key, "version": version.version}
    audit.append(work, Action.POLICY_DRAFTED, object=ObjectRef("retention-policy", made.id), facts=facts)
    return made


def _require_log_period(read: RetentionPolicy) -> None:
    """Bodies of the log are kept no shorter than the database insists on, and longer only for a reason in writing."""
    if read.target.kind is not TargetKind.LOG:
        return
    usual, place = LOG_PERIODS[read.target.name], f"policies.{read.key}"
    values = {"period": usual}
    if is_shorter(read.keep, usual):
        said = Sentence("the log keeps such entries for %(period)s in any case", values, place=f"{place}.keep")
    elif is_shorter(usual, read.keep) and not read.reason:
        said = Sentence("say why such entries are kept longer than %(period)s", values, place=f"{place}.reason")
    else:
        return
    raise InvalidError("The policy cannot be used.", errors=_wrong(said))


def _activatable(work: Work, policy: PolicyId) -> PolicyVersion:
    version = kept.policy_version(work, policy=policy)
    if version.state is not PolicyState.SIMULATED:
        raise NotSimulatedError(
            f"A policy is put into force once it was simulated, and once only; this version is {version.state.value}."
        )
    beside = {**kept.active(work), version.policy.key: version.policy}
    _refuse_conflicts([one for one in conflicts(beside.values()) if version.policy.key in (one.policy, one.other)])
    return version


def _told(found: Conflict) -> Sentence:
    pattern = _FIGHTING
    if found.reason is ConflictReason.UNDER_MINIMUM:
        pattern = _UNDER_MINIMUM_OF if found.other else _UNDER_MINIMUM
    law = f" ({found.citation})" if found.citation else ""
    return Sentence(pattern, {"policy": found.policy, "other": found.other, "law": law})


def _refuse_conflicts(found: list[Conflict]) -> None:
    if not found:
        return
    said = [_told(one) for one in found]
    raise PolicyConflictError("The policies do not hold together: " + "; ".join(said) + ".", errors={"document": said})
