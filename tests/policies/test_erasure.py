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
