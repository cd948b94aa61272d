"""What is known of contacts: their spelling brought to the form of digests, and the rows of the lookup made facts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, cast
from uuid import UUID

from governance.consent.codes import CONTACTS_OF
from governance.consent.ledger_lines import index_name
from governance.consent.lookup import EDGE, Row, Sought, look_up
from governance.customers.codes import ContactKind
from governance.customers.contacts import home_region
from governance.customers.normal import index_of, normal_forms
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import ContactFacts, Holder, Scope, Suppression, SuppressionReason
from governance.policies.consent_state import ConsentState, Grant, Standing
from governance.policies.purposes import Channel, Ground
from governance.vault.runtime import vault_of

NOBODY: Final = ContactFacts()
MALFORMED: Final = ContactFacts(well_formed=False)
UNTOLD: Final = UUID(int=0)
"""Stands for an event whose name was not asked for."""

# To look a member up in its enum costs several times as much as in a dictionary.
_STANDINGS: Final = {one.value: one for one in Standing}
_GROUNDS: Final = {one.value: one for one in Ground}
_SCOPES: Final = {one.value: one for one in Scope}
_REASONS: Final = {one.value: one for one in SuppressionReason}


class Spelled(NamedTuple):
    """Contacts of one kind in the form that digests are made of, and which of the question's contacts each is."""

    kind: ContactKind
    places: list[int]
    values: list[bytes]

    def only(self, places: Set[int]) -> "Spelled":
        """Those at some places."""
        kept = [(place, value) for place, value in zip(self.places, self.values, strict=True) if place in places]
        return Spelled(self.kind, [place for place, _ in kept], [value for _, value in kept])


class Wanted(NamedTuple):
    """What is asked about many contacts.

    Attributes:
        purpose, channel: of the consents and suppressions that matter.
        at: purchases up to this instant count.
        sales: whether the purpose rests on purchases at all.
        events: whether the events that decide are wanted by name; they are looked up for whoever may see them.
        size: number of contacts of the question.
        said: whether it asks for consent as well; then purchases count only where the person has said nothing.
    """

    purpose: str
    channel: Channel
    at: datetime
    sales: bool
    events: bool
    size: int
    said: bool = False


class Holding(NamedTuple):
    """A person who holds a contact, and the contact as theirs; ids as their sixteen bytes.

    Attributes:
        used_at: when a check last answered yes on their consent.
    """

    person: bytes
    contact: bytes | None
    used_at: datetime | None
    holder: Holder


@dataclass(slots=True)
class Known:
    """What is known of the contacts of a question.

    Attributes:
        facts: by place.
        holdings: by place, one who holds it.
        others: those who share one with them, by place.
        country: the controller's; empty where there is none yet.
        salt: id of what this month's decisions are salted with; None where it is not made yet.
        seen: which transactions the lookup saw, as `visibility` reads it; empty where that is not known.
    """

    facts: list[ContactFacts]
    holdings: dict[int, Holding] = field(default_factory=dict)
    others: list[tuple[int, Holding]] = field(default_factory=list)
    country: str = ""
    salt: bytes | None = None
    seen: str = ""

    def take_over(self, known: "Known", places: Set[int]) -> None:
        """Know at some places what *known* knows of them."""
        for place in places:
            self.facts[place] = known.facts[place]
            self.holdings.pop(place, None)
            if place in known.holdings:
                self.holdings[place] = known.holdings[place]
        self.others = [(place, one) for place, one in self.others if place not in places]
        self.others += [(place, one) for place, one in known.others if place in places]

    def part(self, start: int, end: int) -> "Known":
        """What is known of the contacts from *start* to before *end*."""
        if start == 0 and end == len(self.facts):
            return self
        inside = range(start, end)
        return Known(
            self.facts[start:end],
            {place - start: self.holdings[place] for place in inside if place in self.holdings},
            [(place - start, one) for place, one in self.others if place in inside],
            self.country,
            self.salt,
            self.seen,
        )


def spell(work: Work, channel: Channel, contacts: Sequence[object], *, region: str | None) -> list[Spelled]:
    """Contacts that the channel reaches people by, in the form of digests; malformed ones are left out.

    Args:
        work: the transaction.
        channel: where it takes addresses and numbers alike, they are told apart by their at sign.
        contacts: as they were sent.
        region: country of phone numbers without a country code; the controller's where none is given.
    """
    return [
        Spelled(kind, *_well_formed(places, normal_forms(kind, values, home=_home(work, kind, values, region))))
        for kind, places, values in _by_kind(CONTACTS_OF[channel], contacts)
    ]


def _by_kind(
    kinds: Sequence[ContactKind], contacts: Sequence[object]
) -> Iterator[tuple[ContactKind, Sequence[int], Sequence[object]]]:
    if len(kinds) == 1:
        yield kinds[0], range(len(contacts)), contacts
        return
    for kind in kinds:
        mail = kind is ContactKind.EMAIL
        places = [place for place, one in enumerate(contacts) if isinstance(one, str) and ("@" in one) == mail]
        yield kind, places, [contacts[place] for place in places]


def _well_formed(places: Sequence[int], forms: Sequence[bytes | None]) -> tuple[list[int], list[bytes]]:
    if None not in forms:
        return list(places), cast("list[bytes]", forms)
    kept = [(place, form) for place, form in zip(places, forms, strict=True) if form is not None]
    return [place for place, _ in kept], [form for _, form in kept]


def _home(work: Work, kind: ContactKind, values: Sequence[object], region: str | None) -> str | None:
    if region is not None or kind is not ContactKind.PHONE:
        return region
    return home_region(work, *(value for value in values if isinstance(value, str)))


def of_contacts(work: Work, wanted: Wanted, spelled: Sequence[Spelled]) -> Known:
    """What is known of contacts by now; what none of *spelled* speaks of is malformed."""
    vault = vault_of(work.session)
    vault.keep_fresh(work.session)
    versions = vault.indexer.plan.asked
    digests = [one for group in spelled for one in vault.indexer.of_normal(index_of(group.kind), group.values)]
    places = [place for group in spelled for _ in versions for place in group.places]

    def asked(layers: Sequence[int]) -> Sought:
        lines = [one for each in spelled for one in vault.ledger.of(index_name(each.kind), each.values, layers=layers)]
        line_places = [place for group in spelled for _ in layers for place in group.places]
        return Sought(*_sought(wanted), places, digests, (), line_places, lines)

    layers: Sequence[int] = [vault.ledger.layers]
    rows = look_up(work, asked(layers))
    while not _covers(layers, edge := _edge(rows)):  # while the ledger is being wrapped, and after a key came in
        layers = range(edge[5], max(edge[12], layers[-1]) + 1)
        rows = look_up(work, asked(layers))
    known = blank(wanted, spelled)
    _take(known, rows)
    return known


def _sought(wanted: Wanted) -> tuple[str, Channel, datetime, bool, bool, bool]:
    return wanted.purpose, wanted.channel, wanted.at, wanted.sales, wanted.said, wanted.events


def blank(wanted: Wanted, spelled: Sequence[Spelled]) -> Known:
    """Nothing is known yet: a contact is one that nobody holds, or malformed where none of *spelled* is it."""
    known = Known([MALFORMED] * wanted.size)
    facts = known.facts
    for group in spelled:
        for place in group.places:
            facts[place] = NOBODY
    return known


def of_people(work: Work, wanted: Wanted, people: Mapping[int, SubjectId]) -> Known:
    """What is known of people by place, by a channel that no contact belongs to; the ledger knows nothing of them."""
    known = Known([NOBODY] * wanted.size)
    _take(known, look_up(work, Sought(*_sought(wanted), list(people), people=list(people.values()))))
    return known


def _edge(rows: Sequence[Row]) -> Row:
    return next(row for row in reversed(rows) if row[0] == EDGE)


def _covers(layers: Sequence[int], edge: Row) -> bool:
    lowest, highest = edge[5], edge[12]
    return lowest is None or (layers[0] <= lowest and highest <= layers[-1])


def _take(known: Known, rows: Iterable[Row]) -> None:
    facts, holdings = known.facts, known.holdings
    shared: dict[int, list[Holding]] = {}
    lines: dict[int, list[Suppression]] = {}
    for row in rows:
        place, restricted = row[0], row[3]
        if restricted is None:
            if place == EDGE:
                known.country, known.salt, known.seen = row[4] or "", row[10], row[9]
            else:
                lines.setdefault(place, []).append(Suppression(_SCOPES[row[9]], row[4], _REASONS[row[6]], row[7]))
        elif place in holdings:
            shared.setdefault(place, [holdings[place]]).append(_holding(row))
        else:
            holding = holdings[place] = _holding(row)
            facts[place] = ContactFacts((holding.holder,))
    settle(known, shared, lines)


def settle(known: Known, held: Mapping[int, Sequence[Holding]], lines: Mapping[int, Iterable[Suppression]]) -> None:
    """Take in who holds contacts, by place all of them, and what the ledger says."""
    for place, several in held.items():
        known.facts[place] = ContactFacts(_each_once(several))
        known.holdings[place] = several[0]
        known.others += [(place, one) for one in several[1:]]
    for place, found in lines.items():
        known.facts[place] = known.facts[place]._replace(suppressions=tuple(found))


def _holding(row: Row) -> Holding:
    state = None
    if row[9] is not None:
        given = None if row[11] is None else Grant(row[11], row[12], _event(row[13]))
        confirmed = None
        if row[14] is not None:
            same = given is not None and row[14:17] == row[11:14]  # as it is of most consents
            confirmed = given if same else Grant(row[14], row[15], _event(row[16]))
        state = ConsentState(_STANDINGS[row[9]], None, _event(row[10]), given, confirmed)
    holder = Holder(state, row[3], row[4], row[5], _GROUNDS.get(row[6]), row[8], row[7])
    return Holding(row[1], row[2], row[17], holder)


def _event(told: bytes | None) -> UUID:
    return UNTOLD if told is None else UUID(bytes=told)


def _each_once(several: Iterable[Holding]) -> tuple[Holder, ...]:
    """Holders of a contact; who holds it twice, since two records became one, was offered an opt-out where once was."""
    found: dict[bytes, Holder] = {}
    for one in several:
        before = found.get(one.person)
        if before is None or before.opt_out_offered_at is None:
            found[one.person] = one.holder
    return tuple(found.values())
