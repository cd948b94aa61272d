"""What lists claim about consents, kept for the day when somebody decides over it; it permits nothing by itself."""

from collections.abc import Iterable

from governance.customers.copying import Copier
from governance.customers.reach import owners_of
from governance.intake.records import CustomerRow
from governance.intake.tables import ClaimedConsentRow
from governance.kernel.ids import BatchId, SubjectId, uuid7
from governance.kernel.work import Work
from governance.vault.kinds import TEXT
from governance.vault.runtime import SealItem, vault_of

_COPIER = Copier(
    ClaimedConsentRow,
    (
        *("id", "owner_id", "person_id", "batch_id", "row_number", "scope", "given", "claimed_on", "recorded_at"),
        "words_sealed",
    ),
)
_WORDS = ClaimedConsentRow.sealed_fields["words"].place


def record_claims(work: Work, batch: BatchId, rows: Iterable[tuple[CustomerRow, SubjectId]]) -> None:
    """Keep the claims of *rows*, the words sealed under the key owner of the person they are about."""
    claims = [(row.number, person, claim) for row, person in rows for claim in row.consents]
    if not claims:
        return
    owners = owners_of(work, {person for _, person, _ in claims})
    ids = [uuid7() for _ in claims]
    items = [
        SealItem(_WORDS, claim_id, owners[person].owner, TEXT.encode(claim.words))
        for claim_id, (_, person, claim) in zip(ids, claims, strict=True)
    ]
    sealed = vault_of(work.session).seal_many(work.session, items)
    _COPIER.write(
        work.session,
        (
            (
                *(claim_id, owners[person].owner, person, batch, number, claim.scope.value, claim.given),
                *(None if claim.on is None else claim.on.exact, work.now, words),
            )
            for claim_id, (number, person, claim), words in zip(ids, claims, sealed, strict=True)
        ),
    )
