"""Small counts are hidden from those who may not read single consents, and are not to be told from the others."""

from hypothesis import given
from hypothesis import strategies as st

from governance.intake.small_counts import FEWER, SOME, hidden


def test_small_counts_are_hidden_and_with_them_one_that_would_give_them_away() -> None:
    assert hidden([]) == []
    assert hidden([5, 700]) == [5, 700]
    assert hidden([1, 700, 40]) == [FEWER, 700, SOME]
    assert hidden([1, 5, 40]) == [FEWER, SOME, SOME]


@given(st.lists(st.integers(1, 60), min_size=2, max_size=12))
def test_each_small_count_may_be_anything_from_one_to_four(counts: list[int]) -> None:
    told = hidden(counts)
    assert all((shown == FEWER) == (count < 5) for shown, count in zip(told, counts, strict=True))
    assert all(shown == count for shown, count in zip(told, counts, strict=True) if isinstance(shown, int))
    small, some = told.count(FEWER), told.count(SOME)
    if some and some < sum(count >= 5 for count in counts):
        total = sum(count for shown, count in zip(told, counts, strict=True) if not isinstance(shown, int))
        assert total >= 4 * small + 5 * some
