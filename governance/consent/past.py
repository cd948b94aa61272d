"""What was known of contacts at an instant, by what had been recorded up to then: the facts of a check of the past."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, literal, or_, select

from governance.consent.facts import NOBODY, Holding, Known, Spelled, Wanted, blank, settle
from governance.consent.ledger_lines import all_digests
from governance.consent.subjects import Key, histories
from governance.consent.tables import SuppressionRow
from governance.consent.visibility import Unseen, unseen_at
from governance.customers.normal import index_of
from governance.customers.past import PastHolder, holders_at, people_at
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Holder, Scope, Suppression, SuppressionReason
from governance.policies.consent_state import ConsentState, fold
from governance.policies.purposes import Ground
from governance.reference.operations import controller_history
from governance.vault.runtime import vault_of

_GROUNDS = {one.value: one for one in Ground}


def of_contacts(work: Work, wanted: Wanted, spelled: Sequence[Spelled]) -> Known:
    """What was known of contacts at the instant of *wanted*, itself included; the rest as `facts.of_contacts`.

    Where a check answered at that instant, it is what that one could see.
    """
    unseen, *later = unseen_at(work, wanted.at, purpose=wanted.purpose, channel=wanted.channel)
    known = _as_seen(work, wanted, spelled, unseen)
    for others in later:
        again = {place for place, facts in enumerate(known.facts) if len(facts.holders) > 1 or facts.suppressions}
        chosen = [one.only(again) for one in spelled]
        known.take_over(_as_seen(work, wanted, chosen, others), again)
    return known


def _as_seen(work: Work, wanted: Wanted, spelled: Sequence[Spelled], unseen: Unseen) -> Known:
    vault = vault_of(work.session)
    vault.keep_fresh(work.session)
    digests = [one for group in spelled for one in vault.indexer.of_normal(index_of(group.kind), group.values)]
    places = [place for group in spelled for _ in vault.indexer.plan.asked for place in group.places]
    found = holders_at(work, places=places, digests=digests, at=wanted.at, unseen=unseen)
    known = blank(wanted, spelled)
    _settle(work, wanted, known, found, _lines(work, wanted, spelled, unseen), unseen)
    return known


def of_people(work: Work, wanted: Wanted, people: Mapping[int, SubjectId]) -> Known:
    """What was known of people by place, by a channel that no contact belongs to; the ledger knows nothing of them."""
    unseen, *_ = unseen_at(work, wanted.at, purpose=wanted.purpose, channel=wanted.channel)
    known = Known([NOBODY] * wanted.size)
    _settle(work, wanted, known, people_at(work, people=people, at=wanted.at, unseen=unseen), {}, unseen)
    return known


def _settle(
    work: Work,
    wanted: Wanted,
    known: Known,
    found: Sequence[PastHolder],
    lines: Mapping[int, Sequence[Suppression]],
    unseen: Unseen,
) -> None:
    states = _states(work, wanted, {one.person for one in found}, unseen)
    versions = controller_history(work)
    seen = (one.country for one in versions if one.recorded_at <= wanted.at and one.recorded_at not in unseen)
    known.country = next(seen, "")
    held: dict[int, list[Holding]] = defaultdict(list)
    for one in found:
        contact = None if one.contact is None else one.contact.bytes
        held[one.place].append(Holding(one.person.bytes, contact, None, _holder(one, states)))
    settle(known, held, lines)


def _holder(one: PastHolder, states: Mapping[UUID, ConsentState]) -> Holder:
    ground = None if one.ground is None else _GROUNDS.get(one.ground)
    return Holder(states.get(one.person), one.restricted, one.country, one.age, ground, one.sale_at, one.offered_at)


def _states(work: Work, wanted: Wanted, people: set[UUID], unseen: Unseen) -> dict[UUID, ConsentState]:
    said = histories(work, [Key(person, wanted.purpose, wanted.channel.value) for person in people])
    folded = {
        key.person: fold([one.event for one in events if one.event.recorded_at not in unseen], as_of=wanted.at)
        for key, events in said.items()
    }
    return {person: one.state for person, one in folded.items() if one.sequence}


def _lines(work: Work, wanted: Wanted, spelled: Sequence[Spelled], unseen: Unseen) -> dict[int, list[Suppression]]:
    row, by_digest = SuppressionRow, defaultdict[bytes, list[int]](list)
    for group in spelled:
        digests = all_digests(work, group.kind, group.values)
        for number, digest in enumerate(digests):
            by_digest[digest].append(group.places[number % len(group.places)])
    query = select(row.digest, row.scope, row.purpose, row.reason, row.at).where(
        row.digest == any_(literal(list(by_digest), ARRAY(LargeBinary))),
        row.channel == wanted.channel.value,
        or_(row.purpose.is_(None), row.purpose == wanted.purpose),
        row.at <= wanted.at,
        row.at.not_in(unseen),
        or_(row.lifted_at.is_(None), row.lifted_at > wanted.at, row.lifted_at.in_(unseen)),
    )
    found: dict[int, list[Suppression]] = defaultdict(list)
    for digest, scope, purpose, reason, at in work.session.execute(query):
        for place in by_digest[digest]:
            found[place].append(Suppression(Scope(scope), purpose, SuppressionReason(reason), at))
    return found
