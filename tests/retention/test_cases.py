"""All that is shipped against the case files: what is foreseen is what an independent reading of the store counts."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import text

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.consent import operations as consent
from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.policies.consent_state import EventKind
from governance.policies.purposes import Channel
from governance.policies.shipped import retention_policies
from governance.retention import operations as retention
from governance.rights import operations as rights
from tests.conftest import NOW, Store
from tests.factories.keeping import ACTIVITY, Keeping
from tests.factories.requesting import request
from tests.factories.saying import notice, said
from tests.intake.stores import import_file

MOSCOW = ZoneInfo("Europe/Moscow")
# What the files lack, on both sides of each edge: (days of the period, hours from one row to the next).
ADDED = {
    "activity": (396, 41, "INSERT INTO activity (id, owner_id, person_id, kind, at, created_at) SELECT "
        "gen_random_uuid(), owner_id, id, 'visit', at, at FROM days, "
        "(SELECT id, owner_id FROM person LIMIT 1) AS person"),
    "contact": (183, 41, "UPDATE contact SET bounced_at = at FROM days JOIN (SELECT id, row_number() OVER () AS n "
        "FROM contact) AS numbered USING (n) WHERE contact.id = numbered.id"),
    "request": (1096, 41, "INSERT INTO request SELECT (jsonb_populate_record(request, jsonb_build_object('id', "
        "gen_random_uuid(), 'number', '2020-' || n, 'recorded_at', at, 'closed_at', at))).* FROM days, request "
        "WHERE closed_at IS NOT NULL"),
    "erasure": (1096, 41, "INSERT INTO erasure (id, origin, state, people, zone, begun_at, begun_by_kind, entry, "
        "completed_at, closed_at) SELECT gen_random_uuid(), 'officer', 'closed', 1, 'Europe/Moscow', at, 'system', "
        "gen_random_uuid(), at, at FROM days"),
    "consent_request": (7, 8, "INSERT INTO consent_request (id, owner_id, form, form_version, choices, "
        "language, token_digest, created_at, expires_at) SELECT gen_random_uuid(), "
        "(SELECT owner_id FROM person LIMIT 1), 'web', "
        "1, '[]', 'ru', sha256(n::text::bytea), at, at FROM days"),
    "import_batch": (7, 8, "INSERT INTO import_batch SELECT (jsonb_populate_record(batch.one, jsonb_build_object("
        "'id', gen_random_uuid(), 'finished_at', at, 'refused_until', at))).* FROM days, "
        "(SELECT import_batch AS one FROM import_batch LIMIT 1) AS batch"),
    "export": (1, 1, "INSERT INTO export (id, owner_id, content_owner_id, state, recipient_id, purpose, channels, "
        "format, fields, exporter_kind, total, considered, rows, parts, left_out, created_at, ready_at, traceable) "
        "SELECT gen_random_uuid(), owner_id, owner_id, 'ready', gen_random_uuid(), 'service', '{}', 'csv', '{}', "
        "'system', 0, 0, "
        "0, 0, '{}', at, at, false FROM days, (SELECT owner_id FROM person LIMIT 1) AS owner"),
}  # fmt: skip
SILENT_BUYERS = """
SELECT DISTINCT person_id FROM purchase WHERE person_id NOT IN (SELECT person_id FROM consent_event) LIMIT 9
"""
DAYS = """
WITH days AS (
    SELECT n, %(now)s::timestamptz - make_interval(days => %(days)s, hours => (n - 20) * %(hours)s) AS at
    FROM generate_series(1, 39) AS n
)
"""


def fill(store: Keeping, admin_url: str) -> None:
    """Have something of every kind on both sides of its edge, by statements that trigger nothing of ours."""
    ended = store.do(lambda work: request(work).request)
    store.do(lambda work: rights.withdraw(work, request=ended.id))
    with psycopg.connect(admin_url) as outsider:
        outsider.execute("SET session_replication_role = replica")
        for days, hours, statement in ADDED.values():
            outsider.execute(DAYS + statement, {"now": NOW, "days": days, "hours": hours})  # type: ignore[operator]
        outsider.execute("UPDATE interaction SET note_sealed = (SELECT value_sealed FROM contact LIMIT 1)")
    store.do(lambda work: notice(work, "own_offers"))
    buyers = store.do(lambda work: work.session.scalars(text(SILENT_BUYERS)).all())
    said_at = (
        (EventKind.GIVEN, 1826, (Channel.PHONE, Channel.POST)),
        (EventKind.WITHDRAWN, 1500, (Channel.PHONE,)),
        (EventKind.WITHDRAWN, 1096, (Channel.POST,)),
    )
    for place, one in enumerate(buyers):
        for kind, days, channels in said_at:
            store.clock.at = NOW - timedelta(days=days + (place - 4) * 9)
            events = [said(kind, subject=SubjectId(one), purpose="own_offers", channel=channel) for channel in channels]
            store.do(lambda work, events=events: consent.record_many(work, events=events))  # type: ignore[misc]
    closed = store.do(lambda work: list(work.session.execute(text("SELECT id, closed_at FROM request"))))
    for place, (row, _) in enumerate(closed):
        for days, action in ((1096, Action.REQUEST_RECEIVED), (365, Action.PERSON_READ)):
            store.clock.at = NOW - timedelta(days=days + (place - 20) * 3)
            about = ObjectRef("request", row)
            store.do(lambda work, about=about, one=action: audit.append_many(work, [NewEntry(one, None, about)]))  # type: ignore[misc]
    store.clock.at = NOW


def test_the_case_files_come_to_what_an_independent_reading_counts(
    fresh_database: Database, fresh_store: Store, shared: Path
) -> None:
    store = Keeping(fresh_database, country="RU")
    for name, most in (("clients_ru.csv", 301), ("orders.csv", 1201), ("contacts_log.csv", 601)):
        lines = (shared / "cases" / name).read_bytes().splitlines(keepends=True)[:most]
        content = b"".join(lines)
        store.do(lambda work, content=content: import_file(work, content))  # type: ignore[misc]
    fill(store, fresh_store.admin_url)
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
    assert told.keys() == {*TABLES, *LOGS, "purchases_tax", "inactive_customers"}, "nothing that is shipped is left out"
    met: dict[str, int] = {}
    for at in (today, today + timedelta(days=8), today + timedelta(days=400)):
        forecast = store.do(lambda work, at=at: retention.simulate(work, at=_noon(at), curve=False))  # type: ignore[misc]
        found = {one.key: one.rows for one in forecast.policies if one.key in TABLES}
        # Proof that both policies are about counts for the first of them, once both periods are over.
        assert found.pop(CALLS) == 0
        expected = _expected(store, at)
        expected.pop(CALLS)
        at_their_end, expected["consent_evidence"] = expected["consent_evidence"], _proofs(store, at)
        assert found == expected, at
        bodies = {key: one.rows for key, one in ((one.key, one) for one in forecast.policies) if key in LOGS}
        assert bodies == {key: _bodies(store, kind, at, months) for key, (kind, months) in LOGS.items()}, at
        if at == today:
            assert expected["consent_evidence"] < at_their_end, "some of calls waits for the last use or grant"
            met |= found | bodies
    everything = _expected(store, date(2999, 1, 1)) | {
        key: _bodies(store, kind, date(2999, 1, 1), 0) for key, (kind, _) in LOGS.items()
    }
    assert {key for key, number in met.items() if not 0 < number < everything[key]} == set(), (
        "on both sides of its edge"
    )
    assert 0 < taxed < len(_orders(store, shared))
    assert 0 < told["inactive_customers"].people < store.count("person")
    assert sum(month.rows for month in told["purchases_tax"].curve) == _taxed_ahead(shared, store)

    _as_in_other_countries(store, shared, today)

    store.do(lambda work: retention.end(work, key="consent_evidence"))
    alone = {one.key: one.rows for one in store.do(lambda work: retention.simulate(work, curve=False)).policies}
    assert 0 < alone[CALLS] == _expected(store, today)[CALLS] < everything[CALLS]

    removed = 0
    while (done := store.run(["purchases_tax"])).parts[0].rows:
        removed += done.parts[0].rows
    assert removed == taxed


TAX_YEARS = {None: 10, "AT": 7, "DE": 8, "FR": 10, "GB": 6, "PL": 6, "RU": 5, "UA": 6}
"""From the end of the year of the purchase, by country, as the laws named in the policies have it."""


def _as_in_other_countries(store: Keeping, shared: Path, today: date) -> None:
    """The same files under what is shipped for each country that has periods of its own."""
    years = _orders(store, shared)
    for country, kept in TAX_YEARS.items():
        seen = []
        for at in (today, date(2028, 6, 1)):
            shipped = retention_policies(country)["purchases_tax"]
            told = store.do(lambda work, at=at, one=shipped: retention.simulate(work, at=_noon(at), policies=[one]))  # type: ignore[misc]
            seen.append(sum(date(year + kept, 12, 31) < at for year in years))
            assert told.policies[0].rows == seen[-1], (country, at)
        assert max(seen) > 0, country
        assert min(seen) < len(years), country
    evidence = retention_policies("DE")["consent_evidence"]
    for at in (today, today + timedelta(days=60)):
        told = store.do(lambda work, at=at: retention.simulate(work, at=_noon(at), policies=[evidence]))  # type: ignore[misc]
        assert told.policies[0].rows == _proofs(store, at, year_end=True), at
    assert _proofs(store, today, year_end=True) < _proofs(store, today), "some wait for the end of the year"


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
    "consent_evidence_calls": (
        "SELECT greatest(last_used_at, granted.at) FROM consent_event AS event "
        "JOIN consent_state AS state USING (person_id, purpose, channel) JOIN (SELECT person_id, purpose, channel, "
        "max(coalesce(valid_at, recorded_at)) AS at FROM consent_event WHERE kind IN ('given', 'confirmed', 'renewed') "
        "GROUP BY 1, 2, 3) AS granted USING (person_id, purpose, channel) WHERE channel = 'phone' "
        "AND standing IN ('withdrawn', 'objected', 'refused', 'expired') "
        "AND (state.event IS DISTINCT FROM event.id OR evidence_sealed IS NOT NULL)",
        60,
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


CALLS = "consent_evidence_calls"
PROOFS = (
    "SELECT state.since, CASE channel WHEN 'phone' THEN (SELECT greatest(state.last_used_at, "
    "max(coalesce(valid_at, recorded_at))) FROM consent_event AS given WHERE given.person_id = state.person_id "
    "AND given.purpose = state.purpose AND given.channel = state.channel "
    "AND kind IN ('given', 'confirmed', 'renewed')) END "
    "FROM consent_event AS event JOIN consent_state AS state USING (person_id, purpose, channel) "
    "WHERE standing IN ('withdrawn', 'objected', 'refused', 'expired') "
    "AND (state.event IS DISTINCT FROM event.id OR evidence_sealed IS NOT NULL)"
)
LOGS = {"log_reads": ("read", 12), "log_decisions": ("decision", 36)}
"""By policy about the log which class, and how many months."""


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


def _proofs(store: Keeping, today: date, *, year_end: bool = False) -> int:
    """Proofs whose consent ended over three years ago, and of calls was given and used over five years ago.

    Three years are counted from the day, or as in Germany from the end of its year.
    """
    ends = store.do(lambda work: work.session.execute(text(PROOFS)).all())
    count = 0
    for ended, used in ends:
        day = ended.astimezone(MOSCOW).date()
        days = [_months_after(day.replace(month=12, day=31) if year_end else day, 36)]
        days += [] if used is None else [_months_after(used.astimezone(MOSCOW).date(), 60)]
        count += max(days) < today
    return count


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    while True:
        try:
            return date(year, month + 1, day.day)
        except ValueError:
            day -= timedelta(days=1)


def _bodies(store: Keeping, kind: str, today: date, months: int) -> int:
    """Bodies of whole months that are over, without those whose request, erasure or consent was closed since."""
    over = _months_after(today.replace(day=1), -months)
    edge = datetime(over.year, over.month, 1, tzinfo=UTC)

    def read(work):  # type: ignore[no-untyped-def]
        query = "SELECT eid, at, object_id FROM audit_body WHERE class = :kind"
        bodies = work.session.execute(text(query), {"kind": kind}).all()
        closed = dict(iter(work.session.execute(text(MATTERS))))
        consents = {
            event: None if standing in ("requested", "claimed", "given") else since
            for event, standing, since in work.session.execute(text(CONSENTS))
        }
        return bodies, closed | consents

    bodies, ends = store.do(read)
    count = 0
    for eid, at, about in bodies:
        matter = [ends[one] for one in (eid, about) if one in ends]
        if at < edge and (kind == "read" or all(end is not None and end < edge for end in matter)):
            count += 1
    return count


MATTERS = "SELECT id, closed_at FROM request UNION ALL SELECT id, closed_at FROM erasure"
CONSENTS = (
    "SELECT event.id, standing, since FROM consent_event AS event "
    "JOIN consent_state USING (person_id, purpose, channel)"
)


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
                "AND NOT (kind = 'call' AND seconds = 0) "
                "UNION ALL SELECT person_id, coalesce(valid_at, recorded_at) FROM consent_event "
                "WHERE kind = 'given' AND batch_id IS NULL"
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
