"""Every verb of this package."""

from governance.messages.cancelling import cancel
from governance.messages.delivery import deliver_due, forget_ended, remove_files
from governance.messages.fates import Fate, backlog, fate_of, sent_to, states_of
from governance.messages.findings import findings
from governance.messages.outbox import MessageId, enqueue, note_contacts, purge
from governance.messages.texts import LANGUAGES, Template
from governance.messages.transport import Line
from governance.messages.wording import (
    Wording,
    reset_wording,
    set_wording,
    wording,
    wording_versions,
    wordings,
)

__all__ = [
    "LANGUAGES",
    "Fate",
    "Line",
    "MessageId",
    "Template",
    "Wording",
    "backlog",
    "cancel",
    "deliver_due",
    "enqueue",
    "fate_of",
    "findings",
    "forget_ended",
    "note_contacts",
    "purge",
    "remove_files",
    "reset_wording",
    "sent_to",
    "set_wording",
    "states_of",
    "wording",
    "wording_versions",
    "wordings",
]
