"""A stop that another system tells of behaves like any other: said again it counts again, and a consent that does not
come after it lifts nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import select

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent.ledger import digest
from governance.consent.ledger_batches import Ending, write_batch
from governance.consent.ledger_lines import NewLine
from governance.consent.tables import ConsentStateRow, SuppressionRow
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.forms import EMAIL, VISIT, mailed_token, publish, token_for
from tests.factories.saying import mail, notice, said, someone
from tests.factories.trail import entries

CONFIRMED = EventKind.CONFIRMED


def after(work: Work, hours: float) -> Work:
    return replace(work, now=work.now + timedelta(hours=hours))


def stop(
    work: Work,
    *addresses: str,
    scope: Scope = Scope.PURPOSE,
    reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED,
) -> None:
    consent.stop_many(
        work,
        contacts=[mail(one) for one in addresses or (EMAIL,)],
        channel=Channel.EMAIL,
        scope=scope,
        reason=reason,
        purpose="newsletter" if scope is Scope.PURPOSE else None,
        method=Method.API,
    )


def reason(work: Work, address: str = EMAIL, *, as_of: datetime | None = None) -> Reason:
    asked = consent.Asked("newsletter", Channel.EMAIL, as_of=as_of, details=True)
    return consent.check(work, question=asked, contacts=[address]).verdicts[0].reason


def standings(work: Work) -> dict[SubjectId, str]:
    row = ConsentStateRow
    query = select(row.person_id, row.standing).where(row.purpose == "newsletter")
    return {SubjectId(person): standing for person, standing in work.session.execute(query)}


@pytest.fixture
def shop(work: Work) -> Work:
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    notice(work)
    return work


@pytest.mark.parametrize("scope", [Scope.PURPOSE, Scope.ADVERTISING])
def test_a_stop_said_again_ends_the_consent_that_had_lifted_it(shop: Work, scope: Scope) -> None:
    subject = someone(shop, EMAIL)
    expected = []
    for round_ in range(2):
        given, stopped = after(shop, 4 * round_), after(shop, 4 * round_ + 2)
        consent.record(given, event=said(CONFIRMED, subject=subject))
        assert reason(given) is Reason.CONSENTED
        stop(stopped, scope=scope)
        assert reason(stopped) is Reason.SUPPRESSED
        expected += [(given.now, Reason.CONSENTED), (stopped.now, Reason.SUPPRESSED)]
    later = after(shop, 100)
    assert [(at, reason(later, as_of=at)) for at, _ in expected] == expected


def test_who_came_back_and_is_erased_again_is_not_written_to(shop: Work) -> None:
    subject = someone(shop, EMAIL)
    consent.suppress_erased(shop, people=[subject])
    consent.record(after(shop, 1), event=said(CONFIRMED, subject=subject))
    assert reason(after(shop, 1)) is Reason.CONSENTED
    consent.suppress_erased(after(shop, 2), people=[subject])
    assert reason(after(shop, 2)) is Reason.SUPPRESSED


def test_a_stop_ends_a_consent_of_a_clock_that_ran_ahead(shop: Work) -> None:
    subject = someone(shop, EMAIL)
    consent.record(after(shop, 2), event=said(CONFIRMED, subject=subject))
    stop(shop)
    assert reason(after(shop, 3)) is Reason.SUPPRESSED


def test_only_what_a_consent_can_lift_is_said_anew(shop: Work) -> None:
    for hours in range(3):
        stop(after(shop, hours))
        stop(after(shop, hours))
        stop(after(shop, hours), reason=SuppressionReason.COMPLAINT)
    kept = shop.session.scalars(select(SuppressionRow)).all()
    assert sorted((row.reason, row.lifted_at is None) for row in kept) == [
        ("complaint", True),
        ("unsubscribed", False),
        ("unsubscribed", False),
        ("unsubscribed", True),
    ]


def test_a_link_used_again_after_its_contact_went_and_came_back_ends_the_new_consent(shop: Work) -> None:
    address = customers.ContactSaid(kind="email", value=EMAIL)
    made = customers.create(shop, fields={"ground": "contract"}, contacts=[address])
    asked = consent.Asked("newsletter", Channel.EMAIL)
    (contact,) = made.contacts
    make = consent.unsubscriber(shop, base_url="https://shop.example", purpose=asked.purpose, channel=asked.channel)
    url = make(contact.id, digest(shop, ContactKind.EMAIL, EMAIL))
    customers.remove_contact(shop, subject=made.id, contact=contact.id)
    token = url.rpartition("/")[2]
    consent.unsubscribe(shop, token=token)
    again = after(shop, 1)
    customers.add_contact(again, subject=made.id, contact=address)
    consent.record(again, event=said(CONFIRMED, subject=made.id))
    assert reason(again) is Reason.CONSENTED
    consent.unsubscribe(after(shop, 2), token=token)
    assert reason(after(shop, 2)) is Reason.SUPPRESSED


def by_event(work: Work) -> None:
    consent.record(work, event=said(EventKind.WITHDRAWN, contact=mail(EMAIL)))


@pytest.mark.parametrize("stopping", [stop, by_event])
def test_a_stop_between_form_and_confirmation_holds_where_only_the_ledger_knows_the_address(
    work: Work, stopping: object
) -> None:
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    publish(work)
    token = token_for(work)
    stopping(after(work, 1))  # type: ignore[operator]  # one of the two above
    consent.confirm_subscription(after(work, 2), token=token, language="en", visit=VISIT)
    assert reason(after(work, 3)) is Reason.SUPPRESSED
    assert token_for(after(work, 4)) == token  # its mail was never reported as sent
    again = mailed_token(after(work, 4))
    consent.confirm_subscription(after(work, 5), token=again, language="en", visit=VISIT)
    assert reason(after(work, 6)) is Reason.CONSENTED


def test_what_the_holders_agreed_to_is_taken_back_for_all_their_contacts(shop: Work) -> None:
    agreed, silent = someone(shop, EMAIL, "other@example.org"), someone(shop, EMAIL)
    consent.record(shop, event=said(CONFIRMED, subject=agreed))
    stop(after(shop, 1))
    assert standings(shop) == {agreed: "withdrawn", silent: "withdrawn"}
    assert reason(after(shop, 1), "other@example.org") is Reason.WITHDRAWN
    stop(after(shop, 2))
    assert [one.kind for one in consent.events_of(shop, subject=agreed).items] == [EventKind.WITHDRAWN, CONFIRMED]


@pytest.mark.parametrize("scope", [Scope.ADVERTISING, Scope.EVERYTHING])
def test_a_wide_stop_ends_what_a_sale_allowed_by_the_other_addresses_of_its_holder(shop: Work, scope: Scope) -> None:
    offered = shop.now - timedelta(days=2)
    contacts = [
        customers.ContactSaid(kind="email", value=one, opt_out_offered_at=offered) for one in (EMAIL, "b@example.org")
    ]
    buyer = customers.create(shop, fields={"country": "DE", "ground": "contract"}, contacts=contacts).id
    bought = customers.NewPurchase(paid_at=offered, total=5, currency="EUR")  # type: ignore[arg-type]
    customers.record_purchase(shop, subject=buyer, purchase=bought)
    offers = consent.Asked("own_offers", Channel.EMAIL, opt_out_in_message=True)
    asked = {"contacts": ["b@example.org"]}
    assert consent.check(shop, question=offers, **asked).verdicts[0].allowed  # type: ignore[arg-type]

    stop(after(shop, 1), EMAIL, scope=scope, reason=SuppressionReason.DO_NOT_CONTACT)
    assert consent.check(after(shop, 2), question=offers, **asked).verdicts[0].reason is Reason.OBJECTED  # type: ignore[arg-type]
    service = consent.check(after(shop, 2), question=consent.Asked("service", Channel.EMAIL), **asked).verdicts[0]  # type: ignore[arg-type]
    assert service.allowed is (scope is Scope.ADVERTISING)


def test_a_bounce_takes_nothing_back(shop: Work) -> None:
    subject = someone(shop, EMAIL, "other@example.org")
    consent.record(shop, event=said(CONFIRMED, subject=subject))
    stop(after(shop, 1), reason=SuppressionReason.HARD_BOUNCE)
    assert reason(after(shop, 1)) is Reason.BOUNCED
    assert reason(after(shop, 1), "other@example.org") is Reason.CONSENTED


def test_a_bounce_marks_the_contact_with_all_who_hold_it_and_takes_no_consent_back(work: Work) -> None:
    notice(work)
    people = someone(work, EMAIL), someone(work, EMAIL, "other@example.org")
    consent.record(work, event=said(CONFIRMED, subject=people[0]))
    stop(work, EMAIL.upper(), scope=Scope.EVERYTHING, reason=SuppressionReason.HARD_BOUNCE)
    assert reason(work) is Reason.BOUNCED
    for subject in people:
        seen = customers.read(work, subject=subject)
        assert [one.bounced_at for one in seen.contacts][:1] == [work.now]
        assert seen.version == 2
    assert customers.read(work, subject=people[1]).contacts[1].bounced_at is None
    assert standings(work) == {people[0]: "given"}


def test_a_bounce_told_of_again_changes_nothing_and_one_of_the_restricted_is_kept_by_the_ledger_alone(
    work: Work,
) -> None:
    subject, closed = someone(work, EMAIL), someone(work, "closed@example.org")
    customers.restrict(work, subject=closed, reason=RestrictionReason.UNLAWFUL)
    for _ in range(2):
        stop(work, EMAIL, "closed@example.org", scope=Scope.EVERYTHING, reason=SuppressionReason.HARD_BOUNCE)
    assert customers.read(work, subject=subject).version == 2
    (contact,) = customers.read(work, subject=closed).contacts
    assert (contact.bounced_at, reason(work, "closed@example.org")) == (None, Reason.BOUNCED)


def test_a_batch_of_people_who_are_erased_leaves_each_contact_standing_once_and_told_of(shop: Work) -> None:
    """What stood gives way, what another wrote meanwhile is kept, what somebody else holds is said of them."""
    came_back, alone, twin = someone(shop, EMAIL), someone(shop, "alone@example.org"), someone(shop, "both@example.org")
    someone(shop, "both@example.org")
    consent.suppress_erased(shop, people=[came_back])
    batch = after(shop, 1)
    consent.suppress_erased(batch, people=[came_back, alone, twin], at_once=True)
    consent.suppress_erased(batch, people=[came_back, alone, twin], at_once=True)

    kept = shop.session.scalars(select(SuppressionRow)).all()
    standing = {row.id: row for row in kept if row.lifted_at is None}
    mails = [row for row in kept if row.channel == Channel.EMAIL]
    assert [(row.at, row.lifted_at) for row in mails if row.lifted_at is not None] == [(shop.now, batch.now)]
    scopes = sorted(row.scope for row in mails if row.lifted_at is None)
    assert scopes == ["advertising", "everything", "everything"]
    told = [one for one in entries(shop, Action.CONTACT_SUPPRESSED) if one.at == batch.now]
    lines = [UUID(str(line)) for one in told for line in cast("list[str]", one.facts.get("lines", []))]
    alike = [one.object.id for one in told if one.object is not None]
    assert sorted([*lines, *alike]) == sorted(standing)


def test_a_contact_that_comes_twice_in_a_batch_has_one_line(shop: Work) -> None:
    line = NewLine(Channel.EMAIL, Scope.EVERYTHING, SuppressionReason.ERASED)
    twice = [Ending(ContactKind.EMAIL, b"one@example.org", (line,))] * 2
    write_batch(shop, [*twice, Ending(ContactKind.EMAIL, b"two@example.org", (line,))])
    kept = shop.session.scalars(select(SuppressionRow)).all()
    assert len(kept) == 2
    told = [
        one for entry in entries(shop, Action.CONTACT_SUPPRESSED) for one in cast("list[str]", entry.facts["lines"])
    ]
    assert sorted(told) == sorted(str(row.id) for row in kept)
