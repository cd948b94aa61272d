"""Every verb of packages."""

from governance.rights.packages.beginning import MAKE, begin, order, order_own, own_packages
from governance.rights.packages.fetching import (
    EXPIRES_AFTER,
    MEDIA_TYPE,
    Fetched,
    destroy,
    destroy_all,
    discard,
    due_for_destruction,
    fetch,
    fetch_own,
    unfinished,
)
from governance.rights.packages.fetching import pieces as package_pieces
from governance.rights.packages.making import make, make_now
from governance.rights.packages.naming import name_reader, unname_reader
from governance.rights.packages.records import (
    Decision,
    Doubt,
    Flag,
    FlagId,
    Package,
    PackageId,
    PackageKind,
    PackageState,
)
from governance.rights.packages.reviewing import decide, flags_of
from governance.rights.packages.rows import find, find_package, is_ready, list_packages, packages_for, packages_of

__all__ = [
    "EXPIRES_AFTER",
    "MAKE",
    "MEDIA_TYPE",
    "Decision",
    "Doubt",
    "Fetched",
    "Flag",
    "FlagId",
    "Package",
    "PackageId",
    "PackageKind",
    "PackageState",
    "begin",
    "decide",
    "destroy",
    "destroy_all",
    "discard",
    "due_for_destruction",
    "fetch",
    "fetch_own",
    "find",
    "find_package",
    "flags_of",
    "is_ready",
    "list_packages",
    "make",
    "make_now",
    "name_reader",
    "order",
    "order_own",
    "own_packages",
    "package_pieces",
    "packages_for",
    "packages_of",
    "unfinished",
    "unname_reader",
]
