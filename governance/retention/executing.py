"""What is done once a second person approved it."""

from typing import Final

from governance.accounts.operations import Executor, ProposalKind
from governance.accounts.proposed import Executors
from governance.policies.permissions import Permission
from governance.retention.beginning import approve_run
from governance.retention.life import activate

EXECUTORS: Final[Executors] = {
    ProposalKind.ACTIVATE_POLICY: Executor(Permission.RETENTION_ACTIVATE, activate),
    ProposalKind.RESUME_PURGE: Executor(Permission.RETENTION_ACTIVATE, approve_run),
}
"""What this package does once it was approved."""
