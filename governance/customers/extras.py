"""Definitions of extra fields: made at run time, classified by the same rules as the fields that are shipped."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import ExtraType
from governance.customers.errors import DuplicateError
from governance.customers.extra_types import COMPARTMENTS, ExtraField
from governance.customers.reach import allow
from governance.customers.records import NewPerson
from governance.customers.tables import ExtraFieldRow
from governance.customers.texts import Wrong, words
from governance.kernel.errors import InvalidError, NotFoundError, PreconditionError
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Compartment, Sensitivity, Visibility, problems
from governance.policies.documents import Titles
from governance.policies.masking import Mask
from governance.policies.permissions import Permission

KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
_OBJECT = "extra-field"


def definitions(work: Work) -> list[ExtraField]:
    """All extra fields by key, retired ones included.

    Raises:
        ForbiddenError: without `extra_fields:read`.
    """
    allow(work, Permission.EXTRA_FIELDS_READ)
    return list(known(work).values())


def definition(work: Work, *, key: str) -> ExtraField:
    """One extra field.

    Raises:
        ForbiddenError: without `extra_fields:read`.
        NotFoundError: where no field has this key.
    """
    allow(work, Permission.EXTRA_FIELDS_READ)
    return _told(_row(work, key))


def known(work: Work) -> Mapping[str, ExtraField]:
    """All extra fields by key, for those who write or show values."""
    rows = work.session.scalars(select(ExtraFieldRow).order_by(ExtraFieldRow.key))
    return MappingProxyType({row.key: _told(row) for row in rows})


def define(
    work: Work,
    *,
    key: str,
    labels: Titles,
    type: ExtraType,  # noqa: A002 (the field's own name)
    category: str,
    sensitivity: Sensitivity = Sensitivity.PERSONAL,
    compartment: Compartment = Compartment.PROFILE,
    mask: Mask = Mask.FULL,
    indexed: bool = False,
    visibility: Visibility = Visibility.MASKED,
) -> ExtraField:
    """Define an extra field. Key, type, compartment and index stay as they are for ever.

    Raises:
        ForbiddenError: without `extra_fields:define`.
        InvalidError: where this cannot be a field, or has no English label (which stands in for those that are empty).
        DuplicateError: where a field has this key already.
    """
    allow(work, Permission.EXTRA_FIELDS_DEFINE)
    made = ExtraField(
        id=uuid7(),
        key=key,
        labels=_labels(labels),
        type=type,
        category=category,
        sensitivity=sensitivity,
        compartment=compartment,
        mask=mask,
        indexed=indexed,
        visibility=visibility,
        version=1,
        created_at=work.now,
        retired_at=None,
    )
    _check(made)
    try:
        with work.session.begin_nested():
            work.session.add(_stored(made))
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise DuplicateError("An extra field with this key exists; keys are never given twice.") from None
        raise
    audit.append(work, Action.EXTRA_FIELD_DEFINED, object=ObjectRef(_OBJECT, made.id), facts=_facts(made))
    return made


def edit_definition(
    work: Work,
    *,
    key: str,
    labels: Titles | None = None,
    category: str | None = None,
    sensitivity: Sensitivity | None = None,
    mask: Mask | None = None,
    visibility: Visibility | None = None,
    retired: bool | None = None,
    if_version: int | None = None,
) -> ExtraField:
    """Change what may be changed of an extra field; retire it, so that it takes no new values, or take it up again.

    Raises:
        ForbiddenError: without `extra_fields:define`.
        NotFoundError: where no field has this key.
        PreconditionError: where *if_version* is not its version any more.
        InvalidError: where it would not be a field any more; `errors` says why.
    """
    allow(work, Permission.EXTRA_FIELDS_DEFINE)
    row = _row(work, key, locked=True)
    if if_version is not None and row.version != if_version:
        raise PreconditionError("The definition has changed since you read it; read it again.")
    old = _told(row)
    retired_at = old.retired_at if retired is None else (old.retired_at or work.now) if retired else None
    new = replace(
        old,
        labels=old.labels if labels is None else _labels(labels),
        category=category or old.category,
        sensitivity=sensitivity or old.sensitivity,
        mask=mask or old.mask,
        visibility=visibility or old.visibility,
        retired_at=retired_at,
    )
    if new == old:
        return old
    _check(new)
    row.labels = _labels_stored(new.labels)
    row.category, row.sensitivity = new.category, new.sensitivity.value
    row.mask, row.visibility = new.mask.value, new.visibility.value
    row.retired_at, row.version = new.retired_at, old.version + 1
    work.session.flush()
    new = replace(new, version=row.version)
    facts = {**_facts(new), "retired": new.retired_at is not None, "version": new.version}
    audit.append(work, Action.EXTRA_FIELD_EDITED, object=ObjectRef(_OBJECT, new.id), facts=facts)
    return new


def _row(work: Work, key: str, *, locked: bool = False) -> ExtraFieldRow:
    query = select(ExtraFieldRow).where(ExtraFieldRow.key == key)
    found = work.session.scalars(query.with_for_update() if locked else query).one_or_none()
    if found is None:
        raise NotFoundError("There is no extra field of this key.")
    return found


_TAKEN = frozenset(NewPerson.__dataclass_fields__) | {"id", "version", "masked", "hidden", "extra"}


def _check(made: ExtraField) -> None:
    errors: dict[str, list[str]] = {}
    if not KEY.fullmatch(made.key):
        errors["key"] = ["Begin with a letter; small letters, digits and underscores only, at most 50."]
    elif made.key in _TAKEN:
        errors["key"] = ["People have a field of this name already; use that, or choose another key."]
    if made.compartment not in COMPARTMENTS:
        errors["compartment"] = ["Choose one of " + ", ".join(one.value for one in COMPARTMENTS) + "."]
    wrong = problems(made.field, shipped.categories())
    if wrong:
        errors["category"] = [f"{one[0].upper()}{one[1:]}." for one in wrong]
    if errors:
        raise InvalidError("This cannot be an extra field.", errors=errors)


def _labels(labels: Titles) -> Titles:
    said: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for language in ("en", "ru", "uk"):
        try:
            said[language] = words(getattr(labels, language) or labels.en, longest=100)
        except Wrong as wrong:
            errors[f"labels.{language}"] = [wrong.sentence]
    if errors:
        raise InvalidError(
            "An extra field needs a label: in English, and in other languages where it differs.", errors=errors
        )
    return Titles(**said)


def _labels_stored(labels: Titles) -> dict[str, str]:
    return {"en": labels.en, "ru": labels.ru, "uk": labels.uk}


def _facts(made: ExtraField) -> dict[str, str | bool]:
    return {
        "key": made.key,
        "type": made.type.value,
        "category": made.category,
        "sensitivity": made.sensitivity.value,
        "compartment": made.compartment.value,
        "indexed": made.indexed,
        "visibility": made.visibility.value,
    }


def _stored(made: ExtraField) -> ExtraFieldRow:
    return ExtraFieldRow(
        id=made.id,
        key=made.key,
        labels=_labels_stored(made.labels),
        type=made.type.value,
        category=made.category,
        sensitivity=made.sensitivity.value,
        compartment=made.compartment.value,
        mask=made.mask.value,
        indexed=made.indexed,
        visibility=made.visibility.value,
        version=made.version,
        created_at=made.created_at,
        retired_at=made.retired_at,
    )


def _told(row: ExtraFieldRow) -> ExtraField:
    return ExtraField(
        id=UUID(bytes=row.id.bytes),
        key=row.key,
        labels=Titles(**row.labels),
        type=ExtraType(row.type),
        category=row.category,
        sensitivity=Sensitivity(row.sensitivity),
        compartment=Compartment(row.compartment),
        mask=Mask(row.mask),
        indexed=row.indexed,
        visibility=Visibility(row.visibility),
        version=row.version,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
