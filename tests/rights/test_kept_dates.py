"""Until when data of one person are kept, as officers see it: the same days as a package and an erasure go by."""

from dataclasses import replace

from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.erasure import operations as erasures
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.policies.erasure import Fate
from governance.policies.periods import Period
from governance.reference import retention_rules
from governance.rights import operations as rights
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageKind
from tests.conftest import NOW
from tests.factories import packaging
from tests.factories.customers import origin, purchase
from tests.factories.customers import person as customer
from tests.factories.statements import counted


def test_the_days_are_those_that_a_package_tells(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
    told = packaging.document(packaging.archive(work, packaging.made(work, package)))["sections"]

    found = rights.kept_dates(work, subject=person)
    days = {(one.table, str(one.last)) for one in found.groups}

    for section, table in (("person", "person"), ("contacts", "contact"), ("purchases", "purchase"),
                           ("interactions", "interaction"), ("activity", "activity")):  # fmt: skip
        assert {(table, str(row["kept_until"])) for row in told[section]} <= days, section
    assert not found.in_force
    assert all(one.citation and one.title for one in found.groups if one.rule)


def test_it_ends_with_the_plan_of_an_erasure_and_marks_what_a_hold_keeps(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    customers.place_hold(
        work,
        subject=person,
        compartments=[Compartment.FINANCE],
        reason="claim",
        review_at=NOW.replace(year=2027),
    )

    found = rights.kept_dates(work, subject=person)

    assert found.erased_today == erasures.plan_for(work, person=person).steps
    assert {one.table for one in found.groups if one.held} == {"purchase"}
    assert Fate.HELD in {one.fate for one in found.erased_today}


def test_what_no_rule_in_force_covers_stays_as_long_as_an_erasure_would_keep_it(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    notes = shipped.retention_policies("UA")["interaction_notes"]
    retention_rules.keep_active(work, policy=retention_rules.keep_draft(work, policy=notes).id)

    found = rights.kept_dates(work, subject=person)
    [bought] = [one for one in found.groups if one.table == "purchase"]
    [finance] = [one for one in found.erased_today if one.compartment.value == "finance"]
    others = [one for one in found.groups if one.table not in ("purchase", "note")]

    assert (finance.fate, finance.in_force) == (Fate.KEEP, False)
    assert (bought.first, bought.last, bought.rule) == (finance.first, finance.until, finance.rule)
    assert (bought.at_least, bought.in_force, bought.minimum) == (True, False, finance.citation)
    assert {(one.last, one.rule, one.at_least) for one in others} == {(None, "", False)}


def test_a_rule_in_force_does_not_end_what_an_erasure_would_keep_longer(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    shipped_ones = shipped.retention_policies("UA")
    short = replace(shipped_ones["inactive_customers"], keep=Period(1))
    retention_rules.keep_active(work, policy=retention_rules.keep_draft(work, policy=short).id)

    found = rights.kept_dates(work, subject=person)
    days = {one.table: one for one in found.groups}
    [finance] = [one for one in found.erased_today if one.compartment.value == "finance"]

    assert days["purchase"].last == finance.until
    assert (days["purchase"].rule, days["purchase"].in_force) == ("purchases_tax", False)
    assert (days["person"].rule, days["person"].in_force) == ("inactive_customers", True)
    assert not days["purchase"].at_least


def test_the_plan_says_of_what_there_is_nothing(work: Work) -> None:
    packaging.firm(work)
    [nobody] = create_people(work, [customer()], origin=origin())

    found = rights.kept_dates(work, subject=SubjectId(nobody))

    assert {one.compartment.value for one in found.erased_today if one.empty} == {"finance", "evidence"}


def test_statements_do_not_grow_with_what_is_kept(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    with counted(work) as few:
        rights.kept_dates(work, subject=person)
    for _ in range(10):
        customers.record_purchase(work, subject=person, purchase=purchase(number=None))
    with counted(work) as many:
        [bought] = [one for one in rights.kept_dates(work, subject=person).groups if one.table == "purchase"]

    assert bought.rows == 11
    assert len(many) <= len(few) + 1
