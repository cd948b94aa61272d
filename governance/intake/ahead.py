"""Making people ahead of one's turn: what nobody else can know of yet is written while others have theirs.

A part decides who is new when its turn has come, one part after the other. Nearly all rows of a list tell of people
whom nobody knows, though; these are made before, and when the turn comes it is only asked whether that still holds.
Where it does not, what was made is taken back, and all of the part is applied in its turn.
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import SessionTransaction

from governance.customers.records import Origin
from governance.intake.claims import Notices
from governance.intake.lookup import Digests, anybody_else, known_keys
from governance.intake.matching import make_people
from governance.intake.outcome import UNSTORABLE, Outcome
from governance.intake.people import ContactKey
from governance.intake.waiting import ReadyRow
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work


@frozen
class Ahead:
    """What was made ahead.

    Attributes:
        savepoint: before it.
        rows: of whom.
        people: who were made.
        outcome: what became of the rows.
    """

    savepoint: SessionTransaction
    rows: Sequence[ReadyRow]
    people: Sequence[SubjectId]
    outcome: Outcome

    def settle(self, work: Work, digests: Digests) -> bool:
        """In one's turn: keep what was made if nobody knows these people still, else take it back.

        Args:
            work: the transaction.
            digests: of all contacts of the rows.
        """
        keys = dict.fromkeys(key for row in self.rows for key in row.keys)
        if anybody_else(work, digests, keys, people=self.people):
            self.savepoint.rollback()
            return False
        self.savepoint.commit()
        return True


def make_ahead(work: Work, origin: Origin, rows: Sequence[ReadyRow], *, notices: Notices) -> Ahead | None:
    """Make the people of *rows*, none of whom may be known or shared with other rows; None where that fails."""
    savepoint = work.session.begin_nested()
    try:
        outcome, people = make_people(work, origin, rows, notices=notices)
    except UNSTORABLE:
        savepoint.rollback()
        return None
    return Ahead(savepoint, rows, people, outcome)


def apart(work: Work, rows: Sequence[ReadyRow], digests: Digests) -> tuple[list[ReadyRow], list[ReadyRow]]:
    """Rows that tell of nobody who is known, and the others.

    These have a contact that somebody in the store has, or that stood in the file shortly before, or they share one
    with a row that does.
    """
    held = known_keys(work, digests)
    bound = [place for place, row in enumerate(rows) if row.waiting.again or any(key in held for key in row.keys)]
    if not bound:
        return list(rows), []
    places: dict[ContactKey, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for key in row.keys:
            places[key].append(place)
    found = set(bound)
    while bound:
        for key in rows[bound.pop()].keys:
            fresh = [place for place in places.pop(key, ()) if place not in found]
            found.update(fresh)
            bound += fresh
    return (
        [row for place, row in enumerate(rows) if place not in found],
        [row for place, row in enumerate(rows) if place in found],
    )
