"""The field catalogue tells of every column there is, and of no other; what it calls sealed is sealed."""

import pytest
from sqlalchemy import Boolean, Table, Uuid
from sqlalchemy.types import TypeEngine

from governance.kernel.db import Base, UtcDateTime
from governance.metadata import metadata
from governance.policies import shipped
from governance.policies.classification import Field, Readable, ReadableKind
from governance.vault.columns import Digest, SealedBytes
from governance.vault.orm import SealedField, SealedRow

TABLES = sorted(metadata.tables)
MAPPED = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
SEALED = {name: row for name, row in MAPPED.items() if issubclass(row, SealedRow)}
KINDS: list[tuple[type[TypeEngine[object]], ReadableKind]] = [
    (Uuid, ReadableKind.ID),
    (UtcDateTime, ReadableKind.INSTANT),
    (Boolean, ReadableKind.MARK),
]


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_a_table_stands_in_the_catalogue(name: str) -> None:
    table: Table = metadata.tables[name]
    if name not in shipped.catalogue().tables:
        pytest.fail(f"{name} is missing from governance/policies/catalogue/*.yaml")
    assert set(shipped.catalogue().tables[name].columns()) == {column.name for column in table.columns}


def test_the_catalogue_tells_of_no_table_that_does_not_exist() -> None:
    assert set(shipped.catalogue().tables) == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_column_is_sealed_in_the_database_exactly_where_the_catalogue_says_so(name: str) -> None:
    told = shipped.catalogue().tables[name].columns()
    for column in metadata.tables[name].columns:
        is_sealed = isinstance(column.type, SealedBytes | Digest)
        assert isinstance(told[column.name], Field) == is_sealed, column.name


@pytest.mark.parametrize("name", TABLES)
def test_a_readable_column_is_of_the_kind_that_it_is_said_to_be(name: str) -> None:
    for column in metadata.tables[name].columns:
        told = shipped.catalogue().tables[name].columns()[column.name]
        if isinstance(told, Readable):
            for of_type, kind in KINDS:
                assert not isinstance(column.type, of_type) or told.kind is kind, column.name


@pytest.mark.parametrize("name", sorted(SEALED))
def test_compartment_type_and_index_of_a_field_are_those_of_the_catalogue(name: str) -> None:
    fields: dict[str, SealedField[object]] = dict(SEALED[name].sealed_fields)
    told = shipped.catalogue().tables[name].fields
    assert set(fields) == set(told)
    for attribute, field in fields.items():
        said = told[attribute]
        assert (said.compartment.value, said.type.value) == (field.compartment.value, field.kind.name), attribute
        assert said.indexed == field.indexed, attribute
