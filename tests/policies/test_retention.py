"""Retention: which day is the last one, what is due, what makes no sense; documents read and written alike."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.documents import DocumentError
from governance.policies.periods import Period
from governance.policies.retention import (
    CALENDAR_YEAR,
    Anchor,
    Clock,
    FilterField,
    Narrowing,
    RetentionAction,
    RetentionPolicy,
    StatutoryMinimum,
    Target,
    TargetKind,
    YearStart,
    cutoff,
    is_shorter,
    last_day,
    minimum_cutoff,
    minimum_until,
    parse_year_start,
)
from governance.policies.retention_conflicts import ConflictReason, conflicts
from governance.policies.retention_reader import clocks_of, parse_policies, write_policy
from governance.policies.shipped import retention_policies

KYIV, SANTIAGO = ZoneInfo("Europe/Kyiv"), ZoneInfo("America/Santiago")
APRIL = YearStart(4, 1)
WRITTEN = """
policies:
  own:
    titles: {en: "A", ru: "B", uk: "C"}
    applies_to: {table: interaction, fields: [note]}
    clock: interaction.at
    keep: P12M
    action: clear_fields
    citation: "x"
    verified: true
"""


def _policy(text: str = WRITTEN, **changes: str) -> RetentionPolicy:
    for old, new in changes.items():
        text = text.replace(old, new)
    (found,) = parse_policies(text.encode(), name="own.yaml").values()
    return found


def _keeping(keep: str, anchor: str = "event") -> RetentionPolicy:
    return _policy(P12M=f"{keep}\n    anchor: {anchor}")


@pytest.mark.parametrize(
    ("keep", "anchor", "event", "expected"),
    [
        ("P1Y", "event", "2024-02-29", "2025-02-28"),
        ("P4Y", "event", "2024-02-29", "2028-02-29"),
        ("P1M", "event", "2026-01-31", "2026-02-28"),
        ("P1M", "event", "2028-01-31", "2028-02-29"),
        ("P1M", "event", "2026-08-31", "2026-09-30"),
        ("P24M", "event", "2026-11-22", "2028-11-22"),
        ("P7D", "event", "2026-12-28", "2027-01-04"),
        ("P8Y", "year_end", "2026-01-01", "2034-12-31"),
        ("P8Y", "year_end", "2026-12-31", "2034-12-31"),
        ("P6Y", "fiscal_year_end", "2026-03-31", "2032-03-31"),
        ("P6Y", "fiscal_year_end", "2026-04-01", "2033-03-31"),
    ],
)
def test_the_last_day_that_something_is_kept(keep: str, anchor: str, event: str, expected: str) -> None:
    policy = _keeping(keep, anchor)

    assert last_day(policy, date.fromisoformat(event), fiscal=APRIL) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("clock", "at", "due"),
    [
        # The period ends with the last hour of 22 November in Kyiv, which is 22:00 UTC.
        (datetime(2025, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 22, 21, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2025, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 22, 22, 0, tzinfo=UTC), True),
        # An event after midnight there belongs to the next day.
        (datetime(2025, 11, 22, 22, 0, tzinfo=UTC), datetime(2026, 11, 23, 21, 59, tzinfo=UTC), False),
        # Nights on which clocks change.
        (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 21, 59, tzinfo=UTC), False),
        (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 22, 0, tzinfo=UTC), True),
        (datetime(2025, 3, 30, 0, 30, tzinfo=UTC), datetime(2026, 3, 30, 20, 59, tzinfo=UTC), False),
        (datetime(2025, 3, 30, 0, 30, tzinfo=UTC), datetime(2026, 3, 30, 21, 0, tzinfo=UTC), True),
    ],
)
def test_something_is_due_once_its_last_day_is_over_in_the_controllers_zone(
    clock: datetime, at: datetime, due: bool
) -> None:
    assert (last_day(_keeping("P1Y"), clock.astimezone(KYIV).date()) < at.astimezone(KYIV).date()) is due
    assert (clock < cutoff(_keeping("P1Y"), at=at, zone=KYIV, fiscal=CALENDAR_YEAR)) is due


BOUNDS = datetime(2017, 1, 1), datetime(2035, 1, 1)  # noqa: DTZ001 - hypothesis wants them without a zone
instants = st.datetimes(*BOUNDS, timezones=st.just(UTC))
periods = st.one_of(
    st.integers(1, 130).map(lambda months: Period(months=months)),
    st.integers(1, 4000).map(lambda days: Period(days=days)),
)


@given(
    keep=periods,
    anchor=st.sampled_from(Anchor),
    clock=instants,
    at=instants,
    zone=st.sampled_from([ZoneInfo("UTC"), KYIV, SANTIAGO, ZoneInfo("Pacific/Kiritimati")]),
    fiscal=st.sampled_from([YearStart(), APRIL, YearStart(7, 28)]),
    near=st.booleans(),
)
def test_what_lies_before_the_cutoff_is_what_is_due(
    keep: Period, anchor: Anchor, clock: datetime, at: datetime, zone: ZoneInfo, fiscal: YearStart, near: bool
) -> None:
    policy = _keeping(str(keep), anchor.value)
    limit = cutoff(policy, at=at, zone=zone, fiscal=fiscal)
    if near:  # the edge itself, and the instants beside it
        clock = limit + timedelta(microseconds=clock.microsecond % 3 - 1)

    is_over = last_day(policy, clock.astimezone(zone).date(), fiscal=fiscal) < at.astimezone(zone).date()
    assert (clock < limit) is is_over


@given(
    keep=periods,
    anchor=st.sampled_from(Anchor),
    event=st.dates(date(2017, 1, 1), date(2035, 1, 1)),
    later=st.integers(0, 900),
)
def test_what_happened_later_is_never_due_earlier(keep: Period, anchor: Anchor, event: date, later: int) -> None:
    policy = _keeping(str(keep), anchor.value)

    assert last_day(policy, event, fiscal=APRIL) <= last_day(policy, event + timedelta(days=later), fiscal=APRIL)


def test_a_minimum_has_its_own_last_day_and_cutoff() -> None:
    policy = _policy(verified="minimum: {keep: P6M, citation: law, verified: true}\n    verified")
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    assert minimum_until(policy, date(2026, 5, 21)) == date(2026, 11, 21)
    limit = minimum_cutoff(policy, at=at, zone=KYIV, fiscal=CALENDAR_YEAR)
    assert limit == datetime(2026, 5, 21, 21, 0, tzinfo=UTC)
    assert minimum_until(_policy(), date(2026, 5, 21)) is None
    assert minimum_cutoff(_policy(), at=at, zone=KYIV, fiscal=CALENDAR_YEAR) > at


@pytest.mark.parametrize("country", [None, "DE", "AT", "FR", "PL", "GB", "RU", "UA"])
def test_the_policies_shipped_make_sense_together_and_are_written_as_they_are_read(country: str | None) -> None:
    shipped = retention_policies(country)

    assert conflicts(shipped.values()) == []
    assert len(shipped) == 14
    for policy in shipped.values():
        assert parse_policies(write_policy(policy).encode(), name="again")[policy.key] == policy
        assert policy.clock in clocks_of(policy.target)


def test_periods_are_those_of_the_controllers_country() -> None:
    assert str(retention_policies("DE")["purchases_tax"].keep) == "P8Y"
    assert retention_policies("DE")["purchases_tax"].anchor is Anchor.YEAR_END
    assert str(retention_policies("GB")["purchases_tax"].keep) == "P6Y"
    assert str(retention_policies("XX")["purchases_tax"].keep) == "P10Y"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("interaction.at", "purchase.paid_at", "is not a clock of it; it has interaction.at"),
        ("clear_fields", "erase_subject", "cannot be done to it"),
        ("clear_fields", "delete_rows", "clear_fields needs fields"),
        ("fields: [note]", "fields: [kind]", "cannot be emptied alone"),
        ("{table: interaction, fields: [note]}", "{table: person}", "is none of"),
        ("{table: interaction, fields: [note]}", "{}", "must be"),
        ("P12M", "12 months", "must be a period"),
        ("P12M", "P0D", "longer than nothing"),
        ("verified: true", "verified: true\n    warning_days: 30", "warned only before"),
        ("verified: true", "verified: true\n    filter: {channel: [phone]}", "cannot be filtered by"),
        ('    citation: "x"\n', "", "'citation' is missing"),
        ("  own:", "  Own-1:", "is no key"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_with_the_reason(old: str, new: str, said: str) -> None:
    assert old in WRITTEN
    with pytest.raises(DocumentError, match=said):
        parse_policies(WRITTEN.replace(old, new).encode(), name="own.yaml")


def _built(key: str, keep: str, *, minimum: str | None = None, **more: object) -> RetentionPolicy:
    made = _keeping(keep)
    values: dict[str, object] = {name: getattr(made, name) for name in made.__slots__}
    law = None if minimum is None else StatutoryMinimum(_keeping(minimum).keep, "law", verified=True)
    return RetentionPolicy(**{**values, "key": key, "minimum": law, **more})  # type: ignore[arg-type]  # as given


def test_a_maximum_under_a_minimum_is_told_with_the_law() -> None:
    (own,) = conflicts([_built("a", "P1Y", minimum="P2Y")])
    assert (own.reason, own.policy, own.citation) == (ConflictReason.UNDER_MINIMUM, "a", "law")

    (found,) = conflicts([_built("a", "P1Y"), _built("b", "P3Y", minimum="P2Y")])
    assert (found.reason, found.policy, found.other) == (ConflictReason.UNDER_MINIMUM, "a", "b")
    assert conflicts([_built("a", "P3Y", minimum="P3Y")]) == []


def test_one_period_is_shorter_than_another_where_it_ends_first_from_any_day() -> None:
    assert is_shorter(Period(months=11), Period(months=12))
    assert is_shorter(Period(days=365), Period(months=12))  # as of a leap year
    assert not is_shorter(Period(months=12), Period(months=12))
    assert not is_shorter(Period(days=366), Period(months=12))


def test_a_law_about_other_data_and_a_restriction_that_takes_nothing_away_are_no_conflict() -> None:
    law = _built("law", "P3Y", minimum="P2Y")
    other = replace(law, target=replace(law.target, fields=("result",)))

    assert conflicts([_built("a", "P1Y"), other]) == []
    assert conflicts([_built("a", "P1Y", action=RetentionAction.RESTRICT), law]) == []


def test_policies_about_other_kinds_of_the_same_data_do_not_fight() -> None:
    def narrowed(key: str, keep: str, field: FilterField, *values: str) -> RetentionPolicy:
        return _built(key, keep, narrowing=Narrowing(field, frozenset(values)))

    calls, country = narrowed("a", "P1Y", FilterField.KIND, "call"), narrowed("c", "P2Y", FilterField.COUNTRY, "DE")
    assert conflicts([calls, narrowed("b", "P2Y", FilterField.KIND, "chat", "visit")]) == []
    for fights in (narrowed("b", "P2Y", FilterField.KIND, "chat", "call"), country, _built("b", "P2Y")):
        assert [one.reason for one in conflicts([calls, fights])] == [ConflictReason.FIGHTING]


def test_two_policies_that_want_different_things_of_the_same_data_are_told() -> None:
    (found,) = conflicts([_built("a", "P1Y"), _built("b", "P2Y")])
    assert (found.reason, found.policy, found.other) == (ConflictReason.FIGHTING, "a", "b")

    assert conflicts([_built("a", "P1Y"), _built("b", "P1Y")]) == []
    other = _policy(**{"[note]": "[result]"})
    values = {name: getattr(other, name) for name in other.__slots__}
    assert conflicts([_built("a", "P2Y"), RetentionPolicy(**{**values, "key": "b"})]) == []
    assert RetentionAction.CLEAR_FIELDS is other.action
    assert Clock.INTERACTION_AT is other.clock


def test_what_does_little_may_come_before_what_does_more_and_not_after_it() -> None:
    clears = _built("clears", "P1Y", target=_policy().target, action=RetentionAction.CLEAR_FIELDS)
    deletes = {key: _built(key, keep) for key, keep in (("later", "P3Y"), ("then", "P1Y"), ("sooner", "P6M"))}
    whole = {key: replace(one, target=replace(one.target, fields=())) for key, one in deletes.items()}
    deleting = {key: replace(one, action=RetentionAction.DELETE_ROWS) for key, one in whole.items()}

    assert conflicts([clears, deleting["later"]]) == conflicts([clears, deleting["then"]]) == []
    assert [one.reason for one in conflicts([clears, deleting["sooner"]])] == [ConflictReason.FIGHTING]


def test_a_policy_about_a_compartment_heeds_the_law_about_its_table() -> None:
    tax = retention_policies("DE")["purchases_tax"]
    shredding = replace(tax, key="finance", minimum=None, action=RetentionAction.SHRED_COMPARTMENT)
    finance = Target(TargetKind.COMPARTMENT, "finance")

    for keep, anchor in (("P5Y", Anchor.YEAR_END), ("P8Y", Anchor.EVENT)):
        short = replace(shredding, target=finance, keep=_keeping(keep).keep, anchor=anchor)
        assert [one.reason for one in conflicts([tax, short])] == [ConflictReason.UNDER_MINIMUM], (keep, anchor)


FISCAL = [
    ("FR", "07-01", date(2016, 6, 30), date(2026, 6, 30)),
    ("FR", "07-01", date(2016, 7, 1), date(2027, 6, 30)),
    ("GB", "04-06", date(2020, 4, 5), date(2026, 4, 5)),
    ("GB", "04-06", date(2020, 4, 6), date(2027, 4, 5)),
    ("FR", "01-01", date(2016, 6, 30), date(2026, 12, 31)),
]


def test_tax_laws_that_count_from_the_fiscal_year_go_by_the_controllers() -> None:
    for country, begins, event, last in FISCAL:
        tax = retention_policies(country)["purchases_tax"]
        fiscal = parse_year_start(begins)
        assert last_day(tax, event, fiscal=fiscal) == last, (country, begins, event)
        assert minimum_until(tax, event, fiscal=fiscal) == last, (country, begins, event)
        by_law = replace(tax, fiscal_start=fiscal)
        assert last_day(by_law, event, fiscal=YearStart(10, 1)) == last, "a law that says its own year"
        zone = ZoneInfo("Europe/Paris")
        for at, over in ((last, False), (last + timedelta(days=1), True)):
            now = datetime.combine(at, time(12), zone)
            edge = cutoff(by_law, at=now, zone=zone, fiscal=CALENDAR_YEAR)
            assert (datetime.combine(event, time(23, 59), zone) < edge) is over, (country, at)
            assert minimum_cutoff(by_law, at=now, zone=zone, fiscal=CALENDAR_YEAR) == edge


def test_a_law_that_says_its_own_year_is_written_and_read_the_same() -> None:
    own = replace(retention_policies("GB")["purchases_tax"], fiscal_start=YearStart(4, 6))
    assert parse_policies(write_policy(own).encode(), name="again")["purchases_tax"] == own
    with pytest.raises(DocumentError, match="month and day"):
        parse_policies(write_policy(own).replace("04-06", "02-29").encode(), name="again")
