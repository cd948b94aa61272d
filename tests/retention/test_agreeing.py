"""What is foreseen for an instant is what a run of that instant takes away, and what an independent reading counts."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.kernel.db import Database
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind
from governance.policies.shipped import retention_policies
from governance.retention import operations as retention
from governance.vault.keyring import Keyring
from tests.conftest import NOW, Store, Stores, clone, lent_store, open_database
from tests.factories.customers import interaction, purchase
from tests.factories.keeping import ACTIVITY, Keeping, document
from tests.factories.saying import notice, said
from tests.intake.stores import import_file

MOSCOW = ZoneInfo("Europe/Moscow")
SHIPPED = (
    *("inactive_customers", "unconfirmed_subscriptions", "behaviour", "interaction_notes", "bounced_contacts"),
    *("purchases_tax", "consent_evidence", "consent_evidence_calls", "refused_import_rows", "exports"),
)
AWAY = "policies:\n" + "".join(
    document(key, body).removeprefix("policies:\n")
    for key, body in (
        (
            "old_behaviour",
            "applies_to: {compartment: behaviour}\nclock: last_activity\nkeep: P6M\naction: shred_compartment\n"
            "citation: decided\nverified: true",
        ),
        (
            "store_only",
            "applies_to: {subject: true}\nclock: last_activity\nkeep: P12M\naction: restrict\n"
            "citation: decided\nverified: true",
        ),
    )
)
DAYS = st.integers(0, 4000)
PERSON = st.fixed_dictionaries(
    {
        "purchases": st.lists(DAYS, max_size=2),
        "visits": st.lists(DAYS, max_size=2),
        "talks": st.lists(DAYS, max_size=2),
        "withdrew": st.none() | DAYS,
        "held": st.none() | st.sampled_from([Compartment.FINANCE, Compartment.BEHAVIOUR, Compartment.EVIDENCE]),
    }
)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("agreeing") / "secrets" / "keyring.json", now=NOW)


@pytest.fixture(scope="module")
def kept_stores(server_url: str, template: Store, ring: Keyring) -> Iterator[Stores]:
    """Stores in which the policies are in force already, which takes longer than a run."""
    with clone(server_url, template) as pattern:
        store = Keeping(open_database(pattern, ring))
        store.do(notice)
        store.force(*SHIPPED)
        store.force_document(AWAY)
        store.database.dispose()
        found = Stores(server_url, pattern)
        yield found
        found.end()


def fill(store: Keeping, people: list[dict[str, object]]) -> None:
    for one, subject in zip(people, store.people(len(people)), strict=True):
        store.visits(subject, *(NOW - timedelta(days=days) for days in one["visits"]))  # type: ignore[attr-defined]
        for number, days in enumerate(one["purchases"]):  # type: ignore[arg-type]
            bought = purchase(paid_at=(NOW - timedelta(days=days)).date(), number=str(number))
            store.do(lambda work, who=subject, new=bought: customers.record_purchase(work, subject=who, purchase=new))  # type: ignore[misc]
        for days in one["talks"]:  # type: ignore[attr-defined]
            talk = interaction(at=NOW - timedelta(days=days), note="words")
            store.do(
                lambda work, who=subject, new=talk: customers.record_interaction(work, subject=who, interaction=new)
            )  # type: ignore[misc]
        if one["withdrew"] is not None:
            at = NOW - timedelta(days=one["withdrew"])  # type: ignore[arg-type]
            store.clock.at = at
            event = said(EventKind.WITHDRAWN, subject=subject)
            store.do(lambda work, event=event: consent.record_many(work, events=[event]))  # type: ignore[misc]
            store.clock.at = NOW
        if one["held"] is not None:
            store.hold(subject, one["held"])  # type: ignore[arg-type]
        oldest = [*one["visits"], *one["purchases"], *one["talks"]]  # type: ignore[misc]
        store.seen({subject: NOW - timedelta(days=min(oldest, default=0))})


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(PERSON, min_size=1, max_size=5))
def test_a_run_takes_away_exactly_what_was_foreseen_for_its_instant(
    kept_stores: Stores, ring: Keyring, people: list[dict[str, object]]
) -> None:
    with lent_store(kept_stores) as lent:
        store = Keeping(open_database(lent, ring))
        fill(store, people)

        foreseen = store.do(lambda work: retention.simulate(work, curve=False))
        done = store.run()

        told = {one.key: (one.people, one.rows) for one in foreseen.policies}
        assert {part.key: (part.people, part.rows) for part in done.parts} == told
        assert {part.left_over for part in done.parts} == {0}
        after = store.do(lambda work: retention.simulate(work, curve=False))
        assert {one.rows for one in after.policies} == {0}


def test_the_case_files_come_to_what_an_independent_reading_counts(fresh_database: Database, shared: Path) -> None:
    store = Keeping(fresh_database, country="RU")
    for name, most in (("clients_ru.csv", 301), ("orders.csv", 5000), ("contacts_log.csv", 2000)):
        lines = (shared / "cases" / name).read_bytes().splitlines(keepends=True)[:most]
        content = b"".join(lines)
        store.do(lambda work, content=content: import_file(work, content))  # type: ignore[misc]
    store.force(*sorted(retention_policies("RU")))
    store.force_document(TALKS)
    today = date(2026, 11, 22)

    taxed, gone = _overdue_purchases(store, shared, today), _inactive(store, today)
    now = store.do(lambda work: retention.simulate(work, curve=True))
    told = {one.key: one for one in now.policies}

    assert told["purchases_tax"].rows == taxed
    # Everybody who can be written to is warned before; a month later all of them go.
    later = {one.key: one for one in store.do(_ahead).policies}
    assert later["inactive_customers"].people == _inactive(store, today + timedelta(days=31))
    assert told["inactive_customers"].people <= gone
    for at in (today, today + timedelta(days=8), today + timedelta(days=400)):
        forecast = store.do(lambda work, at=at: retention.simulate(work, at=_noon(at), curve=False))  # type: ignore[misc]
        found = {one.key: one.rows for one in forecast.policies if one.key in TABLES}
        assert found == _expected(store, at), at
        assert found["talks"] > 0
    assert sum(month.rows for month in told["purchases_tax"].curve) == _taxed_ahead(shared, store)

    removed = 0
    while (done := store.run(["purchases_tax"])).parts[0].rows:
        removed += done.parts[0].rows
    assert removed == taxed


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=MOSCOW).astimezone(UTC)


TALKS = ACTIVITY.replace("behaviour:", "talks:").replace("activity", "interaction").replace("P13M", "P12M")
TABLES = {
    "talks": ("SELECT at FROM interaction", 12),
    "behaviour": ("SELECT at FROM activity", 13),
    "interaction_notes": ("SELECT at FROM interaction WHERE note_sealed IS NOT NULL", 12),
    "bounced_contacts": ("SELECT bounced_at FROM contact WHERE bounced_at IS NOT NULL", 6),
    "consent_evidence": (
        "SELECT since FROM consent_event AS event JOIN consent_state AS state USING (person_id, purpose, channel) "
        "WHERE standing IN ('withdrawn', 'objected', 'refused', 'expired') "
        "AND (state.event IS DISTINCT FROM event.id OR evidence_sealed IS NOT NULL)",
        36,
    ),
    "closed_requests": ("SELECT closed_at FROM request WHERE closed_at IS NOT NULL", 36),
    "destruction_acts": ("SELECT closed_at FROM erasure WHERE closed_at IS NOT NULL", 36),
    "unconfirmed_subscriptions": (
        "SELECT created_at FROM consent_request WHERE confirmed_at IS NULL",
        timedelta(days=7),
    ),
    "refused_import_rows": (
        "SELECT coalesce(finished_at, created_at) FROM import_batch WHERE refused_until IS NOT NULL",
        timedelta(days=7),
    ),
    "exports": ("SELECT ready_at FROM export WHERE state IN ('ready', 'downloaded')", timedelta(days=1)),
}
"""By policy where its clock is read, and how long is kept: in months, or in days."""


def _expected(store: Keeping, today: date) -> dict[str, int]:
    """What is over on a day: its last day, so long after the day of the event in Moscow, lies before it."""
    found = {}
    for key, (query, keep) in TABLES.items():
        events = store.do(lambda work, query=query: [row[0] for row in work.session.execute(text(query))])  # type: ignore[misc]
        days = [at.astimezone(MOSCOW).date() for at in events]
        found[key] = sum(
            (day + keep if isinstance(keep, timedelta) else _months_after(day, keep)) < today for day in days
        )
    return found


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    while True:
        try:
            return date(year, month + 1, day.day)
        except ValueError:
            day -= timedelta(days=1)


def _ahead(work):  # type: ignore[no-untyped-def]
    return retention.simulate(work, at=NOW + timedelta(days=31), curve=False)


def _orders(store: Keeping, shared: Path) -> list[int]:
    """Years of the purchases that were taken over, as the file has them."""
    content = (shared / "cases" / "orders.csv").read_text("utf-8-sig")
    in_file = [int(row["paid_at"][:4]) for row in csv.DictReader(io.StringIO(content))]
    taken = store.do(lambda work: [row.year for row in work.session.execute(text(YEARS))])
    assert set(taken) <= set(in_file)
    return [int(year) for year in taken]


YEARS = "SELECT extract(year FROM paid_at)::int AS year FROM purchase"


def _overdue_purchases(store: Keeping, shared: Path, today: date) -> int:
    """Russia: five years from the end of the year of the purchase."""
    return sum(date(year + 5, 12, 31) < today for year in _orders(store, shared))


def _taxed_ahead(shared: Path, store: Keeping) -> int:
    """In the 24 months from November 2026 the years 2021 and 2022 come due, on 1 January 2027 and 2028."""
    return sum(year in (2021, 2022) for year in _orders(store, shared))


def _inactive(store: Keeping, today: date) -> int:
    """Whose last purchase, call or meeting, or else first purchase by the list, or import, is over two years ago."""

    def read(work):  # type: ignore[no-untyped-def]
        people = work.session.execute(text("SELECT id, customer_since, acquired_at FROM person")).all()
        met = work.session.execute(
            text(
                "SELECT person_id, paid_at AS at FROM purchase UNION ALL "
                "SELECT person_id, at FROM interaction WHERE kind IN ('call', 'meeting', 'feedback') "
                "AND NOT (kind = 'call' AND seconds = 0)"
            )
        ).all()
        return people, met

    people, met = store.do(read)
    last: dict[object, datetime] = {}
    for person, at in met:
        last[person] = max(at, last.get(person, at))
    count = 0
    for person, since, acquired in people:
        known = [at for at in (last.get(person), _midnight(since)) if at is not None]
        day = max(known, default=acquired).astimezone(MOSCOW).date()
        count += _two_years_after(day) < today
    return count


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _two_years_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 2)
    except ValueError:
        return date(day.year + 2, 2, 28)
