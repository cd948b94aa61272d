"""Spans of the calendar: `P2Y`, `P18M`, `P30D`, `P4W` (ISO 8601, 5.5.2), without a time part."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.policies.documents import Node

_WRITTEN = re.compile(r"P(?=[0-9])(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?")


@dataclass(frozen=True, slots=True)
class Period:
    """Months, then days.

    Attributes:
        months: whole months; a year is twelve.
        days: whole days; a week is seven.
    """

    months: int = 0
    days: int = 0

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        parts = ((years, "Y"), (months, "M"), (self.days, "D"))
        return "P" + "".join(f"{count}{unit}" for count, unit in parts if count)

    def after(self, moment: datetime) -> datetime:
        """The instant at which the period that begins at *moment* is over.

        Months end on the same-numbered day, else on the last day of the month (Regulation 1182/71 Art. 3(2)(c)).
        """
        if self.months:
            year, month = divmod(moment.year * 12 + moment.month - 1 + self.months, 12)
            try:
                moment = moment.replace(year, month + 1)
            except ValueError:
                moment = moment.replace(year, month + 1, monthrange(year, month + 1)[1])
        return moment + timedelta(days=self.days) if self.days else moment


def parse_period(node: Node) -> Period:
    """Read a period.

    Raises:
        DocumentError: where this is none, or an empty one.
    """
    parts = _WRITTEN.fullmatch(node.text())
    if parts is None:
        node.wrong("must be a period such as P2Y, P18M or P30D")
    years, months, weeks, days = (int(count or 0) for count in parts.groups())
    period = Period(months=years * 12 + months, days=weeks * 7 + days)
    if period == Period():
        node.wrong("must be longer than nothing")
    return period
