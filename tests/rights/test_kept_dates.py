"""Until when data of one person are kept, as officers see it: the same days as a package and an erasure go by."""

from governance.customers import operations as customers
from governance.erasure import operations as erasures
from governance.kernel.work import Work
from governance.policies.erasure import Fate
from governance.rights import operations as rights
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageKind
from governance.vault import compartments
from tests.conftest import NOW
from tests.factories import packaging
from tests.factories.customers import purchase
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
        compartments=[compartments.Compartment.FINANCE],
        reason="claim",
        review_at=NOW.replace(year=2027),
    )

    found = rights.kept_dates(work, subject=person)

    assert found.erased_today == erasures.plan_for(work, person=person).steps
    assert {one.table for one in found.groups if one.held} == {"purchase"}
    assert Fate.HELD in {one.fate for one in found.erased_today}


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
