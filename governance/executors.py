"""What lower packages have done by higher ones: every process that opens a store installs this.

It stands above the packages that act and below the entry points, so that no package imports one above it.
"""

from collections.abc import Mapping
from typing import Final

from governance.accounts import granting
from governance.accounts.operations import install_executors
from governance.accounts.proposed import Executors
from governance.customers import releasing
from governance.disclosures import beginning
from governance.erasure.letting_go import let_go
from governance.erasure.shedding import Shedder, install_shedders
from governance.intake.parting import Parting, install_partings
from governance.kernel.db import Database
from governance.retention import executing
from governance.retention.installed import Stocks, by_place, install_stocks
from governance.rights import approving, erasing, expiring, packing
from governance.rights.carriers import Carriers, install_carriers
from governance.rights.packages import operations as packages

EXECUTORS: Final[Executors] = {
    **granting.EXECUTORS,
    **releasing.EXECUTORS,
    **beginning.EXECUTORS,
    **executing.EXECUTORS,
    **approving.EXECUTORS,
}
CARRIERS: Final[Carriers] = {**erasing.CARRIERS, **packing.CARRIERS}
"""Who carries out kinds of requests of data subjects; a kind that is not named is carried out by officers by hand."""

STOCKS: Final[Stocks] = by_place(expiring.STOCKS)
"""What retention policies may be about besides what the packages below retention keep."""
SHEDDERS: Final[Mapping[str, Shedder]] = {"package": packages.destroy_all}
"""What packages above erasure destroy of people who are erased, by the name under which receipts count it."""

PARTINGS: Final[Mapping[str, Parting]] = {"erasure": let_go}
"""What packages above imports do when a merge is undone, by package."""


def install(database: Database) -> None:
    """Let proposals, requests and erasures in sessions of *database* be carried out by this installation."""
    install_executors(database, EXECUTORS)
    install_carriers(database, CARRIERS)
    install_stocks(database, STOCKS)
    install_shedders(database, SHEDDERS)
    install_partings(database, PARTINGS)
