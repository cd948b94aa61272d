"""Rectification: before and after beside each other; what changes at once, what awaits a steward, who is told of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from governance.customers import operations as customers
from governance.customers.errors import DuplicateError, LegalHoldError, RestrictedError
from governance.customers.extras import known
from governance.customers.person_fields import value_of
from governance.customers.reach import find_person
from governance.customers.texts import Wrong
from governance.customers.whole import extras_of, rows_of
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import ContactId, SubjectId
from governance.kernel.work import Work
from governance.policies.masking import UNREADABLE
from governance.policies.permissions import Permission
from governance.rights.acting import as_service, write_line
from governance.rights.codes import Entry
from governance.rights.corrections import (
    CONTACT,
    EXTRA,
    contact_of,
    contact_said,
    disclosed_name,
    is_grave,
    is_new_contact,
)
from governance.rights.tables import RequestRow
from governance.rights.told_recipients import owe_telling

_AFTER: Final = "after"
_BEFORE: Final = "before"
_APPLIED: Final = "applied"
_GRAVE: Final = "grave"
_OF_CONTACT: Final = ("kind", "value", "region", "label", "is_primary")
_WAITS: Final = (RestrictedError, LegalHoldError, DuplicateError, NotFoundError, InvalidError)
"""What hinders a change without a steward: it waits for one."""


def proposed(work: Work, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes as a request keeps them from its receipt on."""
    extras = known(work) if any(name.startswith(EXTRA) for name in changes) else {}
    return {
        name: {_AFTER: value, _BEFORE: None, _APPLIED: False, _GRAVE: is_grave(extras, name, value, None)}
        for name, value in changes.items()
    }


def wanted(row: RequestRow) -> dict[str, Any]:
    """The values that a request wants, by field."""
    return {name: one[_AFTER] for name, one in (row.changes or {}).items()}


def compare(work: Work, row: RequestRow, person: SubjectId) -> None:
    """Keep beside each wanted value the one that stands now."""
    kept = find_person(as_service(work), person, Permission.CUSTOMERS_EDIT, locked=True)
    changes: Mapping[str, Any] = row.changes or {}
    extras = known(work) if any(name.startswith(EXTRA) for name in changes) else {}
    values = _extras(work, person) if extras else {}
    contacts = _contacts(work, person) if any(name.startswith(CONTACT) for name in changes) else {}
    told: dict[str, Any] = {}
    for name, one in changes.items():
        if name.startswith(EXTRA):
            before = values.get(name)
        elif name.startswith(CONTACT):
            before = contacts.get(name)
        else:
            before = _plain(value_of(kept, name))
        told[name] = {**one, _BEFORE: before, _GRAVE: is_grave(extras, name, one[_AFTER], before)}
    row.changes = told


def waiting(row: RequestRow, *, grave: bool | None = None) -> list[str]:
    """Fields that have not been changed yet: all, or only those of one sort."""
    return sorted(
        name
        for name, one in (row.changes or {}).items()
        if not one[_APPLIED] and (grave is None or one[_GRAVE] == grave)
    )


def apply(work: Work, row: RequestRow, person: SubjectId, fields: Sequence[str]) -> None:
    """Change fields of a person to the wanted values, told by their names; recipients are to be told (GDPR Art. 19).

    Raises:
        GovernanceError: as `customers.edit`, `customers.add_contact` and `customers.remove_contact` do.
    """
    if not fields:
        return
    changes: Mapping[str, Any] = row.changes or {}
    patch: dict[str, Any] = {name: changes[name][_AFTER] for name in fields if not name.startswith((EXTRA, CONTACT))}
    extras = {name.removeprefix(EXTRA): changes[name][_AFTER] for name in fields if name.startswith(EXTRA)}
    if patch or extras:
        customers.edit(work, subject=person, patch={**patch, **({"extra": extras} if extras else {})})
    for name in fields:
        if name.startswith(CONTACT):
            _change_contact(work, person, name, changes[name])
    row.changes = {name: {**one, _APPLIED: True} if name in fields else dict(one) for name, one in changes.items()}
    write_line(work, row, Entry.CARRY, facts={"fields": list(fields)})
    names = {disclosed_name(name, changes[name][_AFTER], changes[name][_BEFORE]) for name in fields}
    owe_telling(work, row, person, fields=names)


def apply_low_risk(work: Work, row: RequestRow, person: SubjectId) -> None:
    """Change what harms nobody else at once; what is hindered (a restriction, a hold) waits for a steward."""
    low = waiting(row, grave=False)
    own = [name for name in low if not name.startswith(CONTACT)]
    for fields in [own, *([name] for name in low if name.startswith(CONTACT))]:
        try:
            with work.session.begin_nested():
                apply(as_service(work), row, person, fields)
        except _WAITS:
            work.session.refresh(row)


def _change_contact(work: Work, person: SubjectId, name: str, change: Mapping[str, Any]) -> None:
    after, before = change[_AFTER], change[_BEFORE]
    old = contact_of(name)
    if old is not None and before is None:
        raise NotFoundError("The person has no such contact; carry out the other fields.")
    if after is not None:
        _add(work, person, name, after, before)
    if old is not None:
        customers.remove_contact(work, subject=person, contact=ContactId(old))


def _add(work: Work, person: SubjectId, name: str, after: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    stood: Mapping[str, Any] = {} if is_new_contact(name) or before is None else before
    kept = {"label": stood.get("label"), **after}
    try:
        said = contact_said(kept, kind=stood.get("kind"))
    except Wrong as error:
        raise InvalidError("The contact cannot be kept.", errors={f"changes.{name}": [str(error)]}) from None
    try:
        with work.session.begin_nested():
            made = customers.add_contact(work, subject=person, contact=said)
    except DuplicateError:
        if not stood:
            raise
        return  # the right one is there already, and only the wrong one goes
    if stood.get("is_primary"):
        customers.edit_contact(work, subject=person, contact=made.id, patch={"is_primary": True})


def _extras(work: Work, person: SubjectId) -> dict[str, Any]:
    return {f"{EXTRA}{one.field.key}": one.value for one in extras_of(work, person=person)}


def _contacts(work: Work, person: SubjectId) -> dict[str, Any]:
    return {
        f"{CONTACT}{row_id}": {column: values[column] for column in _OF_CONTACT}
        for block in rows_of(work, person=person, table="contact")
        for row_id, values in block
    }


def _plain(value: object) -> Any:  # noqa: ANN401 (JSON)
    if value is UNREADABLE:
        return UNREADABLE
    if isinstance(value, tuple):
        return list(value)
    return None if value is None else str(value)
