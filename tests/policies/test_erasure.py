"""What becomes of each compartment: hold before law before request before retention, each compartment once."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.classification import Compartment
from governance.policies.erasure import CompartmentFacts, Fate, Minimum, plan

TODAY = date(2026, 11, 22)
TAX = Minimum(date(2034, 12, 31), "tax_de", "§ 147 AO")
OVER = Minimum(date(2026, 11, 21), "tax_old", "§ 147 AO")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (Fate.STAY, None, "")),
        ({"requested": True}, (Fate.DELETE, None, "request")),
        ({"maximum": "inactive"}, (Fate.DELETE, None, "inactive")),
        ({"requested": True, "maximum": "inactive"}, (Fate.DELETE, None, "request")),
        ({"requested": True, "minimums": (TAX,)}, (Fate.KEEP, TAX.until, "tax_de")),
        ({"maximum": "inactive", "minimums": (TAX,)}, (Fate.KEEP, TAX.until, "tax_de")),
        ({"requested": True, "minimums": (OVER,)}, (Fate.DELETE, None, "request")),
        ({"requested": True, "minimums": (OVER, TAX)}, (Fate.KEEP, TAX.until, "tax_de")),
        ({"requested": True, "holds": ("b", "a")}, (Fate.HELD, None, "hold")),
        ({"requested": True, "holds": ("a",), "minimums": (TAX,)}, (Fate.HELD, None, "hold")),
        ({"holds": ("a",)}, (Fate.STAY, None, "")),
        ({"requested": True, "holds": ("a",), "empty": True}, (Fate.DELETE, None, "request")),
    ],
)
def test_what_goes_before_what(facts: dict[str, object], expected: tuple[Fate, date | None, str]) -> None:
    (step,) = plan([CompartmentFacts(Compartment.FINANCE, **facts)], on=TODAY)  # type: ignore[arg-type]  # as given

    assert (step.fate, step.until, step.rule) == expected


def test_the_last_day_of_a_minimum_is_still_kept() -> None:
    facts = [CompartmentFacts(Compartment.FINANCE, minimums=(TAX,), requested=True)]

    assert plan(facts, on=TAX.until)[0].fate is Fate.KEEP
    assert plan(facts, on=date(2035, 1, 1))[0].fate is Fate.DELETE


minimums = st.builds(Minimum, st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from("ab"), st.just("law"))
compartments = st.lists(st.sampled_from(Compartment), unique=True)
names = st.lists(st.sampled_from("xyz"), max_size=2).map(tuple)


@given(compartments, st.data())
def test_each_compartment_has_one_step_and_nothing_held_or_wanted_by_law_goes(
    asked: list[Compartment], data: st.DataObject
) -> None:
    facts = [
        CompartmentFacts(
            one,
            holds=data.draw(names),
            minimums=tuple(data.draw(st.lists(minimums, max_size=3))),
            requested=data.draw(st.booleans()),
            maximum=data.draw(st.none() | st.just("inactive")),
        )
        for one in asked
    ]

    steps = plan(facts, on=TODAY)

    assert [step.compartment for step in steps] == asked
    for one, step in zip(facts, steps, strict=True):
        if step.fate is Fate.DELETE:
            assert not one.holds
            assert all(minimum.until < TODAY for minimum in one.minimums)
        if step.fate is Fate.KEEP:
            assert step.until == max(minimum.until for minimum in one.minimums)
        if step.fate is Fate.STAY:
            assert not one.requested
            assert one.maximum is None


def test_what_several_laws_want_goes_first_when_the_last_of_them_lets_its_first_go() -> None:
    short = Minimum(date(2030, 12, 31), "trade", "§ 257 HGB", first=date(2027, 12, 31))
    tax = Minimum(TAX.until, "tax_de", "§ 147 AO", first=date(2031, 12, 31))
    facts = CompartmentFacts(Compartment.FINANCE, minimums=(tax, short), requested=True)

    (step,) = plan([facts], on=TODAY)

    assert (step.until, step.rule, step.first) == (TAX.until, "tax_de", date(2031, 12, 31))
