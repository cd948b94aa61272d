"""What lists claim about consents, kept for the day when somebody decides over it; it permits nothing by itself."""

from collections.abc import Iterable

from governance.customers.copying import Copier
from governance.intake.records import CustomerRow
from governance.intake.tables import ClaimedConsentRow
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.work import Work

_COPIER = Copier(
    ClaimedConsentRow,
    ("person_id", "batch_id", "row_number", "scope", "given", "claimed_on", "recorded_at"),
)


def record_claims(work: Work, batch: BatchId, rows: Iterable[tuple[CustomerRow, SubjectId]]) -> None:
    """Keep what *rows* claim, by person; what stands in the cell beyond that says nothing more."""
    claims = [(row.number, person, claim) for row, person in rows for claim in row.consents]
    if claims:
        _COPIER.write(
            work.session,
            (
                (
                    *(person, batch, number, claim.scope.value, claim.given),
                    *(None if claim.on is None else str(claim.on), work.now),
                )
                for number, person, claim in claims
            ),
        )
