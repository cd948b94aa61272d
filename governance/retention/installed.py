"""Stocks of packages that do not stand below this one, registered by `executors`; `stocks` puts all together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from governance.kernel.late import LateMapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from governance.customers.expiring import Stock
    from governance.kernel.db import Database
    from governance.kernel.work import Work
    from governance.policies.retention import Clock, TargetKind

Stocks: TypeAlias = "Mapping[tuple[TargetKind, str, Clock], Stock]"

_INFO: Final = "retention.stocks"


def by_place(stocks: Iterable[Stock]) -> Stocks:
    """Stocks by what a policy names them by."""
    return {(one.kind, one.name, one.clock): one for one in stocks}


def late_stocks(place: str) -> Stocks:
    """The stocks at *place*, loaded when they are first asked for."""
    return LateMapping(place)


def install_stocks(database: Database, stocks: Stocks) -> None:
    """Let policies in sessions of *database* be about these as well."""
    database.remember(**{_INFO: stocks})


def installed_stocks(work: Work) -> Stocks:
    """What was installed; nothing where nothing was."""
    found: Stocks = work.session.info.get(_INFO, {})
    return found
