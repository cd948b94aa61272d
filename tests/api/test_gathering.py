"""Calls answered together: each gets its own answer, nobody waits for ever, one caller waits for nobody."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from governance.api.gathering import Gathering


def test_each_asker_gets_the_answer_to_their_own_question() -> None:
    rounds: list[int] = []

    def answer(questions: Sequence[int]) -> list[int]:
        rounds.append(len(questions))
        time.sleep(0.002)
        return [question * 2 for question in questions]

    gathering = Gathering(answer, most=5)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(gathering.ask, range(300)))

    assert found == [2 * one for one in range(300)]
    assert sum(rounds) == 300
    assert max(rounds) <= 5
    assert len(rounds) < 150


def test_an_error_reaches_all_of_its_round_and_no_other() -> None:
    def answer(questions: Sequence[int]) -> list[int]:
        if 13 in questions:
            raise ValueError("unlucky")
        return list(questions)

    gathering = Gathering(answer, most=1)
    with pytest.raises(ValueError, match="unlucky"):
        gathering.ask(13)
    assert gathering.ask(7) == 7


def test_somebody_alone_is_answered_at_once() -> None:
    gathering = Gathering(list, most=8)
    began = time.monotonic()
    for number in range(200):
        assert gathering.ask(number) == number
    assert time.monotonic() - began < 1


def test_whoever_comes_while_a_round_is_answered_leads_the_next() -> None:
    begun, go_on = threading.Event(), threading.Event()
    rounds: list[list[str]] = []

    def answer(questions: Sequence[str]) -> list[str]:
        rounds.append(list(questions))
        begun.set()
        assert go_on.wait(10)
        return list(questions)

    gathering = Gathering(answer, most=8)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(gathering.ask, "first")
        assert begun.wait(10)
        late = [pool.submit(gathering.ask, name) for name in ("second", "third")]
        while len(gathering._waiting) < 2:
            time.sleep(0.001)
        go_on.set()
        assert [one.result(10) for one in (first, *late)] == ["first", "second", "third"]
    assert [sorted(one) for one in rounds] == [["first"], ["second", "third"]]
