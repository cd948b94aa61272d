"""Rows of customers matched with the store and with each other: made, added to, or known already."""

from collections.abc import Sequence
from typing import NamedTuple

from governance.customers.bulk import create_people
from governance.customers.enriching import enrich_people
from governance.customers.records import NewPerson, Origin
from governance.intake.claims import Notices, record
from governance.intake.lookup import Held, held_by, ranked
from governance.intake.outcome import Outcome
from governance.intake.people import ContactKey, joined, same_person
from governance.intake.records import CustomerRow
from governance.intake.staging import Remark
from governance.intake.waiting import ReadyRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

POSSIBLE_DOUBLE = "possible-double"


class _Place(NamedTuple):
    """Where a row went: a person of the store, or one of the people to be made."""

    held: SubjectId | None
    made: int | None


class _Matching:
    """Rows of one chunk, matched person by person before anything is written."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._made_by_key: dict[ContactKey, list[int]] = {}
        self.made: list[NewPerson] = []
        self.added: dict[SubjectId, NewPerson] = {}
        self.places: list[tuple[CustomerRow, _Place]] = []
        self.outcome = Outcome()

    def take(self, row: CustomerRow, person: NewPerson, keys: list[ContactKey]) -> None:
        """Find the person of *row*, who has these contacts, or make one."""
        held = ranked(self._held, keys)
        known = next((one for one in held if same_person(person, one)), None)
        if known is not None:
            before = self.added.get(known.id)
            self.added[known.id] = person if before is None else joined(before, person)
            self.places.append((row, _Place(known.id, None)))
            return
        places = sorted({place for key in keys for place in self._made_by_key.get(key, ())})
        again = next((place for place in places if same_person(person, self.made[place])), None)
        if again is None:
            self._make(row, person, keys, double=bool(held or places))
        else:
            self._join(row, person, keys, again)

    def _make(self, row: CustomerRow, person: NewPerson, keys: list[ContactKey], *, double: bool) -> None:
        self._note_keys(keys, len(self.made))
        self.places.append((row, _Place(None, len(self.made))))
        self.made.append(person)
        self.outcome.created += 1
        if double:
            self.outcome.remarks.append(Remark(row.number, POSSIBLE_DOUBLE))

    def _join(self, row: CustomerRow, person: NewPerson, keys: list[ContactKey], place: int) -> None:
        whole = joined(self.made[place], person)
        if whole == self.made[place]:
            self.outcome.unchanged += 1
        else:
            self.outcome.enriched += 1
            self.made[place] = whole
            self._note_keys(keys, place)
        self.places.append((row, _Place(None, place)))

    def _note_keys(self, keys: list[ContactKey], place: int) -> None:
        for key in keys:
            known = self._made_by_key.setdefault(key, [])
            if place not in known:
                known.append(place)


def apply_customers(work: Work, origin: Origin, rows: Sequence[ReadyRow], *, notices: Notices) -> Outcome:
    """Make the people who are new, add to those who are known, and record what the list says of their consents."""
    matching = _matched(rows, held_by(work, (key for row in rows for key in row.keys)))
    made = create_people(work, matching.made, origin=origin)
    changed = enrich_people(work, matching.added, origin=origin) if matching.added else frozenset()
    outcome = matching.outcome
    for _, place in matching.places:
        if place.held is not None:
            outcome.enriched += place.held in changed
            outcome.unchanged += place.held not in changed
    _record(work, origin, notices, matching, made)
    return outcome


def make_people(
    work: Work, origin: Origin, rows: Sequence[ReadyRow], *, notices: Notices
) -> tuple[Outcome, list[SubjectId]]:
    """As `apply_customers`, of rows that tell of nobody who is known; answers the people made, too."""
    matching = _matched(rows, {})
    made = create_people(work, matching.made, origin=origin)
    _record(work, origin, notices, matching, made)
    return matching.outcome, made


def _matched(rows: Sequence[ReadyRow], held: Held) -> _Matching:
    matching = _Matching(held)
    for row in rows:
        if row.person is not None and isinstance(row.waiting.record, CustomerRow):
            matching.take(row.waiting.record, row.person, row.keys)
    return matching


def _record(work: Work, origin: Origin, notices: Notices, matching: _Matching, made: Sequence[SubjectId]) -> None:
    whose = [(one, place.held or made[place.made or 0]) for one, place in matching.places]
    told = record(work, batch=origin.batch, notices=notices, rows=whose)
    matching.outcome.remarks += [Remark(number, code) for number, code in told]
