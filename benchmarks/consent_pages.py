"""What pages about consent cost among a million customers: the statistics, their count by night, a list cleaned.

The limit of the count is the same reading of the events without telling months apart.
"""

import time
from io import BytesIO
from typing import Final, LiteralString

import psycopg

from benchmarks.figures import Figure
from benchmarks.mailing import PURPOSE, contacts, mailing_store
from benchmarks.populating import told
from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.custody.opening import Store, open_store
from governance.intake import operations as intake
from governance.intake.contact_lists import ListOptions
from governance.kernel.work import OPERATOR, open_work
from governance.policies.purposes import Channel

PEOPLE: Final = 1_000_000
ROWS: Final = 100_000
SHOWN_BAR: Final = 1.0
CLEANED_BAR: Final = 60.0
SHOWN: Final = 20

# One grant for each person, spread over two years, and a third of them withdrawn.
_EVENTS: Final[LiteralString] = """
INSERT INTO consent_event (id, owner_id, person_id, purpose, channel, sequence, kind, recorded_at, valid_at, whole_day,
    method, actor_kind)
SELECT uuidv7(), p.owner_id, p.id, s.purpose, 'email', s.sequence, s.kind, s.at, s.at, false, 'import', 'system'
FROM (SELECT id, owner_id, row_number() OVER () AS number FROM person) p CROSS JOIN LATERAL (VALUES
    ('own_offers', 1, 'given', now() - make_interval(days => (p.number % 700)::int + 30)),
    ('own_offers', 2, 'withdrawn', now() - make_interval(days => (p.number % 700)::int / 2))
) AS s (purpose, sequence, kind, at) WHERE s.sequence = 1 OR p.number % 3 = 0
"""
_BARE: Final[LiteralString] = (
    "SELECT count(DISTINCT (person_id, channel)) FROM consent_event "
    "WHERE recorded_at >= now() - interval '100 years' AND kind IN ('given', 'confirmed', 'withdrawn', 'objected')"
)


def _populate(store: Store) -> None:
    with psycopg.connect(store.server.admin_url(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_EVENTS)
        connection.execute("VACUUM ANALYZE consent_event")


def _seconds_bare(store: Store) -> float:
    with psycopg.connect(store.server.admin_url(), autocommit=True) as connection:
        began = time.perf_counter()
        connection.execute(_BARE)
        return time.perf_counter() - began


def _seconds_counting(store: Store) -> float:
    with open_work(store.database, OPERATOR) as work:
        began = time.perf_counter()
        consent.count_months(work)
        return time.perf_counter() - began


def _seconds_shown(store: Store) -> float:
    spent = []
    for _ in range(SHOWN):
        began = time.perf_counter()
        with open_work(store.database, OPERATOR) as work:
            consent.months(work)
        spent.append(time.perf_counter() - began)
    return sorted(spent)[SHOWN // 2]


def _seconds_cleaning(store: Store) -> float:
    rows = "\n".join(["email", *contacts(Channel.EMAIL, ROWS, PEOPLE, seed=7)])
    began = time.perf_counter()
    found = intake.sift(
        store.database,
        actor=OPERATOR,
        file=BytesIO(rows.encode()),
        asked=Asked(PURPOSE, Channel.EMAIL, details=False),
        options=ListOptions(),
        allowed=BytesIO(),
        reasons=BytesIO(),
    )
    told(f"{found.allowed:,} of {found.rows:,} rows may be sent to")
    return time.perf_counter() - began


def run() -> list[Figure]:
    """The page, the counts behind it, and a list of a hundred thousand rows."""
    with mailing_store(PEOPLE) as settings, open_store(settings) as store:
        _populate(store)
        bare, first, again = _seconds_bare(store), _seconds_counting(store), _seconds_counting(store)
        shown, cleaned = _seconds_shown(store), _seconds_cleaning(store)
    return [
        Figure("statistics of consent, as shown", shown * 1000, "ms", f"<= {SHOWN_BAR:g} s", shown <= SHOWN_BAR),
        Figure("first count of all months", first, "s", "(a job)", True, "reading all events", bare, first / bare),
        Figure("count of a night: two months", again, "s", "(a job)", True, "reading all events", bare, again / bare),
        Figure(f"list of {ROWS:,} rows cleaned", cleaned, "s", f"<= {CLEANED_BAR:g} s", cleaned <= CLEANED_BAR),
    ]  # fmt: skip
