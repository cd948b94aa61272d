"""A due date with the steps that led to it."""

from dataclasses import dataclass
from datetime import date

from governance.policies import deadline_words
from governance.policies.deadline_steps import Step


@dataclass(frozen=True, slots=True)
class Due:
    """A due date and how it came about.

    Attributes:
        date: the last day on which the duty is done in time.
        calendar, calendar_version: whose days of rest counted.
        verified: whether the rule was compared with a published text.
    """

    date: date
    law: str
    law_version: int
    calendar: str
    calendar_version: int
    citation: str
    verified: bool
    steps: tuple[Step, ...]

    @property
    def trace(self) -> str:
        """The steps in one English line, with the calendar and what was cited."""
        return self.traced(deadline_words.DEFAULT)

    def traced(self, language: str, *, calendar: str = "") -> str:
        """The same in another language; *calendar* is what it is called there, by its key where nothing is said."""
        return deadline_words.trace(
            self.steps,
            calendar=calendar or self.calendar,
            version=self.calendar_version,
            citation=self.citation,
            language=language,
        )
