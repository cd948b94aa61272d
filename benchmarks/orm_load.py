"""Loading people by ORM: six sealed fields of the product's own table against a twin that holds them in the clear."""

import gc
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, MetaData, Table, create_engine, select, text
from sqlalchemy.orm import Session, registry
from sqlalchemy.types import String

from benchmarks.figures import Figure
from benchmarks.stores import ROLES, bench_store
from governance.customers.tables import PersonRow
from governance.kernel.db import sqlalchemy_url
from governance.kernel.ids import uuid7
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

PEOPLE = 20_000
CHUNK = 2_000
ROUNDS = 7
FIELDS = ("family_name", "given_name", "patronymic", "birth_date", "city", "street")
VALUES = ("Воробьева", "Ирина", "Романовна", "1982-08-09", "Улан-Удэ", "пр. Хуторской, д. 91")
BAR_UNREAD = 1.25
BAR_READ = 2.0


def _twin() -> type[Any]:
    """A class whose table has the same columns, sealed ones as text."""
    columns = [
        Column(
            column.name.removesuffix("_sealed"),
            String() if column.name.endswith("_sealed") else column.type,
            primary_key=column.primary_key,
            nullable=column.nullable,
        )
        for column in PersonRow.__table__.columns
    ]

    class Twin:
        """Plain person."""

    registry().map_imperatively(Twin, Table("person_twin", MetaData(), *columns))
    return Twin


def _fill(session: Session, twin: type[Any], now: datetime) -> None:
    ids = [uuid7() for _ in range(CHUNK)]
    vault_of(session).owners.create(session, OwnerKind.PERSON, ids)
    for owner in ids:
        common = {
            "owner_id": owner, "subject_ref": uuid7(), "kind": "private", "language": "ru", "country": "RU",
            "source": "own_form", "ground": "consent", "acquired_at": now, "version": 1, "created_at": now,
            "updated_at": now,
        }  # fmt: skip
        named = dict(zip(FIELDS, VALUES, strict=True))
        session.add(PersonRow(**common, **named))
        plain = twin()
        for name, value in {"id": uuid7(), **common, **named}.items():
            setattr(plain, name, value)
        session.add(plain)


def _read(row: Any) -> None:  # noqa: ANN401 (either class)
    _ = row.family_name, row.given_name, row.patronymic, row.birth_date, row.city, row.street


def _load(session: Session, row: type[Any], *, read: bool) -> float:
    """Seconds to load everybody, with cold keys, and to read the six fields where asked."""
    vault_of(session).cache.clear()
    gc.collect()
    started = time.perf_counter()
    rows: Sequence[Any] = session.scalars(select(row)).all()
    if read:
        for one in rows:
            _read(one)
    spent = time.perf_counter() - started
    if len(rows) != PEOPLE:
        raise AssertionError("the benchmark did not load everybody")
    return spent


def run() -> list[Figure]:
    """Two figures: no field read, all six read. Keys are fetched and unwrapped anew each time."""
    twin = _twin()
    with bench_store() as store:
        admin = create_engine(sqlalchemy_url(store.admin_url))
        twin.__table__.create(admin)
        with admin.begin() as connection:
            connection.execute(text(f"GRANT SELECT, INSERT ON person_twin TO {ROLES.app}"))
        for _ in range(PEOPLE // CHUNK):
            with store.database.sessions.begin() as session:
                _fill(session, twin, datetime.now(UTC))
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        admin.dispose()
        spent: dict[tuple[bool, bool], list[float]] = {}
        for _ in range(ROUNDS):
            for sealed in (False, True):
                for read in (False, True):
                    with store.database.sessions() as session:
                        seconds = _load(session, PersonRow if sealed else twin, read=read)
                    spent.setdefault((sealed, read), []).append(seconds)
    return [
        _figure("ORM load of 20k people, no sealed field read", spent[True, False], spent[False, False], BAR_UNREAD),
        _figure("ORM load of 20k people, six sealed fields read", spent[True, True], spent[False, True], BAR_READ),
    ]


def _figure(name: str, sealed: list[float], plain: list[float], bar: float) -> Figure:
    value, limit = statistics.median(sealed) * 1000, statistics.median(plain) * 1000
    ratio = statistics.median(s / p for s, p in zip(sealed, plain, strict=True))
    return Figure(name, value, "ms", f"<= {bar}x", ratio <= bar, "same columns unsealed", limit, ratio)
