"""Whether a restored log continues what was signed: compared with the last checkpoint kept outside the database."""

from pathlib import Path
from typing import Final

from sqlalchemy import text

from governance.audit.checkpoints import check_continuation
from governance.audit.errors import AuditBrokenError, AuditRollbackError
from governance.audit.notes import Checkpoint, Note, NoteError
from governance.audit.trees import current_tree
from governance.custody.signing import outside_of
from governance.kernel.db import Database
from governance.kernel.errors import Sentence

_NOT_HERE: Final = Sentence(
    "The last checkpoint, which was kept outside the database, is not on this machine: nobody can tell how old this "
    "log is. Put audit/checkpoint back, or open a new tree: governance audit open-tree"
)
_SIGNED: Final = "SELECT EXISTS (SELECT FROM audit_checkpoint WHERE size > 0)"


def compare_log(database: Database, data_dir: Path) -> str | None:
    """Why the log in *database* does not continue what was signed, or None where it does."""
    outside = outside_of(data_dir)
    note = outside.last()
    with database.sessions() as session:
        tree = current_tree(session)
        if outside.admitted() == tree.origin and tree.predecessor == note:
            return None  # a new tree, of which nothing was signed yet
        if note is None:
            return _NOT_HERE if session.scalar(text(_SIGNED)) else None
        try:
            signed = Checkpoint.parse_text(Note.parse(note).text)
            if signed.origin == tree.origin:
                check_continuation(session, tree, signed)
                return None
        except NoteError:
            return Sentence(
                "The last checkpoint kept outside the database is damaged; see audit/anchor.jsonl for a copy."
            )
        except (AuditRollbackError, AuditBrokenError) as error:
            return error.detail
    return Sentence(
        "The last checkpoint kept outside the database is of another tree; open a new one: governance audit open-tree"
    )
