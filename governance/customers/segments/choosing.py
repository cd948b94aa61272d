"""Whom a rule chooses, chunk by chunk in the order of ids: readable conditions by SQL first, then sealed values opened.

Nothing of what is opened outlives the chunk. Whoever calls has decided that it may be, and answers what is left of a
rule where it asks what may be sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    LargeBinary,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)

from governance.customers.extra_types import ExtraField
from governance.customers.segments.merged import Merged
from governance.customers.segments.opening import Test, test_of
from governance.customers.segments.readable import Readable, is_readable, readable_parts, wholly_readable
from governance.customers.segments.statements import Statement, rows_of, statement
from governance.customers.tables import ExtraValueRow, PersonRow, RestrictionRow
from governance.kernel.collecting import uncollected
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.segment_fields import EXTRA, Place
from governance.policies.segment_logic import Certain, Either, Form, normal_form
from governance.policies.segments import Compare, May, Rule
from governance.vault.reading import key_beside, open_rows
from governance.vault.runtime import vault_of

PEOPLE_AT_ONCE: Final = 10_000
_PERSON = PersonRow.__table__.columns
_EXTRA = ExtraValueRow.__table__.columns
_BEFORE_ALL: Final = UUID(int=0)
_HERE = and_(PersonRow.id > bindparam("after", type_=Uuid()), PersonRow.id <= bindparam("reached", type_=Uuid()))

Answers: TypeAlias = Mapping[tuple[May, bytes], bool]
"""By question and person, what a send check answers."""


@dataclass(slots=True)
class Facts:
    """What is at hand of one person.

    Attributes:
        told: what SQL said of readable parts.
        opened: sealed values of the person in the clear.
        extras: values of extra fields by key.
        answers: of send checks; None where they were not asked yet.
    """

    person: bytes
    told: Sequence[Any] = ()
    opened: Sequence[bytes | None] = ()
    extras: Mapping[str, Mapping[bytes, bytes | None]] = field(default_factory=dict)
    answers: Answers | None = None


LeftOut: TypeAlias = Callable[[ColumnElement[UUID]], ColumnElement[bool]]
Judge: TypeAlias = Callable[[Facts], bool | None]
"""Whether a person is chosen; None where a send check decides."""


@frozen
class Chunk:
    """Some people, looked at.

    Attributes:
        reached: the last of them; None where there was nobody left.
        people: how many there were.
        left_out: how many of these were not looked at, since they must not be.
        chosen: ids, sixteen bytes each, of those who are chosen for certain.
        open: those of whom a send check decides.
    """

    reached: UUID | None
    people: int
    left_out: int
    chosen: list[bytes]
    open: list[Facts]


class Choice:
    """A rule made ready to be asked of everybody.

    Args:
        rule: which.
        at: the instant that periods count back from.
        extras: the extra fields that it asks about, by key.
        left_out: clause on the id of a person: who is left out before being looked at, besides the dead and those whose
            data are only stored.
    """

    def __init__(self, rule: Rule, *, at: datetime, extras: Mapping[str, ExtraField], left_out: LeftOut) -> None:
        self._at, self._extras = at, extras
        form = normal_form(rule)
        self._readable = Readable(at)
        self._filter = self._readable.necessary(form)
        rest, self._told = readable_parts(form)
        self._told_clauses = [self._readable.necessary(part) for part in self._told]
        sealed = [leaf.leaf for leaf in _certain(rest)] if rest is not None else []
        self._attributes = list(
            dict.fromkeys(one.field.sealed for one in sealed if isinstance(one, Compare) and one.field.sealed)
        )
        self._asked_extras = list(
            dict.fromkeys(
                one.field.name.removeprefix(EXTRA)
                for one in sealed
                if isinstance(one, Compare) and one.field.place is Place.EXTRA
            )
        )
        self.questions: tuple[May, ...] = tuple(dict.fromkeys(one for one in sealed if isinstance(one, May)))
        self._merged = Merged(self._attributes)
        self._rest = rest
        self._excluded = or_(
            exists().where(RestrictionRow.person_id == PersonRow.id, RestrictionRow.lifted_at.is_(None)),
            PersonRow.deceased_at.is_not(None),
            left_out(_PERSON["id"]),
        )

    def next_chunk(self, work: Work, *, after: UUID | None, size: int = PEOPLE_AT_ONCE) -> Chunk:
        """Look at the next people behind *after*.

        Three statements, and one more for each extra field, however many people.

        Raises:
            SealError: where a sealed value was changed or moved.
        """
        after = after or _BEFORE_ALL
        ((reached, people, left_out),) = rows_of(work, self._bounds, after=after, size=size)
        if reached is None:
            return Chunk(None, 0, 0, [], [])
        with uncollected():
            chosen, undecided = self._chosen(work, {"after": after, "reached": reached})
        return Chunk(reached, people, left_out, chosen, undecided)

    def _chosen(self, work: Work, here: Mapping[str, object]) -> tuple[list[bytes], list[Facts]]:
        found = rows_of(work, self._statement, **here)
        if self._rest is None:
            return [row[0] for row in found], []
        judge = self._judging(self._rest)
        chosen: list[bytes] = []
        undecided: list[Facts] = []
        extras = {key: self._extra(work, key, **here) for key in self._asked_extras}
        for facts in self._facts(work, found, extras, here):
            verdict = judge(facts)
            if verdict:
                chosen.append(facts.person)
            elif verdict is None:
                undecided.append(facts)
        return chosen, undecided

    def settle(self, undecided: Sequence[Facts], answers: Answers) -> list[bytes]:
        """Who of those left open is chosen, by the answers of all send checks that are asked about."""
        chosen: list[bytes] = []
        judge = None if self._rest is None else self._judging(self._rest)
        for facts in undecided:
            facts.answers = answers
            if judge is not None and judge(facts):
                chosen.append(facts.person)
        return chosen

    @cached_property
    def _bounds(self) -> Statement:
        """The last of the next people, how many they are, and how many are left out; merged ones count for nobody."""
        after, size = bindparam("after", type_=Uuid()), bindparam("size", type_=Integer())
        query = select(PersonRow.id, self._excluded.label("left_out")).where(
            PersonRow.merged_into.is_(None), PersonRow.id > after
        )
        asked = query.order_by(PersonRow.id).limit(size).subquery()
        last = select(asked.c.id).order_by(asked.c.id.desc()).limit(1).scalar_subquery()
        return statement(select(last, func.count(), func.count().filter(asked.c.left_out)).select_from(asked))

    @cached_property
    def _statement(self) -> Statement:
        """Those who pass the readable conditions, with all that is needed to judge them."""
        key = key_beside(_PERSON["owner_id"], Compartment.PROFILE)
        columns: list[ColumnElement[Any]] = [func.uuid_send(PersonRow.id, type_=LargeBinary())]
        if self._attributes:
            columns += [func.uuid_send(PersonRow.owner_id, type_=LargeBinary()), *key.columns]
            columns += [_PERSON[f"{name}_sealed"] for name in self._attributes]
        query = select(*columns, *self._told_clauses).select_from(PersonRow)
        if self._attributes:
            query = query.outerjoin(key.table, key.on)
        for figures in self._readable.joins:
            query = query.join(figures, true())
        return statement(query.where(_HERE, PersonRow.merged_into.is_(None), ~self._excluded, self._filter))

    def _facts(
        self,
        work: Work,
        rows: Sequence[tuple[Any, ...]],
        extras: Mapping[str, Mapping[bytes, bytes | None]],
        here: Mapping[str, object],
    ) -> Iterator[Facts]:
        behind = 4 + len(self._attributes) if self._attributes else 1
        if not self._attributes:
            for row in rows:
                yield Facts(row[0], row[behind:], (), extras)
            return
        places = [PersonRow.sealed_fields[name].place for name in self._attributes]
        others = self._merged.said(work, here)
        for row, opened in zip(rows, open_rows(work.session, vault_of(work.session), places, rows), strict=True):
            told = self._merged.joined(opened, others[row[0]]) if row[0] in others else opened
            yield Facts(row[0], row[behind:], told, extras)

    def _extra(self, work: Work, key: str, **here: object) -> Mapping[bytes, bytes | None]:
        """Values of one extra field by person."""
        definition = self._extras[key]
        slot = definition.compartment.value
        beside = key_beside(_EXTRA["owner_id"], Compartment(slot))
        query = (
            select(
                func.uuid_send(ExtraValueRow.id, type_=LargeBinary()),
                func.uuid_send(ExtraValueRow.owner_id, type_=LargeBinary()),
                *beside.columns,
                _EXTRA[f"{slot}_sealed"],
                func.uuid_send(ExtraValueRow.person_id, type_=LargeBinary()),
            )
            .join(PersonRow, PersonRow.id == ExtraValueRow.person_id)
            .outerjoin(beside.table, beside.on)
            .where(ExtraValueRow.field_id == literal(definition.id), _HERE)
        )
        rows = rows_of(work, statement(query), **here)
        place = ExtraValueRow.sealed_fields[slot].place
        opened = open_rows(work.session, vault_of(work.session), [place], rows)
        return {row[-1]: value for row, (value,) in zip(rows, opened, strict=True)}

    def _judging(self, form: Form) -> Judge:
        if wholly_readable(form):
            return partial(_told, self._told.index(form))
        if isinstance(form, Certain):
            return self._condition(form)
        judges = [self._judging(part) for part in form.parts]
        return judges[0] if len(judges) == 1 else partial(_joined, judges, isinstance(form, Either))

    def _condition(self, form: Certain) -> Judge:
        leaf, wanted = form.leaf, form.wanted
        if isinstance(leaf, May):
            return partial(_answered, leaf, wanted)
        test = test_of(leaf, at=self._at)
        if leaf.field.place is Place.EXTRA:
            return partial(_of_extra, leaf.field.name.removeprefix(EXTRA), test, wanted)
        return partial(_of_opened, self._attributes.index(leaf.field.sealed), test, wanted)


def _told(place: int, facts: Facts) -> bool:
    return bool(facts.told[place])


def _of_opened(place: int, test: Test, wanted: bool, facts: Facts) -> bool:  # noqa: FBT001 (bound beforehand)
    return test(facts.opened[place]) is wanted


def _of_extra(key: str, test: Test, wanted: bool, facts: Facts) -> bool:  # noqa: FBT001 (as above)
    return test(facts.extras[key].get(facts.person)) is wanted


def _answered(leaf: May, wanted: bool, facts: Facts) -> bool | None:  # noqa: FBT001 (as above)
    return None if facts.answers is None else facts.answers[leaf, facts.person] is wanted


def _joined(judges: Sequence[Judge], decisive: bool, facts: Facts) -> bool | None:  # noqa: FBT001 (as above)
    """Of parts that all, or some, must hold; the first one that decides spares the others."""
    left_open = False
    for judge in judges:
        verdict = judge(facts)
        if verdict is decisive:
            return decisive
        left_open |= verdict is None
    return None if left_open else not decisive


def _certain(form: Form) -> Iterator[Certain]:
    if isinstance(form, Certain):
        if not is_readable(form.leaf):
            yield form
        return
    for part in form.parts:
        yield from _certain(part)
