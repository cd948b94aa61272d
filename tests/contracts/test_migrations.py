"""The schema: one head, forward and back on data, and exactly what the mapped tables say."""

import secrets
from collections.abc import Iterator
from functools import cache

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, create_engine
from sqlalchemy.pool import NullPool

from governance.kernel import schema
from governance.kernel.db import Database, psycopg_url, sqlalchemy_url
from governance.metadata import metadata
from governance.vault.keyring import Keyring
from tests.conftest import Store, open_database

FOREIGN_TABLES = ("procrastinate_", "audit_body_")
"""Tables that no class maps: the queue's own, and partitions."""


@pytest.fixture
def empty_store(server_url: str) -> Iterator[Store]:
    """A provisioned database without any migration."""
    suffix = secrets.token_hex(4)
    roles = schema.Roles(f"m{suffix}")
    admin = schema.create_database(server_url, f"gov_m_{suffix}")
    schema.provision(admin, roles=roles, app_password="irrelevant")
    yield Store(f"gov_m_{suffix}", admin, admin, roles, "irrelevant")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "gov_m_{suffix}" WITH (FORCE)')
        connection.execute(f'DROP ROLE "{roles.app}"')
        connection.execute(f'DROP ROLE "{roles.owner}"')


@cache
def _revisions() -> list[str]:
    script = ScriptDirectory(str(schema.ROOT / "migrations"))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def test_an_administrator_who_is_no_superuser_makes_roles_and_schema(server_url: str) -> None:
    suffix = secrets.token_hex(4)
    roles = schema.Roles(f"m{suffix}")
    admin = schema.create_database(server_url, f"gov_m_{suffix}")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE a{suffix} LOGIN CREATEROLE PASSWORD 'secret'")
        connection.execute(f"ALTER DATABASE gov_m_{suffix} OWNER TO a{suffix}")
        try:
            url = sqlalchemy_url(admin).set(username=f"a{suffix}", password="secret")
            schema.provision(url.render_as_string(hide_password=False), roles=roles, app_password="service")
            with psycopg.connect(psycopg_url(url.render_as_string(hide_password=False))) as own:
                own.execute(f"SET ROLE {roles.owner}")
                own.execute("CREATE TABLE made (id int)")
            app = sqlalchemy_url(admin).set(username=roles.app, password="service")
            psycopg.connect(psycopg_url(app.render_as_string(hide_password=False))).close()
        finally:
            connection.execute(f"DROP DATABASE gov_m_{suffix} WITH (FORCE)")
            connection.execute(f"DROP ROLE IF EXISTS {roles.app}")
            connection.execute(f"DROP ROLE IF EXISTS {roles.owner}")
            connection.execute(f"DROP ROLE a{suffix}")


def _tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in rows}


def test_the_migrations_have_a_single_head_and_a_single_base() -> None:
    script = ScriptDirectory(str(schema.ROOT / "migrations"))

    assert script.get_heads() == [_revisions()[-1]]
    assert script.get_bases() == [_revisions()[0]]


def test_each_migration_goes_back_and_forward_again(empty_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ScriptDirectory(str(schema.ROOT / "migrations"))
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda _config: script)  # read once, and not for each step

    def tables_at(revision: str) -> set[str]:
        schema.migrate(empty_store.admin_url, roles=empty_store.roles, revision=revision)
        return _tables(empty_store.admin_url)

    revisions = _revisions()
    forward = {revision: tables_at(revision) for revision in revisions}
    back = {revision: tables_at(revision) for revision in revisions[-2::-1]}
    tables_at("0014")
    with psycopg.connect(empty_store.admin_url) as connection:  # as 0015 left it, before that was left out of the chain
        connection.execute("UPDATE alembic_version SET version_num = '0015'")
    again = tables_at(revisions[-1])

    assert back == {revision: forward[revision] for revision in back}
    assert again == forward[revisions[-1]]
    assert tables_at("base") <= {"alembic_version"}
    with psycopg.connect(empty_store.admin_url) as connection:
        left = connection.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace").fetchall()
        types = connection.execute(
            "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'"
        ).fetchall()
    assert left == []
    assert types == []


def test_the_schema_is_exactly_what_the_mapped_tables_say(fresh_store: Store) -> None:
    engine = create_engine(sqlalchemy_url(fresh_store.admin_url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": False,
                "include_name": lambda name, kind, _parents: kind != "table" or not name.startswith(FOREIGN_TABLES),
            },
        )
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_every_check_of_the_mapped_tables_stands_in_the_database(fresh_store: Store) -> None:
    wanted = {
        (table.name, str(constraint.name))
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    with psycopg.connect(fresh_store.admin_url) as connection:
        rows = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND convalidated"
        ).fetchall()

    assert wanted - set(rows) == set()


def test_data_survives_going_one_migration_back_and_forward(fresh_store: Store, keyring: Keyring) -> None:
    database: Database = open_database(fresh_store, keyring)
    database.dispose()
    last, before = _revisions()[-1], _revisions()[-2]

    schema.migrate(fresh_store.admin_url, roles=fresh_store.roles, revision=before)
    schema.migrate(fresh_store.admin_url, roles=fresh_store.roles, revision=last)

    # The keys registered before are still those of the ring, or this would refuse to start.
    open_database(fresh_store, keyring).dispose()


def test_every_table_belongs_to_the_owner_role_and_the_service_may_not_alter_it(fresh_store: Store) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [(fresh_store.roles.owner,)]

    with psycopg.connect(fresh_store.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("ALTER TABLE key_owner ADD COLUMN x int")
