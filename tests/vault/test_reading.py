"""Opening columns of many rows: keys come beside the values, and none is kept."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.kernel.db import Database
from governance.policies.classification import Compartment
from governance.vault.errors import SealError
from governance.vault.reading import key_beside, open_rows
from governance.vault.runtime import vault_of
from tests.conftest import Store
from tests.vault.making import make_specimen
from tests.vault.models import Specimen

NAMES = ("name", "born")


def rows_of(session: Session) -> list[tuple[Any, ...]]:
    table = Specimen.__table__.columns
    key = key_beside(table["owner_id"], Compartment.PROFILE)
    query = (
        select(
            func.uuid_send(table["id"]), func.uuid_send(table["owner_id"]), *key.columns,
            *(table[f"{name}_sealed"] for name in NAMES),
        )
        .select_from(Specimen)
        .outerjoin(key.table, key.on)
        .order_by(table["id"])
    )  # fmt: skip
    return [(bytes(row[0]), bytes(row[1]), *row[2:]) for row in session.execute(query)]


def opened(session: Session) -> list[list[bytes | None]]:
    places = [Specimen.sealed_fields[name].place for name in NAMES]
    return list(open_rows(session, vault_of(session), places, rows_of(session)))


def test_values_are_opened_in_their_places_and_no_key_is_kept(database: Database, another_process: Database) -> None:
    with database.sessions.begin() as session:
        for number in range(3):
            make_specimen(session, name=f"Ada {number}" if number else None)
    with another_process.sessions.begin() as session:
        assert opened(session) == [[None, None], [b"Ada 1", None], [b"Ada 2", None]]
        assert len(vault_of(session).cache) == 0


def test_what_was_shredded_is_as_if_it_had_never_been(database: Database) -> None:
    with database.sessions.begin() as session:
        gone, kept = make_specimen(session, name="Ada"), make_specimen(session, name="Grace")
        vault_of(session).owners.shred(session, [gone.owner_id])
        assert opened(session) == [[None, None], [b"Grace", None]]
        assert kept.name == "Grace"


def test_a_value_moved_to_another_row_is_found_out(database: Database, specimen_store: Store) -> None:
    with database.sessions.begin() as session:
        one, other = make_specimen(session, name="Ada"), make_specimen(session, name="Grace")
        ids = (one.id, other.id)
    with psycopg.connect(specimen_store.admin_url) as connection:
        connection.execute(
            "UPDATE specimen SET name_sealed = (SELECT name_sealed FROM specimen WHERE id = %s) WHERE id = %s", ids
        )
    with database.sessions.begin() as session, pytest.raises(SealError):
        opened(session)


def test_a_value_that_names_a_key_that_never_was_is_found_out(database: Database) -> None:
    with database.sessions.begin() as session:
        one = make_specimen(session, name="Ada")
        row = rows_of(session)[0]
        later = row[4][:5] + b"\x02" + row[4][6:]
        places = [Specimen.sealed_fields[name].place for name in NAMES]
        for wrong in ((*row[:4], later, None), (*row[:2], None, None, later, None)):
            with pytest.raises(SealError):
                list(open_rows(session, vault_of(session), places, [wrong]))
        assert one.name == "Ada"
