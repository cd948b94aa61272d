"""Erasure for a request: begun in its transaction, seen through by jobs, done when every local receipt is there."""

from typing import Final
from uuid import UUID

from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureState, Origin, OriginKind
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.rights.carriers import Carried, Carrier, Carriers


def _begin(work: Work, carried: Carried) -> UUID:
    return erasure.begin(work, person=carried.person, origin=Origin(OriginKind.REQUEST, carried.request))


def _is_done(work: Work, begun: UUID) -> bool:
    return erasure.state_of(work, erasure=begun) is not ErasureState.RUNNING


CARRIERS: Final[Carriers] = {RequestKind.ERASURE: Carrier(_begin, _is_done)}
"""What erasure does for requests."""
