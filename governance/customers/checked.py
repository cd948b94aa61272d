"""What a send check goes by of people, found by the blind index of a contact or by id: a part of its one statement.

Whoever composes it has decided that it may be; nothing that it reads is sealed. A contact is only ever held by the
survivor of those who were merged, so whoever was merged into another is found by id only, and answered no.
"""

from typing import Any

from sqlalchemy import ColumnElement, Label, Select, any_, cast, exists, func, null, or_, select
from sqlalchemy.sql.selectable import CTE

from governance.customers.tables import ContactRow, PersonRow, PurchaseRow, RestrictionRow
from governance.kernel.db import UtcDateTime

PERSON_COLUMNS = ("place", "person_id", "contact_id", "restricted", "country", "age", "ground", "offered_at", "sale_at")
"""Names of the columns, in order."""
_CONTACT = ContactRow.__table__.columns


def holders(asked: CTE, *, sales_until: ColumnElement[Any] | None) -> Select[Any]:
    """Everybody who holds a contact.

    Args:
        asked: rows of `place` and `digest`, the blind index of a contact.
        sales_until: the last purchase up to this instant is wanted; None where no purchase is asked about.

    Returns:
        Rows of `PERSON_COLUMNS`: none where nobody holds it, several where it is shared.
    """
    return (
        _columns(asked.c.place, _CONTACT["id"], _CONTACT["opt_out_offered_at"], sales_until)
        .join_from(asked, ContactRow, _CONTACT["value_index"] == asked.c.digest)
        .join(PersonRow, PersonRow.id == _CONTACT["person_id"])
    )


def people(asked: CTE, *, sales_until: ColumnElement[Any] | None) -> Select[Any]:
    """The same of people by id.

    Args:
        asked: rows of `place` and `person_id`.
        sales_until: as above.
    """
    columns = _columns(asked.c.place, null(), null(), sales_until)
    return columns.join_from(asked, PersonRow, PersonRow.id == asked.c.person_id)


def _columns(
    place: ColumnElement[Any],
    contact: ColumnElement[Any],
    offered_at: ColumnElement[Any],
    sales_until: ColumnElement[Any] | None,
) -> Select[Any]:
    return select(
        place.label("place"),
        PersonRow.id.label("person_id"),
        cast(contact, PersonRow.id.type).label("contact_id"),
        _restricted(),
        PersonRow.country.label("country"),
        PersonRow.age_at_least.label("age"),
        PersonRow.ground.label("ground"),
        cast(offered_at, UtcDateTime()).label("offered_at"),
        _sale(sales_until),
    )


def _restricted(limited: ColumnElement[bool] | None = None) -> Label[bool]:
    standing = exists().where(RestrictionRow.person_id == PersonRow.id, RestrictionRow.lifted_at.is_(None))
    return or_(
        PersonRow.not_mailable.is_not(None),
        PersonRow.deceased_at.is_not(None),
        PersonRow.merged_into.is_not(None),
        standing if limited is None else limited,
    ).label("restricted")


def _sale(until: ColumnElement[Any] | None) -> Label[Any]:
    if until is None:
        return cast(null(), UtcDateTime()).label("sale_at")
    sales = select(func.max(PurchaseRow.paid_at)).where(
        PurchaseRow.person_id == PersonRow.id, PurchaseRow.paid_at <= until
    )
    return sales.scalar_subquery().label("sale_at")


def held(digests: ColumnElement[Any]) -> Select[Any]:
    """Contacts by an array of blind indexes: of many at once, which are found with few descents into the index.

    Args:
        digests: an array of them.

    Returns:
        Rows of `digest`, `person_id`, `contact_id` and `offered_at`.
    """
    return select(
        _CONTACT["value_index"].label("digest"),
        _CONTACT["person_id"],
        _CONTACT["id"].label("contact_id"),
        _CONTACT["opt_out_offered_at"].label("offered_at"),
    ).where(_CONTACT["value_index"] == any_(digests))


def described(ids: ColumnElement[Any]) -> Select[Any]:
    """What is known of many people.

    Args:
        ids: an array of them.

    Returns:
        Rows of `person_id`, `restricted`, `country`, `age` and `ground`.
    """
    limited = select(RestrictionRow.person_id).where(
        RestrictionRow.person_id == any_(ids), RestrictionRow.lifted_at.is_(None)
    )
    columns: tuple[ColumnElement[Any], ...] = (
        PersonRow.id.label("person_id"),
        _restricted(PersonRow.id.in_(limited)),
        PersonRow.country.label("country"),
        PersonRow.age_at_least.label("age"),
        PersonRow.ground.label("ground"),
    )
    return select(*columns).where(PersonRow.id == any_(ids))


def bought(ids: ColumnElement[Any], *, until: ColumnElement[Any]) -> Select[Any]:
    """The last purchase of many people up to an instant.

    Args:
        ids: an array of them.
        until: the instant.

    Returns:
        Rows of `person_id` and `sale_at`, for those who bought.
    """
    columns: tuple[ColumnElement[Any], ...] = (
        PurchaseRow.person_id.label("person_id"),
        func.max(PurchaseRow.paid_at).label("sale_at"),
    )
    mine = select(*columns).where(PurchaseRow.person_id == any_(ids), PurchaseRow.paid_at <= until)
    return mine.group_by(PurchaseRow.person_id)
