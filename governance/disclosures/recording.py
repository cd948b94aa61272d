"""Recording recipients: for purposes that this store has."""

from collections.abc import Sequence

from governance.consent import operations as consent
from governance.kernel.work import Work
from governance.reference import recipients as reference
from governance.reference.recipients import Recipient, RecipientKind


def define_recipient(
    work: Work,
    *,
    key: str,
    name: str,
    kind: RecipientKind,
    country: str,
    purposes: Sequence[str],
    fields: Sequence[str],
    safeguard: str,
    contact: str | None = None,
) -> Recipient:
    """Record a recipient, or a further version of it; nothing where all is as it was.

    Raises:
        ForbiddenError: without `reference:edit`.
        InvalidError: `errors` says by field what cannot be used, purposes that there are not included.
    """
    return reference.define_recipient(
        work,
        key=key,
        name=name,
        kind=kind,
        country=country,
        purposes=purposes,
        known_purposes=consent.book(work).purposes.keys(),
        fields=fields,
        safeguard=safeguard,
        contact=contact,
    )
