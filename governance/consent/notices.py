"""Notices: the words that people agree to, and those that tell what is done with data; versions that never change."""

import contextlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.consent.codes import NoticeKind
from governance.consent.errors import UnknownPurposeError
from governance.consent.numbering import number
from governance.consent.purposes import follow, starting
from governance.consent.tables import NoticeTextRow, NoticeVersionRow
from governance.consent.terms import NoticeVersion, published, terms_of
from governance.customers.reach import allow
from governance.customers.texts import Complaints, Wrong, words
from governance.kernel.errors import NotFoundError, PreconditionError
from governance.kernel.ids import uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY

LONGEST_TITLE = 200
LONGEST_BODY = 100_000
BLANK = "⟦"
"""Begins a place in a draft that only the controller can fill."""
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@frozen
class NoticeText:
    """The words of a notice in one language."""

    title: str
    body: str

    @property
    def digest(self) -> bytes:
        """SHA-256 of title, line feed and body in UTF-8."""
        return sha256(f"{self.title}\n{self.body}".encode()).digest()


@frozen
class Notice:
    """A version of a notice with its words, by ISO 639 code of the language."""

    version: NoticeVersion
    texts: Mapping[str, NoticeText]


def minimum_notice(work: Work, *, purpose: str, at: datetime | None = None) -> int:
    """The oldest version of a purpose's notice that consents count for at an instant, now by default.

    That is the last one that changed something material, or the first; 0 where none is in force.
    """
    return terms_of(work).minimum_notice(purpose, work.now if at is None else at)


def notices(work: Work, *, kind: NoticeKind | None = None, key: str | None = None) -> list[NoticeVersion]:
    """All versions of all notices, or of those of one kind or key; each notice's oldest first."""
    return terms_of(work).notices(kind, key)


def notice_in_force(work: Work, *, kind: NoticeKind, key: str, at: datetime | None = None) -> NoticeVersion | None:
    """The version that people are shown at an instant, now by default; None where none is in force."""
    return terms_of(work).notice_in_force(kind, key, work.now if at is None else at)


def notice(work: Work, *, kind: NoticeKind, key: str, version: int) -> Notice:
    """A version of a notice with its words.

    Raises:
        NotFoundError: where there is no such version.
    """
    found = terms_of(work).notice(kind, key, version)
    if found is None:
        raise NotFoundError("There is no such version of a notice; see: governance consent notices list")
    rows = work.session.execute(
        select(NoticeTextRow.language, NoticeTextRow.title, NoticeTextRow.body)
        .where(NoticeTextRow.notice_id == found.id)
        .order_by(NoticeTextRow.language)
    )
    return Notice(found, {row.language: NoticeText(row.title, row.body) for row in rows})


def texts_of(work: Work, ids: Iterable[UUID]) -> dict[UUID, dict[str, NoticeText]]:
    """Words of versions of notices by their ids and languages."""
    found: dict[UUID, dict[str, NoticeText]] = {one: {} for one in ids}
    row = NoticeTextRow
    query = select(row.notice_id, row.language, row.title, row.body).where(row.notice_id.in_(found))
    for one in work.session.execute(query):
        found[one.notice_id][one.language] = NoticeText(one.title, one.body)
    return found


def notice_words(work: Work, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Notice]:
    """Versions of the notices of purposes with their words, by purpose and version; those that do not exist not."""
    found: dict[tuple[str, int], Notice] = {}
    for purpose, version in wanted:
        with contextlib.suppress(NotFoundError):
            found[purpose, version] = notice(work, kind=NoticeKind.CONSENT, key=purpose, version=version)
    return found


def publish_notice(
    work: Work,
    *,
    kind: NoticeKind,
    key: str,
    texts: Mapping[str, NoticeText],
    material: bool,
    effective_from: datetime | None = None,
    newest: int | None = None,
) -> Notice:
    """Publish a version of a notice; the database lets nobody change it after that.

    Consent to processing and consent to advertising are separate texts, because each purpose has a notice of its own.

    Args:
        work: the transaction.
        kind: `consent` for the words that one purpose's consent agrees to; `privacy` for what people are told.
        key: of the purpose, or any name of a privacy notice.
        texts: by ISO 639 code; one language at least.
        material: whether consents to earlier versions stop counting, so that people are asked anew.
        effective_from: since when it rules; now by default, never earlier.
        newest: version that the writer took for the newest, 0 for none; None where that does not matter.

    Raises:
        ForbiddenError: where the actor may not configure consents.
        PreconditionError: where another version was published since.
        UnknownPurposeError: where a consent notice's key is no purpose.
        InvalidError: `errors` says by field what is wrong.
        NoticeOrderError: where a version that rules later is published already.
    """
    allow(work, Permission.CONSENT_CONFIGURE)
    checked = _checked(work, kind, key, texts)
    begins = starting(work, effective_from)
    number(work, f"{kind.value}:{key}")
    published(work)
    earlier = terms_of(work).notices(kind, key)
    if newest is not None and newest != len(earlier):
        raise PreconditionError("Somebody published another version while you wrote. Look at it first.")
    follow(begins, earlier[-1].effective_from if earlier else None)
    row = NoticeVersionRow(
        id=uuid7(),
        kind=kind.value,
        key=key,
        version=len(earlier) + 1,
        material=material,
        effective_from=begins,
        published_at=work.now,
        published_by=work.actor.id,
    )
    _insert(work, row, checked)
    _tell(work, row, checked)
    found = terms_of(work).notice(kind, key, row.version)
    if found is None:
        raise NotFoundError("The version was not kept.")
    return Notice(found, checked)


def _insert(work: Work, row: NoticeVersionRow, texts: Mapping[str, NoticeText]) -> None:
    work.session.add(row)
    work.session.flush()
    for code, said in texts.items():
        work.session.add(
            NoticeTextRow(notice_id=row.id, language=code, title=said.title, body=said.body, digest=said.digest)
        )
    work.session.flush()
    published(work)


def _tell(work: Work, row: NoticeVersionRow, texts: Mapping[str, NoticeText]) -> None:
    facts: dict[str, Fact] = {
        "kind": row.kind,
        "key": row.key,
        "version": row.version,
        "material": row.material,
        "effective_from": row.effective_from,
        "texts": {code: said.digest.hex() for code, said in texts.items()},
    }
    audit.append(work, Action.NOTICE_PUBLISHED, object=ObjectRef("notice", UUID(bytes=row.id.bytes)), facts=facts)


def _checked(work: Work, kind: NoticeKind, key: str, texts: Mapping[str, NoticeText]) -> dict[str, NoticeText]:
    errors = Complaints()
    if kind is NoticeKind.CONSENT and key not in terms_of(work).purposes:
        raise UnknownPurposeError("There is no purpose of this key; see: governance consent purposes")
    if not KEY.fullmatch(key):
        errors.add("key", "At most 50 lower-case letters, digits and underscores, a letter first.")
    if not texts:
        errors.add("texts", "Give the words in one language at least.")
    checked: dict[str, NoticeText] = {}
    for code, said in texts.items():
        with errors.at("texts"):
            if not _LANGUAGE.fullmatch(code):
                raise Wrong("A language is two or three small letters (ISO 639).")
            if BLANK in said.title + said.body:
                raise Wrong("Fill in the places between ⟦ and ⟧ first; only you can.")
            title = words(said.title, longest=LONGEST_TITLE)
            checked[code] = NoticeText(title, words(said.body, longest=LONGEST_BODY, lines=True))
    errors.end("This notice cannot be published.")
    return checked
