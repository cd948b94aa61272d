"""The lookup of a batch: thousands of contacts, whose holders come sorted into the classes that a verdict knows.

Contacts, people and consents are each found by an array of keys and then hashed together: a full join leaves the
planner no other way, whatever it expects. A class of holders is decided once (`policies.consent_classes`). A contact
that several share, or that stands on the ledger, is only named here: it is looked up like a single one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from psycopg import RawCursor
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    String,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from governance.consent.lookup import SILENT_STANDINGS, edge, purpose_covered
from governance.consent.tables import ConsentStateRow, SuppressionRow
from governance.customers.checked import bought, described, held
from governance.kernel.arrays import even_byteas
from governance.kernel.db import UtcDateTime, driver_connection
from governance.kernel.work import Work
from governance.policies.consent_classes import (
    ABSENT,
    CONFIRMED_OLD,
    ENDED,
    GIVEN_OLD,
    GROWN_UP,
    HOLDS,
    NEVER,
    RESTRICTED,
    TO_COME,
    Edges,
)
from governance.policies.purposes import Channel
from governance.vault.blind import DIGEST_BYTES

LINE: Final = -1
"""Stands for the marks of a class in the row of a digest that the ledger holds."""
EDGE: Final = -2
"""The same in the row that tells of ledger and controller."""


class Sorted(NamedTuple):
    """One row.

    Attributes:
        digest: blind index of the contact, or its digest in the ledger. In the row `EDGE`, which transactions the
            statement sees, as text in UTF-8.
        marks: see `HolderClass`; `LINE` and `EDGE` have no holder.
        country, ground, standing: the rest of the class. In the row `EDGE` the controller's country, and the least and
            the greatest number of layers in the ledger, None where it is empty.
        person: id of a person whose consent was not relied on for a day. In the row `EDGE`, that of the month's salt.
        contact: id of the contact, where it was asked for.
    """

    digest: bytes
    marks: int
    country: str | None
    ground: str | None
    standing: str | None
    person: bytes | None
    contact: bytes | None


class Asked(NamedTuple):
    """What is looked up.

    Attributes:
        sales, said: as `facts.Wanted` has them.
        contacts: whether ids of contacts are wanted.
        used_before: consents last relied on up to this instant are told of.
    """

    purpose: str
    channel: Channel
    edges: Edges
    sales: bool
    said: bool
    contacts: bool
    used_before: datetime


def sort(work: Work, asked: Asked, *, digests: Sequence[bytes], lines: Sequence[bytes]) -> Iterable[tuple[Any, ...]]:
    """Rows as `Sorted`, bare, in no order: one of each holder of a contact, and of each contact with lines.

    Args:
        work: the transaction.
        asked: what is wanted.
        digests: blind indexes of the contacts.
        lines: their digests in the ledger.
    """
    given = {
        "purpose": asked.purpose,
        "channel": asked.channel.value,
        "at": asked.edges.at,
        "lapsed": asked.edges.lapsed,
        "sold": asked.edges.sold,
        "notice": asked.edges.minimum_notice,
        "age": asked.edges.minimum_age,
        "used_before": asked.used_before,
        "digests": even_byteas(digests, size=DIGEST_BYTES),
        "lines": even_byteas(lines, size=DIGEST_BYTES),
    }
    statement, names = _statement(asked.sales, asked.said, asked.contacts)
    with RawCursor(driver_connection(work.session)) as cursor:
        cursor.execute(statement, [given[name] for name in names], binary=True)
        return cursor.fetchall()


@cache
def _statement(sales: bool, said: bool, contacts: bool) -> tuple[bytes, tuple[str, ...]]:  # noqa: FBT001 - a cache's key
    parts = (_holders(sales=sales, said=said, contacts=contacts), _lines(), _edge())
    compiled = union_all(*parts).compile(dialect=PGDialect_psycopg(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]  # SQLAlchemy's
    return str(compiled).encode(), tuple(compiled.positiontup or ())


def _holders(*, sales: bool, said: bool, contacts: bool) -> Select[Any]:
    found = held(bindparam("digests", type_=ARRAY(LargeBinary()))).cte("held")
    ids = func.array(select(found.c.person_id).scalar_subquery(), type_=ARRAY(Uuid()))
    known = described(ids).subquery("known")
    state = ConsentStateRow.__table__.columns
    stated = (
        select(*(state[name] for name in _STATE_COLUMNS))
        .where(
            state["person_id"] == any_(ids),
            state["purpose"] == bindparam("purpose", type_=String()),
            state["channel"] == bindparam("channel", type_=String()),
        )
        .cte("stated")
    )
    joined = found.join(known, known.c.person_id == found.c.person_id, full=True)
    joined = joined.join(stated, stated.c.person_id == found.c.person_id, full=True)
    sale: ColumnElement[Any] = cast(null(), UtcDateTime())
    if sales:
        buyers: ColumnElement[Any] = ids
        if said:
            talkers = select(stated.c.person_id).where(stated.c.standing.not_in(SILENT_STANDINGS))
            quiet = select(found.c.person_id).where(found.c.person_id.not_in(talkers))
            buyers = func.array(quiet.scalar_subquery(), type_=ARRAY(Uuid()))
        sold = bought(buyers, until=bindparam("at", type_=UtcDateTime())).subquery("sold")
        joined = joined.join(sold, sold.c.person_id == found.c.person_id, full=True)
        sale = sold.c.sale_at
    unused = or_(
        stated.c.last_used_at.is_(None), stated.c.last_used_at <= bindparam("used_before", type_=UtcDateTime())
    )
    relied = and_(stated.c.given_at.is_not(None), unused)
    return select(
        found.c.digest,
        _marks(known.c, stated.c, sale, found.c.offered_at),
        known.c.country,
        known.c.ground,
        stated.c.standing,
        case((relied, func.uuid_send(found.c.person_id, type_=LargeBinary()))).label("person"),
        (func.uuid_send(found.c.contact_id, type_=LargeBinary()) if contacts else cast(null(), LargeBinary())),
    ).select_from(joined)


_STATE_COLUMNS: Final = (
    "person_id", "standing", "given_at", "given_notice", "confirmed_at", "confirmed_notice", "last_used_at",
)  # fmt: skip


def _marks(known: Any, stated: Any, sale: ColumnElement[Any], offered: ColumnElement[Any]) -> ColumnElement[int]:  # noqa: ANN401 - columns of SQLAlchemy
    lapsed, sold = bindparam("lapsed", type_=UtcDateTime()), bindparam("sold", type_=UtcDateTime())
    never = literal_column(f"'{NEVER.isoformat()}'::timestamptz", UtcDateTime())
    instants = ((stated.given_at, lapsed), (stated.confirmed_at, lapsed), (sale, sold), (offered, never))
    notice = bindparam("notice", type_=Integer())
    bits = (
        (GIVEN_OLD, stated.given_notice < notice),
        (CONFIRMED_OLD, stated.confirmed_notice < notice),
        (RESTRICTED, known.restricted),
        (GROWN_UP, func.coalesce(known.age, _number(0)) >= bindparam("age", type_=Integer())),
    )
    told = [_class(one, after, 2 * place) for place, (one, after) in enumerate(instants)]
    told += [case((holds, _number(bit)), else_=_number(0)) for bit, holds in bits]
    total = told[0]
    for one in told[1:]:
        total = total + one
    return total.label("marks")


def _class(instant: ColumnElement[Any], after: ColumnElement[Any], shift: int) -> ColumnElement[int]:
    return case(
        (instant.is_(None), _number(ABSENT)),
        (instant > bindparam("at", type_=UtcDateTime()), _number(TO_COME << shift)),
        (instant > after, _number(HOLDS << shift)),
        else_=_number(ENDED << shift),
    )


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer())


def _lines() -> Select[Any]:
    row = SuppressionRow
    return _told(row.digest, LINE).where(
        row.digest == any_(bindparam("lines", type_=ARRAY(LargeBinary()))),
        row.channel == bindparam("channel", type_=String()),
        row.lifted_at.is_(None),
        purpose_covered(),
    )


def _edge() -> Select[Any]:
    told = edge()
    texts = {"ground": cast(told.lowest, String()), "standing": cast(told.highest, String())}
    seen = func.convert_to(told.seen, literal_column("'UTF8'"), type_=LargeBinary())
    return _told(seen, EDGE, country=told.country, person=told.salt, **texts)


def _told(digest: Any, marks: int, **told: ColumnElement[Any]) -> Select[Any]:  # noqa: ANN401 - as above
    """A row of the same columns, most of them empty."""
    types: dict[str, Any] = {"country": String(), "ground": String(), "standing": String(), "person": LargeBinary()}
    empty = (told.get(name, cast(null(), kind)) for name, kind in types.items())
    return select(digest, _number(marks), *empty, cast(null(), LargeBinary()))
