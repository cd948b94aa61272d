"""Telling people before they are erased or made anonymous, and letting them stay by a link with a button.

Pressing it counts as activity. It renews no consent, and the message offers nothing. Whoever has no address that works,
must not be written to, or is suppressed altogether cannot be reached, and is erased on time.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry
from governance.consent.errors import SpentTokenError
from governance.consent.ledger import suppressed_altogether
from governance.customers.codes import ContactKind
from governance.customers.expiring import languages_of, lock_people, refs_of
from governance.customers.holders import HeldContact, contact_used
from governance.customers.signs.operations import give_sign
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.operations import Template
from governance.policies.retention import RetentionAction, RetentionPolicy
from governance.reference.operations import controller
from governance.reference.retention_rules import active
from governance.retention.due import Rules, columns, kept, overdue, reachable, rules_of, warned
from governance.retention.tables import WarningRow

AT_ONCE: Final = 200
TOKEN_BYTES: Final = 32
_TEMPLATES: Final = {
    RetentionAction.ERASE_SUBJECT: Template.RETENTION_WARNING,
    RetentionAction.ANONYMISE: Template.RETENTION_ANONYMISING,
}
MAIL_LASTS: Final = timedelta(days=7)
"""A warning that could not be sent for so long is of no use any more; the person counts as warned all the same."""


@frozen
class Keeping:
    """A link as its page shows it.

    Attributes:
        kept: whether it was used already.
        anonymised: whether the person is to be made anonymous, rather than erased with all that they did.
    """

    kept: bool
    anonymised: bool = False


def warn_next(work: Work, *, base_url: str, at_most: int = AT_ONCE) -> int:
    """Warn some of those who are to be erased soon and were not told yet; answers how many were looked at.

    To be repeated, each time in a transaction of its own, until nobody is left.

    Args:
        work: the transaction.
        base_url: of the pages that links lead to.
        at_most: how many.
    """
    rules = rules_of(work, at=work.now)
    for policy in active(work).values():
        if policy.warning_days:
            people = _claimed(work, rules, policy, at_most)
            if people:
                _warn(work, policy, people, base_url)
                return len(people)
    return 0


def show_keeping(work: Work, *, token: str) -> Keeping:
    """What a link leads to.

    Raises:
        SpentTokenError: where it is none of ours, or the person was erased.
    """
    row = _warning(work, token)
    policy = active(work).get(row.policy_key)
    return Keeping(row.kept_at is not None, policy is not None and policy.action is RetentionAction.ANONYMISE)


def keep(work: Work, *, token: str) -> None:
    """Let the person who was warned stay, from now on as long as whoever was active today.

    Raises:
        SpentTokenError: where it is none of our links, or the person was erased.
    """
    row = _warning(work, token)
    if row.kept_at is not None:
        return
    row.kept_at = work.now
    work.session.flush()
    person = SubjectId(row.person_id)
    give_sign(work, people=[person])
    ref = refs_of(work, [person])[person]
    audit.append(work, Action.DATA_KEPT, subject=SubjectRef(ref), facts={"policy": row.policy_key})


def _claimed(work: Work, rules: Rules, policy: RetentionPolicy, at_most: int) -> list[UUID]:
    """Lock some who are due within the days of warning, can be written to by what is readable, and do not know."""
    stock = rules.stock(policy)
    soon = replace(rules, at=rules.at + timedelta(days=policy.warning_days))
    person, at = columns(stock)["person_id"], columns(stock)["at"]
    query = (
        overdue(soon, policy)
        .where(~kept(stock), reachable(person), ~warned(person, policy.key, since=at))
        .order_by(at, person)
        .limit(at_most)
        .with_only_columns(person, maintain_column_froms=True)
    )
    if stock.locked:
        query = query.with_for_update(of=stock.locked, skip_locked=True)
    found: Sequence[UUID] = work.session.scalars(query).all()
    return sorted(lock_people(work, found, to_erase=False))


def _warn(work: Work, policy: RetentionPolicy, people: Sequence[UUID], base_url: str) -> None:
    wanted = {SubjectId(one): frozenset({ContactKind.EMAIL}) for one in people}
    contacts = {person: held for (person, _), held in contact_used(work, wanted).items()}
    silent = suppressed_altogether(work, [held.value for held in contacts.values()])
    reached = {person: held for person, held in contacts.items() if held.value not in silent}
    tokens = {person: secrets.token_urlsafe(TOKEN_BYTES) for person in reached}
    rows = [
        {
            "person_id": one,
            "policy_key": policy.key,
            "warned_at": work.now,
            "digest": _digest(tokens[SubjectId(one)]) if one in tokens else None,
            "kept_at": None,
        }
        for one in people
    ]
    noted = insert(WarningRow).values(rows)
    again = {name: noted.excluded[name] for name in ("warned_at", "digest", "kept_at")}
    work.session.execute(noted.on_conflict_do_update(index_elements=["person_id", "policy_key"], set_=again))
    _send(work, policy, reached, tokens, base_url)
    refs = refs_of(work, people)
    audit.append_many(
        work,
        [
            NewEntry(
                Action.PERSON_WARNED,
                SubjectRef(refs[one]),
                facts={"policy": policy.key, "version": policy.version, "reached": one in reached},
            )
            for one in people
        ],
    )


def _send(
    work: Work,
    policy: RetentionPolicy,
    reached: dict[SubjectId, HeldContact],
    tokens: dict[SubjectId, str],
    base_url: str,
) -> None:
    languages = languages_of(work, list(reached))
    name = controller(work).legal_name
    for person, held in reached.items():
        messages.enqueue(
            work,
            template=_TEMPLATES[policy.action],
            language=languages.get(person) or controller(work).language,
            recipient=held.value,
            values={
                "controller": name,
                "link": f"{base_url}/keep/{tokens[person]}",
                "days": policy.warning_days,
            },
            expires_at=work.now + MAIL_LASTS,
            contacts=[held.id],
        )


def _warning(work: Work, token: str) -> WarningRow:
    query = select(WarningRow).where(WarningRow.digest == _digest(token)).with_for_update()
    row = work.session.scalars(query).one_or_none()
    if row is None or not refs_of(work, [row.person_id]):
        raise SpentTokenError("This link is not valid any more.")
    return row


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
