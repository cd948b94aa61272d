"""Recording what people say: who is meant, what is kept for each of them, and what goes into the ledger.

A consent is one person's: where a contact does not say whose, it is refused. A stop is for everybody who holds the
contact, and where nobody is known by it, for whoever will be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from governance.audit import operations as audit
from governance.consent.accepting import CONSENTS, Acceptance, Accepted
from governance.consent.codes import CONTACTS_OF
from governance.consent.events import ContactSaid, NewEvent, Recorded, Refused
from governance.consent.ledger import suppress
from governance.consent.limits import require_within
from governance.consent.meant import Meant, Whose
from governance.consent.said import Said
from governance.consent.writing import ACTIONS, write_events
from governance.customers.codes import ContactKind
from governance.customers.holders import HeldContact, Known
from governance.customers.reach import allow
from governance.customers.records import Json, NewContact
from governance.kernel.errors import GovernanceError
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import SILENCE, STOPS, Method
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope

MOST_EVENTS: Final = 5000
"""In one batch; keeps a transaction, and the locks that it holds, to seconds."""


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
    require_within(work.actor, purpose=event.purpose, channel=event.channel)
    accepted = Acceptance(work).accept(event)
    meant = Meant(work, [accepted])
    meant.read()
    return _write(work, [meant.whose(accepted, actor=work.actor, reach=reach)], meant.contacts)[0]


def record_many(work: Work, *, events: Sequence[NewEvent]) -> list[Recorded | Refused]:
    """Record many events in order, set by set; what is wrong with one does not keep the others from being recorded.

    Statements do not grow with the number of events.

    Raises:
        ForbiddenError: where the actor may not record consents.
    """
    reach, read = allow(work, Permission.CONSENT_RECORD), Heard(work, events)
    read.meant.read()
    return _said_why(_record(work, reach, read, range(len(events)), limited=True))


class Heard:
    """Events of as many calls, read before it is known who sent them; `record_each` keeps them.

    Args:
        work: the transaction.
        events: in order.
    """

    def __init__(self, work: Work, events: Sequence[NewEvent], *, acceptance: Acceptance | None = None) -> None:
        acceptance = acceptance or Acceptance(work)
        self.all = events
        self.refused: dict[int, GovernanceError] = {}
        self.accepted: dict[int, Accepted] = {}
        for place, event in enumerate(events):
            try:
                self.accepted[place] = acceptance.accept(event)
            except GovernanceError as error:
                self.refused[place] = error
        self.meant = Meant(work, self.accepted.values())

    def ask(self) -> None:
        """Ask within a `one_trip` who is meant; to be called once, before anything is recorded."""
        self.meant.ask()


def record_each(work: Work, *, events: Heard, places: Sequence[int]) -> list[Recorded | GovernanceError]:
    """Record those of *events* at some places, as `record_many` does; each gets what `record` would have raised.

    Raises:
        ForbiddenError: where the actor may not record consents.
    """
    return _record(work, allow(work, Permission.CONSENT_RECORD), events, places, limited=True)


def record_claims(work: Work, *, events: Sequence[NewEvent], batch: BatchId) -> list[Recorded | Refused]:
    """Record what a file says of consents, as `record_many` does, for whoever has decided that it may be imported.

    A file has seen nothing: no consent in it undoes a stop that is known already. Where it does not say when a consent
    was given, or to which notice, that is a claim and no consent (GDPR Art. 7(1)).
    """
    read = Heard(work, [_claim(one, batch) for one in events], acceptance=_Alike(work))
    read.meant.read()
    return _said_why(_record(work, RowScope.ALL, read, range(len(events)), limited=False))


def _claim(one: NewEvent, batch: BatchId) -> NewEvent:
    consents = one.kind in CONSENTS
    seen, claimed = (0, one.valid_at is None) if consents else (one.seen, one.claimed)
    if (one.method, one.batch, one.seen, one.claimed) == (Method.IMPORT, batch, seen, claimed):
        return one
    return replace(one, method=Method.IMPORT, batch=batch, seen=seen, claimed=claimed)


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


def _record(
    work: Work, reach: RowScope, events: Heard, places: Sequence[int], *, limited: bool
) -> list[Recorded | GovernanceError]:
    refused: dict[int, GovernanceError] = {}
    resolved: dict[int, Whose] = {}
    for place in places:
        event = events.all[place]
        try:
            if limited:
                require_within(work.actor, purpose=event.purpose, channel=event.channel)
            if place in events.refused:
                raise events.refused[place]
            resolved[place] = events.meant.whose(events.accepted[place], actor=work.actor, reach=reach)
        except GovernanceError as error:
            refused[place] = error
    recorded = dict(zip(resolved, _write(work, list(resolved.values()), events.meant.contacts), strict=True))
    return [recorded[place] if place in recorded else refused[place] for place in places]


def _said_why(answers: Iterable[Recorded | GovernanceError]) -> list[Recorded | Refused]:
    return [one if isinstance(one, Recorded) else Refused(one.slug, one.detail, one.errors) for one in answers]


def _write(
    work: Work, resolved: Sequence[Whose], used: Mapping[tuple[SubjectId, ContactKind], HeldContact]
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


def _goes_into_the_ledger(one: Whose) -> bool:
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
