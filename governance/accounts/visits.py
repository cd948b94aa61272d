"""Forms that strangers send, counted by address for all web processes and hosts together."""

from datetime import timedelta
from math import ceil
from typing import Final, LiteralString

from governance.accounts.attempts import place_of
from governance.kernel.db import driver_connection
from governance.kernel.errors import TooManyError
from governance.kernel.work import Work
from governance.vault.blind import BlindIndex
from governance.vault.runtime import vault_of

WINDOW: Final = timedelta(minutes=1)
_INDEX: Final = BlindIndex("sign_in_attempt.digest/form", lambda value: value)
_COUNT: Final[LiteralString] = """
INSERT INTO sign_in_attempt AS kept (digest, kind, failures, tried_at) VALUES (%(digest)s, 'address', 1, %(now)s)
ON CONFLICT (digest) DO UPDATE SET
    failures = CASE WHEN kept.tried_at <= %(before)s THEN 1 ELSE kept.failures + 1 END,
    tried_at = CASE WHEN kept.tried_at <= %(before)s THEN excluded.tried_at ELSE kept.tried_at END
RETURNING failures, tried_at
"""


def count_form(work: Work, *, address: str, most: int) -> None:
    """Count a form that was sent; to be committed before it is looked at.

    Args:
        work: a unit of work of its own.
        address: where it comes from, an IP address; of IPv6 its network counts.
        most: forms from there within a minute.

    Raises:
        TooManyError: there were so many already.
    """
    digest = vault_of(work.session).indexer.digest(_INDEX, place_of(address))
    given = {"digest": digest, "now": work.now, "before": work.now - WINDOW}
    row = driver_connection(work.session).execute(_COUNT, given).fetchone()
    if row is not None and row[0] > most:
        seconds = max(1, ceil((row[1] + WINDOW - work.now).total_seconds()))
        raise TooManyError("Too many requests; come back later.", retry_after_seconds=seconds)
