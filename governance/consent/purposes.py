"""Purposes: those that are shipped, and the versions by which a controller changes them or adds its own."""

from collections.abc import Mapping
from datetime import datetime

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.consent.errors import NoticeOrderError, UnknownPurposeError
from governance.consent.numbering import number
from governance.consent.tables import PurposeVersionRow
from governance.consent.terms import PurposeVersion, published, terms_of
from governance.customers.reach import allow
from governance.customers.records import Json
from governance.kernel.errors import InvalidError
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.documents import DocumentError, Node
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY, Purpose, PurposeBook, parse_purpose


def book(work: Work, at: datetime | None = None) -> PurposeBook:
    """The purposes in force at an instant, now by default; the same object as long as they are the same."""
    return terms_of(work).book(work.now if at is None else at)


def purposes(work: Work) -> list[PurposeVersion]:
    """Every purpose in its version in force now, in the order of their keys; those that begin later are left out."""
    found = (
        [one for one in versions if one.effective_from is None or one.effective_from <= work.now]
        for _, versions in sorted(terms_of(work).purposes.items())
    )
    return [versions[-1] for versions in found if versions]


def purpose_versions(work: Work, *, key: str) -> list[PurposeVersion]:
    """All versions of a purpose, the shipped one and those that begin later included, the oldest first.

    Raises:
        UnknownPurposeError: where there is no such purpose.
    """
    found = terms_of(work).purposes.get(key)
    if found is None:
        raise UnknownPurposeError("There is no purpose of this key; see: governance consent purposes")
    return list(found)


def publish_purpose(
    work: Work, *, key: str, document: Mapping[str, Json], effective_from: datetime | None = None
) -> PurposeVersion:
    """Publish a version of a purpose, or a purpose of the controller's own; it is never changed after that.

    Args:
        work: the transaction.
        key: of the purpose.
        document: as a purpose stands in `purposes.yaml`; rests on the bases that are shipped.
        effective_from: since when it rules; now by default, never earlier.

    Raises:
        ForbiddenError: where the actor may not configure consents.
        InvalidError: where the document breaks a rule; `errors` names the place in it.
        NoticeOrderError: where a version that rules later is published already.
    """
    allow(work, Permission.CONSENT_CONFIGURE)
    purpose = _parsed(key, document)
    begins = starting(work, effective_from)
    number(work, f"purpose:{key}")
    published(work)
    earlier = [one for one in terms_of(work).purposes.get(key, ()) if one.effective_from is not None]
    follow(begins, earlier[-1].effective_from if earlier else None)
    row = PurposeVersionRow(
        key=key,
        version=len(earlier) + 1,
        document=dict(document),
        effective_from=begins,
        published_at=work.now,
        published_by=work.actor.id,
    )
    work.session.add(row)
    work.session.flush()
    published(work)
    facts: dict[str, Fact] = {"purpose": key, "version": row.version, "effective_from": begins}
    audit.append(work, Action.PURPOSE_PUBLISHED, facts=facts)
    return PurposeVersion(row.version, purpose, begins, work.now, work.actor.id)


def _parsed(key: str, document: Mapping[str, Json]) -> Purpose:
    if not KEY.fullmatch(key):
        raise InvalidError(
            "This cannot be the key of a purpose.",
            errors={"key": ["At most 50 lower-case letters, digits and underscores, a letter first."]},
        )
    try:
        return parse_purpose(
            Node("purpose", "", dict(document)), key=key, book=shipped.purposes(), categories=shipped.categories()
        )
    except DocumentError as wrong:
        place = f"document.{wrong.path}" if wrong.path else "document"
        raise InvalidError("This is no purpose.", errors={place: [f"{wrong.problem}."]}) from None


def starting(work: Work, effective_from: datetime | None) -> datetime:
    """From when something published now rules.

    Raises:
        InvalidError: where that is past: what people were shown then cannot be changed any more.
    """
    if effective_from is None:
        return work.now
    if effective_from < work.now:
        raise InvalidError(
            "A version takes effect when it is published, or later.",
            errors={"effective_from": ["This instant is past; leave it out to begin now."]},
        )
    return effective_from


def follow(begins: datetime, before: datetime | None) -> None:
    """Make sure that versions rule in the order of their numbers.

    Raises:
        NoticeOrderError: where the newest version begins later.
    """
    if before is not None and begins < before:
        raise NoticeOrderError(
            "A version that begins later is published already; let this one begin after it.",
            errors={"effective_from": ["Before the newest version begins."]},
        )
