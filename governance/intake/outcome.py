"""What became of the rows of a chunk."""

from dataclasses import dataclass, field

import psycopg
from sqlalchemy.exc import DataError, IntegrityError

from governance.intake.staging import Remark
from governance.intake.values import Refusal
from governance.kernel.errors import GovernanceError

UNSTORABLE = (DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError, GovernanceError, UnicodeError)
"""What one row may bring about; anything else (a lost connection, a full disk) ends the chunk to be tried again."""


@dataclass(slots=True)
class Outcome:
    """Counts and remarks.

    Attributes:
        created: records made.
        enriched: rows that added something to a person.
        unchanged: rows that told nothing new.
        refused: by row number, why the store refused it.
        remarks: what people should look at.
    """

    created: int = 0
    enriched: int = 0
    unchanged: int = 0
    refused: dict[int, Refusal] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Count *other* in."""
        self.created += other.created
        self.enriched += other.enriched
        self.unchanged += other.unchanged
        self.refused.update(other.refused)
        self.remarks.extend(other.remarks)
