"""Ground floor that knows nothing of privacy: settings, errors, database, units of work, clock, ids, logs.

`work.Work` is one transaction, one actor, one instant; `db.Database` opens sessions; `embedded` runs PostgreSQL.
"""
