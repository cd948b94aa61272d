"""Checking at start that the database itself still refuses changes to the log: roles, grants, triggers, functions.

An administrator can take all of this away; that is what checkpoints are for. But it should not go unnoticed, and a
restore or an upgrade should not lose it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, text

_ROW, _BEFORE, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 8, 16, 32  # bits of pg_trigger.tgtype

_CHANGE = ("audit_no_change", "audit_refuse", _BEFORE | _DELETE | _UPDATE)
_EMPTYING = ("audit_no_truncate", "audit_refuse", _BEFORE | _TRUNCATE)
_UPDATING = ("audit_no_change", "audit_refuse", _BEFORE | _UPDATE)

INSERT_ONLY: Final = (
    "audit_entry", "audit_tree", "audit_vkey", "audit_tile", "audit_checkpoint", "audit_dropped", "audit_quarantine",
)  # fmt: skip
TRIGGERS: Final[Mapping[str, frozenset[tuple[str, str, int]]]] = {
    **{table: frozenset({_CHANGE, _EMPTYING}) for table in INSERT_ONLY},
    "audit_body": frozenset({("audit_no_change", "audit_refuse", _ROW | _BEFORE | _DELETE | _UPDATE), _EMPTYING}),
    "audit_leaf": frozenset({_UPDATING, _EMPTYING, ("audit_keep", "audit_keep_leaf", _BEFORE | _DELETE)}),
    "audit_pending": frozenset({_UPDATING, _EMPTYING, ("audit_keep", "audit_keep_pending", _DELETE)}),
    "audit_head": frozenset(
        {("audit_no_change", "audit_refuse", _BEFORE | _DELETE), _EMPTYING,
         ("audit_keep", "audit_keep_head", _ROW | _BEFORE | _UPDATE)}
    ),
    "audit_detail": frozenset({_UPDATING, _EMPTYING, ("audit_keep", "audit_keep_detail", _BEFORE | _DELETE)}),
}  # fmt: skip
GRANTS: Final[Mapping[str, frozenset[str]]] = {
    **{table: frozenset({"SELECT", "INSERT"}) for table in TRIGGERS},
    "audit_dropped": frozenset({"SELECT"}),
    "audit_quarantine": frozenset({"SELECT"}),
    "audit_pending": frozenset({"SELECT", "INSERT", "DELETE"}),
}
PARTITION_GRANTS: Final = frozenset({"SELECT"})
"""Partitions are reached through audit_body, but for pg_dump, which reads each by itself."""
COLUMN_GRANTS: Final = frozenset({("audit_head", name, "UPDATE") for name in ("size", "root", "edge")})
# SHA-256 of the sources: a function of the same name that refuses nothing would pass every other check.
FUNCTIONS: Final[Mapping[str, str]] = {
    "audit_refuse": "0c192ca6ca80b4e46590a4e5958663602eb324956c53252a4c354743db2d388f",
    "audit_keep_pending": "c086cc03f559c11fe82c554a66b1d7da94b94c70bee20b138a5b2c8cd5511c2c",
    "audit_keep_leaf": "6399f452784aec3d4706a5559f849f793557d00b1bbbe2c0eb4b8fb9b96b9066",
    "audit_contradictions": "53d78ebca89343cb56c71d1ef2cd9fa6ab932e4b8e88f5776deb234e93eb29b0",
    "audit_move_aside": "a124e95771142059304328864f5ae9c6800bc770f80c04fa88edc4d0159aa736",
    "audit_keep_head": "986c2b860bb96024f0347b2a20a43f791571e6d90282e992e0bf9dbd8d857db6",
    "audit_keep_detail": "a14c3068795f76af53367faa7e846bbda1c910a7dee93abfcff338eeda88b4a4",
    "audit_guard_partition": "4fdc5e45b62b5938875ce2b7e177dd5c445c5f3487bf6b2409efcfb20a0ee021",
    "audit_ensure_partitions": "aed3613de40d70f66c814bf72bc47dc356b7178ad1f50a51f904016fa95f55b0",
    "audit_drop_bodies": "4ae1377234776d05c9147722953b1d5b0bf91967b9a0432fb637894fa87ea4f8",
    "audit_awaited": "cd0b82d0889976199035dd9d3325dd064c0f2ea81539cbe5b65e6766302ab6b5",
    "erasure_forget_evidence": "d13bb37fe33a71351476062dffb2f23c9c0c51da3b89dfe3329b1473fb7fdbc6",
    "erasure_part_evidence": "fba0999b0bcd69e0bd8ed5ff929eb781c22161db019c0f310e579d6b960cde80",
    "erasure_rename": "2b014156d2ee453d4773ec36ea4203281013389de907e98d0fd2243a2351df6e",
    "audit_forget": "f000e5c280e7a6da9b0b7774c028caedb8a412247979ef0d869927d46f05139e",
}
DEFINERS: Final = frozenset(
    {"audit_ensure_partitions", "audit_drop_bodies", "audit_forget", "audit_move_aside", "erasure_forget_evidence",
     "erasure_part_evidence", "erasure_rename"}
)  # fmt: skip

_TABLES: Final = """
SELECT c.oid, c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.relrowsecurity AS hides,
    CASE WHEN p.relid IS NULL THEN c.relname ELSE 'audit_body' END AS kind
FROM pg_class c LEFT JOIN pg_partition_tree(to_regclass('audit_body')) p ON p.relid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND (c.relname = ANY(:names) OR p.relid IS NOT NULL)
ORDER BY c.relname
"""
_TRIGGERS: Final = """
SELECT t.tgrelid AS oid, t.tgname AS name, p.proname AS function, t.tgtype & 63 AS bits,
    t.tgenabled = 'A' AND t.tgqual IS NULL AND t.tgattr::text = '' AS always
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = ANY(:oids) AND NOT t.tgisinternal
"""
_GRANTS: Final = """
SELECT c.oid, NULL AS column, a.privilege_type AS privilege, pg_get_userbyid(a.grantee) AS grantee
FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = ANY(:oids) AND a.grantee <> c.relowner
UNION ALL
SELECT c.oid, t.attname, a.privilege_type, pg_get_userbyid(a.grantee)
FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
WHERE c.oid = ANY(:oids) AND a.grantee <> c.relowner
"""
_FUNCTIONS: Final = """
SELECT proname AS name, pg_get_userbyid(proowner) AS owner, prosecdef AS definer,
    encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') AS source,
    coalesce('search_path=public, pg_temp' = ANY(proconfig), false) AS fixed_path
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = ANY(:names)
"""
_ROLES: Final = """
SELECT rolname AS name, rolcanlogin AS logs_in,
    rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,
    NOT rolsuper AND (pg_has_role(rolname, :owner, 'MEMBER') OR pg_has_role(rolname, 'pg_write_all_data', 'MEMBER'))
        AS inherits
FROM pg_roles WHERE rolname IN (:app, :owner)
"""


def verify_enforcement(connection: Connection, *, app_role: str | None = None) -> list[str]:
    """What is missing of the database's own protection of the log; empty when it stands.

    Args:
        connection: of any role that may read the catalogue.
        app_role: the service's role; that of *connection* by default.
    """
    app = app_role or str(connection.scalar(text("SELECT current_user")))
    tables = list(connection.execute(text(_TABLES), {"names": list(TRIGGERS)}))
    missing = [f"table {name} is missing" for name in sorted(set(TRIGGERS) - {row.name for row in tables})]
    if not tables:
        return missing
    owner = next((str(row.owner) for row in tables if row.name == "audit_entry"), str(tables[0].owner))
    names = {row.oid: (str(row.name), str(row.kind)) for row in tables}
    found = [
        *missing,
        *(f"table {row.name} belongs to {row.owner}, not to {owner}" for row in tables if row.owner != owner),
        *(f"table {row.name} has row security, which hides rows" for row in tables if row.hides),
        *_check_triggers(connection, names),
        *_check_grants(connection, names, app),
        *_check_functions(connection, owner),
        *_check_roles(connection, app, owner),
    ]
    rules = connection.execute(
        text("SELECT DISTINCT ev_class::regclass::text FROM pg_rewrite WHERE ev_class = ANY(:oids)"),
        {"oids": list(names)},
    ).scalars()
    return [*found, *(f"table {name} has a rule, which may turn statements into nothing" for name in rules)]


def _check_triggers(connection: Connection, names: Mapping[int, tuple[str, str]]) -> Iterator[str]:
    standing: dict[int, set[tuple[str, str, int]]] = {}
    for row in connection.execute(text(_TRIGGERS), {"oids": list(names)}):
        if row.always:
            standing.setdefault(row.oid, set()).add((row.name, row.function, row.bits))
    for oid, (name, kind) in names.items():
        for trigger, _, _ in sorted(TRIGGERS[kind] - standing.get(oid, set())):
            yield f"trigger {trigger} on {name} does not stand (missing, changed, or not ENABLE ALWAYS)"


def _check_grants(connection: Connection, names: Mapping[int, tuple[str, str]], app: str) -> Iterator[str]:
    for row in connection.execute(text(_GRANTS), {"oids": list(names)}):
        name, _ = names[row.oid]
        allowed = GRANTS.get(name, PARTITION_GRANTS)
        meant = row.privilege in allowed if row.column is None else (name, row.column, row.privilege) in COLUMN_GRANTS
        if row.grantee != app or not meant:
            yield f"{row.grantee} may {row.privilege} on {name}"


def _check_functions(connection: Connection, owner: str) -> Iterator[str]:
    standing = {row.name: row for row in connection.execute(text(_FUNCTIONS), {"names": list(FUNCTIONS)})}
    for name, source in FUNCTIONS.items():
        row = standing.get(name)
        if row is None or row.source != source:
            yield f"function {name} is missing or not the one that was installed"
        elif row.owner != owner:
            yield f"function {name} belongs to {row.owner}, not to {owner}"
        elif row.definer != (name in DEFINERS) or (row.definer and not row.fixed_path):
            yield f"function {name} does not run with the rights or the search path that it must"


def _check_roles(connection: Connection, app: str, owner: str) -> Iterator[str]:
    for row in connection.execute(text(_ROLES), {"app": app, "owner": owner}):
        if row.mighty:
            yield f"role {row.name} has rights beyond the log (superuser, roles, databases, replication)"
        if row.name == owner and row.logs_in:
            yield f"role {owner}, which owns the log, may log in"
        if row.name == app and (row.inherits or app == owner):
            yield f"role {app} may act as {owner}, which owns the log"
