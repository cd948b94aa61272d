"""Every verb of this package.

`begin` (one person, by a request) and `order` (by an officer with a reason) put an erasure into the queue; `run` sees
it through; `erase_many` does a batch at once, for retention; `resume` takes up what waited for a day or a hold.
`read_kept` is the one way to what a law keeps of people who are gone.
"""

from governance.erasure.beginning import RUN, begin, order
from governance.erasure.certifying import Certificate, certificate, certificates_of, with_proofs
from governance.erasure.failing import FailingStep, failing, try_again
from governance.erasure.held_back import waiting_for
from governance.erasure.planning import look_ahead, plan_for
from governance.erasure.proving import Absence, Left, prove, search_files, search_stream, spellings
from governance.erasure.reading import KeptPurchase, KeptPurchases, Wanted, read_kept
from governance.erasure.records import (
    Erasure,
    ErasureId,
    ErasureState,
    ErasureStep,
    Origin,
    OriginKind,
    Plan,
    Step,
    StepState,
    ToldRecipient,
)
from governance.erasure.restoring import erase_restored
from governance.erasure.resuming import resume
from governance.erasure.rows import list_erasures, note_told, of_origin, show, state_of
from governance.erasure.running import erase_many, run, run_next
from governance.erasure.statistics import Happened, statistics
from governance.erasure.thinning import renew_compartment, shred_compartment
from governance.erasure.verifying import Verified, verify_certificate

__all__ = [
    "RUN",
    "Absence",
    "Certificate",
    "Erasure",
    "ErasureId",
    "ErasureState",
    "ErasureStep",
    "FailingStep",
    "Happened",
    "KeptPurchase",
    "KeptPurchases",
    "Left",
    "Origin",
    "OriginKind",
    "Plan",
    "Step",
    "StepState",
    "ToldRecipient",
    "Verified",
    "Wanted",
    "begin",
    "certificate",
    "certificates_of",
    "erase_many",
    "erase_restored",
    "failing",
    "list_erasures",
    "look_ahead",
    "note_told",
    "of_origin",
    "order",
    "plan_for",
    "prove",
    "read_kept",
    "renew_compartment",
    "resume",
    "run",
    "run_next",
    "search_files",
    "search_stream",
    "show",
    "shred_compartment",
    "spellings",
    "state_of",
    "statistics",
    "try_again",
    "verify_certificate",
    "waiting_for",
    "with_proofs",
]
