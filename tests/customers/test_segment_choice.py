"""Whom a rule chooses: the same people as a plain loop over the same store in Python would."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import false, select, text

from governance.customers import merging
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ActivityKind, ExtraType, InteractionKind, RestrictionReason, Sex
from governance.customers.extras import known
from governance.customers.records import NewActivity, NewPurchase
from governance.customers.segments.choosing import Choice
from governance.customers.segments.opening import EXTRA_KINDS
from governance.customers.tables import PersonRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.segment_fields import FIELDS, Place, Qualifier, ValueKind
from governance.policies.segment_logic import truth
from governance.policies.segments import MOST_CONDITIONS, OPS, Compare, Leaf, May, parse_rule
from governance.vault.errors import SealError
from governance.vault.runtime import vault_of
from tests.factories.customers import NOW, interaction, origin, person, purchase
from tests.factories.staging import Stage, played, stage_of

DAY = timedelta(days=1)
CITIES = (None, "Київ", "київ", "Львів", "Lviv")
TAGS = (None, ("VIP",), ("vip", "новый"), ("друг",))
BORN = (None, "1982-08-09", "2008", "2008-11-22", "2008-11-23", "1999-12")


@dataclass
class Somebody:
    """A person of the store, as the test knows them."""

    id: UUID
    values: dict[str, object]
    purchases: list[tuple[datetime, Decimal, str]] = field(default_factory=list)
    calls: list[datetime] = field(default_factory=list)
    visits: list[datetime] = field(default_factory=list)


def _days(chance: random.Random) -> datetime:
    return NOW - timedelta(days=chance.choice([0, 1, 30, 89, 90, 91, 400]))


def fill(work: Work, count: int = 40) -> list[Somebody]:
    """People with purchases, calls, visits and extra fields, as chance has it."""
    chance = random.Random(7)
    for key, kind in (("size", ExtraType.TEXT), ("points", ExtraType.NUMBER), ("club", ExtraType.BOOLEAN)):
        customers.define(work, key=key, labels=Titles(key, key, key), type=kind, category="user.behavior")
    people, told = [], []
    for _ in range(count):
        values = {
            "city": chance.choice(CITIES),
            "sex": chance.choice([None, Sex.FEMALE, Sex.MALE]),
            "tags": chance.choice(TAGS),
            "birth_date": chance.choice(BORN),
            "country": chance.choice([None, "UA", "PL"]),
            "extras": {
                key: value
                for key, value in {
                    "size": chance.choice([None, "XL", "m"]),
                    "points": chance.choice([None, "10", "99.5"]),
                    "club": chance.choice([None, "true", "false"]),
                }.items()
                if value is not None
            },
        }
        told.append(values)
        people.append(person(**{**values, "tags": values["tags"] or (), "contacts": ()}))
    ids = create_people(work, people, origin=origin())
    found = [Somebody(one, values) for one, values in zip(ids, told, strict=True)]
    for one in found:
        for _ in range(chance.choice([0, 0, 1, 2])):
            bought = (_days(chance), Decimal(chance.choice([500, 2000, 2001])), chance.choice(["UAH", "USD"]))
            customers.record_purchase(
                work,
                subject=SubjectId(one.id),
                purchase=NewPurchase(paid_at=bought[0], total=bought[1], currency=bought[2]),
            )
            one.purchases.append(bought)
        if chance.random() < 0.3:
            at = _days(chance)
            customers.record_interaction(
                work, subject=SubjectId(one.id), interaction=interaction(at=at, kind=InteractionKind.CALL)
            )
            one.calls.append(at)
        if chance.random() < 0.3:
            at = _days(chance)
            customers.record_activity(
                work, subject=SubjectId(one.id), activity=NewActivity(kind=ActivityKind.VISIT, at=at)
            )
            one.visits.append(at)
    return found


def _age(born: str, *, first: bool) -> int:
    year, month, day = *map(int, born.split("-")), *([1, 1] if first else [12, 31])[born.count("-") :]
    return 2026 - year - ((month, day) > (11, 22))


def _plain(leaf: Leaf, one: Somebody) -> bool | None:
    """The condition, asked in the plainest way."""
    assert isinstance(leaf, Compare)
    name, op, value = leaf.field.name, leaf.op, leaf.values[0]
    said = {str(key): told for key, told in leaf.qualifiers}
    since = NOW - timedelta(days=90)
    if name == "age":
        born = one.values["birth_date"]
        if born is None:
            return None
        ages = range(_age(str(born), first=False), _age(str(born), first=True) + 1)
        told = {age >= value if op == "at_least" else age < value for age in ages}  # type: ignore[operator]
        return told.pop() if len(told) == 1 else None
    if name.startswith("purchases"):
        rows = [row for row in one.purchases if said.get("currency") in {None, row[2]}]
        rows = [row for row in rows if "within" not in said or row[0] >= since]
        return _figure(name, op, value, [row[0] for row in rows], [row[1] for row in rows], since)
    if name.startswith("interactions"):
        return _figure(name, op, value, one.calls, [], since)
    if name.startswith("activity"):
        return _figure(name, op, value, [at for at in one.visits if "within" not in said or at >= since], [], since)
    held = one.values["extras"].get(name[6:]) if name.startswith("extra.") else one.values[name]  # type: ignore[attr-defined]
    if op == "known":
        return (held is not None) is value
    return None if held is None else _same(name, leaf, held)


def _same(name: str, leaf: Compare, held: object) -> bool:
    value = leaf.values[0]
    if name == "tags":
        return str(value) in {tag.lower() for tag in held}  # type: ignore[attr-defined]
    if name == "extra.points":
        return Decimal(str(held)) > Decimal(str(value))
    if name == "extra.club":
        return (held == "true") is value
    return str(held) in leaf.values if name in {"sex", "country"} else str(held).lower() in leaf.values


def _figure(
    name: str, op: str, value: object, moments: list[datetime], amounts: list[Decimal], since: datetime
) -> bool | None:
    if name.endswith("count"):
        return len(moments) >= int(str(value))
    if name.endswith("sum"):
        return sum(amounts) > Decimal(str(value))
    if name.endswith("average"):
        return sum(amounts) / len(amounts) > Decimal(str(value)) if amounts else None
    if op == "known":
        return bool(moments) is value
    return None if not moments else max(moments) >= since if op == "within" else max(moments) < since


CONDITIONS = [
    {"field": "city", "op": "is", "value": "КИЇВ"},
    {"field": "city", "op": "in", "value": ["львів", "lviv"]},
    {"field": "city", "op": "known", "value": False},
    {"field": "sex", "op": "is", "value": "female"},
    {"field": "tags", "op": "has", "value": "vip"},
    {"field": "age", "op": "at_least", "value": 18},
    {"field": "age", "op": "under", "value": 18},
    {"field": "country", "op": "in", "value": ["UA"]},
    {"field": "country", "op": "known", "value": True},
    {"field": "extra.size", "op": "is", "value": "xl"},
    {"field": "extra.size", "op": "known", "value": False},
    {"field": "extra.points", "op": "over", "value": 10},
    {"field": "extra.club", "op": "is", "value": True},
    {"field": "purchases.last_at", "op": "within", "value": "P90D"},
    {"field": "purchases.last_at", "op": "older_than", "value": "P90D"},
    {"field": "purchases.last_at", "op": "known", "value": False},
    {"field": "purchases.count", "op": "at_least", "value": 2},
    {"field": "purchases.sum", "op": "over", "value": 2000, "currency": "UAH", "within": "P90D"},
    {"field": "purchases.average", "op": "over", "value": 2000, "currency": "UAH"},
    {"field": "interactions.count", "op": "at_least", "value": 1, "kind": "call"},
    {"field": "activity.last_at", "op": "within", "value": "P90D", "kind": "visit"},
    {"field": "activity.count", "op": "at_least", "value": 1, "within": "P90D"},
]
documents = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda inner: (
        st.builds(lambda one: {"not": one}, inner)
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts})
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts})
    ),
    max_leaves=6,
)


def choice_of(work: Work, document: object) -> Choice:
    extras = known(work)
    rule = parse_rule(document, extras={key: EXTRA_KINDS[one.type] for key, one in extras.items()})
    return Choice(rule, at=NOW, extras=extras, left_out=lambda _person: false())


def chosen(work: Work, choice: Choice, *, size: int = 1000) -> set[UUID]:
    after, found = None, set()
    while True:
        chunk = choice.next_chunk(work, after=after, size=size)
        found |= {UUID(bytes=one) for one in chunk.chosen}
        assert not chunk.open
        if chunk.reached is None:
            return found
        after = chunk.reached


stage = stage_of()


@pytest.fixture(scope="module")
def people(stage: Stage) -> list[Somebody]:
    with stage.prepare() as work:
        return fill(work)


work = played("people")
"""A unit of work in which they are found."""


def test_a_rule_chooses_whom_a_plain_loop_would_choose(work: Work, people: list[Somebody]) -> None:
    ids = {one.id for one in people}
    extras = {key: EXTRA_KINDS[one.type] for key, one in known(work).items()}

    @settings(max_examples=max(1, settings.default.max_examples // 2), deadline=None)
    @given(documents, st.sampled_from([7, 1000]))
    def agree(document: object, size: int) -> None:
        rule = parse_rule(document, extras=extras)
        expected = {one.id for one in people if truth(rule, lambda leaf, one=one: _plain(leaf, one)) is True}
        assert chosen(work, choice_of(work, document), size=size) & ids == expected

    agree()


def test_every_condition_and_its_opposite_leave_out_the_unknown(work: Work, people: list[Somebody]) -> None:
    ids = {one.id for one in people}
    for document in CONDITIONS:
        leaf = parse_rule(document, extras={key: EXTRA_KINDS[one.type] for key, one in known(work).items()})
        unknown = {one.id for one in people if _plain(leaf, one) is None}  # type: ignore[arg-type]
        yes = chosen(work, choice_of(work, document)) & ids
        no = chosen(work, choice_of(work, {"not": document})) & ids
        assert yes.isdisjoint(no), document
        assert yes | no == ids - unknown, document


def test_those_only_stored_the_dead_and_the_objecting_are_left_out_before_anything_is_asked(work: Work) -> None:
    alive, stored, dead, objecting = create_people(work, [person(contacts=()) for _ in range(4)], origin=origin())
    customers.restrict(work, subject=stored, reason=RestrictionReason.ASKED_FOR)
    customers.edit(work, subject=dead, patch={"deceased": True})
    rule = parse_rule({"any": [{"field": "city", "op": "known", "value": flag} for flag in (True, False)]})
    choice = Choice(rule, at=NOW, extras={}, left_out=lambda column: column == objecting)
    chunk = choice.next_chunk(work, after=None, size=100_000)
    found = {UUID(bytes=one) for one in chunk.chosen}
    assert found & {alive, stored, dead, objecting} == {alive}
    assert chunk.left_out >= 3
    assert chunk.people == len(found) + chunk.left_out


def test_of_somebody_who_was_merged_a_rule_asks_what_either_record_says(work: Work) -> None:
    said = {"ground": "contract", "source": "till"}
    into = customers.create(work, fields={"family_name": "Воробьева", "city": "Київ", "tags": ["vip"], **said})
    told = {"city": "Львів", "sex": "female", "tags": ["опт"], **said}
    other = customers.create(work, fields={"family_name": "Воробьёва", **told}, extra={"club": True})
    customers.record_purchase(work, subject=other.id, purchase=purchase(total=Decimal(900), paid_at=NOW - DAY))
    customers.record_interaction(work, subject=other.id, interaction=interaction(at=NOW - DAY))
    two = merging.lock_two(work, into=into.id, other=other.id, permission=Permission.DUPLICATES_DECIDE)
    merging.take_over(work, two, reason="Одна", score=None)
    for name, op, value, expected in (
        ("sex", "is", "female", {into.id}),
        ("city", "is", "Київ", {into.id}),
        ("city", "is", "Львів", set()),
        ("tags", "has", "опт", {into.id}),
        ("tags", "has", "vip", {into.id}),
        ("extra.club", "is", True, {into.id}),
        ("purchases.count", "at_least", 1, {into.id}),
        ("interactions.count", "at_least", 1, {into.id}),
    ):
        found = chosen(work, choice_of(work, {"field": name, "op": op, "value": value}))
        assert found & {into.id, other.id} == expected, (name, op, value)


def test_a_shredded_value_is_unknown_and_a_moved_one_is_found_out(work: Work) -> None:
    one, other = create_people(
        work, [person(contacts=(), city="Київ"), person(contacts=(), city="Київ")], origin=origin()
    )
    owners = {row.id: row.owner_id for row in work.session.execute(select(PersonRow.id, PersonRow.owner_id))}
    vault_of(work.session).owners.shred(work.session, [owners[one]], compartments=["profile"])
    found = chosen(work, choice_of(work, {"field": "city", "op": "is", "value": "київ"}))
    assert found & {one, other} == {other}
    work.session.execute(
        text("UPDATE person SET city_sealed = (SELECT city_sealed FROM person WHERE id = :one) WHERE id = :other"),
        {"one": one, "other": other},
    )
    with pytest.raises(SealError):
        chosen(work, choice_of(work, {"field": "city", "op": "is", "value": "київ"}))


def test_what_may_be_sent_is_asked_only_of_those_on_whom_it_depends(work: Work) -> None:
    women = create_people(
        work, [person(contacts=(), country="PT", sex=Sex.FEMALE, city=f"{at}") for at in range(2)], origin=origin()
    )
    create_people(work, [person(contacts=(), country="PT", sex=Sex.MALE)], origin=origin())
    may = {"may": "newsletter", "by": "email"}
    document = {
        "all": [
            {"field": "country", "op": "in", "value": ["PT"]},
            {"field": "sex", "op": "is", "value": "female"},
            {"any": [{"field": "city", "op": "is", "value": "0"}, may]},
        ]
    }
    choice = choice_of(work, document)
    chunk = choice.next_chunk(work, after=None, size=100_000)
    assert {UUID(bytes=one.person) for one in chunk.open} == {women[1]}
    assert women[0].bytes in chunk.chosen
    (question,) = choice.questions
    assert isinstance(question, May)
    for answer in (True, False):
        told = choice.settle(chunk.open, {(question, women[1].bytes): answer})
        assert told == ([women[1].bytes] if answer else [])


def test_an_extra_field_is_found_by_its_place() -> None:
    rule = parse_rule({"field": "extra.size", "op": "is", "value": "x"}, extras={"size": EXTRA_KINDS[ExtraType.TEXT]})
    assert isinstance(rule, Compare)
    assert rule.field.place is Place.EXTRA


VALUES = {
    ValueKind.CODE: {"is": "female", "in": ["UA", "ru"]},
    ValueKind.TEXT: {"is": "Київ", "in": ["Київ"]},
    ValueKind.LIST: {"has": "vip", "has_any": ["vip", "x"]},
    ValueKind.NUMBER: {"is": 1, "over": "1.5", "at_least": 1, "under": 1, "at_most": 1, "between": [1, 2]},
    ValueKind.INSTANT: {"within": "P1Y", "older_than": "P1Y", "on_or_after": "2026-01-01", "before": "2026-01-01"},
}
QUALIFIED = {Qualifier.WITHIN: "P1Y", Qualifier.CURRENCY: "UAH", Qualifier.KIND: "call"}


def test_every_field_can_be_asked_by_every_operator_and_with_every_qualifier(work: Work) -> None:
    one = create_people(work, [person(customer_since=date(2026, 1, 1))], origin=origin())[0]
    documents = [
        {
            "field": asked.name,
            "op": op,
            "value": VALUES[asked.kind].get(op, True),
            **{str(name): QUALIFIED[name] for name in asked.takes},
        }
        for asked in FIELDS.values()
        for op in OPS[asked.kind]
    ]
    for start in range(0, len(documents), MOST_CONDITIONS):
        some = documents[start : start + MOST_CONDITIONS]
        assert one in chosen(work, choice_of(work, {"any": some}))
        assert one in chosen(work, choice_of(work, {"any": [{"not": document} for document in some]}))
    since = {"field": "customer_since", "op": "on_or_after", "value": "2026-01-01"}
    assert one in chosen(work, choice_of(work, since))
    assert one not in chosen(work, choice_of(work, {**since, "value": "2026-01-02"}))
    assert one in chosen(work, choice_of(work, {"field": "contacts.count", "op": "is", "value": 1, "kind": "email"}))
