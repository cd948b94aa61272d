"""Who was told what is done with their data, and who is still to be told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent.checking import Asked
from governance.consent.codes import InformMethod, NoticeKind
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind, Source
from governance.customers.records import NewContact
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.actors import by, client
from tests.factories.customers import origin, person
from tests.factories.saying import TEXTS, notice, said
from tests.factories.trail import entries

EMAIL = "irina.vorobeva@example.org"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _notices(work: Work) -> None:
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    notice(work)
    consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="customers", texts=TEXTS, material=True)


def bought(work: Work, address: str = EMAIL) -> SubjectId:
    """A person whose data came from somebody else."""
    new = person(contacts=(NewContact(ContactKind.EMAIL, address),), source=Source.BOUGHT)
    return create_people(work, [new], origin=replace(origin(Source.BOUGHT), acquired_at=work.now))[0]


def inform(work: Work, *people: SubjectId, **more: object) -> consent.Informed:
    told = {"notice": "customers", "method": InformMethod.EMAIL, **more}
    return consent.inform(work, people=people, **told)  # type: ignore[arg-type]  # tests say what they need


def reason(work: Work) -> Reason:
    return consent.check(work, question=Asked("newsletter", Channel.EMAIL), contacts=[EMAIL]).verdicts[0].reason


def listed(work: Work, days: int) -> list[SubjectId]:
    return [one.subject for one in consent.uninformed(work, days=days).items]


def test_whoever_was_not_told_is_written_nothing_whatever_they_agreed_to(work: Work) -> None:
    subject = bought(work)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, method=Method.PORTAL))
    assert reason(work) is Reason.RESTRICTED
    inform(work, subject)
    assert reason(work) is Reason.CONSENTED


def test_who_was_told_is_kept_with_the_words_the_way_and_the_instant(work: Work) -> None:
    subject = bought(work)
    at = work.now - DAY
    [one] = inform(work, subject, version=1, language="uk", method=InformMethod.POST, at=at).items
    assert (one.subject, one.version, one.language, one.method, one.at) == (subject, 1, "uk", InformMethod.POST, at)
    [entry] = entries(work, Action.PERSON_INFORMED)
    assert entry.eid == one.id
    assert entry.facts["method"] == "post"
    stands = work.session.execute(text("SELECT informed_at, version, not_mailable FROM person"))
    assert tuple(stands.one()) == (at, 2, None)


def test_the_clock_lists_the_most_urgent_first_and_ends_with_the_telling(work: Work) -> None:
    later = replace(work, now=work.now + 10 * DAY)
    first, second = bought(work), bought(later, "second@example.org")
    assert listed(work, 7) == []
    assert listed(work, 31) == [first]
    assert listed(work, 60) == [first, second]
    assert listed(replace(work, now=work.now + 90 * DAY), 0) == [first, second]
    inform(later, first)
    assert listed(work, 60) == [second]


def test_a_long_list_comes_in_pages(work: Work) -> None:
    people = [bought(work, f"a{number}@example.org") for number in range(3)]
    page = consent.uninformed(work, days=60, limit=2)
    rest = consent.uninformed(work, days=60, after=page.next_after, limit=2)
    assert [one.subject for one in (*page.items, *rest.items)] == sorted(people)
    assert rest.next_after is None


def test_telling_again_keeps_both_and_the_first_instant(work: Work) -> None:
    subject = bought(work)
    inform(work, subject, version=1, at=work.now - DAY)
    inform(work, subject)
    assert len(entries(work, Action.PERSON_INFORMED)) == 2
    told = work.session.execute(text("SELECT informed_at FROM person")).scalar_one()
    assert told == work.now - DAY


def test_telling_gives_no_ground_and_undoes_no_other_obstacle(work: Work) -> None:
    groundless = bought(work)
    work.session.execute(text("UPDATE person SET ground = NULL"))
    inform(work, groundless)
    assert work.session.execute(text("SELECT not_mailable FROM person")).scalar_one() == "no_ground"
    decided = bought(work, "second@example.org")
    work.session.execute(text("UPDATE person SET not_mailable = 'decided' WHERE id = :id"), {"id": decided})
    inform(work, decided)
    kept = text("SELECT not_mailable FROM person WHERE id = :id")
    assert work.session.execute(kept, {"id": decided}).scalar_one() == "decided"


def test_a_check_of_the_past_knows_that_the_person_was_not_told_then(work: Work) -> None:
    subject = bought(work)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, method=Method.PORTAL))
    later = replace(work, now=work.now + 2 * DAY)
    inform(later, subject)
    asked = Asked("newsletter", Channel.EMAIL, as_of=work.now + DAY)
    assert consent.check(later, question=asked, contacts=[EMAIL]).verdicts[0].reason is Reason.RESTRICTED
    assert reason(later) is Reason.CONSENTED


def test_unknown_people_are_named_beside_those_who_were_told(work: Work) -> None:
    subject, nobody = bought(work), SubjectId(uuid4())
    told = inform(work, nobody, subject)
    assert [one.subject for one in told.items] == [subject]
    assert told.unknown == (nobody,)


@pytest.mark.parametrize(
    ("said_", "field"),
    [
        ({"notice": "nothing"}, "notice"),
        ({"version": 7}, "version"),
        ({"language": "de"}, "language"),
        ({"notice": "newsletter"}, "notice"),
    ],
)
def test_what_cannot_have_been_told_is_refused_by_field(work: Work, said_: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        inform(work, bought(work), **said_)
    assert set(caught.value.errors) == {field}


def test_the_future_cannot_have_been_told(work: Work) -> None:
    with pytest.raises(InvalidError) as caught:
        inform(work, bought(work), at=work.now + DAY)
    assert set(caught.value.errors) == {"at"}


def test_nobody_tells_or_lists_without_permission(work: Work) -> None:
    subject = bought(work)
    other = by(work, client(Permission.CONSENT_CHECK))
    with pytest.raises(ForbiddenError):
        inform(other, subject)
    with pytest.raises(ForbiddenError):
        consent.uninformed(other, days=3)


def test_the_record_can_be_neither_changed_nor_removed(work: Work) -> None:
    inform(work, bought(work))
    for statement in ("UPDATE informing SET version = 2", "DELETE FROM informing"):
        with pytest.raises(Exception, match=r"permission denied|never changed"), work.session.begin_nested():
            work.session.execute(text(statement))
