"""Whether the database itself still refuses plain values in sealed columns, and keys that come back after shredding."""

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import CheckConstraint, Connection, Table, text

from governance.vault.columns import Digest, SealedBytes

GRANTS: Final = {
    "key_owner": frozenset({"SELECT", "INSERT", "UPDATE shredded_at"}),
    "data_key": frozenset({"SELECT", "INSERT", "MAINTAIN", "UPDATE epoch", "UPDATE wrapped", "UPDATE shredded_at"}),
    "key_epoch": frozenset({"SELECT", "INSERT", "UPDATE retired_at", "UPDATE destroyed_at"}),
    "index_version": frozenset({"SELECT", "INSERT", "UPDATE state"}),
    "keyring_copy": frozenset({"SELECT", "INSERT", "UPDATE", "MAINTAIN"}),
}
TRIGGERS: Final = frozenset({("key_owner", "key_owner_keep_shredded"), ("data_key", "data_key_keep_shredded")})

_GRANTS: Final = """
SELECT c.relname, a.privilege_type AS privilege, pg_get_userbyid(a.grantee) AS grantee
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relname = ANY(:names) AND c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
UNION ALL
SELECT c.relname, a.privilege_type || ' ' || t.attname, pg_get_userbyid(a.grantee)
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
WHERE c.relname = ANY(:names) AND c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
"""
_TRIGGERS: Final = """
SELECT tgrelid::regclass::text AS relname, tgname FROM pg_trigger
WHERE tgenabled = 'A' AND tgqual IS NULL AND tgfoid = to_regproc('vault_keep_shredded')
"""
_CHECKS: Final = """
SELECT conrelid::regclass::text AS relname, conname FROM pg_constraint
WHERE contype = 'c' AND convalidated AND conenforced
"""


def verify_sealing(connection: Connection, tables: Iterable[Table]) -> list[str]:
    """What is missing of the database's own protection of sealed values and keys; empty when it stands.

    Args:
        connection: of the service's role.
        tables: those with sealed columns.
    """
    return [*_missing_checks(connection, tables), *_missing_triggers(connection), *_grants(connection)]


def _missing_checks(connection: Connection, tables: Iterable[Table]) -> Iterator[str]:
    standing = {(row.relname, row.conname) for row in connection.execute(text(_CHECKS))}
    for table in tables:
        sealed = {column.name for column in table.columns if isinstance(column.type, SealedBytes | Digest)}
        for constraint in table.constraints:
            name = str(constraint.name)
            about = name.removeprefix(f"ck_{table.name}_")
            if isinstance(constraint, CheckConstraint) and about in sealed and (table.name, name) not in standing:
                yield f"the check {name}, which keeps plain values out of {table.name}.{about}, does not stand"


def _missing_triggers(connection: Connection) -> Iterator[str]:
    standing = {(row.relname, row.tgname) for row in connection.execute(text(_TRIGGERS))}
    for table, name in sorted(TRIGGERS - standing):
        yield f"the trigger {name}, which keeps shredded keys from coming back, does not stand on {table}"


def _grants(connection: Connection) -> Iterator[str]:
    app = connection.execute(text("SELECT current_user")).scalar_one()
    for row in connection.execute(text(_GRANTS), {"names": list(GRANTS)}):
        if row.grantee != app or row.privilege not in GRANTS[row.relname]:
            yield f"{row.grantee} may {row.privilege} on {row.relname}"
