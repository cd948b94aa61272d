"""Segments as they are defined: a key, titles, and a rule of which every version is kept.

Asking after a special category (GDPR Art. 9) needs a condition of Art. 9(2), which is recorded with the rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NewType
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.errors import DuplicateError
from governance.customers.reach import allow
from governance.customers.segments.asking import Readers, asked_fields
from governance.customers.segments.tables import SegmentRow, SegmentVersionRow
from governance.customers.texts import LONG_TEXT, Wrong, words
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, PreconditionError
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.work import ActorKind, Work
from governance.policies.classification import Sensitivity
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY
from governance.policies.roles import RowScope
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

OBJECT: Final = "segment"
GROUNDS: Final = frozenset("abcdefghij")
"""Letters of GDPR Art. 9(2)."""
_NONE: Final = "There is no such segment."

SegmentId = NewType("SegmentId", UUID)


@dataclass(frozen=True, slots=True)
class SpecialCondition:
    """On what ground a rule may ask after special categories.

    Attributes:
        ground: letter of GDPR Art. 9(2), `a` to `j`.
        note: why it holds; sealed.
    """

    ground: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment with its newest rule.

    Attributes:
        key: short name; never changes.
        rule: as it was written.
        version: of the rule, counted from one.
        special: on what ground it asks after special categories; None where it does not.
        defined_at: when this rule was written, and by whom.
        retired_at: since when it is evaluated no more.
    """

    id: SegmentId
    key: str
    titles: Titles
    rule: Mapping[str, Any]
    version: int
    special: SpecialCondition | None
    defined_at: datetime
    defined_by_kind: ActorKind
    defined_by: UUID | None
    created_at: datetime
    retired_at: datetime | None


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
    old = _told(row, _version(work, row))
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
    return _told(row, _version(work, row))


def segments(work: Work) -> list[Segment]:
    """All segments by key, retired ones included, whose rules are for the actor.

    Raises:
        ForbiddenError: without `segments:read`.
    """
    allow(work, Permission.SEGMENTS_READ)
    newest = SegmentVersionRow.version == SegmentRow.version
    query = select(SegmentRow, SegmentVersionRow).join(
        SegmentVersionRow, (SegmentVersionRow.segment_id == SegmentRow.id) & newest
    )
    readers = Readers(work)
    return [
        _told(row, version)
        for row, version in work.session.execute(query.order_by(SegmentRow.key))
        if _is_for(readers, version, Permission.SEGMENTS_READ)
    ]


def in_use(work: Work, *, limit: int) -> list[Segment]:
    """Segments that are evaluated, by key: for a room that has decided whom it tells of them."""
    newest = SegmentVersionRow.version == SegmentRow.version
    query = select(SegmentRow, SegmentVersionRow).join(
        SegmentVersionRow, (SegmentVersionRow.segment_id == SegmentRow.id) & newest
    )
    query = query.where(SegmentRow.retired_at.is_(None)).order_by(SegmentRow.key).limit(limit)
    return [_told(row, version) for row, version in work.session.execute(query)]


def segment(work: Work, *, segment: SegmentId) -> Segment:
    """One segment.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where there is none of this id, or its rule is not for the actor.
    """
    allow(work, Permission.SEGMENTS_READ)
    row = find(work, segment)
    require_readable(work, row, Permission.SEGMENTS_READ)
    return _told(row, _version(work, row))


def segment_of_key(work: Work, *, key: str) -> SegmentId:
    """The id of the segment that goes by *key*.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where none does.
    """
    allow(work, Permission.SEGMENTS_READ)
    found = work.session.scalars(select(SegmentRow).where(SegmentRow.key == key)).one_or_none()
    if found is None or not _is_for(Readers(work), _version(work, found), Permission.SEGMENTS_READ):
        raise NotFoundError("There is no segment of this key; see: governance segments list")
    return SegmentId(found.id)


def document_of(work: Work, *, segment: UUID, version: int) -> Mapping[str, Any]:
    """The rule of one version as it was written; for those who evaluate it."""
    query = select(SegmentVersionRow).where(
        SegmentVersionRow.segment_id == segment, SegmentVersionRow.version == version
    )
    return work.session.scalars(query).one().rule or {}


def require_all(work: Work, permission: Permission) -> None:
    """Let those act who reach all customers: a segment is chosen among all of them.

    Raises:
        ForbiddenError: where the actor may not do it, or reaches own clients only.
    """
    if allow(work, permission) is not RowScope.ALL:
        raise ForbiddenError("Segments choose among all customers, and you look after your own only.")


def find(work: Work, segment: UUID, *, locked: bool = False) -> SegmentRow:
    """The row of a segment.

    Raises:
        NotFoundError: where there is none.
    """
    query = select(SegmentRow).where(SegmentRow.id == segment)
    found = work.session.scalars(query.with_for_update() if locked else query).one_or_none()
    if found is None:
        raise NotFoundError(_NONE)
    return found


def require_readable(work: Work, row: SegmentRow, permission: Permission, *, version: int | None = None) -> None:
    """Let those alone act on a rule who may see what it asks after; by default on the newest.

    Raises:
        NotFoundError: where it is not for the actor; that there is one is not told.
    """
    if not _is_for(Readers(work), _version(work, row, version), permission):
        raise NotFoundError(_NONE)


def readable_versions(work: Work, segment: UUID, permission: Permission) -> list[int]:
    """The versions of a segment whose rules are for the actor."""
    readers = Readers(work)
    rows = work.session.scalars(select(SegmentVersionRow).where(SegmentVersionRow.segment_id == segment))
    return [row.version for row in rows if _is_for(readers, row, permission)]


def _is_for(readers: Readers, version: SegmentVersionRow, permission: Permission) -> bool:
    return readers.admit(version.rule or {}, permission, special=version.special_ground is not None)


def require_in_use(row: SegmentRow) -> None:
    """Stop what a retired segment is not there for any more.

    Raises:
        ConflictError: where it is retired.
    """
    if row.retired_at is not None:
        raise ConflictError("This segment is retired; define another one.")


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
    fields = asked_fields(work, rule)
    if any(one.sensitivity is Sensitivity.SPECIAL for one in fields):
        if special is None or special.ground not in GROUNDS:
            errors["special.ground"] = ["The rule asks after special categories: name the letter of GDPR Art. 9(2)."]
    elif special is not None:
        errors["special"] = ["The rule asks after no special category; leave this out."]
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
    return _told(row, version)


def _version(work: Work, row: SegmentRow, version: int | None = None) -> SegmentVersionRow:
    query = select(SegmentVersionRow).where(
        SegmentVersionRow.segment_id == row.id, SegmentVersionRow.version == (version or row.version)
    )
    return work.session.scalars(query).one()


def _told(row: SegmentRow, version: SegmentVersionRow) -> Segment:
    ground = version.special_ground
    return Segment(
        id=SegmentId(row.id),
        key=row.key,
        titles=Titles(**(version.titles or {})),
        rule=version.rule or {},
        version=version.version,
        special=None if ground is None else SpecialCondition(ground, version.special_note or ""),
        defined_at=version.defined_at,
        defined_by_kind=ActorKind(version.defined_by_kind),
        defined_by=version.defined_by,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
