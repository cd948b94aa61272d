"""Owners that a transaction makes itself: their keys go in by COPY, without asking what nobody else can have done."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from governance.kernel.ids import uuid7
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.items import OpenItem, SealRow
from governance.vault.new_keys import COPY_FROM
from governance.vault.register import add_epoch
from governance.vault.runtime import vault_of
from tests.conftest import NOW
from tests.vault.models import Specimen

MANY = COPY_FROM + 1
PLACES = [Specimen.sealed_fields[name].place for name in ("name", "extra", "card")]


def _owners(session: Session, count: int) -> list[UUID]:
    made = [uuid7() for _ in range(count)]
    vault_of(session).owners.create(session, OwnerKind.PERSON, made)
    return made


def _rows(owners: list[UUID]) -> list[SealRow]:
    return [SealRow(uuid7(), owner, (f"Ada {n}".encode(), None, b"4000")) for n, owner in enumerate(owners)]


def _seal(session: Session, rows: list[SealRow]) -> list[list[bytes | None]]:
    return vault_of(session).seal_rows(session, PLACES, rows)


def _opened(session: Session, rows: list[SealRow], sealed: list[list[bytes | None]]) -> list[tuple[bytes | None, ...]]:
    items = [
        OpenItem(place, row.row_id, row.owner, value)
        for row, values in zip(rows, sealed, strict=True)
        for place, value in zip(PLACES, values, strict=True)
        if value is not None
    ]
    found = iter(vault_of(session).open_many(session, items))
    return [tuple(None if value is None else next(found) for value in values) for values in sealed]


@pytest.mark.parametrize("count", [1, MANY])
def test_what_is_sealed_for_new_owners_opens_within_the_transaction_and_after_it(database, another_process, count):
    with database.sessions.begin() as session:
        rows = _rows(_owners(session, count))
        sealed = _seal(session, rows)
        assert _opened(session, rows, sealed) == [row.plaintexts for row in rows]
    with another_process.sessions.begin() as later:
        assert _opened(later, rows, sealed) == [row.plaintexts for row in rows]


def test_each_owner_gets_one_key_in_each_compartment_that_holds_something(database):
    with database.sessions.begin() as session:
        owners = _owners(session, MANY)
        _seal(session, _rows(owners))
        _seal(session, _rows(owners))
        found = session.execute(
            text(
                "SELECT compartment, count(*), count(DISTINCT owner_id) FROM data_key "
                "WHERE owner_id = ANY(:ids) GROUP BY compartment"
            ),
            {"ids": owners},
        )
        assert sorted(tuple(row) for row in found) == [("contact", MANY, MANY), ("profile", MANY, MANY)]


def test_keys_are_wrapped_by_the_open_epoch_where_the_one_that_this_process_knows_was_retired(
    database, another_process
):
    with database.sessions() as session:
        owners = vault_of(session).owners
        known, newer = owners.current_epoch, vault_of(session).keys.add_epoch(now=NOW)
        add_epoch(session, newer)
        session.execute(text("UPDATE key_epoch SET retired_at = now() WHERE id = :known"), {"known": known})
        made = _owners(session, MANY)
        _seal(session, _rows(made))
        epochs = session.scalars(text("SELECT DISTINCT epoch FROM data_key WHERE owner_id = ANY(:ids)"), {"ids": made})
        assert epochs.all() == [newer.id]
        session.rollback()
        owners.current_epoch = known


@pytest.mark.parametrize("count", [1, MANY])
def test_nothing_is_sealed_for_owners_whose_making_was_rolled_back(database, count):
    with database.sessions() as session:
        savepoint = session.begin_nested()
        rows = _rows(_owners(session, count))
        _seal(session, rows)
        savepoint.rollback()
        with pytest.raises(ShreddedError, match="does not exist"):
            _seal(session, rows)


def test_owners_made_before_a_savepoint_that_was_rolled_back_get_their_keys_all_the_same(database, another_process):
    with database.sessions.begin() as session:
        rows = _rows(_owners(session, MANY))
        savepoint = session.begin_nested()
        _seal(session, rows)
        savepoint.rollback()
        sealed = _seal(session, rows)
    with another_process.sessions.begin() as later:
        assert _opened(later, rows, sealed) == [row.plaintexts for row in rows]


def test_new_owners_that_this_very_transaction_shreds_get_no_key_any_more(database):
    with database.sessions() as session:
        owners = _owners(session, MANY)
        vault_of(session).owners.shred(session, owners[:1])
        with pytest.raises(ShreddedError):
            _seal(session, _rows(owners))
