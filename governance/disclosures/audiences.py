"""Contacts of a checked segment, handed to the mailing system that asks for them: checked once more as they leave.

A result is some days old, and a withdrawal counts at once. So each part is asked about anew, and leaves as a disclosure
to a recipient that is recorded for this purpose and these fields. Only systems get it: whoever is a person asks for an
export, which a second person approves.
"""

from collections.abc import Sequence

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.consent.codes import CONTACTS_OF
from governance.consent.segmenting import RunId, RunState
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.holders import contact_used, find_known
from governance.customers.reach import allow
from governance.customers.segments import results
from governance.customers.segments.defined import require_all
from governance.disclosures.disclosing import disclose
from governance.disclosures.records import DisclosureId, Selection
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel


@frozen
class Reached:
    """A person, and the contact that the purpose reaches them by; a personal value."""

    customer: SubjectId
    kind: ContactKind
    contact: str


@frozen
class Delivered:
    """A part of an audience.

    Attributes:
        items: those who may be reached now, each by one contact.
        disclosure: what is recorded of it; None where nobody is on it.
        next_part: what to ask for next; None on the last.
    """

    items: tuple[Reached, ...]
    disclosure: DisclosureId | None
    next_part: int | None


def deliver(work: Work, *, audience: RunId, recipient: str, part: int = 1) -> Delivered:
    """Hand a part of a checked segment to a connected system.

    Args:
        work: the transaction.
        audience: a check of a segment for a purpose, done.
        recipient: key of the recipient that the system belongs to.
        part: which, counted from one.

    Raises:
        ForbiddenError: where the actor is no system, lacks `segments:deliver`, or is kept to other purposes.
        NotFoundError: where there is no such check.
        ConflictError: where it is not done, or its time is over.
        InvalidError: where no contact belongs to its channel, or the recipient is not recorded for this.
        NoSuchRecipientError, RetiredRecipientError: where there is no such recipient, or it is retired.
    """
    allow(work, Permission.SEGMENTS_DELIVER)
    if work.actor.kind is not ActorKind.CLIENT:
        raise ForbiddenError("Contacts go to connected systems; propose an export instead.")
    row = results.find_run(work, audience)
    if row.purpose is None or row.channel is None:
        raise ConflictError("This is no check for a purpose; ask for an audience of the segment first.")
    consent.require_within(work.actor, purpose=row.purpose, channel=row.channel)
    if row.state != RunState.DONE or row.expires_at <= work.now:
        raise ConflictError("This audience is not done yet, or its time is over; ask for another one.")
    channel = Channel(row.channel)
    if not CONTACTS_OF[channel]:
        raise InvalidError("No contact belongs to this channel.", errors={"channel": ["It is asked by customer id."]})
    people = _people(work, results.kept_people(work, row, number=part))
    allowed = segmenting.allowed_of(work, purpose=row.purpose, channel=channel, people=people)
    items = _reached(work, allowed, channel)
    disclosure = None
    if items:
        fields = sorted({f"contact.{one.kind.value}" for one in items})
        disclosure = disclose(
            work, recipient_key=recipient, people=[one.customer for one in items], fields=fields, purpose=row.purpose
        )
        consent.note_use(work, purpose=row.purpose, channel=channel, people=[one.customer for one in items])
    audit.append(
        work,
        Action.AUDIENCE_DELIVERED,
        object=ObjectRef(results.OBJECT, row.id),
        facts={"part": part, "people": len(items), "disclosure": disclosure},
    )
    return Delivered(items, disclosure, part + 1 if part < row.parts else None)


def selection_of(work: Work, *, run: RunId) -> Selection:
    """The people whom a run found, for an export.

    Raises:
        ForbiddenError: without `segments:use` for all customers.
        NotFoundError: where there is no such run.
        ConflictError: where it is not done, or its time is over.
    """
    require_all(work, Permission.SEGMENTS_USE)
    row = results.find_run(work, run)
    if row.state != RunState.DONE or row.expires_at <= work.now:
        raise ConflictError("This run is not done yet, or its time is over; evaluate the segment again.")
    parts = range(1, row.parts + 1)
    return Selection([one for number in parts for one in results.kept_people(work, row, number=number)])


def _people(work: Work, people: Sequence[SubjectId]) -> list[SubjectId]:
    """Each of *people* by the record that stands for them now, without those whose merge nobody has looked at."""
    known = find_known(work, people)
    standing = list(dict.fromkeys(known[one].id for one in people if one in known))
    waiting = customers.unreviewed(work, standing)
    return [one for one in standing if one not in waiting]


def _reached(work: Work, people: Sequence[SubjectId], channel: Channel) -> tuple[Reached, ...]:
    kinds = CONTACTS_OF[channel]
    used = contact_used(work, dict.fromkeys(people, frozenset(kinds)))
    found = []
    for person in people:
        kind = next((one for one in kinds if (person, one) in used), None)
        if kind is not None:
            found.append(Reached(person, kind, used[person, kind].value))
    return tuple(found)
