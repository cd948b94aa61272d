"""What somebody has seen and taken out is told from the log, when they leave and before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.accounts import operations as accounts
from governance.accounts.errors import NoSuchStaffError
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers import operations
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId, uuid4
from tests.factories.actors import by
from tests.factories.signing import enrol
from tests.factories.trail import entries


@pytest.fixture
def anna(work):
    return enrol(work, "steward")


def test_the_report_names_people_fields_and_files_by_reference(work, anna):
    hers = by(work, accounts.staff_actor(work, staff=anna.id))
    long_ago = replace(hers, now=work.now - timedelta(days=40))
    one, two, three = [operations.create(work, fields={"family_name": name, "note": "x"}) for name in "абв"]
    operations.reveal(long_ago, subject=three.id, fields=["note"], reason="Звонок")
    operations.reveal(hers, subject=one.id, fields=["note"], reason="Звонок")
    operations.reveal(hers, subject=one.id, fields=["family_name"], reason="Звонок")
    operations.reveal(hers, subject=two.id, fields=["family_name"], reason="Звонок")
    operations.read(hers, subject=two.id)
    export = uuid4()
    audit.append(hers, Action.EXPORT_FETCHED, object=ObjectRef("export", export))
    report = accounts.seen_by(work, staff=anna.id)
    found = {person.subject: (person.fields, person.times) for person in report.people}
    assert found == {one.ref: (("family_name", "note"), 2), two.ref: (("family_name",), 1)}
    assert [(file.action, file.object) for file in report.files] == [(Action.EXPORT_FETCHED, export)]
    assert report.readings[Action.PERSON_READ] == 1
    assert len(accounts.seen_by(work, staff=anna.id, days=41).people) == 3
    assert not any(word in str(report) for word in ("Звонок", "а'"))
    assert entries(work, Action.STAFF_REPORTED)[0].facts == {"days": 30, "people": 2, "files": 1}


def test_whoever_leaves_leaves_a_report(work, anna):
    hers = by(work, accounts.staff_actor(work, staff=anna.id))
    one = operations.create(work, fields={"family_name": "Рябова"})
    operations.reveal(hers, subject=one.id, fields=["family_name"], reason="Звонок")
    done = operations.leave(work, staff=anna.id, successor=None, days=7)
    assert [person.subject for person in done.report.people] == [one.ref]
    assert not done.report.cut


def test_a_report_needs_somebody_and_days(work, anna):
    with pytest.raises(NoSuchStaffError):
        accounts.seen_by(work, staff=StaffId(uuid4()))
    with pytest.raises(InvalidError):
        accounts.seen_by(work, staff=anna.id, days=0)
