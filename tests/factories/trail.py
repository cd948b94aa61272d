"""What the audit log was told, read back from its stored bytes."""

from sqlalchemy import text

from governance.audit.actions import Action
from governance.audit.entries import Entry, decode
from governance.kernel.work import Work


def entries(work: Work, action: Action | None = None) -> list[Entry]:
    """Entries that the transaction of *work* sees, oldest first; of one action, where it is given."""
    rows = work.session.execute(
        text("SELECT bytes FROM audit_body WHERE CAST(:action AS text) IS NULL OR action = :action ORDER BY eid"),
        {"action": None if action is None else action.value},
    )
    return [decode(bytes(row.bytes)) for row in rows]
