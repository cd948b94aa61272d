"""What is asked of people, as it stands published: versions of purposes and of notices, kept at hand in each process.

A version that another process publishes is known here within `TTL_SECONDS`; one that this process publishes, at once.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session, SessionTransaction

from governance.consent.codes import NoticeKind
from governance.consent.tables import NoticeTextRow, NoticeVersionRow, PurposeVersionRow
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.documents import Node
from governance.policies.purposes import Purpose, PurposeBook, parse_purpose

TTL_SECONDS: Final = 1.0
_OWN: Final = "consent.terms"


@frozen
class PurposeVersion:
    """A version of a purpose.

    Attributes:
        version: 0 for the purpose as it is shipped, then 1, 2, 3...
        effective_from: since when it rules; None for a shipped one, which rules until the first version does.
        published_by: the staff member or client, where one did.
    """

    version: int
    purpose: Purpose
    effective_from: datetime | None = None
    published_at: datetime | None = None
    published_by: UUID | None = None


@frozen
class NoticeVersion:
    """A version of a notice, without its words.

    Attributes:
        key: of the purpose, where *kind* is `consent`.
        material: whether consents to earlier versions stop counting.
        effective_from: since when it rules.
        languages: ISO 639 codes of the languages that it is written in.
    """

    id: UUID
    kind: NoticeKind
    key: str
    version: int
    material: bool
    effective_from: datetime
    published_at: datetime
    published_by: UUID | None
    languages: frozenset[str]


class Terms:
    """All versions, of purposes and of notices, in the order of their numbers."""

    def __init__(
        self, purposes: Mapping[str, tuple[PurposeVersion, ...]], notices: Sequence[NoticeVersion], rows: object
    ) -> None:
        self.purposes = purposes
        self.rows = rows
        """What was read, to be compared with what is read later."""
        self._notices: dict[tuple[NoticeKind, str], dict[int, NoticeVersion]] = {}
        for one in notices:
            self._notices.setdefault((one.kind, one.key), {})[one.version] = one
        self._books: dict[tuple[int, ...], PurposeBook] = {}

    def book(self, at: datetime) -> PurposeBook:
        """The purposes in force at *at*; the same object as long as they are the same."""
        ruling = [_ruling(versions, at) for versions in self.purposes.values()]
        numbers = tuple(-1 if one is None else one.version for one in ruling)
        known = self._books.get(numbers)
        if known is None:
            purposes = {one.purpose.key: one.purpose for one in ruling if one is not None}
            known = replace(shipped.purposes(), purposes=MappingProxyType(purposes)) if any(numbers) else None
            known = self._books.setdefault(numbers, known or shipped.purposes())
        return known

    def notice(self, kind: NoticeKind, key: str, version: int) -> NoticeVersion | None:
        """One version of a notice."""
        return self._notices.get((kind, key), {}).get(version)

    def notices(self, kind: NoticeKind | None = None, key: str | None = None) -> list[NoticeVersion]:
        """Versions of all notices, or of those of one kind or key, each notice's oldest first."""
        return [
            one
            for (its_kind, its_key), versions in sorted(self._notices.items())
            if kind in {None, its_kind} and key in {None, its_key}
            for one in versions.values()
        ]

    def notice_in_force(self, kind: NoticeKind, key: str, at: datetime) -> NoticeVersion | None:
        """The version that people are shown at *at*; None where none is in force."""
        found = [one for one in self._notices.get((kind, key), {}).values() if one.effective_from <= at]
        return found[-1] if found else None

    def minimum_notice(self, purpose: str, at: datetime) -> int:
        """The oldest version of a purpose's notice that a consent counts for at *at*; 0 where there is no notice."""
        versions = self._notices.get((NoticeKind.CONSENT, purpose), {}).values()
        in_force = [one for one in versions if one.effective_from <= at and (one.material or one.version == 1)]
        return in_force[-1].version if in_force else 0


@frozen
class _Kept:
    terms: Terms
    until: float


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def terms_of(work: Work) -> Terms:
    """What stands published, as *work* sees it."""
    own: Terms | None = work.session.info.get(_OWN)
    if own is not None:
        return own
    if _OWN in work.session.info:
        found = work.session.info[_OWN] = _read(work, None)
        return found
    engine = work.session.get_bind().engine
    kept = _kept.get(engine)
    asked_at = time.monotonic()
    if kept is not None and asked_at < kept.until:
        return kept.terms
    found = _read(work, None if kept is None else kept.terms)
    _kept[engine] = _Kept(found, asked_at + TTL_SECONDS)
    return found


def published(work: Work) -> None:
    """To be called where *work* publishes a version: from now on it sees its own, and all do once it is committed."""
    work.session.info[_OWN] = None


@event.listens_for(Session, "after_soft_rollback")
def _read_again(session: Session, _previous: SessionTransaction) -> None:
    if _OWN in session.info:
        session.info[_OWN] = None


@event.listens_for(Session, "after_transaction_end")
def _let_go(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None and session.info.pop(_OWN, _OWN) is not _OWN:
        _kept.pop(session.get_bind().engine, None)


def _read(work: Work, known: Terms | None) -> Terms:
    rows = (work.session.execute(_PURPOSES).all(), work.session.execute(_NOTICES).all())
    return known if known is not None and known.rows == rows else Terms(_purposes(rows[0]), _notices(rows[1]), rows)


def _ruling(versions: Sequence[PurposeVersion], at: datetime) -> PurposeVersion | None:
    return next((one for one in reversed(versions) if one.effective_from is None or one.effective_from <= at), None)


def _purposes(rows: Sequence[Any]) -> Mapping[str, tuple[PurposeVersion, ...]]:
    book = shipped.purposes()
    found = {key: (PurposeVersion(0, purpose),) for key, purpose in book.purposes.items()}
    for row in rows:
        purpose = parse_purpose(
            Node(f"purpose {row.key}, version {row.version}", "", row.document),
            key=row.key,
            book=book,
            categories=shipped.categories(),
        )
        version = PurposeVersion(row.version, purpose, row.effective_from, row.published_at, row.published_by)
        found[row.key] = (*found.get(row.key, ()), version)
    return found


def _notices(rows: Sequence[Any]) -> list[NoticeVersion]:
    return [
        NoticeVersion(
            id=row.id,
            kind=NoticeKind(row.kind),
            key=row.key,
            version=row.version,
            material=row.material,
            effective_from=row.effective_from,
            published_at=row.published_at,
            published_by=row.published_by,
            languages=frozenset(row.languages),
        )
        for row in rows
    ]


_PURPOSES = select(
    PurposeVersionRow.key,
    PurposeVersionRow.version,
    PurposeVersionRow.document,
    PurposeVersionRow.effective_from,
    PurposeVersionRow.published_at,
    PurposeVersionRow.published_by,
).order_by(PurposeVersionRow.key, PurposeVersionRow.version)
_NOTICES = (
    select(
        NoticeVersionRow.id,
        NoticeVersionRow.kind,
        NoticeVersionRow.key,
        NoticeVersionRow.version,
        NoticeVersionRow.material,
        NoticeVersionRow.effective_from,
        NoticeVersionRow.published_at,
        NoticeVersionRow.published_by,
        func.array_agg(NoticeTextRow.language).label("languages"),
    )
    .join(NoticeTextRow, NoticeTextRow.notice_id == NoticeVersionRow.id)
    .group_by(NoticeVersionRow.id)
    .order_by(NoticeVersionRow.kind, NoticeVersionRow.key, NoticeVersionRow.version)
)
