"""Staff who see own clients only learn nothing of others by a check, and stop nothing for them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.consent import batches
from governance.consent import operations as consent
from governance.consent.checking import Asked
from governance.consent.errors import UnknownContactError
from governance.consent.events import Refused
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind
from governance.customers.records import NewContact
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Actor, Work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.actors import by, staff
from tests.factories.customers import origin, person
from tests.factories.saying import mail, notice, said

NEWS = Asked("newsletter", Channel.EMAIL)
OWN, OTHERS, SHARED, NOBODYS = "own@example.org", "others@example.org", "both@example.org", "nobody@example.org"


@pytest.fixture
def seller(work: Work) -> Actor:
    """Somebody who sees own clients only."""
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    notice(work)
    return staff("sales")


def consented(work: Work, seller: Actor | None, *addresses: str) -> SubjectId:
    contacts = tuple(NewContact(ContactKind.EMAIL, one) for one in addresses)
    responsible = None if seller is None else seller.id
    subject = create_people(work, [person(contacts=contacts, responsible=responsible)], origin=origin())[0]
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject))
    return subject


def reasons(work: Work, *contacts: object, asked: Asked = NEWS) -> list[Reason]:
    return [verdict.reason for verdict in consent.check(work, question=asked, contacts=contacts).verdicts]


def test_a_check_by_contact_knows_own_clients_and_nobody_else(work: Work, seller: Actor) -> None:
    consented(work, seller, OWN)
    consented(work, staff("sales"), OTHERS)
    mine = by(work, seller)
    expected = [Reason.CONSENTED, Reason.UNKNOWN, Reason.UNKNOWN, Reason.MALFORMED]
    for asked in (NEWS, replace(NEWS, as_of=work.now)):
        assert reasons(mine, OWN, OTHERS, NOBODYS, "nonsense", asked=asked) == expected
    assert reasons(work, OTHERS) == [Reason.CONSENTED]
    found = consent.check(mine, question=replace(NEWS, unsubscribe_at="https://x.example"), contacts=[OTHERS])
    assert (found.used, found.unsubscribe) == ([], {})


@pytest.mark.parametrize("first", ["own", "other"])
def test_a_contact_that_a_client_shares_is_known_whoever_had_it_first(work: Work, seller: Actor, first: str) -> None:
    holders = [seller, staff("sales")] if first == "own" else [None, seller]
    for each in holders:
        consented(work, each, SHARED)
    for asked in (NEWS, replace(NEWS, as_of=work.now)):
        assert reasons(by(work, seller), SHARED, asked=asked) == [Reason.CONSENTED]


def test_a_long_list_tells_no_more_than_a_short_one(work: Work, seller: Actor) -> None:
    consented(work, None, OTHERS)
    consented(work, seller, OWN)
    filler = [f"{number}@example.org" for number in range(batches.LEAST)]
    assert reasons(by(work, seller), OWN, OTHERS, *filler)[:2] == [Reason.CONSENTED, Reason.UNKNOWN]


def test_a_check_by_id_knows_own_clients_and_nobody_else(work: Work, seller: Actor) -> None:
    people = [consented(work, seller, OWN), consented(work, None, OTHERS)]
    found = consent.check(by(work, seller), question=NEWS, people=people)
    assert [one.reason for one in found.verdicts] == [Reason.CONSENTED, Reason.UNKNOWN]


def test_a_contact_that_an_own_client_shares_is_answered_by_what_all_of_them_said(work: Work, seller: Actor) -> None:
    consented(work, seller, SHARED)
    other = consented(work, None, SHARED)
    later = replace(work, now=work.now + timedelta(days=1))
    assert reasons(by(later, seller), SHARED) == [Reason.CONSENTED]
    consent.record(later, event=said(EventKind.WITHDRAWN, subject=other))
    assert reasons(by(later, seller), SHARED) == [Reason.WITHDRAWN]


@pytest.mark.parametrize("method", [Method.API, Method.ONE_CLICK])
@pytest.mark.parametrize("kind", [EventKind.WITHDRAWN, EventKind.OBJECTED, EventKind.CONFIRMED])
def test_nothing_is_recorded_for_clients_of_others(work: Work, seller: Actor, kind: EventKind, method: Method) -> None:
    other = consented(work, staff("sales"), OTHERS)
    later = replace(work, now=work.now + timedelta(days=1))
    mine = by(later, seller)
    refusals = []
    for address in (OTHERS, NOBODYS):
        with pytest.raises(UnknownContactError) as refused:
            consent.record(mine, event=said(kind, contact=mail(address), method=method))
        refusals.append((refused.value.detail, refused.value.errors))
    assert refusals[0] == refusals[1]
    with pytest.raises(NotFoundError):
        consent.record(mine, event=said(kind, subject=other, method=method))
    (told,) = consent.record_many(mine, events=[said(kind, contact=mail(OTHERS), method=method)])
    assert isinstance(told, Refused)
    assert reasons(later, OTHERS) == [Reason.CONSENTED]


def test_a_stop_of_an_own_client_is_theirs_and_stays_off_the_ledger(work: Work, seller: Actor) -> None:
    own = consented(work, seller, OWN, SHARED)
    consented(work, None, OTHERS)
    later = replace(work, now=work.now + timedelta(days=1))
    stop = said(EventKind.WITHDRAWN, subject=own, contact=mail(OTHERS), method=Method.ONE_CLICK)
    assert consent.record(by(later, seller), event=stop).subject == own
    assert reasons(later, OWN, SHARED, OTHERS) == [Reason.WITHDRAWN, Reason.WITHDRAWN, Reason.CONSENTED]


def test_the_ledger_is_not_for_whoever_reaches_own_clients_only(work: Work, seller: Actor) -> None:
    reaching = replace(seller, permissions=seller.permissions | {"consent:suppress@own"})
    with pytest.raises(ForbiddenError):
        consent.suppress_many(
            by(work, reaching),
            contacts=[mail(OTHERS)],
            channel=Channel.EMAIL,
            scope=Scope.EVERYTHING,
            reason=SuppressionReason.COMPLAINT,
        )
