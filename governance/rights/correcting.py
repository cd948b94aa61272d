"""Rectification: what is to be changed, before and after; what changes at once, and what awaits a steward."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from governance.customers import operations as customers
from governance.customers.errors import LegalHoldError, RestrictedError
from governance.customers.person_fields import value_of
from governance.customers.reach import find_person
from governance.customers.values import FIELDS, read_fields
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.masking import UNREADABLE
from governance.policies.permissions import Permission
from governance.rights.acting import as_service, write_line
from governance.rights.codes import Entry
from governance.rights.tables import RequestRow

LOW_RISK: Final = frozenset(
    {"region", "city", "street", "postcode", "profession", "organisation", "interests", "preferred_payment", "language"}
)
"""Wrong in these fields harms nobody but whoever asked; they change once it is proved who asks."""
GRAVE: Final = frozenset(
    {"family_name", "given_name", "patronymic", "birth_date", "sex", "marital_status", "country", "deceased_on"}
)
"""By these a person is told from others, or rights hang on them; a steward looks first."""

_AFTER, _BEFORE, _APPLIED = "after", "before", "applied"


def wrong_changes(changes: Mapping[str, Any], *, today: date) -> dict[str, list[str]]:
    """What is wrong with the changes of a rectification, by field."""
    known = {name: value for name, value in changes.items() if name in LOW_RISK | GRAVE and name in FIELDS}
    wrong = {
        name if name in FIELDS else "_": ["This cannot be rectified so; say it in words (said)."]
        for name in changes
        if name not in known
    }
    try:
        read_fields(known, today=today)
    except InvalidError as error:
        wrong.update({name: list(said) for name, said in error.errors.items()})
    return wrong


def proposed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes as a request keeps them from its receipt on."""
    return {name: {_AFTER: value, _BEFORE: None, _APPLIED: False} for name, value in changes.items()}


def wanted(row: RequestRow) -> dict[str, Any]:
    """The values that a request wants, by field."""
    return {name: one[_AFTER] for name, one in (row.changes or {}).items()}


def compare(work: Work, row: RequestRow, person: SubjectId) -> None:
    """Keep beside each wanted value the one that stands now."""
    kept = find_person(as_service(work), person, Permission.CUSTOMERS_EDIT, locked=True)
    row.changes = {name: {**one, _BEFORE: _plain(value_of(kept, name))} for name, one in (row.changes or {}).items()}


def waiting(row: RequestRow, *, grave: bool | None = None) -> list[str]:
    """Fields that have not been changed yet: all, or only those of one sort."""
    return sorted(
        name
        for name, one in (row.changes or {}).items()
        if not one[_APPLIED] and (grave is None or (name in GRAVE) == grave)
    )


def apply(work: Work, row: RequestRow, person: SubjectId, fields: Sequence[str]) -> None:
    """Change fields of a person to the wanted values; told by their names.

    Raises:
        GovernanceError: as `customers.edit` does.
    """
    if not fields:
        return
    after = wanted(row)
    customers.edit(work, subject=person, patch={name: after[name] for name in fields})
    row.changes = {
        name: {**one, _APPLIED: True} if name in fields else dict(one) for name, one in (row.changes or {}).items()
    }
    write_line(work, row, Entry.CARRY, facts={"fields": list(fields)})


def apply_low_risk(work: Work, row: RequestRow, person: SubjectId) -> None:
    """Change what harms nobody else at once; where a restriction or a hold stands, it waits for a steward."""
    with contextlib.suppress(RestrictedError, LegalHoldError), work.session.begin_nested():
        apply(as_service(work), row, person, waiting(row, grave=False))


def _plain(value: object) -> Any:  # noqa: ANN401 (JSON)
    if value is UNREADABLE:
        return UNREADABLE
    if isinstance(value, tuple):
        return list(value)
    return None if value is None else str(value)
