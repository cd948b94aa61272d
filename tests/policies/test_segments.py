"""Rules of segments: strict reading, and a logic in which unknown never matches."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.periods import Period
from governance.policies.purposes import Channel
from governance.policies.segment_fields import FIELDS, Qualifier, ValueKind
from governance.policies.segment_logic import (
    Both,
    Certain,
    Form,
    Span,
    age_of,
    ago,
    compared,
    month_of,
    normal_form,
    truth,
)
from governance.policies.segments import (
    MOST_CONDITIONS,
    AllOf,
    AnyOf,
    Compare,
    Leaf,
    May,
    Not,
    Rule,
    RuleError,
    leaves,
    parse_rule,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "Воробьева-7731"


def condition(**said: object) -> Compare:
    found = parse_rule(said, extras={"size": ValueKind.TEXT, "points": ValueKind.NUMBER})
    assert isinstance(found, Compare)
    return found


def test_a_rule_is_read_with_its_values_made_ready_to_compare() -> None:
    rule = parse_rule(
        {
            "all": [
                {"field": "city", "op": "in", "value": ["  КИЇВ ", "Kyiv"]},
                {"field": "purchases.average", "op": "over", "value": 2000, "currency": "UAH", "within": "P1Y"},
                {"not": {"any": [{"may": "newsletter", "by": "email"}]}},
            ]
        }
    )
    assert isinstance(rule, AllOf)
    city, average, silent = rule.parts
    assert city == Compare(FIELDS["city"], "in", ("київ", "kyiv"))
    assert isinstance(average, Compare)
    assert average.values == (Decimal(2000),)
    assert dict(average.qualifiers) == {Qualifier.CURRENCY: "UAH", Qualifier.WITHIN: Period(months=12)}
    assert silent == Not(AnyOf((May("newsletter", Channel.EMAIL),)))


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (SECRET, ""),
        ({}, ""),
        ({SECRET: []}, ""),
        ({"all": []}, "all"),
        ({"all": SECRET}, "all"),
        ({"all": [{"any": [SECRET]}]}, "all.0.any.0"),
        ({"all": [{"field": SECRET, "op": "is", "value": 1}]}, "all.0.field"),
        ({"field": "family_name", "op": "is", "value": "x"}, "field"),
        ({"field": "extra.unheard", "op": "is", "value": "x"}, "field"),
        ({"field": ["city"], "op": "is", "value": "x"}, "field"),
        ({"field": "city", "op": SECRET, "value": "x"}, "op"),
        ({"field": "city", "op": ["is"], "value": "x"}, "op"),
        ({"field": "city", "op": "over", "value": "x"}, "op"),
        ({"field": "city", "op": "is"}, ""),
        ({"field": "city", "op": "is", "value": " "}, "value"),
        ({"field": "city", "op": "in", "value": SECRET}, "value"),
        ({"field": "city", "op": "in", "value": ["x", 1]}, "value.1"),
        ({"field": "sex", "op": "is", "value": SECRET}, "value"),
        ({"field": "age", "op": "over", "value": SECRET}, "value"),
        ({"field": "age", "op": "over", "value": True}, "value"),
        ({"field": "age", "op": "over", "value": float("nan")}, "value"),
        ({"field": "age", "op": "over", "value": "1e999999"}, "value"),
        ({"field": "age", "op": "between", "value": [40, 30]}, "value"),
        ({"field": "age", "op": "between", "value": [40]}, "value"),
        ({"field": "purchases.last_at", "op": "within", "value": SECRET}, "value"),
        ({"field": "purchases.last_at", "op": "before", "value": "2026-02-30"}, "value"),
        ({"field": "purchases.sum", "op": "over", "value": 1}, ""),
        ({"field": "purchases.sum", "op": "over", "value": 1, "currency": SECRET}, "currency"),
        ({"field": "purchases.last_at", "op": "known", "value": True, "within": "P1D"}, "within"),
        ({"field": "city", "op": "known", "value": SECRET}, "value"),
        ({"field": "city", "op": "is", "value": "x", SECRET: 1}, ""),
        ({"may": SECRET, "by": "email"}, "may"),
        ({"may": "newsletter", "by": SECRET}, "by"),
        ({"may": "newsletter"}, "by"),
        ({"not": {"all": [{"may": "newsletter", "by": "email", "x": 1}]}}, "not.all.0"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place_and_never_repeated(rule: object, path: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rule(rule)
    assert refused.value.path == path
    assert SECRET not in str(refused.value)


def test_a_rule_is_neither_too_deep_nor_too_long() -> None:
    deep: object = {"may": "newsletter", "by": "email"}
    for _ in range(12):
        deep = {"not": deep}
    with pytest.raises(RuleError, match="Nest at most"):
        parse_rule(deep)
    half = {"any": [{"may": "newsletter", "by": "email"}] * (MOST_CONDITIONS // 2 + 1)}
    with pytest.raises(RuleError, match="at most 100 conditions"):
        parse_rule({"all": [half, half]})


@pytest.mark.parametrize(
    ("said", "held", "true"),
    [
        ({"field": "city", "op": "is", "value": "київ"}, "київ", True),
        ({"field": "city", "op": "is", "value": "київ"}, "львів", False),
        ({"field": "city", "op": "is", "value": "київ"}, None, None),
        ({"field": "city", "op": "known", "value": False}, None, True),
        ({"field": "city", "op": "known", "value": True}, None, False),
        ({"field": "tags", "op": "has", "value": "VIP"}, frozenset({"vip", "new"}), True),
        ({"field": "tags", "op": "has_any", "value": ["vip", "x"]}, frozenset({"new"}), False),
        ({"field": "age", "op": "at_least", "value": 18}, Span(18, 18), True),
        ({"field": "age", "op": "over", "value": 18}, Span(18, 18), False),
        ({"field": "age", "op": "over", "value": 18}, Span(18, 19), None),
        ({"field": "age", "op": "under", "value": 18}, Span(17, 17), True),
        ({"field": "age", "op": "at_most", "value": 18}, Span(18, 19), None),
        ({"field": "age", "op": "between", "value": [30, 39]}, Span(39, 39), True),
        ({"field": "age", "op": "between", "value": [30, 39]}, Span(39, 40), None),
        ({"field": "age", "op": "is", "value": 30}, Span(31, 40), False),
        ({"field": "extra.points", "op": "is", "value": "1.50"}, Span(Decimal("1.5"), Decimal("1.5")), True),
        ({"field": "acquired_at", "op": "within", "value": "P90D"}, ago(Period(days=90), NOW), True),
        ({"field": "acquired_at", "op": "older_than", "value": "P90D"}, ago(Period(days=90), NOW), False),
        ({"field": "acquired_at", "op": "on_or_after", "value": "2026-11-22"}, NOW, True),
        ({"field": "acquired_at", "op": "before", "value": "2026-11-22"}, NOW, False),
    ],
)
def test_a_condition_is_true_false_or_unknown(said: dict[str, object], held: object, true: bool | None) -> None:
    assert compared(condition(**said), held, at=NOW) is true  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("born", "age"),
    [("1982-11-22", Span(44, 44)), ("1982-11-23", Span(43, 43)), ("1982-11", Span(43, 44)), ("1982", Span(43, 44)),
     ("2004-02-29", Span(22, 22)), ("2026-11-23", Span(0, 0))],
)  # fmt: skip
def test_age_is_the_span_of_what_a_date_of_birth_allows(born: str, age: Span) -> None:
    assert age_of(born, at=NOW) == age


def test_the_month_of_birth_is_unknown_where_only_the_year_is_known() -> None:
    assert month_of("1982") is None
    assert month_of("1982-08") == month_of("1982-08-09") == Span(8, 8)


def test_a_period_longer_than_time_itself_reaches_back_to_its_beginning() -> None:
    assert ago(Period(months=12 * 999 * 3), NOW).year == 1
    assert ago(Period(months=1), datetime(2026, 3, 31, tzinfo=UTC)) == datetime(2026, 2, 28, tzinfo=UTC)


LEAVES = [May("newsletter", channel) for channel in Channel]
rules = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
    ),
    max_leaves=12,
)
worlds = st.fixed_dictionaries({leaf: st.sampled_from([True, False, None]) for leaf in LEAVES})


def _holds(form: Form, world: dict[Leaf, bool | None]) -> bool:
    if isinstance(form, Certain):
        return world[form.leaf] is form.wanted
    return (all if isinstance(form, Both) else any)(_holds(part, world) for part in form.parts)


@given(rules, worlds)
def test_the_normal_form_holds_exactly_where_the_rule_is_certain(rule: Rule, world: dict[Leaf, bool | None]) -> None:
    assert _holds(normal_form(rule), world) == (truth(rule, world.__getitem__) is True)
    assert _holds(normal_form(rule, wanted=False), world) == (truth(rule, world.__getitem__) is False)


@given(rules, worlds)
def test_neither_an_unknown_nor_its_opposite_matches(rule: Rule, world: dict[Leaf, bool | None]) -> None:
    if all(world[leaf] is None for leaf in leaves(rule)):
        assert not _holds(normal_form(rule), world)
        assert not _holds(normal_form(Not(rule)), world)
    assert not (_holds(normal_form(rule), world) and _holds(normal_form(Not(rule)), world))
