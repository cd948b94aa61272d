"""A careful forger who commands the database: switches the triggers off, changes what he likes, makes all hashes fit
again, and switches the triggers back on. Only what lies outside the database is out of his reach."""

import psycopg

from governance.audit import merkle
from tests.audit.conftest import Log

TRIGGERS = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'audit%'
"""


def tamper(log: Log, *statements: str) -> None:
    """Change what stands, leaving hashes as they are."""
    _without_triggers(log, statements, rebuild=False)


def rewrite(log: Log, *statements: str) -> None:
    """Change what stands, then make entries, leaves, tiles and head agree with the bodies."""
    _without_triggers(log, statements, rebuild=True)


def _without_triggers(log: Log, statements: tuple[str, ...], *, rebuild: bool) -> None:
    with psycopg.connect(log.admin_url) as connection:
        triggers = connection.execute(TRIGGERS).fetchall()
        connection.execute("".join(f"ALTER TABLE {table} DISABLE TRIGGER {name};" for table, name in triggers))
        for statement in statements:
            connection.execute(statement)
        if rebuild:
            _rebuild(connection)
        connection.execute("".join(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};" for table, name in triggers))


def _rebuild(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    hashes = "SELECT eid, sha256('\\x00'::bytea || bytes) AS leaf_hash FROM audit_body"
    connection.execute("DELETE FROM audit_leaf l WHERE NOT EXISTS (SELECT FROM audit_body b WHERE b.eid = l.eid)")
    connection.execute("DELETE FROM audit_entry l WHERE NOT EXISTS (SELECT FROM audit_body b WHERE b.eid = l.eid)")
    connection.execute(
        "CREATE TEMP TABLE placed AS SELECT eid, row_number() OVER (ORDER BY seq) - 1 AS seq FROM audit_leaf"
    )
    connection.execute("DELETE FROM audit_leaf")
    connection.execute(
        f"INSERT INTO audit_leaf SELECT 1, p.seq, p.eid, h.leaf_hash FROM placed p JOIN ({hashes}) h USING (eid)"
    )
    connection.execute(f"UPDATE audit_entry e SET leaf_hash = h.leaf_hash FROM ({hashes}) h WHERE h.eid = e.eid")
    edge = merkle.Edge()
    leaves = connection.execute("SELECT leaf_hash FROM audit_leaf ORDER BY seq").fetchall()
    tiles = edge.append(b"".join(bytes(leaf) for (leaf,) in leaves))  # type: ignore[arg-type]
    connection.execute("DELETE FROM audit_tile")
    for tile in tiles:
        connection.execute("INSERT INTO audit_tile VALUES (1, %s, %s, %s)", (tile.level, tile.index, tile.hashes))
    connection.execute(
        "UPDATE audit_head SET size = %s, root = %s, edge = %s", (edge.size, edge.root(), edge.to_bytes())
    )
