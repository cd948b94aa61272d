"""What a store holds, in the clear, for comparison; and files brought into it to the end."""

import io
from collections.abc import Sequence

from sqlalchemy import text

from governance.customers.bulk import Candidate, find_by_contacts
from governance.customers.codes import ContactKind
from governance.customers.tables import ContactRow, ExtraValueRow, InteractionRow, PersonRow, PurchaseRow
from governance.intake import operations as intake
from governance.intake.applying import apply_next
from governance.intake.files import FileOptions, Provenance
from governance.intake.reports import BatchReport, Undone
from governance.intake.undoing import begin_undo, undo_next, undone
from governance.kernel.ids import BatchId
from governance.kernel.work import Work
from tests.intake.building import csv_bytes
from tests.intake.conftest import OWN_FORM


def run(work: Work, batch: BatchId) -> BatchReport:
    """Apply all of an import within one transaction."""
    progress = apply_next(work, batch=batch)
    while progress.done < progress.total:
        progress = apply_next(work, batch=batch)
    return intake.report(work, batch=batch)


def undo(work: Work, batch: BatchId) -> Undone:
    """Undo all of an import within one transaction."""
    begin_undo(work, batch=batch)
    progress = undo_next(work, batch=batch)
    while progress.done < progress.total:
        progress = undo_next(work, batch=batch)
    return undone(work, batch=batch)


def import_file(work: Work, content: bytes, *, provenance: Provenance = OWN_FORM, **options: object) -> BatchReport:
    """Bring a file in and run it to the end."""
    started = intake.start(work, file=io.BytesIO(content), provenance=provenance, options=FileOptions(**options))
    return run(work, started.batch.id)


def import_rows(work: Work, *rows: Sequence[str], **options: object) -> BatchReport:
    """Bring rows in, the first of them headings."""
    return import_file(work, csv_bytes(rows), **options)


def holders(work: Work, kind: ContactKind, value: str) -> tuple[Candidate, ...]:
    """Who holds a contact."""
    return find_by_contacts(work, [(kind, value)])[0]


def contents(work: Work) -> dict[str, list[tuple[object, ...]]]:
    """All that is known of people, opened, without ids of rows and counts of changes."""
    session = work.session
    people = sorted(
        (str(row.id), row.source, row.ground, row.country, row.customer_since, *_opened(row))
        for row in session.query(PersonRow)
    )
    contacts = sorted(
        (str(row.person_id), row.kind, row.value, row.extension, row.is_primary) for row in session.query(ContactRow)
    )
    extras = sorted((str(row.person_id), str(row.field_id), row.profile) for row in session.query(ExtraValueRow))
    purchases = sorted(
        (str(row.person_id), row.paid_at, row.total, row.number, str(row.items)) for row in session.query(PurchaseRow)
    )
    talks = sorted((str(row.person_id), row.at, row.kind, row.result) for row in session.query(InteractionRow))
    return {
        "people": people,
        "contacts": contacts,
        "extras": extras,
        "purchases": purchases,
        "talks": talks,
    }


def standings(work: Work) -> dict[tuple[object, ...], str]:
    """Where the consents of those who are kept stand, by person, purpose and channel."""
    query = (
        "SELECT person_id, purpose, channel, standing FROM consent_state "
        "JOIN person ON person.id = person_id AND standing <> 'silent'"
    )
    return {(row.person_id, row.purpose, row.channel): row.standing for row in work.session.execute(text(query))}


def _opened(row: PersonRow) -> tuple[str, ...]:
    return tuple(repr(getattr(row, name)) for name in row.sealed_fields)


def one_value(work: Work, statement: str, **values: object) -> object:
    """The single value that a statement answers."""
    return work.session.execute(text(statement), values).scalar_one()
