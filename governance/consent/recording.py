"""Recording what people say: who is meant, what is kept for each of them, and what goes into the ledger.

A consent is one person's: where a contact does not say whose, it is refused. A stop is for everybody who holds the
contact, and where nobody is known by it, for whoever will be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from governance.audit import operations as audit
from governance.consent.accepting import CONSENTS, Acceptance, Accepted
from governance.consent.codes import CONTACTS_OF
from governance.consent.errors import SharedContactError, UnknownContactError
from governance.consent.events import ContactSaid, NewEvent, Recorded, Refused
from governance.consent.ledger import suppress
from governance.consent.limits import require_within
from governance.consent.said import Said
from governance.consent.writing import ACTIONS, write_events
from governance.customers.codes import ContactKind
from governance.customers.holders import HeldContact, Known, contact_used, find_holders, find_known
from governance.customers.reach import allow
from governance.customers.records import Json, NewContact
from governance.kernel.errors import GovernanceError, NotFoundError
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import SILENCE, STOPS, Method
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope

MOST_EVENTS: Final = 5000
"""In one batch; keeps a transaction, and the locks that it holds, to seconds."""

_NOBODY: Final = "Nobody is known by this contact; create the customer first, or give a customer id."
_SEVERAL: Final = "Several people hold this contact; give the customer id of the one who consented."
_NOT_THEIRS: Final = "This customer does not hold the contact; add it to the customer first, or leave it out."
_NO_SUCH: Final = "There is no such person, or they are not among those you look after."


def record(work: Work, *, event: NewEvent) -> Recorded:
    """Record one event; the next check goes by it.

    A stop (`refused`, `withdrawn`, `objected`) by a contact that several people hold is recorded for each of them, and
    one by a contact that nobody holds goes into the suppression ledger. Withdrawing what was never given is recorded
    all the same. Staff who see own clients only record for those, and put nothing on the ledger.

    Raises:
        ForbiddenError: where the actor may not record consents, or none of this purpose or channel.
        UnknownPurposeError: where there is no such purpose.
        UnknownContactError, SharedContactError: where a consent's contact does not say whose it is; where a stop's
            contact is held by nobody within reach of somebody who sees own clients only.
        NotFoundError: where there is no such customer within reach.
        InvalidError: `errors` says by field what is wrong.
    """
    reach = allow(work, Permission.CONSENT_RECORD)
    accepted = _Within(work).accept(event)
    found = _People(work, reach, [accepted])
    return _write(work, [found.whose(accepted)], found.contacts)[0]


def record_many(work: Work, *, events: Sequence[NewEvent]) -> list[Recorded | Refused]:
    """Record many events in order, set by set; what is wrong with one does not keep the others from being recorded.

    Statements do not grow with the number of events.

    Raises:
        ForbiddenError: where the actor may not record consents.
    """
    return _said_why(record_each(work, events=events))


def record_each(work: Work, *, events: Sequence[NewEvent]) -> list[Recorded | GovernanceError]:
    """Record events of as many calls, as `record_many` does; each call gets what `record` would have raised.

    Raises:
        ForbiddenError: where the actor may not record consents.
    """
    return _record_each(work, allow(work, Permission.CONSENT_RECORD), events, _Within(work))


def record_claims(work: Work, *, events: Sequence[NewEvent], batch: BatchId) -> list[Recorded | Refused]:
    """Record what a file says of consents, as `record_many` does, for whoever has decided that it may be imported.

    A file has seen nothing: no consent in it undoes a stop that is known already. Where it does not say when a consent
    was given, or to which notice, that is a claim and no consent (GDPR Art. 7(1)).
    """
    return _said_why(_record_each(work, RowScope.ALL, [_claim(one, batch) for one in events], _Alike(work)))


def _claim(one: NewEvent, batch: BatchId) -> NewEvent:
    consents = one.kind in CONSENTS
    seen, claimed = (0, one.valid_at is None) if consents else (one.seen, one.claimed)
    if (one.method, one.batch, one.seen, one.claimed) == (Method.IMPORT, batch, seen, claimed):
        return one
    return replace(one, method=Method.IMPORT, batch=batch, seen=seen, claimed=claimed)


class _Within(Acceptance):
    """An acceptance that keeps systems to their own purposes and channels."""

    def accept(self, new: NewEvent) -> Accepted:
        """As `Acceptance.accept`.

        Raises:
            ForbiddenError: the actor is kept to other purposes or channels.
        """
        require_within(self._work.actor, purpose=new.purpose, channel=new.channel)
        return super().accept(new)


class _Alike(Acceptance):
    """An acceptance for events of which thousands say the same of different people."""

    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self._known: dict[tuple[object, ...], Accepted] = {}

    def accept(self, new: NewEvent) -> Accepted:
        """As `Acceptance.accept`; of events that differ in the person alone, the first speaks for all."""
        if new.contact is not None or new.voids is not None:
            return super().accept(new)
        said = (new.kind, new.purpose, new.channel, new.notice, new.language, new.valid_at, new.whole_day, new.claimed)
        known = self._known.get(said)
        if known is None:
            known = self._known[said] = super().accept(new)
        return known._replace(new=new)


def _record_each(
    work: Work, reach: RowScope, events: Sequence[NewEvent], acceptance: Acceptance
) -> list[Recorded | GovernanceError]:
    refused: dict[int, GovernanceError] = {}
    accepted: dict[int, Accepted] = {}
    for place, event in enumerate(events):
        try:
            accepted[place] = acceptance.accept(event)
        except GovernanceError as error:
            refused[place] = error
    found = _People(work, reach, accepted.values())
    resolved: dict[int, _Whose] = {}
    for place, one in accepted.items():
        try:
            resolved[place] = found.whose(one)
        except GovernanceError as error:
            refused[place] = error
    recorded = dict(zip(resolved, _write(work, list(resolved.values()), found.contacts), strict=True))
    return [recorded[place] if place in recorded else refused[place] for place in range(len(events))]


def _said_why(answers: Iterable[Recorded | GovernanceError]) -> list[Recorded | Refused]:
    return [one if isinstance(one, Recorded) else Refused(one.slug, one.detail, one.errors) for one in answers]


@dataclass(frozen=True, slots=True)
class _Whose:
    """An event, and everybody for whom it is kept: nobody where the ledger alone keeps it.

    Attributes:
        for_all: whether whoever records it reaches everybody who holds the contact, and so the ledger.
    """

    accepted: Accepted
    people: tuple[Known, ...]
    for_all: bool = True


@dataclass
class _People:
    """Who is meant by the contacts and ids of some events, read by a few statements for all of them."""

    work: Work
    reach: RowScope
    accepted: Iterable[Accepted]
    contacts: Mapping[tuple[SubjectId, ContactKind], HeldContact] = field(init=False)
    _holders: Mapping[NewContact, tuple[Known, ...]] = field(init=False)
    _known: Mapping[SubjectId, Known] = field(init=False)

    def __post_init__(self) -> None:
        said = list(dict.fromkeys(one.contact for one in self.accepted if one.contact is not None))
        self._holders = dict(zip(said, find_holders(self.work, said) if said else (), strict=True))
        ids = {one.new.subject for one in self.accepted if one.new.subject is not None}
        self._known = find_known(self.work, ids) if ids else {}
        self.contacts = self._contacts_used()

    def _contacts_used(self) -> Mapping[tuple[SubjectId, ContactKind], HeldContact]:
        """What people are reached by, where an event does not say it."""
        wanted: dict[SubjectId, frozenset[ContactKind]] = {}
        for one in self.accepted:
            kinds = CONTACTS_OF[one.new.channel]
            known = None if one.new.subject is None else self._known.get(one.new.subject)
            if one.contact is None and known is not None and kinds and not _permits_nothing(one.new):
                wanted[known.id] = wanted.get(known.id, frozenset()).union(kinds)
        return contact_used(self.work, wanted) if wanted else {}

    def whose(self, accepted: Accepted) -> _Whose:
        """For whom the event is kept.

        Raises:
            NotFoundError, UnknownContactError, SharedContactError: as `record` says.
        """
        new, contact = accepted.new, accepted.contact
        named = self._named(new)
        holders = self._within(() if contact is None else self._holders[contact])
        if new.kind in STOPS:
            people = dict.fromkeys((*named, *holders))
            kept_out = contact is not None and contact.kind in CONTACTS_OF[new.channel] and self.reach is RowScope.ALL
            if not people and not kept_out:
                raise UnknownContactError(_NOBODY, errors={"contact": [_NOBODY]})
            return _Whose(accepted, tuple(people), for_all=self.reach is RowScope.ALL)
        if named:
            if contact is not None and named[0] not in holders:
                raise UnknownContactError(_NOT_THEIRS, errors={"contact": [_NOT_THEIRS]})
            return _Whose(accepted, named)
        if not holders:
            raise UnknownContactError(_NOBODY, errors={"contact": [_NOBODY]})
        if len(holders) > 1:
            raise SharedContactError(_SEVERAL, errors={"customer_id": [_SEVERAL]})
        return _Whose(accepted, holders)

    def _named(self, new: NewEvent) -> tuple[Known, ...]:
        if new.subject is None:
            return ()
        found = self._within(known for known in (self._known.get(new.subject),) if known is not None)
        if not found:
            raise NotFoundError(_NO_SUCH, errors={"customer_id": [_NO_SUCH]})
        return found

    def _within(self, people: Iterable[Known]) -> tuple[Known, ...]:
        return tuple(
            person for person in people if self.reach is RowScope.ALL or person.responsible == self.work.actor.id
        )


def _permits_nothing(new: NewEvent) -> bool:
    """Whether it is a claim or a stop out of a list: nobody will ever have to prove it (GDPR Art. 7(1))."""
    return new.method is Method.IMPORT and (new.claimed or new.notice is None)


def _write(
    work: Work, resolved: Sequence[_Whose], used: Mapping[tuple[SubjectId, ContactKind], HeldContact]
) -> list[Recorded]:
    said = [_said(one.accepted, person, used) for one in resolved for person in one.people]
    written = iter(write_events(work, said))
    recorded: list[Recorded] = []
    for one in resolved:
        made = [next(written) for _ in one.people]
        if _goes_into_the_ledger(one):
            _keep_out(work, one.accepted)
        if len(made) == 1:
            recorded.append(made[0])
        else:
            recorded.append(replace(made[0], also=tuple(made[1:])) if made else _without_subject(work, one.accepted))
    return recorded


def _said(accepted: Accepted, person: Known, used: Mapping[tuple[SubjectId, ContactKind], HeldContact]) -> Said:
    new = accepted.new
    return Said(
        person=person,
        kind=new.kind,
        purpose=new.purpose,
        channel=new.channel,
        method=new.method,
        valid_at=accepted.valid_at,
        claimed=new.claimed,
        whole_day=new.whole_day,
        notice=new.notice,
        language=new.language,
        seen=new.seen,
        voids=new.voids,
        evidence=_evidence(accepted, person, used),
        batch=new.batch,
    )


def _evidence(
    accepted: Accepted, person: Known, used: Mapping[tuple[SubjectId, ContactKind], HeldContact]
) -> Mapping[str, Json]:
    """What proves the event when all else is gone: the contact used, and what was handed in with it."""
    contact: NewContact | HeldContact | None = accepted.contact
    if contact is None:
        kinds = CONTACTS_OF[accepted.new.channel]
        contact = next((used[person.id, kind] for kind in kinds if (person.id, kind) in used), None)
    told: dict[str, Json] = {} if contact is None else {"contact": {"kind": contact.kind.value, "value": contact.value}}
    return {**told, "evidence": dict(accepted.new.evidence)} if accepted.new.evidence else told


def _goes_into_the_ledger(one: _Whose) -> bool:
    new, contact = one.accepted.new, one.accepted.contact
    if not one.for_all or new.kind not in STOPS or contact is None or contact.kind not in CONTACTS_OF[new.channel]:
        return False
    return not one.people or new.method is Method.ONE_CLICK


def _keep_out(work: Work, accepted: Accepted) -> None:
    """Let the stop outlive whoever holds the contact, and wait for whoever will."""
    new, contact = accepted.new, accepted.contact
    if contact is not None:
        suppress(
            work,
            contact=ContactSaid(contact.kind, contact.value, contact.region),
            channel=new.channel,
            scope=Scope.PURPOSE,
            reason=SuppressionReason.UNSUBSCRIBED,
            purpose=new.purpose,
        )


def _without_subject(work: Work, accepted: Accepted) -> Recorded:
    """Tell of a stop that nobody's history has a place for."""
    new = accepted.new
    facts = {"channel": new.channel.value, "method": new.method.value, "purpose": new.purpose}
    return Recorded(audit.append(work, ACTIONS[new.kind], facts=facts), None, 0, SILENCE)
