"""The verbs of the audit log, by what they do: append, read, prove, age, verify, mend, export.

`append` and `append_many` are for every package; the rest is for entry points. Signing is `checkpoints.Signer`, the
sequencer is `sequencer.drain`: both open their own transactions.
"""

from governance.audit.acts import acts_of, counts_of, newest_readings, readings_of
from governance.audit.aging import count_awaited, count_bodies, drop_bodies, ensure_partitions, forget_details
from governance.audit.appending import append, append_many
from governance.audit.details import details, details_of
from governance.audit.enforcement import verify_enforcement
from governance.audit.exporting import export
from governance.audit.handing import Handed, hand_out
from governance.audit.opening import open_tree
from governance.audit.quarantining import quarantine
from governance.audit.readers import READINGS, LogReadings, who_read
from governance.audit.signed import Continuation, ListedCheckpoint, checkpoint_of, continuation, signed_checkpoints
from governance.audit.trail import consistency_proof, entry, inclusion_proof, inclusion_proofs, search
from governance.audit.verification import verify_live

__all__ = [
    "READINGS",
    "Continuation",
    "Handed",
    "ListedCheckpoint",
    "LogReadings",
    "acts_of",
    "append",
    "append_many",
    "checkpoint_of",
    "consistency_proof",
    "continuation",
    "count_awaited",
    "count_bodies",
    "counts_of",
    "details",
    "details_of",
    "drop_bodies",
    "ensure_partitions",
    "entry",
    "export",
    "forget_details",
    "hand_out",
    "inclusion_proof",
    "inclusion_proofs",
    "newest_readings",
    "open_tree",
    "quarantine",
    "readings_of",
    "search",
    "signed_checkpoints",
    "verify_enforcement",
    "verify_live",
    "who_read",
]
