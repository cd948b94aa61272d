"""What a law keeps: by the rules in force, each row until its own day, and said so wherever they are not in force."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.customers.tables import PurchaseRow
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureState, Origin, OriginKind, Step, StepState, Wanted
from governance.erasure.tables import CertificateRow
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.erasure import Fate, PlanStep
from governance.policies.retention_reader import parse_policies
from governance.reference.operations import set_fiscal_year
from governance.reference.retention_rules import end_active, keep_active, keep_draft
from tests.factories.actors import by, staff
from tests.factories.customers import email, purchase
from tests.factories.erasing import LIVE_KEYS, count, entries_about, erase, shop, somebody, through
from tests.factories.staging import played, stage_of

OURS = """
policies:
  our_invoices:
    version: 1
    titles: {en: "Our invoices", ru: "Наши счета", uk: "Наші рахунки"}
    applies_to: {table: purchase}
    clock: purchase.paid_at
    keep: P3Y
    minimum: {keep: P3Y, citation: "Our law", verified: true}
    action: delete_rows
    citation: "Our law"
    verified: true
"""


stage = stage_of(shop)


work = played()


@pytest.fixture
def desk(work: Work) -> Work:
    """A shop in Germany, where purchases are kept for eight years."""
    return work


def in_force(work: Work, document: str = OURS) -> None:
    for policy in parse_policies(document.encode(), name="ours").values():
        keep_active(work, policy=keep_draft(work, policy=policy).id)


def finance(plan: erasure.Plan) -> PlanStep:
    [found] = [one for one in plan.steps if one.compartment is Compartment.FINANCE]
    return found


def later(work: Work, year: int, month: int = 1, day: int = 1) -> Work:
    return replace(work, now=datetime(year, month, day, 12, tzinfo=UTC))


def bought(work: Work, *years: int) -> SubjectId:
    one = somebody(work)
    for year in years:
        customers.record_purchase(work, subject=one, purchase=purchase(number=f"A-{year}", paid_at=date(year, 3, 1)))
    return one


def numbers(work: Work) -> list[str | None]:
    return sorted(row.number or "" for row in work.session.query(PurchaseRow))


def test_a_plan_goes_by_the_policies_in_force_in_this_store(desk: Work) -> None:
    one = bought(desk, 2025)
    in_force(desk)
    found = finance(erasure.plan_for(desk, person=one))

    assert (found.fate, found.until, found.rule, found.citation) == (
        Fate.KEEP, date(2028, 3, 1), "our_invoices", "Our law",
    )  # fmt: skip
    assert found.in_force
    end_active(desk, key="our_invoices")
    assert finance(erasure.plan_for(desk, person=one)).until == date(2033, 12, 31)


def test_a_law_that_nobody_put_into_force_keeps_purchases_all_the_same_and_is_said_to_be_so(desk: Work) -> None:
    one = bought(desk, 2025)
    found = finance(erasure.plan_for(desk, person=one))
    assert (found.fate, found.rule, found.in_force) == (Fate.KEEP, "purchases_tax", False)

    done = erase(desk, one)
    assert [each.in_force for each in done.steps if each.step is Step.FINANCE] == [False]
    [kept] = json.loads(desk.session.query(CertificateRow).one().body)["kept"]
    assert (kept["compartment"], kept["in_force"]) == ("finance", False)


def test_a_policy_that_names_no_law_keeps_nothing_and_sets_no_law_aside(desk: Work) -> None:
    one = bought(desk, 2025)
    before = finance(erasure.plan_for(desk, person=one))
    in_force(desk, "\n".join(line for line in OURS.splitlines() if "minimum" not in line))

    assert finance(erasure.plan_for(desk, person=one)) == before
    assert (before.fate, before.until, before.in_force) == (Fate.KEEP, date(2033, 12, 31), False)


def test_a_policy_that_counts_from_the_last_activity_sets_no_law_about_purchases_aside(desk: Work) -> None:
    one = bought(desk, 2025)
    before = finance(erasure.plan_for(desk, person=one))
    ours = OURS.replace("table: purchase", "compartment: finance").replace("purchase.paid_at", "last_activity")
    in_force(desk, ours.replace("delete_rows", "shred_compartment"))

    assert finance(erasure.plan_for(desk, person=one)) == before
    assert (before.fate, before.until, before.in_force) == (Fate.KEEP, date(2033, 12, 31), False)


def test_a_plan_counts_by_the_fiscal_year_of_the_controller(desk: Work) -> None:
    one = bought(desk, 2025)
    in_force(desk, OURS.replace("    minimum", "    anchor: fiscal_year_end\n    minimum"))
    for begins, until in (("01-01", date(2028, 12, 31)), ("04-01", date(2028, 3, 31))):
        set_fiscal_year(desk, begins=begins)
        assert finance(erasure.plan_for(desk, person=one)).until == until


def test_the_last_day_is_one_of_the_controllers_zone(desk: Work) -> None:
    one = bought(desk, 2025)
    for hour, fate in ((22, Fate.KEEP), (23, Fate.DELETE)):  # midnight in Berlin
        late = replace(desk, now=datetime(2033, 12, 31, hour, 30, tzinfo=UTC))
        assert finance(erasure.plan_for(late, person=one)).fate is fate


def test_an_erasure_by_a_run_heeds_the_same_rules(desk: Work) -> None:
    in_force(desk)
    one = bought(desk, 2025)
    [begun] = erasure.erase_many(desk, people=[one], origin=Origin(OriginKind.POLICY_RUN, uuid4(), "inactive"))

    steps = {each.step: each for each in erasure.show(desk, erasure=begun).steps}
    [step] = [each for each in steps.values() if each.state is StepState.KEPT]
    assert (step.until, step.rule, step.in_force) == (date(2028, 3, 1), "our_invoices", True)
    assert steps[Step.PROFILE].rule == "inactive", "nobody had asked for it"


def test_each_purchase_goes_on_its_own_day_and_the_keys_with_the_last(desk: Work) -> None:
    one = bought(desk, 2015, 2019, 2021, 2025)
    done = erase(desk, one)
    assert numbers(desk) == ["A-2019", "A-2021", "A-2025"]
    [step] = [each for each in done.steps if each.step is Step.FINANCE]
    assert (step.state, step.until, step.first_until) == (StepState.KEPT, date(2033, 12, 31), date(2027, 12, 31))

    assert erasure.resume(later(desk, 2027, 12, 31)) == []
    assert erasure.resume(later(desk, 2028)) == [done.id]
    assert through(later(desk, 2028), done.id).state is ErasureState.WAITING
    assert numbers(desk) == ["A-2021", "A-2025"]
    assert erasure.resume(later(desk, 2028, 1, 2)) == []
    assert count(desk, f"{LIVE_KEYS} AND compartment = 'finance'") == 1

    still_kept = later(desk, 2033, 12, 31)
    assert erasure.resume(still_kept) == [done.id]
    assert through(still_kept, done.id).state is ErasureState.WAITING
    assert numbers(desk) == ["A-2025"]

    last = later(desk, 2034)
    assert erasure.resume(last) == [done.id]
    assert through(last, done.id).state is ErasureState.CLOSED
    assert numbers(desk) == []
    assert count(desk, LIVE_KEYS) == 0


def test_what_went_before_the_rest_has_receipts_in_the_certificates(desk: Work) -> None:
    done = erase(desk, bought(desk, 2015, 2019, 2025))
    over = later(desk, 2028)
    erasure.resume(over)
    through(over, done.id)

    first, second = (json.loads(row.body) for row in desk.session.query(CertificateRow).order_by("number"))
    parts = [one["rows"] for one in second["destroyed"] if one["step"] == "finance"]
    assert parts == [{"purchase": 1}, {"purchase": 1}]
    assert first["kept"][0] | {"from": "2033-12-31"} == second["kept"][0]
    assert entries_about(desk, Action.ERASURE_STEP_DONE) == len(Step) - 1 + 2
    assert first["suppressed"]["digests"] == 5


def test_a_purchase_of_the_first_instant_of_a_year_is_kept_a_year_longer_than_one_of_the_last(desk: Work) -> None:
    one = somebody(desk)
    midnight = datetime(2019, 12, 31, 23, tzinfo=UTC)  # in Berlin
    for number, at in (("last", midnight - timedelta(seconds=1)), ("first", midnight)):
        customers.record_purchase(desk, subject=one, purchase=purchase(number=number, paid_at=at))
    done = erase(desk, one)
    erasure.resume(later(desk, 2028))
    through(later(desk, 2028), done.id)
    assert numbers(desk) == ["first"]


def test_of_several_laws_the_one_that_wants_a_purchase_longest_counts_for_each(desk: Work) -> None:
    in_force(desk)
    in_force(desk, OURS.replace("our_invoices", "our_books").replace("P3Y", "P5Y"))
    done = erase(desk, bought(desk, 2022, 2023, 2025))
    over = later(desk, 2027, 3, 2)
    erasure.resume(over)
    [step] = [each for each in through(over, done.id).steps if each.step is Step.FINANCE]
    assert numbers(desk) == ["A-2023", "A-2025"]
    assert (step.first_until, step.until) == (date(2028, 3, 1), date(2030, 3, 1))


def test_people_of_one_run_part_with_their_purchases_each_on_its_day(desk: Work) -> None:
    people = [somebody(desk, contacts=(email(f"b{number}@example.org"),)) for number in range(2)]
    for one, year in zip(people, (2019, 2021), strict=True):
        for at in (year, 2025):
            customers.record_purchase(
                desk, subject=one, purchase=purchase(number=f"{year}-{at}", paid_at=date(at, 3, 1))
            )
    begun = erasure.erase_many(desk, people=people, origin=Origin(OriginKind.POLICY_RUN, uuid4(), "inactive"))
    for year, left in ((2028, 3), (2030, 2), (2034, 0)):
        over = later(desk, year)
        for one in erasure.resume(over):
            through(over, one)
        assert len(numbers(desk)) == left, year
    assert {erasure.state_of(desk, erasure=one) for one in begun} == {ErasureState.CLOSED}


def test_where_its_law_is_out_of_force_what_was_told_still_holds(desk: Work) -> None:
    in_force(desk, OURS.replace("P3Y", "P5Y"))
    done = erase(desk, bought(desk, 2022, 2025))
    without = [line for line in OURS.splitlines() if "minimum" not in line]
    in_force(desk, "\n".join(without).replace("version: 1", "version: 2"))
    over = later(desk, 2027, 3, 2)
    erasure.resume(over)
    through(over, done.id)
    assert numbers(desk) == ["A-2022", "A-2025"]


def test_nothing_of_whoever_a_hold_covers_goes_before_the_rest(desk: Work) -> None:
    one = bought(desk, 2015, 2025)
    from_hold = customers.place_hold(
        desk, subject=one, compartments=[Compartment.FINANCE], reason="Gerichtsverfahren",
        review_at=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    done = erase(desk, one)
    assert numbers(desk) == ["A-2015", "A-2025"]
    customers.release_hold(desk, subject=one, hold=from_hold.id, reason="Verfahren beendet")
    erasure.resume(desk)
    through(desk, done.id)
    assert numbers(desk) == ["A-2025"]


def test_kept_purchases_are_read_for_the_tax_office_alone_with_a_reason_that_the_log_keeps(desk: Work) -> None:
    erase(desk, bought(desk, 2024, 2025))
    other = somebody(desk, contacts=(email("other@example.org"),))
    customers.record_purchase(desk, subject=other, purchase=purchase(number="B-1", paid_at=date(2025, 3, 1)))
    keeper = by(desk, staff("bookkeeper"))
    for role in ("officer", "auditor"):
        with pytest.raises(ForbiddenError):
            erasure.read_kept(by(desk, staff(role)), wanted=Wanted(), reason="Betriebsprüfung")
    with pytest.raises(InvalidError):
        erasure.read_kept(keeper, wanted=Wanted(), reason=" ")

    page = erasure.read_kept(keeper, wanted=Wanted(), reason="Betriebsprüfung 2025", limit=1)
    assert [one.number for one in page.items] == ["A-2025"]
    assert (page.items[0].buyer or {})["family_name"] == "Воробьева"  # type: ignore[index, call-overload]  # JSON
    assert page.next_after is not None
    rest = erasure.read_kept(keeper, wanted=Wanted(), reason="Betriebsprüfung 2025", after=page.next_after)
    assert [one.number for one in rest.items] == ["A-2024"]
    for wanted, numbers_found in (
        (Wanted(number="A-2024"), ["A-2024"]),
        (Wanted(number="B-1"), []),
        (Wanted(since=date(2025, 3, 1), until=date(2025, 3, 1)), ["A-2025"]),
        (Wanted(until=date(2025, 2, 28)), ["A-2024"]),
    ):
        found = erasure.read_kept(keeper, wanted=wanted, reason="Betriebsprüfung 2025")
        assert [one.number for one in found.items] == numbers_found, wanted
    assert entries_about(desk, Action.ERASURE_KEPT_READ) == 6
    assert count(desk, "audit_detail WHERE eid IN (SELECT eid FROM audit_body WHERE action = 'erasure:kept:read')") == 6
    told = "audit_body WHERE action = 'erasure:kept:read' AND position('Betriebs' IN encode(bytes, 'escape')) > 0"
    assert count(desk, told) == 0
