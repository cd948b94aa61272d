"""Segments as they stand: found, told to those alone who may know their rules, version by version."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NewType
from uuid import UUID

from sqlalchemy import select

from governance.customers.reach import allow
from governance.customers.segments.asking import Readers
from governance.customers.segments.tables import SegmentRow, SegmentVersionRow
from governance.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope

_NONE: Final = "There is no such segment."

SegmentId = NewType("SegmentId", UUID)


@frozen
class SpecialCondition:
    """On what ground a rule may ask after special categories.

    Attributes:
        ground: letter of GDPR Art. 9(2), `a` to `j`.
        note: why it holds; sealed.
    """

    ground: str
    note: str


@frozen(kw_only=True)
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
        told(row, version)
        for row, version in work.session.execute(query.order_by(SegmentRow.key))
        if _is_for(readers, version, Permission.SEGMENTS_READ)
    ]


def in_use(work: Work, *, limit: int) -> list[Segment]:
    """Segments that are evaluated, by key: for a caller that has decided whom it tells of them."""
    newest = SegmentVersionRow.version == SegmentRow.version
    query = select(SegmentRow, SegmentVersionRow).join(
        SegmentVersionRow, (SegmentVersionRow.segment_id == SegmentRow.id) & newest
    )
    query = query.where(SegmentRow.retired_at.is_(None)).order_by(SegmentRow.key).limit(limit)
    return [told(row, version) for row, version in work.session.execute(query)]


def segment(work: Work, *, segment: SegmentId) -> Segment:
    """One segment.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where there is none of this id, or its rule is not for the actor.
    """
    allow(work, Permission.SEGMENTS_READ)
    row = find(work, segment)
    require_readable(work, row, Permission.SEGMENTS_READ)
    return told(row, version_of(work, row))


def versions(work: Work, *, segment: SegmentId) -> list[Segment]:
    """Every version of a segment whose rule is for the actor, newest first.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where there is none of this id, or its newest rule is not for the actor.
    """
    allow(work, Permission.SEGMENTS_READ)
    row = find(work, segment)
    require_readable(work, row, Permission.SEGMENTS_READ)
    readers = Readers(work)
    query = select(SegmentVersionRow).where(SegmentVersionRow.segment_id == segment)
    found = work.session.scalars(query.order_by(SegmentVersionRow.version.desc()))
    return [told(row, one) for one in found if _is_for(readers, one, Permission.SEGMENTS_READ)]


def segment_of_key(work: Work, *, key: str) -> SegmentId:
    """The id of the segment that goes by *key*.

    Raises:
        ForbiddenError: without `segments:read`.
        NotFoundError: where none does.
    """
    allow(work, Permission.SEGMENTS_READ)
    found = work.session.scalars(select(SegmentRow).where(SegmentRow.key == key)).one_or_none()
    if found is None or not _is_for(Readers(work), version_of(work, found), Permission.SEGMENTS_READ):
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
    if not _is_for(Readers(work), version_of(work, row, version), permission):
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


def version_of(work: Work, row: SegmentRow, version: int | None = None) -> SegmentVersionRow:
    """The row of a version, by default of the newest."""
    query = select(SegmentVersionRow).where(
        SegmentVersionRow.segment_id == row.id, SegmentVersionRow.version == (version or row.version)
    )
    return work.session.scalars(query).one()


def told(row: SegmentRow, version: SegmentVersionRow) -> Segment:
    """A version as it is shown."""
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
