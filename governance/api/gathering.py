"""Calls that arrive at the same time and are answered together, so that they share the price of a transaction.

Whoever finds nobody at work begins at once, alone. Whoever arrives meanwhile is answered by the next round, along with
all others who did; that round waits a moment for those who were just answered, since they tend to ask again. So one
caller who is alone waits for nobody, and many pay little more than one.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

PATIENCE: Final = 0.5
"""How long a round waits for those of the last one, as a part of what the last one took."""


class _Turn(Generic[Question, Answer]):
    """A question that waits: for its answer, or to lead the next round."""

    __slots__ = ("answer", "error", "is_answered", "question", "wake")

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.is_answered = False
        self.wake = threading.Lock()
        self.wake.acquire()


class Gathering(Generic[Question, Answer]):
    """Answers questions of many threads, round by round; one of the askers leads each.

    Args:
        answer_all: answers questions in their order. What it raises, all who asked in that round get.
        most: questions in one round.
    """

    def __init__(self, answer_all: Callable[[Sequence[Question]], Sequence[Answer]], *, most: int) -> None:
        self._answer_all = answer_all
        self._most = most
        self._changed = threading.Condition()
        self._waiting: list[_Turn[Question, Answer]] = []
        self._is_led = False
        self._is_awaited = False
        self._expected = 0
        self._patience_until = 0.0

    def ask(self, question: Question) -> Answer:
        """The answer to *question*."""
        turn = _Turn[Question, Answer](question)
        with self._changed:
            self._waiting.append(turn)
            leads = not self._is_led
            self._is_led = True
            if self._is_awaited:
                self._changed.notify()
        if not leads:
            turn.wake.acquire()
        if not turn.is_answered:
            self._lead()
        if turn.error is not None:
            raise turn.error
        return turn.answer  # type: ignore[return-value]  # it is answered

    def _gather(self) -> list[_Turn[Question, Answer]]:
        with self._changed:
            while len(self._waiting) < self._expected and (left := self._patience_until - time.monotonic()) > 0:
                self._is_awaited = True
                self._changed.wait(left)
            self._is_awaited = False
            turns, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        return turns

    def _lead(self) -> None:
        turns = self._gather()
        began = time.monotonic()
        try:
            answers = self._answer_all([turn.question for turn in turns])
            for turn, answer in zip(turns, answers, strict=True):
                turn.answer = answer
        except BaseException as error:  # noqa: BLE001 - handed to all who asked, this thread among them
            for turn in turns:
                turn.error = error
        finally:
            for turn in turns:
                turn.is_answered = True
            with self._changed:
                following = self._waiting[0] if self._waiting else None
                self._is_led = following is not None
                self._expected = min(len(turns) + len(self._waiting), self._most)
                self._patience_until = (ended := time.monotonic()) + (ended - began) * PATIENCE
            for turn in turns[1:]:
                turn.wake.release()
            if following is not None:
                following.wake.release()
