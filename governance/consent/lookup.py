"""The one statement of a send check: who holds the contacts, what they said, what the suppression ledger says.

It is made of what each package says about its own tables and compiled once. Digests go out and rows come back by the
driver, since a batch has ten thousand.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import RawCursor
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Text,
    Uuid,
    and_,
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
from sqlalchemy.sql.selectable import CTE

from governance.consent.tables import ConsentStateRow, DecisionSaltRow, SuppressionRow
from governance.customers.checked import holders, people
from governance.kernel.db import UtcDateTime, driver_connection
from governance.kernel.work import Work
from governance.policies.consent_state import Standing
from governance.policies.purposes import Channel
from governance.reference.operations import country_in_force
from governance.vault.blind import DIGEST_BYTES

EDGE: Final = -1
"""Place of the row that tells of the ledger as a whole, and of the controller."""
_MOST: Final = 1_000_000_000


class Sought(NamedTuple):
    """What is looked up.

    Attributes:
        purpose, channel: of the consents, and of the lines of the ledger.
        at: purchases up to this instant count; the connection's zone is UTC, by which months are told.
        sales: whether purchases count at all.
        said: whether they count only where the person has said nothing: a consent or a stop goes before them.
        events: whether the events that consents come from are wanted.
        places: by digest or person, which contact of the question it belongs to; never negative.
        digests: blind indexes of the contacts, one after the other.
        people: ids of people, where no contacts are asked about.
        ledger_places, ledger_digests: the same for the ledger.
    """

    purpose: str
    channel: Channel
    at: datetime
    sales: bool
    said: bool
    events: bool
    places: Sequence[int]
    digests: Sequence[bytes] = ()
    people: Sequence[UUID] = ()
    ledger_places: Sequence[int] = ()
    ledger_digests: Sequence[bytes] = ()


Row = tuple[Any, ...]
"""place, person, contact, restricted, country, age, ground, offered_at, sale_at, standing, event, given_at,
given_notice, given_event, confirmed_at, confirmed_notice, confirmed_event, last_used_at. Ids are their sixteen bytes,
since few of them are looked at.

A row without `restricted` is a line of the ledger: scope (as standing), purpose (country), reason (ground), since when
(offered_at). In that of the place `EDGE` stand the least and the greatest number of layers in the ledger (age,
given_notice; None where it is empty), the controller's country, the id of the month's salt (event), and which
transactions the statement sees (standing): its snapshot, and the transaction's own number where it has one.
"""


def look_up(work: Work, asked: Sought) -> list[Row]:
    """Rows of what is known, in no order; none of a place of which nothing is known."""
    given = {
        "purpose": asked.purpose,
        "channel": asked.channel.value,
        "at": asked.at,
        "places": _array(asked.places),
        "digests": b"".join(asked.digests),
        "people": list(asked.people),
        "ledger_places": _array(asked.ledger_places),
        "ledger_digests": b"".join(asked.ledger_digests),
    }
    statement, names = _statement(asked.sales, asked.said, asked.events, bool(asked.people))
    with RawCursor(driver_connection(work.session)) as cursor:  # the driver need not look for parameters each time
        cursor.execute(statement, [given[name] for name in names], binary=True)
        return cursor.fetchall()


def _array(places: Sequence[int]) -> str:
    """An array as PostgreSQL reads it from text: quicker to make than to hand over number by number."""
    return "{" + ",".join(map(str, places)) + "}"


@cache
def _statement(
    sales: bool,  # noqa: FBT001 (these are the key of the cache)
    said: bool,  # noqa: FBT001
    events: bool,  # noqa: FBT001
    by_id: bool,  # noqa: FBT001
) -> tuple[bytes, tuple[str, ...]]:
    until = bindparam("at", type_=UtcDateTime()) if sales else None
    found = people(_people(), sales_until=until) if by_id else holders(_digests("contacts", ""), sales_until=until)
    parts = [_with_states(found, said=said, events=events), _ledger(_digests("lines", "ledger_")), _edge()]
    compiled = union_all(*parts).compile(dialect=PGDialect_psycopg(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]  # SQLAlchemy's
    return str(compiled).encode(), tuple(compiled.positiontup or ())


def _digests(name: str, prefix: str) -> CTE:
    """Places with their digests.

    That a place lies in a range, which it always does, has the planner expect a row or two whatever it is asked, so
    that it goes by the indexes and one plan serves a single contact and a batch alike.
    """
    places = cast(bindparam(f"{prefix}places", type_=Text()), ARRAY(Integer))
    given = func.unnest(places).table_valued("place", with_ordinality="number").render_derived(name="given")
    start = literal_column(f"((given.number - 1) * {DIGEST_BYTES} + 1)::int", Integer)
    digest = func.substr(_bytes(f"{prefix}digests"), start, literal_column(str(DIGEST_BYTES)))
    return select(given.c.place, digest.label("digest")).where(_in_range(given.c.place)).cte(name)


def _bytes(name: str) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=LargeBinary()), LargeBinary())


def _people() -> CTE:
    places = cast(bindparam("places", type_=Text()), ARRAY(Integer))
    given = func.unnest(places, bindparam("people", type_=ARRAY(Uuid()))).table_valued("place", "person_id")
    given = given.render_derived()
    return select(given.c.place, given.c.person_id).where(_in_range(given.c.place)).cte("asked")


def _in_range(place: ColumnElement[Any]) -> ColumnElement[bool]:
    return place.between(literal_column("0"), literal_column(str(_MOST)))


def _with_states(found: Select[Any], *, said: bool, events: bool) -> Select[Any]:
    held, state = found.subquery("held"), ConsentStateRow.__table__.columns
    same = and_(
        ConsentStateRow.person_id == held.c.person_id,
        ConsentStateRow.purpose == bindparam("purpose", type_=String()),
        ConsentStateRow.channel == bindparam("channel", type_=String()),
    )
    columns = [_told(state[name], events=events) for name in _STATE_COLUMNS]
    silent = or_(state["standing"].is_(None), state["standing"].in_(SILENT_STANDINGS))
    people = [
        case((silent, one)).label(one.name) if said and one.name == "sale_at" else _told(one, events=True)
        for one in held.c
    ]
    return select(*people, *columns).select_from(held).outerjoin(ConsentStateRow, same)


def _told(one: ColumnElement[Any], *, events: bool) -> ColumnElement[Any]:
    if not isinstance(one.type, Uuid):
        return one
    return func.uuid_send(one, type_=LargeBinary()) if events else cast(null(), LargeBinary())


SILENT_STANDINGS: Final[Sequence[ColumnElement[str]]] = [
    literal_column(f"'{one.value}'", String()) for one in (Standing.SILENT, Standing.REQUESTED)
]
"""Of those who have said nothing yet."""
_STATE_COLUMNS: Final = (
    *("standing", "event", "given_at", "given_notice", "given_event", "confirmed_at", "confirmed_notice"),
    *("confirmed_event", "last_used_at"),
)


def _ledger(asked: CTE) -> Select[Any]:
    row = SuppressionRow
    return _row(asked.c.place, country=row.purpose, ground=row.reason, offered_at=row.at, standing=row.scope).join_from(
        asked,
        row,
        and_(
            row.digest == asked.c.digest,
            row.channel == bindparam("channel", type_=String()),
            row.lifted_at.is_(None),
            purpose_covered(),
        ),
    )


def purpose_covered() -> ColumnElement[bool]:
    """Whether a line of the ledger covers the purpose, or no single one."""
    purpose = bindparam("purpose", type_=String())
    return func.coalesce(SuppressionRow.purpose, purpose) == purpose


class Edge(NamedTuple):
    """What every lookup tells beside its rows: of the ledger as a whole, the controller, this month's decisions."""

    lowest: ColumnElement[Any]
    highest: ColumnElement[Any]
    country: ColumnElement[Any]
    salt: ColumnElement[Any]
    seen: ColumnElement[Any]


def edge() -> Edge:
    """Layers of the ledger, the controller's country, the id of the month's salt, and what the statement sees."""

    def layers(end: Any) -> Any:  # noqa: ANN401 - expressions of SQLAlchemy
        first = func.get_byte(SuppressionRow.digest, literal_column("0"))
        return select(first).order_by(end).limit(literal_column("1")).scalar_subquery()

    month = func.to_char(bindparam("at", type_=UtcDateTime()), literal_column("'YYYY-MM'"))
    return Edge(
        layers(SuppressionRow.digest.asc()),
        layers(SuppressionRow.digest.desc()),
        country_in_force().scalar_subquery(),
        select(func.uuid_send(DecisionSaltRow.id)).where(DecisionSaltRow.month == month).scalar_subquery(),
        literal_column(_SEEN, String()),
    )


_SEEN: Final = (
    "pg_current_snapshot()::text || coalesce(';' || pg_current_xact_id_if_assigned()::text, '')"  # see `visibility`
)


def _edge() -> Select[Any]:
    told = edge()
    place: ColumnElement[int] = literal_column(str(EDGE))
    layers = {"age": told.lowest, "given_notice": told.highest}
    return _row(place, country=told.country, event=told.salt, standing=told.seen, **layers)


def _row(place: Any, **told: Any) -> Select[Any]:  # noqa: ANN401 - as above
    """A row of the same columns, most of them empty."""
    types: dict[str, Any] = {
        "person_id": LargeBinary(), "contact_id": LargeBinary(), "restricted": Boolean(), "country": String(),
        "age": SmallInteger(), "ground": String(), "offered_at": UtcDateTime(), "sale_at": UtcDateTime(),
        "standing": String(), "event": LargeBinary(), "given_at": UtcDateTime(), "given_notice": Integer(),
        "given_event": LargeBinary(), "confirmed_at": UtcDateTime(), "confirmed_notice": Integer(),
        "confirmed_event": LargeBinary(),
        "last_used_at": UtcDateTime(),
    }  # fmt: skip
    return select(place, *(told[name] if name in told else cast(null(), kind) for name, kind in types.items()))
