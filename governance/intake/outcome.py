"""What became of the rows of a chunk."""

from dataclasses import dataclass, field

from governance.intake.staging import Remark
from governance.intake.values import Refusal


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
