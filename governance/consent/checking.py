"""May this be sent? The question of one or many contacts, answered by `policies.consent.decide` and told in the log."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from itertools import accumulate, chain
from typing import Final, NamedTuple
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.entries import Fact, NewEntry
from governance.consent import batches, decisions, past, visibility
from governance.consent.codes import CONTACTS_OF
from governance.consent.facts import MALFORMED, NOBODY, Known, Spelled, Wanted, of_contacts, of_people, spell
from governance.consent.ledger_lines import index_name
from governance.consent.limits import require_within
from governance.consent.reaching import asks_of_own, keep_to_own, own_of
from governance.consent.terms import terms_of
from governance.consent.unsubscribing import unsubscriber
from governance.consent.uses import USE_NOTED_EVERY
from governance.customers.holders import contact_used, find_known
from governance.customers.normal import normal_forms
from governance.kernel.collecting import uncollected
from governance.kernel.errors import InvalidError
from governance.kernel.ids import ContactId, EntryId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent import Question, decide, prepare
from governance.policies.consent_facts import Verdict
from governance.policies.purposes import Channel, Ground
from governance.vault.runtime import vault_of

MOST_CONTACTS: Final = 10_000
"""In one question."""


@frozen
class Asked:
    """What is to be sent, and how.

    Attributes:
        purpose: key; an unknown one is answered no.
        channel: by which it is to be sent.
        as_of: what would have been answered at this instant, by what was recorded then; None for now.
        campaign: the caller's code of the mailing, for the log.
        region: country of phone numbers without a country code; the controller's where none is given.
        opt_out_in_message: whether every message offers a way to refuse; soft opt-in needs it.
        details: whether the verdicts are to name the events that decide.
        unsubscribe_at: where this service is reached by the public, if an address to unsubscribe by is wanted with
            each yes.
    """

    purpose: str
    channel: Channel
    as_of: datetime | None = None
    campaign: str | None = None
    region: str | None = None
    opt_out_in_message: bool = False
    details: bool = False
    unsubscribe_at: str | None = None


@frozen
class Checked:
    """The answer to a question.

    Attributes:
        decision: the audit entry that tells of it.
        at: the instant that the verdicts are of.
        verdicts: in the order of what was asked about. Where no details were asked for, each says whether, why and on
            what ground, and may leave out the rest.
        used: people whose consent was relied on for the first time in a day; hand them to `note_use`.
        unsubscribe: by place, the address to unsubscribe by (RFC 8058), where one was wanted and there is a yes.
    """

    decision: EntryId
    at: datetime
    verdicts: Sequence[Verdict]
    used: Sequence[UUID] = field(repr=False)
    unsubscribe: Mapping[int, str] = field(repr=False)


class Request(NamedTuple):
    """One of several questions that are answered by one transaction; each works for an actor of its own.

    Attributes:
        work: of the transaction that all share.
        asked: the question.
        contacts: what it is about, as it was sent.
    """

    work: Work
    asked: Asked
    contacts: Sequence[object]


class _Answer(NamedTuple):
    """What a question came to.

    Attributes:
        salt: id of what this month's decisions are salted with; None where it is not made yet.
        used: ids of people whose consent was relied on for the first time in a day.
        contacts: by place, id of the contact as its holder's.
        purpose: None where there is no such purpose.
        seen: which transactions were visible, as `visibility` reads it.
    """

    verdicts: list[Verdict]
    at: datetime
    spelled: Sequence[Spelled]
    purpose: str | None
    salt: bytes | None
    used: Sequence[bytes]
    contacts: Mapping[int, bytes | None]
    seen: Sequence[str]


def check(work: Work, *, question: Asked, contacts: Sequence[object] = (), people: Sequence[SubjectId] = ()) -> Checked:
    """Answer whether something may be sent, contact by contact; what is malformed or unknown is answered no.

    To staff who see own clients only, whoever is none of them is unknown.

    Args:
        work: the transaction; the decision is told in it.
        question: what is to be sent.
        contacts: as people write them; at most 10,000.
        people: customers instead of contacts; each is asked about by the contact that a message would go to.

    Raises:
        ForbiddenError: the actor is kept to other purposes or channels.
        InvalidError: where the question cannot be put so; `errors` says by field why.
    """
    _require(work, question, contacts, people)
    if question.as_of is None and not people:
        with uncollected():
            return check_together([Request(work, question, contacts)])[0]
    inputs: Sequence[object] = contacts
    if people:
        answer, inputs = _of_people(work, question, people), [str(one) for one in people]
    else:
        answer = _of_past(work, question, contacts)
    (decision,) = audit.append_many(work, [_entry(work, question, inputs, answer, by_id=bool(people))])
    return _checked(work, question, decision, answer)


def check_together(requests: Sequence[Request]) -> list[Checked]:
    """Answer several questions about contacts, as they stand now, at the price of little more than one.

    Each is answered as `check` would have, and told by an entry of its own.

    Raises:
        ForbiddenError, InvalidError: as `check` does; where one question cannot be put, none is answered.
    """
    for work, asked, contacts in requests:
        _require(work, asked, contacts, ())
    answers: dict[int, _Answer] = {}
    for places in _alike(requests, lambda one: (one.asked.purpose, one.asked.channel)):
        answers.update(zip(places, _of_contacts([requests[place] for place in places]), strict=True))
    checked: dict[int, Checked] = {}
    for places in _alike(requests, lambda one: one.work.actor):
        entries = [
            _entry(requests[place].work, requests[place].asked, requests[place].contacts, answers[place])
            for place in places
        ]
        told = audit.append_many(requests[places[0]].work, entries)
        for place, decision in zip(places, told, strict=True):
            checked[place] = _checked(*requests[place][:2], decision, answers[place])
    return [checked[place] for place in range(len(requests))]


def _alike(requests: Sequence[Request], key: Callable[[Request], Hashable]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for place, one in enumerate(requests):
        groups.setdefault(key(one), []).append(place)
    return list(groups.values())


def _require(work: Work, asked: Asked, contacts: Sequence[object], people: Sequence[SubjectId]) -> None:
    require_within(work.actor, purpose=asked.purpose, channel=asked.channel)
    errors: dict[str, list[str]] = {}
    field_name, count = ("customers", len(people)) if people else ("contacts", len(contacts))
    if contacts and people:
        errors["customers"] = ["Ask by contacts or by customers, not by both."]
    if not 1 <= count <= MOST_CONTACTS:
        errors[field_name] = [f"Ask about 1 to {MOST_CONTACTS:,} at a time."]
    if contacts and not CONTACTS_OF[asked.channel]:
        errors["contacts"] = ["No contact belongs to this channel; ask by customers."]
    if asked.as_of is not None and asked.as_of > work.now:
        errors["as_of"] = ["Ask about an instant that is past."]
    elif asked.as_of is not None and people:
        errors["as_of"] = ["What was is known by contact only; ask by contacts, or leave this out."]
    if errors:
        raise InvalidError("The question cannot be put like this.", errors=errors)


def _of_contacts(requests: Sequence[Request]) -> list[_Answer]:
    """Answers to questions of one purpose and channel, from one lookup."""
    work, asked, contacts = requests[0]
    if len(requests) == 1 and len(contacts) >= batches.LEAST and not asked.details and not asks_of_own(work):
        answer = _of_batch(work, asked, contacts)
        if answer is not None:
            return [answer]
    spelled = [spell(one.work, asked.channel, one.contacts, region=one.asked.region) for one in requests]
    starts = [0, *accumulate(len(one.contacts) for one in requests)]
    details = any(one.asked.details for one in requests)
    wanted = _wanted(work, asked, work.now, starts[-1], details=details)
    joined = [
        Spelled(group.kind, [start + place for place in group.places] if start else group.places, group.values)
        for start, groups in zip(starts, spelled, strict=False)
        for group in groups
    ]
    known = of_contacts(work, wanted, joined)
    ways = {one.asked.opt_out_in_message: one.asked for one in requests}
    questions = {way: _prepared(work, each, known.country) for way, each in ways.items()}
    return [
        _decided(
            one.work,
            questions[one.asked.opt_out_in_message],
            keep_to_own(one.work, known.part(start, start + len(one.contacts))),
            groups,
        )
        for one, start, groups in zip(requests, starts, spelled, strict=False)
    ]


def _of_batch(work: Work, asked: Asked, contacts: Sequence[object]) -> _Answer | None:
    """The answer to a question about many contacts; None where there is no such purpose."""
    if _prepared(work, asked, "").purpose is None:
        return None
    spelled = spell(work, asked.channel, contacts, region=asked.region)
    wanted = _wanted(work, asked, work.now, len(contacts), details=False)
    found = batches.answer(
        work,
        wanted,
        spelled,
        lambda country: _prepared(work, asked, country),
        contacts=asked.unsubscribe_at is not None,
        used_before=work.now - USE_NOTED_EVERY,
    )
    return _Answer(found.verdicts, work.now, spelled, asked.purpose, found.salt, found.used, found.contacts, found.seen)


def _of_past(work: Work, asked: Asked, contacts: Sequence[object]) -> _Answer:
    at = asked.as_of or work.now
    spelled = spell(work, asked.channel, contacts, region=asked.region)
    wanted = _wanted(work, asked, at, len(contacts), details=asked.details)
    known = keep_to_own(work, past.of_contacts(work, wanted, spelled))
    return _decided(work, _prepared(work, asked, known.country), known, spelled)


def _of_people(work: Work, asked: Asked, people: Sequence[SubjectId]) -> _Answer:
    """By the contact that a message would go to; where no contact belongs to the channel, by the person alone."""
    known = own_of(work, find_known(work, people))
    survivors = {place: known[person].id for place, person in enumerate(people) if person in known}
    kinds = CONTACTS_OF[asked.channel]
    wanted = _wanted(work, asked, work.now, len(people), details=asked.details)
    if not kinds:
        alone = of_people(work, wanted, survivors)
        return _decided(work, _prepared(work, asked, alone.country), alone, ())
    used = contact_used(work, dict.fromkeys(survivors.values(), frozenset(kinds)))
    spelled = []
    taken: set[int] = set()
    for kind in kinds:
        held = {
            place: used[person, kind].value
            for place, person in survivors.items()
            if place not in taken and (person, kind) in used
        }
        taken.update(held)
        forms = zip(held, normal_forms(kind, list(held.values()), home=None), strict=True)
        formed = [(place, form) for place, form in forms if form is not None]
        spelled.append(Spelled(kind, [place for place, _ in formed], [form for _, form in formed]))
    found = of_contacts(work, wanted, spelled)
    for place in range(len(people)):
        if found.facts[place] is MALFORMED:
            found.facts[place] = NOBODY
    return _decided(work, _prepared(work, asked, found.country), found, spelled)


def _wanted(work: Work, asked: Asked, at: datetime, size: int, *, details: bool) -> Wanted:
    purpose = terms_of(work).book(at).purposes.get(asked.purpose)
    sales = purpose is not None and any(basis.ground is not Ground.CONSENT for basis, _ in purpose.bases)
    said = purpose is not None and purpose.asks_consent
    return Wanted(asked.purpose, asked.channel, at, sales, details, size, said)


def _prepared(work: Work, asked: Asked, country: str) -> Question:
    at = asked.as_of or work.now
    terms = terms_of(work)
    return prepare(
        terms.book(at),
        purpose=asked.purpose,
        channel=asked.channel,
        at=at,
        country=country,
        minimum_notice=terms.minimum_notice(asked.purpose, at),
        opt_out_in_message=asked.opt_out_in_message,
    )


def _decided(work: Work, question: Question, known: Known, spelled: Sequence[Spelled]) -> _Answer:
    verdicts, before = [decide(facts, question) for facts in known.facts], work.now - USE_NOTED_EVERY
    held = chain(known.holdings.items(), known.others)
    used = [one.person for place, one in held if batches.relied_on(one, verdicts[place], before)]
    contacts = {place: one.contact for place, one in known.holdings.items()}
    return _Answer(verdicts, question.at, spelled, question.purpose, known.salt, used, contacts, [known.seen])


def _entry(work: Work, asked: Asked, inputs: Sequence[object], answer: _Answer, *, by_id: bool = False) -> NewEntry:
    facts: dict[str, Fact] = {"as_of": answer.at, "by": "customers" if by_id else "contacts"}
    # What is no purpose may be anything.
    given = {"purpose": answer.purpose, "channel": asked.channel.value, "campaign": asked.campaign}
    facts.update({name: value for name, value in given.items() if value is not None})
    if asked.as_of is None and not by_id and all(0 < len(one) <= visibility.LONGEST for one in answer.seen):
        facts["seen"] = answer.seen[0] if len(answer.seen) == 1 else list(answer.seen)
    return decisions.new_entry(work, salt=answer.salt, inputs=inputs, verdicts=answer.verdicts, facts=facts)


def _checked(work: Work, asked: Asked, decision: EntryId, answer: _Answer) -> Checked:
    used = [UUID(bytes=person) for person in answer.used] if asked.as_of is None else []
    links = {} if asked.unsubscribe_at is None else _links(work, asked, asked.unsubscribe_at, answer)
    return Checked(decision, answer.at, answer.verdicts, used, links)


def _links(work: Work, asked: Asked, base_url: str, answer: _Answer) -> dict[int, str]:
    purpose = terms_of(work).book(answer.at).purposes.get(asked.purpose)
    if purpose is None or not (purpose.advertising or purpose.asks_consent):
        return {}  # what a contract or the law needs is not to be unsubscribed from
    ledger, links = vault_of(work.session).ledger, dict[int, str]()
    url = unsubscriber(work, base_url=base_url, purpose=asked.purpose, channel=asked.channel)
    for group in answer.spelled:
        digests = ledger.of(index_name(group.kind), group.values, layers=[ledger.layers])
        for place, digest in zip(group.places, digests, strict=True):
            contact = answer.contacts.get(place)
            if contact is not None and answer.verdicts[place].allowed:
                links[place] = url(ContactId(UUID(bytes=contact)), digest)
    return links
