"""All that doctor finds: of the store, of messages, of accounts and of further languages."""

from governance.accounts import operations as accounts
from governance.custody.doctor import examine
from governance.custody.findings import Finding, worst_first
from governance.custody.opening import Store
from governance.kernel.clock import Clock
from governance.kernel.work import OPERATOR, open_work
from governance.messages import operations as messages
from governance.messages.webhooks import operations as webhooks
from governance.pages.completeness import language_findings


def examine_all(store: Store, *, clock: Clock | None = None) -> list[Finding]:
    """Everything that is not in order with an open store, or soon will be, worst first."""
    found = examine(store, clock=clock)
    with open_work(store.database, OPERATOR, clock=clock) as work:
        found += messages.findings(work, settings=store.settings)
        found += webhooks.findings(work)
        found += accounts.proposal_findings(work)
        found += accounts.alert_findings(work)
    return worst_first([*found, *language_findings(store.settings.data_dir)])
