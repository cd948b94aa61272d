"""The verdicts of a batch: whatever a class of holders has in common is decided once, the rest contact by contact."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from governance.consent.facts import MALFORMED, NOBODY, Holding, Spelled, Wanted, of_contacts
from governance.consent.ledger_lines import index_name
from governance.consent.sorting import EDGE, LINE, Asked, sort
from governance.customers.normal import index_of
from governance.kernel.work import Work
from governance.policies.consent import Question, decide
from governance.policies.consent_classes import Edges, HolderClass, decide_class, edges
from governance.policies.consent_facts import Verdict
from governance.policies.purposes import Ground
from governance.vault.runtime import vault_of

LEAST: Final = 200
"""Contacts; fewer are answered as quickly one by one."""


@dataclass(slots=True)
class Answered:
    """What became of a batch.

    Attributes:
        verdicts: by place; whether, why and on what ground.
        used: ids of people whose consent was relied on for the first time in a day.
        contacts: by place, id of a contact that is held, where they were asked for.
        country: the controller's; empty where there is none yet.
        salt: id of what this month's decisions are salted with; None where it is not made yet.
        seen: which transactions were visible, to the batch as a whole and to those of it asked about one by one.
    """

    verdicts: list[Verdict]
    used: list[bytes] = field(default_factory=list)
    contacts: dict[int, bytes] = field(default_factory=dict)
    country: str = ""
    salt: bytes | None = None
    seen: tuple[str, ...] = ()


def answer(
    work: Work,
    wanted: Wanted,
    spelled: Sequence[Spelled],
    prepared: Callable[[str], Question],
    *,
    contacts: bool,
    used_before: datetime,
) -> Answered:
    """Answer a question about many contacts, as they stand now.

    Args:
        work: the transaction.
        wanted: what is asked about.
        spelled: the contacts in the form of digests; what none of them speaks of is malformed.
        prepared: the question, as it is in the controller's country.
        contacts: whether ids of contacts are wanted.
        used_before: consents last relied on up to this instant are to be told of.
    """
    asked = Asked(wanted.purpose, wanted.channel, edges(prepared("")), wanted.sales, wanted.said, contacts, used_before)
    places, twins = _places(work, spelled)
    rows, lines, edge = _rows(work, asked, spelled, places)
    found = Answered([decide(MALFORMED, prepared(""))] * wanted.size, country=edge[2] or "", salt=edge[5])
    found.seen = (edge[0].decode(),)
    question = prepared(found.country)
    nobody = decide(NOBODY, question)
    for place in places.values():
        found.verdicts[place] = nobody
    used, several = _take(found, rows, places, _Decided(question, asked.edges), nobody)
    single = several | {place for place in lines if found.verdicts[place] is not nobody}
    found.used = [person for place, person in used if place not in single]
    if single:
        _one_by_one(work, wanted, spelled, question, single, found, used_before)
    for place, first in twins:
        found.verdicts[place] = found.verdicts[first]
        if first in found.contacts:
            found.contacts[place] = found.contacts[first]
    return found


def relied_on(holding: Holding, verdict: Verdict, before: datetime) -> bool:
    """Whether a consent was relied on that was last relied on up to *before*."""
    return verdict[2] is Ground.CONSENT and (holding.used_at is None or holding.used_at <= before)


class _Decided(dict[tuple[Any, ...], Verdict]):
    """Verdicts by class, made when they are first asked for."""

    def __init__(self, question: Question, found: Edges) -> None:
        super().__init__()
        self._question, self._edges = question, found

    def __missing__(self, key: tuple[Any, ...]) -> Verdict:
        made = self[key] = decide_class(HolderClass(*key), self._question, self._edges)
        return made


def _places(work: Work, spelled: Sequence[Spelled]) -> tuple[dict[bytes, int], list[tuple[int, int]]]:
    """By blind index, a place that it was sent at; and places that repeat another."""
    vault = vault_of(work.session)
    vault.keep_fresh(work.session)
    found: dict[bytes, int] = {}
    twins: dict[int, int] = {}
    for group in spelled:
        digests = vault.indexer.of_normal(index_of(group.kind), group.values)
        sent_at = group.places * len(vault.indexer.plan.asked)
        pairs = dict(zip(digests, sent_at, strict=True))
        if len(pairs) < len(digests):
            pairs = dict(zip(reversed(digests), reversed(sent_at), strict=True))  # the first one stays
            repeated = zip(digests, sent_at, strict=True)
            twins.update((place, pairs[digest]) for digest, place in repeated if pairs[digest] != place)
        found.update(pairs)
    return found, list(twins.items())


def _rows(
    work: Work, asked: Asked, spelled: Sequence[Spelled], places: Mapping[bytes, int]
) -> tuple[list[tuple[Any, ...]], set[int], tuple[Any, ...]]:
    """Rows of holders, places with lines in the ledger, and the row that tells of it as a whole."""
    ledger = vault_of(work.session).ledger
    layers: Sequence[int] = [ledger.layers]
    while True:
        lines = [one for each in spelled for one in ledger.of(index_name(each.kind), each.values, layers=layers)]
        rows = list(sort(work, asked, digests=list(places), lines=lines))
        edge = next(row for row in reversed(rows) if row[1] == EDGE)
        lowest, highest = edge[3], edge[4]
        if lowest is None or (layers[0] <= int(lowest) and int(highest) <= layers[-1]):
            break
        # while the ledger is being wrapped, and after a key came in
        layers = range(int(lowest), max(int(highest), layers[-1]) + 1)
    on_ledger = {row[0] for row in rows if row[1] == LINE}
    line_places = (place for group in spelled for _ in layers for place in group.places)
    lined = {place for place, line in zip(line_places, lines, strict=True) if line in on_ledger} if on_ledger else set()
    return rows, lined, edge


def _take(
    found: Answered, rows: Iterable[tuple[Any, ...]], places: Mapping[bytes, int], decided: _Decided, nobody: Verdict
) -> tuple[list[tuple[int, bytes]], set[int]]:
    """Decide what has one holder; who was relied on, by place, and the places of contacts that several hold."""
    verdicts, contacts = found.verdicts, found.contacts
    used: list[tuple[int, bytes]] = []
    several: set[int] = set()
    for digest, marks, country, ground, standing, person, contact in rows:
        if marks < 0:
            continue
        place = places[digest]
        if verdicts[place] is not nobody:
            several.add(place)
        verdict = verdicts[place] = decided[marks, country, ground, standing]
        if person is not None and verdict[2] is Ground.CONSENT:
            used.append((place, person))
        if contact is not None:
            contacts[place] = contact
    return used, several


def _one_by_one(
    work: Work,
    wanted: Wanted,
    spelled: Sequence[Spelled],
    question: Question,
    single: Set[int],
    found: Answered,
    used_before: datetime,
) -> None:
    """Answer contacts at some places by all that is known of each, as it stands by now."""
    known = of_contacts(work, wanted, [group.only(single) for group in spelled])
    found.seen = tuple(dict.fromkeys((*found.seen, known.seen)))
    for place in single:
        found.verdicts[place] = decide(known.facts[place], question)
    for place, holding in (*known.holdings.items(), *known.others):
        if relied_on(holding, found.verdicts[place], used_before):
            found.used.append(holding.person)
        if holding.contact is not None and place in found.contacts:
            found.contacts[place] = holding.contact
