"""No table is forgotten: whatever could hold something of a person goes by a step, or is left for a reason."""

from sqlalchemy import ARRAY, Column, Uuid

from governance.erasure.stores import LEFT, STORES, By, of_step
from governance.metadata import metadata
from governance.vault.columns import Digest, SealedBytes

NAMING = ("person_id", "subject_ref", "other_id", "records", "people")


def _names_people(column: Column[object]) -> bool:
    return column.name in NAMING and isinstance(column.type, Uuid | ARRAY)


def about_people() -> set[str]:
    """Tables with a sealed column or a digest, or with a column that names a person."""
    return {
        table.name
        for table in metadata.tables.values()
        if any(isinstance(column.type, SealedBytes | Digest) or _names_people(column) for column in table.columns)
    }


def test_every_table_that_could_hold_something_of_a_person_is_named_once() -> None:
    erased = {one.table for one in STORES}

    assert about_people() - erased - set(LEFT) == set()
    assert erased & set(LEFT) == set()


def test_no_table_is_named_that_does_not_exist() -> None:
    assert ({one.table for one in STORES} | set(LEFT)) <= set(metadata.tables)


def test_every_table_is_deleted_from_by_a_column_that_it_has() -> None:
    wanted = {By.PERSON: ["person_id"], By.EITHER: ["person_id", "owner_id"], By.LINK: ["person_id", "other_id"]}
    for store in STORES:
        for column in wanted.get(store.by, []):
            assert column in metadata.tables[store.table].columns, store


def test_contacts_go_before_their_history_which_the_database_writes_when_they_go() -> None:
    order = [one.table for one in STORES]

    assert order.index("contact") < order.index("contact_history")
    assert [one.table for one in of_step(STORES[-2].step)][-1] == "person"
