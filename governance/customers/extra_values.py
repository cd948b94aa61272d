"""Values of extra fields of one person: set, changed and emptied as part of editing the person."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from governance.customers.extra_types import ExtraField, written
from governance.customers.extras import known
from governance.customers.loading import opened
from governance.customers.shown import refuse_unwritable
from governance.customers.standing import refuse_if_held
from governance.customers.tables import ExtraValueRow, PersonRow
from governance.customers.texts import Complaints
from governance.kernel.work import Work
from governance.policies.permissions import Permission


def change_extras(work: Work, person: PersonRow, said: Mapping[str, object], *, permission: Permission) -> list[str]:
    """Bring the extra fields in *said* to these values, None empties one; answers the keys of those that changed.

    Raises:
        InvalidError: where a field is not defined or retired, or a value is none of its type.
        ForbiddenError: where the actor may not write one of them.
        LegalHoldError: where a hold keeps what would be lost.
    """
    if not said:
        return []
    texts = _texts(work, said)
    refuse_unwritable(work, permission, [field.field for field in texts], responsible=person.responsible_id)
    rows = _rows(work, person, {field.id for field in texts})
    changed: list[ExtraField] = []
    losing: list[str] = []
    for field, text in texts.items():
        row = rows.get(field.id)
        before = None if row is None else opened(row, field.compartment.value)
        if text == before:
            continue
        changed.append(field)
        if row is not None:
            losing.append(field.compartment.value)
    refuse_if_held(work, person, losing)
    for field in changed:
        _set(work, person, field, rows.get(field.id), texts[field])
    work.session.flush()
    return sorted(field.key for field in changed)


def _texts(work: Work, said: Mapping[str, object]) -> dict[ExtraField, str | None]:
    defined = known(work)
    errors = Complaints()
    texts: dict[ExtraField, str | None] = {}
    for key, value in said.items():
        field = defined.get(key)
        if field is None:
            errors.add(f"extra.{key}" if key.isidentifier() else "extra", "No extra field of this key is defined.")
        elif value is None:
            texts[field] = None
        elif field.retired_at is not None:
            errors.add(f"extra.{key}", "This extra field is retired and takes no new values.")
        else:
            with errors.at(f"extra.{key}"):
                texts[field] = written(field.type, value)
    errors.end("Some extra fields cannot be kept as they are.")
    return texts


def _rows(work: Work, person: PersonRow, fields: set[UUID]) -> dict[UUID, ExtraValueRow]:
    query = select(ExtraValueRow).where(ExtraValueRow.person_id == person.id, ExtraValueRow.field_id.in_(fields))
    return {row.field_id: row for row in work.session.scalars(query)}


def _set(work: Work, person: PersonRow, field: ExtraField, row: ExtraValueRow | None, text: str | None) -> None:
    if text is None:
        if row is not None:
            work.session.delete(row)
        return
    if row is None:
        row = ExtraValueRow(
            owner_id=person.owner_id,
            person_id=person.id,
            field_id=field.id,
            indexed=field.indexed,
            created_at=work.now,
            updated_at=work.now,
        )
        work.session.add(row)
    setattr(row, field.compartment.value, text)
    row.updated_at = work.now
