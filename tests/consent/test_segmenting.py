"""Segments from their definition to what a purpose may reach."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.consent.segmenting import Progress, RunId, RunState, Segment, SpecialCondition
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind, ExtraType, RestrictionReason
from governance.customers.errors import DuplicateError
from governance.customers.records import NewContact
from governance.customers.segments import results
from governance.customers.segments.tables import SegmentPartRow, SegmentRunRow
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, PreconditionError
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Sensitivity, Visibility
from governance.policies.consent_state import EventKind
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from governance.vault.errors import ShreddedError
from tests.conftest import NOW
from tests.factories.actors import by, client, staff
from tests.factories.customers import origin, person
from tests.factories.saying import notice, said
from tests.factories.trail import entries

TITLES = Titles("In Kyiv", "В Киеве", "У Києві")
KYIV = {"field": "city", "op": "is", "value": "київ"}
NEWS = {"may": "newsletter", "by": "email"}


def defined(work: Work, rule: Mapping[str, Any] = KYIV, *, key: str = "kyiv", **more: Any) -> Segment:
    return segmenting.define(work, key=key, titles=TITLES, rule=rule, **more)


def special_field(work: Work, key: str = "allergy") -> None:
    customers.define(
        work,
        key=key,
        labels=Titles("Allergy", "", ""),
        type=ExtraType.TEXT,
        category="user.health_and_medical",
        sensitivity=Sensitivity.SPECIAL,
        visibility=Visibility.MASKED,
    )


def test_a_segment_keeps_every_version_of_its_rule_and_opens_them_again(work: Work) -> None:
    first = defined(work)
    second = segmenting.edit(work, segment=first.id, rule={"not": KYIV}, if_version=1)
    assert (first.version, second.version) == (1, 2)
    work.session.expire_all()
    read = segmenting.segment(work, segment=first.id)
    assert (read.rule, read.titles, read.version) == ({"not": KYIV}, TITLES, 2)
    assert segmenting.segment_of_key(work, key="kyiv") == first.id
    assert [entry.facts["version"] for entry in entries(work, Action.SEGMENT_DEFINED)] == [1]
    assert entries(work, Action.SEGMENT_EDITED)[-1].facts["fields"] == ["person.city"]
    with pytest.raises(PreconditionError):
        segmenting.edit(work, segment=first.id, rule=KYIV, if_version=1)
    with pytest.raises(DuplicateError):
        defined(work)


def test_a_retired_segment_is_neither_changed_nor_evaluated(work: Work) -> None:
    one = defined(work)
    retired = segmenting.retire(work, segment=one.id)
    assert retired.retired_at == work.now
    for act in (
        lambda: segmenting.evaluate(work, segment=one.id),
        lambda: segmenting.edit(work, segment=one.id, rule=KYIV),
        lambda: segmenting.check_for(work, segment=one.id, purpose="newsletter", channel=Channel.EMAIL),
    ):
        with pytest.raises(ConflictError):
            act()


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"rule": {"field": "street", "op": "is", "value": "Ленина"}}, "rule.field"),
        ({"rule": {"may": "unheard", "by": "email"}}, "rule"),
        ({"rule": {"may": "newsletter", "by": "phone"}}, "rule"),
        ({"key": "Ключ"}, "key"),
        ({"titles": Titles("", "", "")}, "titles.en"),
        ({"special": SpecialCondition("a", "They said so")}, "special"),
    ],
)
def test_what_is_no_segment_is_refused_by_its_place(work: Work, said: Mapping[str, Any], place: str) -> None:
    with pytest.raises(InvalidError) as refused:
        segmenting.define(work, **{"key": "kyiv", "titles": TITLES, "rule": KYIV, **said})
    assert place in refused.value.errors


def test_a_special_category_needs_its_condition_which_is_recorded(work: Work) -> None:
    special_field(work)
    rule = {"field": "extra.allergy", "op": "is", "value": "nuts"}
    for condition in (None, SpecialCondition("z", "Because")):
        with pytest.raises(InvalidError, match="segment") as refused:
            defined(work, rule, special=condition)
        assert "special.ground" in refused.value.errors
    made = defined(work, rule, special=SpecialCondition("a", "Explicit consent, form of 2026"))
    assert made.special == SpecialCondition("a", "Explicit consent, form of 2026")
    assert entries(work, Action.SEGMENT_DEFINED)[-1].facts["special_ground"] == "a"


def test_a_marketer_asks_after_city_and_age_but_after_nothing_special_and_nobody_by_name(work: Work) -> None:
    special_field(work)
    marketer = by(work, staff("marketer"))
    rule = {"all": [KYIV, {"field": "sex", "op": "is", "value": "female"}, {"field": "age", "op": "over", "value": 30}]}
    assert defined(marketer, rule).version == 1
    condition = SpecialCondition("a", "x")
    with pytest.raises(ForbiddenError):
        defined(marketer, {"field": "extra.allergy", "op": "is", "value": "nuts"}, key="ill", special=condition)
    with pytest.raises(InvalidError):
        defined(marketer, {"field": "family_name", "op": "is", "value": "Воробьева"}, key="one")


def test_a_rule_on_special_categories_is_for_those_alone_who_may_see_what_it_asks_after(work: Work) -> None:
    special_field(work)
    rule = {"field": "extra.allergy", "op": "is", "value": "nuts"}
    plain = defined(work)
    made = defined(work, rule, key="ill", special=SpecialCondition("a", "Form of 2026"))
    run = segmenting.evaluate(work, segment=made.id)
    later = segmenting.edit(work, segment=plain.id, rule=rule, special=SpecialCondition("a", "Form of 2026"))
    old = segmenting.evaluate(work, segment=plain.id)
    segmenting.edit(work, segment=plain.id, rule=KYIV)

    marketer, officer = by(work, staff("marketer")), by(work, staff("officer"))
    assert [one.key for one in segmenting.segments(marketer)] == ["kyiv"]
    assert {one.key for one in segmenting.segments(officer)} == {"kyiv", "ill"}
    acts = (
        lambda: segmenting.segment(marketer, segment=made.id),
        lambda: segmenting.segment_of_key(marketer, key="ill"),
        lambda: segmenting.evaluate(marketer, segment=made.id),
        lambda: segmenting.check_for(marketer, segment=made.id, purpose="newsletter", channel=Channel.EMAIL),
        lambda: segmenting.runs(marketer, segment=made.id),
        lambda: segmenting.run(marketer, run=run.id),
        lambda: segmenting.stop(marketer, run=run.id),
        lambda: segmenting.edit(marketer, segment=made.id, rule=KYIV),
        lambda: segmenting.retire(marketer, segment=made.id),
        lambda: segmenting.run(marketer, run=old.id),
    )
    for act in acts:
        with pytest.raises(NotFoundError):
            act()
    assert segmenting.runs(marketer, segment=plain.id) == []
    assert [one.version for one in segmenting.runs(officer, segment=plain.id)] == [later.version]
    assert segmenting.evaluate(marketer, segment=plain.id).version == 3
    system = by(work, client(Permission.SEGMENTS_READ))
    assert "kyiv" in [one.key for one in segmenting.segments(system)]


def test_an_extra_field_that_points_at_one_person_cannot_be_asked_after(work: Work) -> None:
    for key, more in (("contract", {"indexed": True}), ("passport", {"category": "user.government_id"})):
        given = {"category": "user.behavior", **more}
        customers.define(work, key=key, labels=Titles(key, "", ""), type=ExtraType.TEXT, **given)  # type: ignore[arg-type]
        with pytest.raises(InvalidError):
            defined(work, {"field": f"extra.{key}", "op": "is", "value": "77"})


def test_who_looks_after_own_clients_only_and_who_lacks_the_permission_do_nothing(work: Work) -> None:
    made = defined(work)
    for actor in (staff("sales"), staff("auditor"), client(Permission.SEGMENTS_READ)):
        other = by(work, actor)
        with pytest.raises(ForbiddenError):
            defined(other, key="other")
        with pytest.raises(ForbiddenError):
            segmenting.evaluate(other, segment=made.id)
        with pytest.raises(ForbiddenError):
            segmenting.check_for(other, segment=made.id, purpose="newsletter", channel=Channel.EMAIL)
    limited = by(work, replace(client(Permission.SEGMENTS_USE), purposes=frozenset({"service"})))
    with pytest.raises(ForbiddenError):
        segmenting.check_for(limited, segment=made.id, purpose="newsletter", channel=Channel.EMAIL)


@pytest.fixture
def people(fresh_database: Database) -> list[SubjectId]:
    """Twelve people in Kyiv: six may get the newsletter, one objects to profiling, one's data are only stored."""
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
        set_controller(work, legal_name="ТОВ Ромашка", address="Київ", country="UA")
        notice(work)
        told = [
            person(city="Київ", contacts=(NewContact(ContactKind.EMAIL, f"c{number}@example.org"),))
            for number in range(12)
        ]
        ids = create_people(work, [*told, person(city="Львів", contacts=())], origin=origin())
        for one in ids[:6]:
            consent.record(work, event=said(EventKind.CONFIRMED, subject=one))
        consent.record(work, event=said(EventKind.OBJECTED, subject=ids[10], purpose="personalisation"))
        customers.restrict(work, subject=ids[11], reason=RestrictionReason.ASKED_FOR)
    return ids


def _run(database: Database, rule: Mapping[str, Any] = KYIV, *, key: str = "kyiv", size: int = 5) -> RunId:
    with open_work(database, SYSTEM, clock=FixedClock(NOW)) as work:
        begun = segmenting.evaluate(work, segment=defined(work, rule, key=key).id)
    segmenting.see_through(database, actor=SYSTEM, run=begun.id, clock=FixedClock(NOW), size=size)
    return begun.id


def _found(database: Database, run: RunId) -> list[SubjectId]:
    with open_work(database, SYSTEM, clock=FixedClock(NOW)) as work:
        row = results.find_run(work, run)
        return [one for number in range(1, row.parts + 1) for one in results.kept_people(work, row, number=number)]


def _told(database: Database, run: RunId) -> segmenting.Run:
    with open_work(database, SYSTEM, clock=FixedClock(NOW)) as work:
        return segmenting.run(work, run=run)


def test_an_evaluation_leaves_out_who_objects_or_is_only_stored(
    fresh_database: Database, people: list[SubjectId]
) -> None:
    run = _run(fresh_database)
    told = _told(fresh_database, run)
    assert _found(fresh_database, run) == people[:10]
    assert (told.state, told.matched, told.left_out, told.people, told.done) == (RunState.DONE, "10", "<5", 13, 13)
    with open_work(fresh_database, SYSTEM) as work:
        (entry,) = entries(work, Action.SEGMENT_EVALUATED)
        assert entry.facts["matched"] == "10"
        lying = work.session.execute(text("SELECT people_sealed FROM segment_part")).scalars().all()
    assert not any(one.bytes in bytes(sealed) for one in people for sealed in lying)


def test_consent_is_a_condition_like_any_other(fresh_database: Database, people: list[SubjectId]) -> None:
    may = _run(fresh_database, {"all": [KYIV, NEWS]}, key="may")
    may_not = _run(fresh_database, {"all": [KYIV, {"not": NEWS}]}, key="may_not")
    assert _found(fresh_database, may) == people[:6]
    assert _found(fresh_database, may_not) == people[6:10]
    assert _told(fresh_database, may_not).matched == "<5"


def test_a_result_reaches_a_purpose_through_its_send_check_alone(
    fresh_database: Database, people: list[SubjectId]
) -> None:
    run = _run(fresh_database)
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
        consent.record(work, event=said(EventKind.WITHDRAWN, subject=people[0]))
        source = segmenting.run(work, run=run)
        checked = segmenting.check_for(work, segment=source.segment, purpose="newsletter", channel=Channel.EMAIL)
        assert (checked.source, checked.matched) == (run, None)
    segmenting.see_through(fresh_database, actor=SYSTEM, run=checked.id, clock=FixedClock(NOW))
    assert _found(fresh_database, checked.id) == people[1:6]
    assert _told(fresh_database, checked.id).matched == "5"
    with open_work(fresh_database, SYSTEM) as work:
        decisions = entries(work, Action.CONSENT_CHECKED)
        assert {entry.facts["campaign"] for entry in decisions} == {"segment"}
        assert sum(int(str(entry.facts["allowed"])) for entry in decisions) == 5
        assert len(entries(work, Action.AUDIENCE_CHECKED)) == 1


def test_a_run_that_was_ended_on_the_way_goes_on_where_it_stopped(
    fresh_database: Database, people: list[SubjectId]
) -> None:
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
        begun = segmenting.evaluate(work, segment=defined(work).id)

    class EndedError(Exception):
        pass

    def end(progress: Progress) -> None:
        assert progress.total == 13
        if progress.done >= 8:
            raise EndedError

    for expected in (8, 12):
        with pytest.raises(EndedError):
            segmenting.see_through(
                fresh_database, actor=SYSTEM, run=begun.id, clock=FixedClock(NOW), on_progress=end, size=4
            )
        told = _told(fresh_database, begun.id)
        assert (told.done, told.state, told.matched) == (expected, RunState.RUNNING, None)
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
        assert segmenting.resume_runs(work) == 1
    segmenting.see_through(fresh_database, actor=SYSTEM, run=begun.id, clock=FixedClock(NOW))
    assert _found(fresh_database, begun.id) == people[:10]


def test_a_result_is_shredded_when_its_time_is_over_and_unusable_from_that_instant(
    fresh_database: Database, people: list[SubjectId]
) -> None:
    run = _run(fresh_database)
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW + timedelta(days=7))) as work:
        row = results.find_run(work, run)
        assert results.kept_people(work, row, number=1) == []
        segment = segmenting.run(work, run=run).segment
        with pytest.raises(ConflictError, match="evaluate it first"):
            segmenting.check_for(work, segment=segment, purpose="newsletter", channel=Channel.EMAIL)
        sealed = work.session.query(SegmentPartRow).all()
        work.session.expunge_all()
        assert segmenting.expire(work) == 1
        assert segmenting.expire(work) == 0
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
        assert segmenting.run(work, run=run).state is RunState.EXPIRED
        assert work.session.get_one(SegmentRunRow, run).matched == 10
        work.session.execute(
            text(
                "INSERT INTO segment_part (id, owner_id, run_id, number, count, people_sealed) "
                "VALUES (:id, :owner_id, :run_id, :number, :count, :people_sealed)"
            ),
            {
                name: getattr(sealed[0], name)
                for name in ("id", "owner_id", "run_id", "number", "count", "people_sealed")
            },
        )
        with pytest.raises(ShreddedError):  # whoever kept a copy of the row has nothing
            assert work.session.get_one(SegmentPartRow, sealed[0].id).people
        work.session.rollback()


def test_a_run_that_is_stopped_leaves_nothing(fresh_database: Database, people: list[SubjectId]) -> None:
    with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
        begun = segmenting.evaluate(work, segment=defined(work).id)

    def stop(_progress: Progress) -> None:
        with open_work(fresh_database, SYSTEM, clock=FixedClock(NOW)) as work:
            assert segmenting.stop(work, run=begun.id).state is RunState.STOPPED

    segmenting.see_through(fresh_database, actor=SYSTEM, run=begun.id, clock=FixedClock(NOW), on_progress=stop, size=4)
    told = _told(fresh_database, begun.id)
    assert (told.state, told.done, told.matched) == (RunState.STOPPED, 4, None)
    with open_work(fresh_database, SYSTEM) as work:
        assert work.session.query(SegmentPartRow).count() == 0
