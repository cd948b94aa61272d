"""Doubles within one file: rows that share a contact, and whether they share the name as well.

Of each contact three numbers are kept, no text: a file of millions of rows fits into tens of megabytes.
"""

from array import array
from collections.abc import Iterable
from itertools import groupby

from governance.kernel.records import frozen

MOST_CONTACTS = 2_000_000
"""Further ones are not compared, and the report says so."""
EXAMPLES = 200
_MASK = (1 << 64) - 1


@frozen
class FileDoubles:
    """What was found.

    Attributes:
        doubles: rows that repeat an earlier one: a contact and the name are the same.
        possible: rows that share a contact with an earlier one of another name.
        examples: some of the doubles: row, and the earlier row it repeats.
        complete: whether all contacts were compared.
    """

    doubles: int
    possible: int
    examples: tuple[tuple[int, int], ...]
    complete: bool


class DoubleFinder:
    """Collects contacts row by row."""

    def __init__(self) -> None:
        self._contacts = array("Q")
        self._people = array("Q")
        self._rows = array("L")
        self._complete = True

    def add(self, row: int, *, contacts: Iterable[str], person: str) -> None:
        """Note the contacts of a row.

        Args:
            row: its number.
            contacts: in their normal form.
            person: folded name.
        """
        # Python keys this hash anew in every process.
        folded = hash(person) & _MASK
        for contact in contacts:
            if len(self._rows) >= MOST_CONTACTS:
                self._complete = False
                return
            self._contacts.append(hash(contact) & _MASK)
            self._people.append(folded)
            self._rows.append(row)

    def found(self) -> FileDoubles:
        """Compare all that was noted."""
        doubles: dict[int, int] = {}
        possible: set[int] = set()
        order = sorted(range(len(self._rows)), key=lambda place: (self._contacts[place], self._rows[place]))
        for _, places in groupby(order, key=self._contacts.__getitem__):
            first: dict[int, int] = {}
            for place in places:
                person, row = self._people[place], self._rows[place]
                earlier = first.setdefault(person, row)
                if earlier != row:
                    doubles.setdefault(row, earlier)
                elif len(first) > 1:
                    possible.add(row)
        possible -= doubles.keys()
        examples = tuple(sorted(doubles.items())[:EXAMPLES])
        return FileDoubles(len(doubles), len(possible), examples, self._complete)
