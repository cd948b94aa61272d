"""Who is being erased: for statements of other packages."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from governance.erasure.tables import TargetRow


def being_erased(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether an erasure of a person was begun; they are there still where something is held or not done yet."""
    return exists(select(TargetRow.erasure_id).where(TargetRow.person_id == person))
