"""Packages for requests of access and portability: ordered in their transaction, made by a job."""

from typing import Final
from uuid import UUID

from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.rights.carriers import Carried, Carrier, Carriers
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageKind

_KINDS: Final = {
    RequestKind.ACCESS: PackageKind.ACCESS,
    RequestKind.PORTABILITY: PackageKind.PORTABILITY,
}


def _begin(work: Work, carried: Carried) -> UUID:
    kind = _KINDS[carried.kind]
    return packages.begin(work, person=carried.person, kind=kind, language=carried.language, request=carried.request)


def _is_done(work: Work, begun: UUID) -> bool:
    return packages.is_ready(work, begun)


CARRIERS: Final[Carriers] = {kind: Carrier(_begin, _is_done) for kind in _KINDS}
"""What packages do for requests."""
