"""What can be thinned out: the stocks of the packages below, and those that packages beside this one registered."""

from typing import Final

from governance.consent import expiring as consent
from governance.customers import stocks as customers
from governance.customers.expiring import Stock
from governance.disclosures import expiring as disclosures
from governance.erasure import expiring as erasure
from governance.intake import expiring as intake
from governance.kernel.errors import GovernanceError
from governance.kernel.work import Work
from governance.policies.retention import Clock, RetentionPolicy, TargetKind
from governance.retention.installed import Stocks, by_place, installed_stocks


class NotCarriedOutError(GovernanceError):
    """Nothing in this installation carries out such a policy."""

    slug = "policy-not-carried-out"


_OWN: Final = by_place(
    (*customers.STOCKS, *consent.STOCKS, *intake.STOCKS, *disclosures.STOCKS, *erasure.STOCKS),
)


def stocks_of(work: Work) -> Stocks:
    """What can be thinned out by this installation."""
    return {**_OWN, **installed_stocks(work)}


def is_carried_out(stocks: Stocks, policy: RetentionPolicy) -> bool:
    """Whether this installation can carry a policy out."""
    return policy.target.kind is TargetKind.LOG or _place(policy) in stocks


def stock_of(stocks: Stocks, policy: RetentionPolicy) -> Stock:
    """What a policy is about.

    Raises:
        NotCarriedOutError: where nothing here can carry it out.
    """
    found = stocks.get(_place(policy))
    if found is None:
        raise NotCarriedOutError(f"The policy {policy.key} cannot be carried out here: leave it in draft.")
    return found


def _place(policy: RetentionPolicy) -> tuple[TargetKind, str, Clock]:
    return policy.target.kind, policy.target.name, policy.clock
