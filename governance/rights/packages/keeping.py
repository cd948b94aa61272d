"""Until when each field is kept, and by which rule (GDPR Art. 15(1)(d)).

The rules in force say so; where none is in force yet, those that come with the service, told as planned.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from governance.customers.whole import last_sign_of_life
from governance.erasure.planning import binding
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.policies.erasure import Minimum
from governance.policies.retention import (
    CALENDAR_YEAR,
    PROOF,
    Clock,
    Narrowing,
    RetentionAction,
    RetentionPolicy,
    TargetKind,
    YearStart,
    last_day,
    minimum_until,
)
from governance.reference import retention_rules
from governance.reference.operations import controller


class Until(NamedTuple):
    """The last day on which something is kept, and the key of the rule; None and empty where no rule says one.

    Attributes:
        approved: False where the rule is one of `Keeping.binding`.
    """

    day: date | None
    rule: str
    approved: bool = True


NO_RULE: Final = Until(None, "")
OUTLIVING: Final = frozenset({"request"})
"""Tables with keys of their own, which stay when the person is erased and go by rules for them alone."""
REMEMBERED: Final = 10_000


@frozen
class Keeping:
    """The rules for one person.

    Attributes:
        in_force: False where they are only planned.
        subject: clocks of the person as a whole.
        found: what was found for rows of the same table and day.
        binding: shipped rules that the controller has not put into force, and by which an erasure keeps all the same.
    """

    rules: Mapping[str, RetentionPolicy]
    in_force: bool
    zone: ZoneInfo
    subject: Mapping[Clock, datetime | None]
    fiscal: YearStart = CALENDAR_YEAR
    found: dict[tuple[object, ...], Until] = field(default_factory=dict)
    binding: Mapping[str, RetentionPolicy] = field(default_factory=dict)

    def until(
        self,
        table: str,
        compartment: Compartment,
        clocks: Mapping[Clock, datetime | None],
        *,
        field: str | None = None,
        code: str | None = None,
    ) -> Until:
        """When a row, or one field of it, goes: by the rule that ends first, but not before a law allows it.

        Args:
            table: where it lies.
            compartment: which key seals it.
            clocks: instants of the row.
            field: one field, where rules may clear it before the row goes.
            code: kind or channel of the row, by which rules may be narrowed.
        """
        days = tuple((clock, self._day(instant)) for clock, instant in clocks.items() if instant is not None)
        place = (table, compartment, field, code, days)
        found = self.found.get(place)
        if found is None:
            if len(self.found) >= REMEMBERED:
                self.found.clear()
            found = self.found[place] = self._until(table, compartment, dict(days), field, code)
        return found

    def least(
        self,
        table: str,
        compartment: Compartment,
        clocks: Mapping[Clock, datetime | None],
        *,
        code: str | None = None,
    ) -> Until:
        """The last day on which a row that no rule takes away has to stay all the same; as `until` otherwise."""
        days = {clock: self._day(instant) for clock, instant in clocks.items() if instant is not None}
        floors = [*self._floors(self.rules, table, compartment, days, code)]
        floors += self._floors(self.binding, table, compartment, days, code)
        return max(floors, key=_day, default=NO_RULE)

    def _floors(
        self,
        rules: Mapping[str, RetentionPolicy],
        table: str,
        compartment: Compartment,
        days: Mapping[Clock, date],
        code: str | None,
    ) -> Iterator[Until]:
        """What a law or a proof wants kept by those *rules*."""
        approved = rules is self.rules
        for rule in rules.values():
            day = days.get(rule.clock)
            if day is None or not _meets(rule, table, compartment, None, code):
                continue
            proof = table in PROOF and not approved
            floor = (last_day if proof else minimum_until)(rule, day, fiscal=self.fiscal)
            if floor is not None:
                yield Until(floor, rule.key, approved)

    def _until(
        self, table: str, compartment: Compartment, days: dict[Clock, date], field: str | None, code: str | None
    ) -> Until:
        known = {clock: self._day(instant) for clock, instant in self.subject.items() if instant is not None} | days
        ends: list[Until] = []
        floors = list(self._floors(self.binding, table, compartment, known, code))
        for rule in self.rules.values():
            day = known.get(rule.clock)
            if day is None or not _meets(rule, table, compartment, field, code):
                continue
            if rule.action is not RetentionAction.RESTRICT:
                ends.append(Until(last_day(rule, day, fiscal=self.fiscal), rule.key))
            if (floor := minimum_until(rule, day, fiscal=self.fiscal)) is not None:
                floors.append(Until(floor, rule.key))
        if not ends:
            return NO_RULE
        proofs = [one for one in ends if table in PROOF and self.rules[one.rule].target.name == table]
        if proofs:
            return max(proofs, key=_day)
        return max([min(ends, key=_day), *floors], key=_day)

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def minimums(self, table: str, clocks: Mapping[Clock, datetime | None]) -> list[Minimum]:
        """What laws want kept of a table, counted from the latest of its instants."""
        found: list[Minimum] = []
        for rule in (*self.rules.values(), *self.binding.values()):
            instant = clocks.get(rule.clock)
            if rule.minimum is None or instant is None or rule.target.name != table:
                continue
            until = minimum_until(rule, self._day(instant), fiscal=self.fiscal)
            if until is not None:
                found.append(Minimum(until, rule.key, rule.minimum.citation))
        return found


def keeping(work: Work, *, person: SubjectId) -> Keeping:
    """The rules for a person, as they stand now."""
    whose = controller(work)
    active = retention_rules.active(work)
    bound = binding(active.values(), whose.country) if active else {}
    return Keeping(
        rules=active or shipped.retention_policies(whose.country),
        in_force=bool(active),
        zone=ZoneInfo(whose.zone),
        subject={Clock.LAST_ACTIVITY: last_sign_of_life(work, person=person)},
        fiscal=whose.fiscal_year,
        binding={one.key: one for rules in bound.values() for one in rules},
    )


def _day(until: Until) -> date:
    return until.day or date.max


def _meets(rule: RetentionPolicy, table: str, compartment: Compartment, field: str | None, code: str | None) -> bool:
    target = rule.target
    if target.kind is TargetKind.SUBJECT:
        return table not in OUTLIVING and _suits(rule.narrowing, None)
    if target.kind is TargetKind.COMPARTMENT:
        return table not in OUTLIVING and target.name == compartment.value
    if target.kind is not TargetKind.TABLE or target.name != table:
        return False
    return (not target.fields or field in target.fields) and _suits(rule.narrowing, code)


def _suits(narrowing: Narrowing | None, code: str | None) -> bool:
    return narrowing is None or code in narrowing.values
