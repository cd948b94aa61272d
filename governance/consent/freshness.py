"""Who may be written to, who may at least be asked, and who is to be left alone: the send check over many people.

To ask somebody for consent by mail is advertising itself. So a person may be asked by a channel only where some other
advertising by it is allowed, as soft opt-in allows it; all others are asked at the till, by phone when they call, or in
the portal.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from governance.consent.batches import answer
from governance.consent.codes import CONTACTS_OF
from governance.consent.facts import Spelled, Wanted, of_people
from governance.consent.terms import terms_of
from governance.customers.codes import ContactKind
from governance.customers.holders import HeldContact, contact_used
from governance.customers.normal import normal_forms
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent import Question, decide, prepare
from governance.policies.consent_facts import Reason, Verdict
from governance.policies.purposes import Channel, Ground, Purpose

NO_CONTACT: Final = "no_contact"
"""Why nobody can be written to by a channel that they have no contact of."""
_ASKABLE: Final = frozenset({Reason.SILENT, Reason.EXPIRED, Reason.UNCONFIRMED, Reason.SUPERSEDED})
"""Of those who have neither agreed nor said no."""
_KINDS: Final = frozenset(kind for kinds in CONTACTS_OF.values() for kind in kinds)


class Outcome(StrEnum):
    """What may be done."""

    MAILABLE = "mailable"
    MAY_BE_ASKED = "may_be_asked"
    ASK_ELSEWHERE = "ask_elsewhere"
    """At the till, on the phone when they call, in the portal: not by this channel."""
    SILENT = "silent"


class Figure(NamedTuple):
    """What a count is of; *reason* is that of a send check, or `no_contact`."""

    purpose: str
    channel: Channel
    outcome: Outcome
    reason: str


Used = Mapping[tuple[SubjectId, ContactKind], HeldContact]


def outcomes(work: Work, *, people: Sequence[SubjectId]) -> Counter[Figure]:
    """Count *people*, who are nobody merged into another, by what a send check says of them now; nothing is told.

    Each is asked about by the contact that a message would go to. Statements do not grow with the people.
    """
    used = contact_used(work, dict.fromkeys(people, _KINDS))
    counts: Counter[Figure] = Counter()
    for channel, purposes in sorted(_by_channel(work).items()):
        looked = _Looked(work, channel, people, used)
        verdicts = {one.key: looked.verdicts(one) for one in purposes}
        may_advertise = _may_advertise(purposes, verdicts, len(people))
        for one in purposes:
            for place, verdict in enumerate(verdicts[one.key]):
                reason = verdict.reason.value if place in looked.reached else NO_CONTACT
                outcome = _outcome(one, verdict, may_ask=may_advertise[place])
                counts[Figure(one.key, channel, outcome, reason)] += 1
    return counts


def askable(
    work: Work, *, purpose: str, channel: Channel, people: Sequence[SubjectId], reasons: Collection[str] | None = None
) -> list[SubjectId]:
    """Those of *people* who may be asked by *channel* whether they agree to *purpose*; nothing is told.

    Args:
        work: the transaction.
        purpose: key of the purpose.
        channel: by which they would be asked.
        people: who.
        reasons: why a send check is to say no to them; None for any reason.
    """
    used = contact_used(work, dict.fromkeys(people, _KINDS))
    purposes = _by_channel(work).get(channel, [])
    wanted = next((one for one in purposes if one.key == purpose), None)
    if wanted is None:
        return []
    looked = _Looked(work, channel, people, used)
    verdicts = {one.key: looked.verdicts(one) for one in purposes if one.advertising or one is wanted}
    may_advertise = _may_advertise(purposes, verdicts, len(people))
    return [
        person
        for place, (person, verdict) in enumerate(zip(people, verdicts[purpose], strict=True))
        if (reasons is None or verdict.reason.value in reasons)
        and _outcome(wanted, verdict, may_ask=may_advertise[place]) is Outcome.MAY_BE_ASKED
    ]


def _by_channel(work: Work) -> dict[Channel, list[Purpose]]:
    book = terms_of(work).book(work.now)
    found: dict[Channel, list[Purpose]] = {}
    for purpose in sorted(book.purposes.values(), key=lambda one: one.key):
        for channel in purpose.channels:
            found.setdefault(channel, []).append(purpose)
    return found


def _may_advertise(purposes: Sequence[Purpose], verdicts: Mapping[str, Sequence[Verdict]], size: int) -> Sequence[bool]:
    advertising = [verdicts[one.key] for one in purposes if one.advertising and not one.third_parties]
    return [any(each[place].allowed for each in advertising) for place in range(size)]


def _outcome(purpose: Purpose, verdict: Verdict, *, may_ask: bool) -> Outcome:
    if verdict.allowed:
        return Outcome.MAILABLE
    if purpose.asks_consent and verdict.reason in _ASKABLE:
        return Outcome.MAY_BE_ASKED if may_ask else Outcome.ASK_ELSEWHERE
    return Outcome.SILENT


class _Looked:
    """People as one channel reaches them."""

    def __init__(self, work: Work, channel: Channel, people: Sequence[SubjectId], used: Used) -> None:
        self._work, self._channel, self._people = work, channel, people
        self._spelled = list(_spell(CONTACTS_OF[channel], people, used))
        places = {place for group in self._spelled for place in group.places}
        self.reached = places if CONTACTS_OF[channel] else set(range(len(people)))
        """Places of those who have a contact of it."""

    def verdicts(self, purpose: Purpose) -> Sequence[Verdict]:
        """What a check says of each, in order."""
        work = self._work
        sales = any(basis.ground is not Ground.CONSENT for basis, _ in purpose.bases)
        wanted = Wanted(
            purpose.key, self._channel, work.now, sales, events=False, size=len(self._people), said=purpose.asks_consent
        )
        if not CONTACTS_OF[self._channel]:
            known = of_people(work, wanted, dict(enumerate(self._people)))
            question = self._prepared(purpose, known.country)
            return [decide(facts, question) for facts in known.facts]
        used_before = work.now - timedelta(days=1)
        return answer(
            work,
            wanted,
            self._spelled,
            lambda country: self._prepared(purpose, country),
            contacts=False,
            used_before=used_before,
        ).verdicts

    def _prepared(self, purpose: Purpose, country: str) -> Question:
        work, terms = self._work, terms_of(self._work)
        return prepare(
            terms.book(work.now),
            purpose=purpose.key,
            channel=self._channel,
            at=work.now,
            country=country,
            minimum_notice=terms.minimum_notice(purpose.key, work.now),
            opt_out_in_message=True,
        )


def _spell(kinds: Sequence[ContactKind], people: Sequence[SubjectId], used: Used) -> Iterator[Spelled]:
    taken: set[int] = set()
    for kind in kinds:
        held = {
            place: used[person, kind].value
            for place, person in enumerate(people)
            if place not in taken and (person, kind) in used
        }
        taken.update(held)
        forms = zip(held, normal_forms(kind, list(held.values()), home=None), strict=True)
        formed = [(place, form) for place, form in forms if form is not None]
        yield Spelled(kind, [place for place, _ in formed], [form for _, form in formed])
