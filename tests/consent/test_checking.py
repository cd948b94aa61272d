"""May this be sent? Contacts against what people said, what is known of them, and the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from governance.audit.actions import Action
from governance.consent import checking
from governance.consent import operations as consent
from governance.consent.batches import LEAST
from governance.consent.checking import Asked, Checked, Request
from governance.consent.events import ContactSaid
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.customers.tables import ContactRow
from governance.kernel.errors import InvalidError
from governance.kernel.ids import EntryId, SubjectId, uuid4
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.actors import by, client
from tests.factories.saying import mail, notice, said, someone
from tests.factories.statements import counted
from tests.factories.trail import entries

EMAIL = "irina.vorobeva@example.org"
NEWS = Asked("newsletter", Channel.EMAIL)
DAY = timedelta(days=1)


def later(work: Work, by: timedelta = DAY) -> Work:
    return replace(work, now=work.now + by)


def reasons(work: Work, *contacts: object, asked: Asked = NEWS) -> list[Reason]:
    return [verdict.reason for verdict in consent.check(work, question=asked, contacts=contacts).verdicts]


def consented(work: Work, *addresses: str, purpose: str = "newsletter") -> SubjectId:
    subject = someone(work, *addresses)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, purpose=purpose))
    return subject


@pytest.fixture(autouse=True)
def _controller(work: Work) -> None:
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    notice(work)


def test_each_contact_is_answered_in_its_place(work: Work) -> None:
    consented(work, EMAIL)
    withdrawn = consented(work, "second@example.org")
    consent.record(later(work), event=said(EventKind.WITHDRAWN, subject=withdrawn))
    someone(work, "silent@example.org")

    found = reasons(
        later(work), "nobody@example.org", "no address", "SILENT@example.org", "Irina.Vorobeva@Example.ORG ",
        "second@example.org", None, EMAIL,
    )  # fmt: skip
    assert found == [
        Reason.UNKNOWN, Reason.MALFORMED, Reason.SILENT, Reason.CONSENTED, Reason.WITHDRAWN, Reason.MALFORMED,
        Reason.CONSENTED,
    ]  # fmt: skip


def test_a_withdrawal_is_heeded_by_the_next_check(work: Work) -> None:
    subject = consented(work, EMAIL)
    assert reasons(work, EMAIL) == [Reason.CONSENTED]
    consent.record(later(work), event=said(EventKind.WITHDRAWN, subject=subject))
    assert reasons(work, EMAIL) == [Reason.WITHDRAWN]


def test_a_check_takes_the_same_few_statements_whatever_its_size(work: Work) -> None:
    consented(work, EMAIL)
    consent.check(work, question=NEWS, contacts=[EMAIL])
    with counted(work) as seen:
        consent.check(work, question=NEWS, contacts=[f"{number}@example.org" for number in range(500)])
    terms = ("purpose_version", "notice_version", "key_epoch")  # asked for again after a second
    assert len([one for one in seen if not any(name in one for name in terms)]) == 2, seen


def test_an_unknown_purpose_or_a_channel_that_it_does_not_use_is_no(work: Work) -> None:
    consented(work, EMAIL)
    assert reasons(work, EMAIL, asked=Asked("nothing_like_it", Channel.EMAIL)) == [Reason.UNKNOWN_PURPOSE]
    assert reasons(work, EMAIL, asked=Asked("newsletter", Channel.AUDIENCE)) == [Reason.UNKNOWN_PURPOSE]


def test_a_shared_contact_needs_the_yes_of_every_holder(work: Work) -> None:
    consented(work, EMAIL)
    other = someone(work, EMAIL)
    assert reasons(work, EMAIL) == [Reason.SILENT]
    consent.record(work, event=said(EventKind.CONFIRMED, subject=other))
    assert reasons(work, EMAIL) == [Reason.CONSENTED]


def test_a_restriction_stops_everything(work: Work) -> None:
    subject = consented(work, EMAIL)
    mark = customers.restrict(work, subject=subject, reason=RestrictionReason.UNLAWFUL)
    assert reasons(work, EMAIL) == [Reason.RESTRICTED]
    customers.lift_restriction(work, subject=subject, restriction=mark.id)
    assert reasons(work, EMAIL) == [Reason.CONSENTED]


def test_the_dead_are_not_written_to(work: Work) -> None:
    subject = consented(work, EMAIL)
    customers.edit(work, subject=subject, patch={"deceased": True})
    assert reasons(work, EMAIL) == [Reason.RESTRICTED]


def test_a_purpose_with_a_minimum_age_asks_for_a_known_age(work: Work) -> None:
    notice(work, "birthday")
    subject = consented(work, EMAIL, purpose="birthday")
    birthday = Asked("birthday", Channel.EMAIL)
    for unknown_or_young in (None, "2015"):
        customers.edit(work, subject=subject, patch={"birth_date": unknown_or_young})
        assert reasons(work, EMAIL, asked=birthday) == [Reason.UNDER_AGE]
    customers.edit(work, subject=subject, patch={"birth_date": "1982"})
    assert reasons(work, EMAIL, asked=birthday) == [Reason.CONSENTED]


@pytest.mark.parametrize(
    "spelling", ["+7 933 455-20-61", "+79334552061", "8 (933) 455 20 61", "тел. 8 (933) 455 20 61 (моб.)"]
)
def test_a_number_is_found_by_any_spelling(work: Work, spelling: str) -> None:
    subject = customers.create(
        work, fields={"ground": "contract"}, contacts=[customers.ContactSaid(kind="phone", value="+79334552061")]
    ).id
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, channel=Channel.SMS))
    asked = Asked("newsletter", Channel.SMS, region="RU")
    assert reasons(work, spelling, asked=asked) == [Reason.CONSENTED]


def test_a_form_that_nobody_confirmed_does_not_renew_what_was_confirmed(work: Work) -> None:
    subject = consented(work, EMAIL)
    notice(later(work))
    form = said(EventKind.GIVEN, subject=subject, notice=2)
    consent.record(later(work, 2 * DAY), event=form)
    fillers = [f"nobody.{number}@example.org" for number in range(LEAST)]
    for others in ((), fillers):
        assert reasons(later(work, 3 * DAY), EMAIL, *others)[0] is Reason.SUPERSEDED


def test_soft_opt_in_rests_on_a_sale_an_offer_and_a_way_out_in_the_message(work: Work) -> None:
    contact = customers.ContactSaid(kind="email", value=EMAIL, opt_out_offered_at=work.now - 2 * DAY)
    subject = customers.create(work, fields={"country": "DE", "ground": "legitimate_interest"}, contacts=[contact]).id
    asked = Asked("own_offers", Channel.EMAIL, opt_out_in_message=True)
    assert reasons(work, EMAIL, asked=asked) == [Reason.SILENT]
    bought = customers.NewPurchase(paid_at=work.now - DAY, total=5, currency="EUR")  # type: ignore[arg-type]
    customers.record_purchase(work, subject=subject, purchase=bought)
    assert reasons(work, EMAIL, asked=asked) == [Reason.OTHER_GROUND]
    assert reasons(work, EMAIL, asked=replace(asked, opt_out_in_message=False)) == [Reason.SILENT]
    within = shipped.purposes().purposes["own_offers"].sale_within
    assert consent.check(work, question=asked, contacts=[EMAIL]).verdicts[0].valid_until == within.after(work.now - DAY)
    ways = [asked, replace(asked, opt_out_in_message=False), replace(asked, channel=Channel.POST)]
    for order in (ways, ways[::-1]):
        found = consent.check_together([Request(work, one, [EMAIL]) for one in order])
        allowed = {one: answer.verdicts[0].allowed for one, answer in zip(order, found, strict=True)}
        assert allowed == dict(zip(ways, (True, False, False), strict=True))


@pytest.mark.parametrize("offers", [(True, False), (False, True)])
def test_who_holds_a_contact_twice_was_offered_a_way_out_where_once_was(work: Work, offers: tuple[bool, bool]) -> None:
    people = []
    for offered in offers:
        contact = customers.ContactSaid(kind="email", value=EMAIL, opt_out_offered_at=work.now if offered else None)
        people.append(customers.create(work, fields={"country": "DE", "ground": "contract"}, contacts=[contact]).id)
    bought = customers.NewPurchase(paid_at=work.now, total=5, currency="EUR")  # type: ignore[arg-type]
    customers.record_purchase(work, subject=people[0], purchase=bought)
    asked = Asked("own_offers", Channel.EMAIL, opt_out_in_message=True)
    assert reasons(work, EMAIL, asked=asked) == [Reason.SILENT]
    moved = update(ContactRow).where(ContactRow.person_id == people[1])
    work.session.execute(moved.values(person_id=people[0], is_primary=False))
    assert reasons(work, EMAIL, asked=asked) == [Reason.OTHER_GROUND]


def test_a_suppressed_contact_is_no_whoever_holds_it_by_then(work: Work) -> None:
    consent.suppress(
        work, contact=mail(EMAIL), channel=Channel.EMAIL, scope=Scope.ADVERTISING, reason=SuppressionReason.COMPLAINT
    )
    consented(later(work), EMAIL)
    assert reasons(later(work), EMAIL) == [Reason.SUPPRESSED]


def test_an_advertising_stop_leaves_service_messages_alone(work: Work) -> None:
    subject = someone(work, EMAIL)
    customers.edit(work, subject=subject, patch={"ground": "contract"})
    consent.suppress(
        work, contact=mail(EMAIL), channel=Channel.EMAIL, scope=Scope.ADVERTISING, reason=SuppressionReason.COMPLAINT
    )
    assert reasons(work, EMAIL, asked=Asked("service", Channel.EMAIL)) == [Reason.OTHER_GROUND]
    asked = Asked("service", Channel.EMAIL, unsubscribe_at="https://privacy.example.org")
    assert consent.check(work, question=asked, contacts=[EMAIL]).unsubscribe == {}  # which nobody unsubscribes from


def test_customers_are_asked_about_by_the_contact_that_a_message_would_go_to(work: Work) -> None:
    yes, silent = consented(work, EMAIL), someone(work, "silent@example.org")
    bare = customers.create(work, fields={"family_name": "Müller"}, contacts=[]).id
    suppressed = consented(work, "stop@example.org")
    consent.suppress(
        work,
        contact=mail("stop@example.org"),
        channel=Channel.EMAIL,
        scope=Scope.EVERYTHING,
        reason=SuppressionReason.DO_NOT_CONTACT,
    )
    found = consent.check(work, question=NEWS, people=[yes, silent, bare, SubjectId(uuid4()), suppressed])
    assert [one.reason for one in found.verdicts] == [
        Reason.CONSENTED, Reason.SILENT, Reason.UNKNOWN, Reason.UNKNOWN, Reason.SUPPRESSED,
    ]  # fmt: skip


def test_push_is_asked_about_by_customer_alone(work: Work) -> None:
    subject = someone(work, EMAIL)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, channel=Channel.PUSH))
    push = Asked("newsletter", Channel.PUSH)
    (verdict,) = consent.check(work, question=push, people=[subject]).verdicts
    assert verdict.reason is Reason.CONSENTED
    with pytest.raises(InvalidError) as refused:
        consent.check(work, question=push, contacts=[EMAIL])
    assert "contacts" in refused.value.errors


def test_an_audience_takes_addresses_and_numbers(work: Work) -> None:
    contacts = [
        customers.ContactSaid(kind="phone", value="+79334552061"),
        customers.ContactSaid(kind="email", value=EMAIL),
    ]
    subject = customers.create(work, fields={"ground": "contract"}, contacts=contacts).id
    notice(work, "own_offers")
    consent.record(
        work, event=said(EventKind.CONFIRMED, subject=subject, purpose="own_offers", channel=Channel.AUDIENCE)
    )
    found = reasons(work, "+79334552061", EMAIL, "nonsense", asked=Asked("own_offers", Channel.AUDIENCE))
    assert found == [Reason.CONSENTED, Reason.CONSENTED, Reason.MALFORMED]


@pytest.mark.parametrize(
    ("contacts", "asked", "field"),
    [
        ([], NEWS, "contacts"),
        (["x"] * 10_001, NEWS, "contacts"),
    ],
)
def test_a_question_that_cannot_be_put_says_why(
    work: Work, contacts: Sequence[object], asked: Asked, field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        consent.check(work, question=asked, contacts=contacts)
    assert list(refused.value.errors) == [field]


def test_as_many_contacts_are_answered_at_a_time_as_are_promised(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checking.MOST_CONTACTS == 10_000
    monkeypatch.setattr(checking, "MOST_CONTACTS", 3)
    assert len(reasons(work, *[EMAIL] * 3)) == 3
    with pytest.raises(InvalidError):
        reasons(work, *[EMAIL] * 4)


def test_the_decision_is_told_with_counts_and_a_bit_for_each_verdict(work: Work) -> None:
    consented(work, EMAIL)
    asked = replace(NEWS, campaign="autumn-26")
    found = consent.check(work, question=asked, contacts=[EMAIL, "nobody@example.org", "x"])
    (entry,) = entries(work, Action.CONSENT_CHECKED)
    assert entry.eid == found.decision
    assert {name: entry.facts[name] for name in ("purpose", "channel", "count", "allowed", "campaign", "verdicts")} == {
        "purpose": "newsletter",
        "channel": "email",
        "count": 3,
        "allowed": 1,
        "campaign": "autumn-26",
        "verdicts": ["gA=="],
    }
    assert entry.facts["reasons"] == {"consented": 1, "unknown": 1, "malformed": 1}
    assert EMAIL not in str(entry)


def test_a_purpose_that_is_none_is_not_told_since_it_may_be_anything(work: Work) -> None:
    consent.check(work, question=Asked("ivan_petrov", Channel.EMAIL), contacts=[EMAIL])
    (entry,) = entries(work, Action.CONSENT_CHECKED)
    assert "petrov" not in str(entry)


def test_a_decision_is_proved_against_the_very_list(work: Work) -> None:
    found: list[Checked] = [consent.check(work, question=NEWS, contacts=[EMAIL, "ж@example.org"]) for _ in range(2)]
    digests = [entry.facts["inputs"] for entry in entries(work, Action.CONSENT_CHECKED)]

    assert len(set(digests)) == 2
    for one in found:
        assert consent.is_about(work, decision=one.decision, inputs=[EMAIL, "ж@example.org"])
        assert not consent.is_about(work, decision=one.decision, inputs=["ж@example.org", EMAIL])


def test_several_callers_are_answered_together_each_in_their_own_name(work: Work) -> None:
    consented(work, EMAIL)
    callers = [client(Permission.CONSENT_CHECK) for _ in range(2)]
    asked = [NEWS, replace(NEWS, campaign="b"), Asked("own_offers", Channel.EMAIL), NEWS]
    lists = [[EMAIL], ["nobody@example.org", EMAIL], [EMAIL], ["bad", "silent@example.org", EMAIL]]
    requests = [Request(by(work, callers[n % 2]), asked[n], lists[n]) for n in range(4)]
    together = consent.check_together(requests)

    alone = [consent.check(one.work, question=one.asked, contacts=one.contacts) for one in requests]
    assert [list(one.verdicts) for one in together] == [list(one.verdicts) for one in alone]
    told = {entry.eid: entry for entry in entries(work, Action.CONSENT_CHECKED)}
    assert [told[EntryId(one.decision)].actor_id for one in together] == [one.work.actor.id for one in requests]
    assert [told[one.decision].facts["count"] for one in together] == [1, 2, 1, 3]


def test_the_use_of_a_consent_is_noted_once_a_day(work: Work) -> None:
    subject = consented(work, EMAIL)
    found = consent.check(work, question=NEWS, contacts=[EMAIL, "nobody@example.org"])
    assert list(found.used) == [subject]
    consent.note_use(work, purpose="newsletter", channel=Channel.EMAIL, people=found.used)
    assert not consent.check(later(work, DAY / 2), question=NEWS, contacts=[EMAIL]).used
    assert consent.check(later(work), question=NEWS, contacts=[EMAIL]).used
    assert not consent.check(later(work), question=replace(NEWS, as_of=work.now), contacts=[EMAIL]).used


def test_erasure_leaves_a_line_that_outlives_the_person(work: Work) -> None:
    subject = consented(work, EMAIL)
    consent.suppress_erased(work, people=[subject])
    assert reasons(later(work), EMAIL) == [Reason.SUPPRESSED]
    back = someone(later(work), EMAIL)
    assert reasons(later(work), EMAIL)[0] is not Reason.CONSENTED
    assert back != subject


def test_a_contact_is_lifted_by_staff_and_the_line_stays_in_the_ledger(work: Work) -> None:
    said_of = ContactSaid(ContactKind.EMAIL, EMAIL)
    for _ in range(2):
        consent.suppress(
            work, contact=said_of, channel=Channel.EMAIL, scope=Scope.EVERYTHING, reason=SuppressionReason.HARD_BOUNCE
        )
    consented(work, EMAIL)
    assert reasons(work, EMAIL) == [Reason.BOUNCED]
    (lifted,) = consent.lift(later(work), contact=said_of, channel=Channel.EMAIL)
    (line,) = consent.lines(work, contact=said_of, channel=Channel.EMAIL)
    assert line == lifted
    assert line.lifted_at == later(work).now
    assert len(entries(work, Action.CONTACT_SUPPRESSED)) == len(entries(work, Action.SUPPRESSION_LIFTED)) == 1
