"""Segments as they are defined: a key, titles, and a rule of which every version is kept.

Asking after a special category (GDPR Art. 9) needs a condition of Art. 9(2), which is recorded with the rule.
"""

from collections.abc import Mapping
from typing import Any, Final

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.errors import DuplicateError
from governance.customers.segments.asking import asked_fields
from governance.customers.segments.defined import (
    Segment,
    SegmentId,
    SpecialCondition,
    find,
    require_all,
    require_in_use,
    require_readable,
    told,
    version_of,
)
from governance.customers.segments.tables import SegmentRow, SegmentVersionRow
from governance.customers.texts import LONG_TEXT, Wrong, words
from governance.kernel.errors import InvalidError, PreconditionError
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.work import Work
from governance.policies.classification import Sensitivity
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

OBJECT: Final = "segment"
GROUNDS: Final = frozenset("abcdefghij")
"""Letters of GDPR Art. 9(2)."""


def define(
    work: Work, *, key: str, titles: Titles, rule: Mapping[str, Any], special: SpecialCondition | None = None
) -> Segment:
    """Define a segment.

    Args:
        work: the transaction.
        key: short name that it goes by for ever.
        titles: what people call it; the English one stands in for those that are empty.
        rule: see `policies.segments`.
        special: needed where the rule asks after special categories, and only there.

    Raises:
        ForbiddenError: without `segments:define` for all customers, or where the actor may not ask after a field.
        InvalidError: where this is no segment; `errors` says by place what is wrong.
        DuplicateError: where a segment has this key already.
    """
    require_all(work, Permission.SEGMENTS_DEFINE)
    if not KEY.fullmatch(key):
        sentence = "Begin with a letter; small letters, digits and underscores only, at most 50."
        raise InvalidError("This cannot be a segment.", errors={"key": [sentence]})
    titles, special = _checked(work, titles, rule, special)
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.SEGMENT, [owner])
    row = SegmentRow(id=uuid7(), owner_id=owner, key=key, version=1, created_at=work.now)
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise DuplicateError("A segment with this key exists; keys are never given twice.") from None
        raise
    return _keep(work, row, titles, rule, special, Action.SEGMENT_DEFINED)


def edit(
    work: Work,
    *,
    segment: SegmentId,
    titles: Titles | None = None,
    rule: Mapping[str, Any] | None = None,
    special: SpecialCondition | None = None,
    if_version: int | None = None,
) -> Segment:
    """Give a segment a new version: what is None stays, but the condition for special categories is said anew.

    Raises:
        ForbiddenError, InvalidError: as `define` does.
        NotFoundError: where there is no such segment, or its rule is not for the actor.
        ConflictError: where it is retired.
        PreconditionError: where *if_version* is not its version any more.
    """
    require_all(work, Permission.SEGMENTS_DEFINE)
    row = find(work, segment, locked=True)
    require_readable(work, row, Permission.SEGMENTS_DEFINE)
    if if_version is not None and row.version != if_version:
        raise PreconditionError("The segment has changed since you read it; read it again.")
    require_in_use(row)
    old = told(row, version_of(work, row))
    titles, special = _checked(work, titles or old.titles, rule or old.rule, special)
    row.version += 1
    return _keep(work, row, titles, rule or old.rule, special, Action.SEGMENT_EDITED)


def retire(work: Work, *, segment: SegmentId) -> Segment:
    """Take a segment out of use; what was found stays until its time is over. To repeat it changes nothing.

    Raises:
        ForbiddenError: without `segments:define` for all customers.
        NotFoundError: where there is no such segment, or its rule is not for the actor.
    """
    require_all(work, Permission.SEGMENTS_DEFINE)
    row = find(work, segment, locked=True)
    require_readable(work, row, Permission.SEGMENTS_DEFINE)
    if row.retired_at is None:
        row.retired_at = work.now
        work.session.flush()
        audit.append(work, Action.SEGMENT_RETIRED, object=ObjectRef(OBJECT, row.id), facts={"key": row.key})
    return told(row, version_of(work, row))


def require_condition(work: Work, rule: Mapping[str, Any], special: SpecialCondition | None) -> None:
    """Make sure that a rule which asks after special categories names its condition, and no other rule does.

    Raises:
        ForbiddenError: where the actor may not ask after a field.
        InvalidError: where it is no rule, or the condition is missing or out of place.
    """
    errors = _condition_errors(work, rule, special)
    if errors:
        raise InvalidError("This cannot be a segment.", errors=errors)


def _condition_errors(work: Work, rule: Mapping[str, Any], special: SpecialCondition | None) -> dict[str, list[str]]:
    if any(one.sensitivity is Sensitivity.SPECIAL for one in asked_fields(work, rule)):
        if special is None or special.ground not in GROUNDS:
            return {"special.ground": ["The rule asks after special categories: name the letter of GDPR Art. 9(2)."]}
    elif special is not None:
        return {"special": ["The rule asks after no special category; leave this out."]}
    return {}


def _checked(
    work: Work, titles: Titles, rule: Mapping[str, Any], special: SpecialCondition | None
) -> tuple[Titles, SpecialCondition | None]:
    errors: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    for language in ("en", "ru", "uk"):
        try:
            said[language] = words(getattr(titles, language) or titles.en, longest=100)
        except Wrong as wrong:
            errors[f"titles.{language}"] = [wrong.sentence]
    errors |= _condition_errors(work, rule, special)
    if special is not None:
        try:
            special = SpecialCondition(special.ground, words(special.note, longest=LONG_TEXT, lines=True))
        except Wrong as wrong:
            errors["special.note"] = [wrong.sentence]
    if errors:
        raise InvalidError("This cannot be a segment.", errors=errors)
    return Titles(**said), special


def _keep(
    work: Work,
    row: SegmentRow,
    titles: Titles,
    rule: Mapping[str, Any],
    special: SpecialCondition | None,
    action: Action,
) -> Segment:
    version = SegmentVersionRow(
        owner_id=row.owner_id,
        segment_id=row.id,
        version=row.version,
        special_ground=None if special is None else special.ground,
        defined_at=work.now,
        defined_by_kind=work.actor.kind.value,
        defined_by=work.actor.id,
        titles={"en": titles.en, "ru": titles.ru, "uk": titles.uk},
        rule=dict(rule),
        special_note=None if special is None else special.note,
    )
    work.session.add(version)
    work.session.flush()
    facts: dict[str, Fact] = {
        "key": row.key,
        "version": row.version,
        "fields": sorted({one.path for one in asked_fields(work, rule)}),
    }
    if special is not None:
        facts["special_ground"] = special.ground
    audit.append(work, action, object=ObjectRef(OBJECT, row.id), facts=facts)
    return told(row, version)
