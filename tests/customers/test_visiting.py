"""Customers who prove a contact by a code: nothing is told before the proof, and after it no more than it carries."""

import statistics
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import event, select

from governance.accounts.portal.codes import PER_ADDRESS, PER_CONTACT, TRIES
from governance.accounts.portal.operations import forget_counts, forget_visits
from governance.accounts.portal.tables import PortalCodeRow, PortalSessionRow
from governance.audit.actions import Action, Outcome
from governance.customers import operations as customers
from governance.customers import visiting, visitor_facts
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid
from governance.customers.records import NewPurchase
from governance.customers.tables import ContactRow
from governance.customers.visitor_facts import LASTING_TRIES, SecondFact
from governance.customers.visitor_facts import PER_ADDRESS as FACTS_PER_ADDRESS
from governance.customers.visitor_facts import TRIES as FACT_TRIES
from governance.kernel.errors import InvalidError, NotFoundError, TooManyError, UnauthenticatedError
from governance.kernel.ids import ContactId, uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.messages.tables import MessageRow
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Visibility
from governance.policies.permissions import Permission
from governance.policies.visiting import ALWAYS, GRAVE, SURE, StepUp
from tests.conftest import NOW
from tests.factories.customers import email as new_email
from tests.factories.customers import origin
from tests.factories.customers import person as new_person
from tests.factories.customers import phone as new_phone
from tests.factories.statements import counted
from tests.factories.trail import entries

EMAIL, PHONE = "irina@example.org", "+79334552061"


def at(work, **shift):
    return replace(work, now=work.now + timedelta(**shift))


def ask(work, value=EMAIL, kind=ContactKind.EMAIL, address="192.0.2.1", per_hour=1000):
    return visiting.ask_for_code(
        work, kind=kind, value=value, region=None, language="uk", address=address, per_hour=per_hour
    )


def confirm_by_fact(work, *, address="192.0.2.1", per_hour=1000, **said):
    return visitor_facts.confirm_by_fact(work, address=address, per_hour=per_hour, **said)


def last_message(work):
    return work.session.scalars(select(MessageRow).order_by(MessageRow.id.desc()).limit(1)).one()


def code_of(work):
    return last_message(work).content["values"]["code"]


def enter(work, value=EMAIL, kind=ContactKind.EMAIL):
    sent = ask(work, value, kind)
    return visiting.begin(work, code_id=sent.id, typed=code_of(work))


def person(work, *, verified=True, contacts=((ContactKind.EMAIL, EMAIL),), **fields):
    said = [ContactSaid(kind=kind, value=value) for kind, value in contacts]
    made = customers.create(at(work, days=-30), fields={"family_name": "Рябова", **fields}, contacts=said)
    for row in work.session.scalars(select(ContactRow).where(ContactRow.person_id == made.id)):
        row.verified_at = NOW - timedelta(days=1) if verified else None
    work.session.flush()
    return made


def powers(visitor):
    return {Permission(one) for one in visitor.powers}


def test_what_is_done_for_a_known_contact_and_for_an_unknown_one_is_the_same(work):
    person(work)
    ask(work, "warm.up@example.org")  # whose store it is, a transaction asks once
    work.session.flush()
    told = {}
    for name, value in (("known", EMAIL), ("unknown", "nobody@example.org")):
        statements = []
        engine = work.session.get_bind().engine

        def note(_c, _u, statement, *_rest, said=statements):
            said.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        ask(work, value)
        work.session.flush()
        event.remove(engine, "before_cursor_execute", note)
        told[name] = statements
    assert told["known"] == told["unknown"]
    assert "nobody@example.org" in {one.recipient for one in work.session.scalars(select(MessageRow))}


def test_the_time_of_an_answer_does_not_tell_a_known_contact(work):
    known = [f"known{number}@example.org" for number in range(20)]
    person(work, contacts=[(ContactKind.EMAIL, value) for value in known])
    unknown = [f"other{number}@example.org" for number in range(20)]
    ask(work, "warm.up@example.org")
    took = {"known": [], "unknown": []}
    for number, pair in enumerate(zip(known, unknown, strict=True)):
        for name, value in list(zip(took, pair, strict=True))[:: 1 if number % 2 else -1]:
            began = time.process_time()
            ask(work, value, address=f"192.0.{number}.7")
            took[name].append(time.process_time() - began)
    ratio = statistics.median(took["known"]) / statistics.median(took["unknown"])
    assert 0.7 < ratio < 1.4


def test_a_code_opens_a_session_of_a_quarter_of_an_hour(work):
    made = person(work)
    visitor = enter(work, " Irina@Example.org ")
    assert (visitor.person, visitor.is_sure, visitor.held) == (made.id, True, 1)
    assert visitor.actor.id == made.ref
    assert visitor.expires_at == NOW + timedelta(minutes=15)
    assert visiting.find_visitor(at(work, minutes=14), presented=visitor.token).person == made.id
    for late in (at(work, minutes=15), at(work, days=1)):
        with pytest.raises(UnauthenticatedError):
            visiting.find_visitor(late, presented=visitor.token)
    [entry] = entries(work, Action.VISIT_BEGUN)
    assert (entry.subject, entry.facts) == (made.ref, {"kind": "email", "held": 1, "sure": True})


def test_nothing_is_asked_twice_to_find_who_holds_a_session(work):
    person(work, contacts=[(ContactKind.EMAIL, EMAIL), (ContactKind.PHONE, PHONE)])
    token = enter(work).token
    work.session.expunge_all()
    with counted(work) as sent:
        assert visiting.find_visitor(work, presented=token).is_sure
    assert len(sent) == len(set(sent))


def test_an_unknown_contact_is_told_so_only_after_the_proof_and_can_opt_out(work):
    visitor = enter(work, "nobody@example.org")
    assert (visitor.held, visitor.person, powers(visitor)) == (0, None, ALWAYS)


def test_a_code_is_good_once(work):
    person(work)
    sent = ask(work)
    code = code_of(work)
    assert visiting.begin(work, code_id=sent.id, typed=code.replace(" ", "-"))
    assert visiting.begin(work, code_id=sent.id, typed=code) is None
    [refused] = entries(work, Action.CODE_REFUSED)
    assert refused.outcome == Outcome.REFUSED


def test_a_code_is_good_for_ten_minutes_and_for_its_own_request(work):
    first = ask(work)
    first_code = code_of(work)
    second = ask(work)
    assert visiting.begin(at(work, minutes=10), code_id=first.id, typed=first_code) is None
    assert visiting.begin(work, code_id=second.id, typed=first_code) is None
    assert visiting.begin(at(work, minutes=9), code_id=first.id, typed=first_code)


def test_after_five_wrong_tries_the_right_code_is_wrong_too(work):
    sent = ask(work)
    code = code_of(work)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08}"
    assert [visiting.begin(work, code_id=sent.id, typed=wrong) for _ in range(TRIES)] == [None] * TRIES
    assert visiting.begin(work, code_id=sent.id, typed=code) is None


def test_codes_are_few_by_contact_by_network_and_in_all(work):
    for number in range(PER_CONTACT):
        ask(work, address=f"192.0.2.{number}")
    with pytest.raises(TooManyError) as refused:
        ask(work, address="192.0.2.99")
    assert refused.value.retry_after_seconds == 3600
    ask(at(work, hours=1), address="192.0.2.99")
    for number in range(PER_ADDRESS):
        ask(work, f"a{number}@example.org", address=f"2001:db8::{number:x}")
    with pytest.raises(TooManyError):
        ask(work, "other@example.org", address="2001:db8::ffff")
    with pytest.raises(TooManyError):
        ask(work, "third@example.org", address="203.0.113.1", per_hour=3)


def test_the_code_itself_lies_nowhere(work):
    ask(work)
    digits = code_of(work).replace(" ", "")
    row = work.session.scalars(select(PortalCodeRow)).one()
    assert digits.encode() not in row.digest
    assert row.contact == EMAIL
    assert digits.encode() not in row.contact_sealed
    assert not any(digits in str(one) for one in entries(work))


def test_a_code_goes_to_a_phone_as_an_sms(work):
    made = person(work, contacts=[(ContactKind.PHONE, PHONE)])
    visitor = enter(work, PHONE, ContactKind.PHONE)
    assert (last_message(work).channel, last_message(work).recipient) == ("sms", PHONE)
    assert visitor.person == made.id


@pytest.mark.parametrize(("kind", "value"), [(ContactKind.EMAIL, "none"), (ContactKind.PHONE, "12")])
def test_what_is_no_contact_is_refused_without_repeating_it(work, kind, value):
    with pytest.raises(InvalidError) as refused:
        ask(work, value, kind)
    assert list(refused.value.errors) == [kind.value]
    assert value not in str(refused.value.errors)


def test_an_address_that_was_never_verified_opens_opting_out_until_a_second_fact_confirms(work):
    made = person(work, verified=False, birth_date="1982-08-09")
    visitor = enter(work)
    assert (visitor.is_sure, visitor.person, powers(visitor)) == (False, None, ALWAYS)
    wrong = confirm_by_fact(work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1982-08-10")
    assert wrong is None
    sure = confirm_by_fact(work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1982-08-09")
    assert (sure.person, powers(sure)) == (made.id, SURE | GRAVE)
    [verified] = entries(work, Action.CONTACT_VERIFIED)
    assert verified.subject == made.ref
    again = enter(work)
    assert (again.step_up, powers(again)) == (StepUp.FACT_NEEDED, SURE)


def test_an_officer_who_says_that_it_is_theirs_confirms_as_well(work):
    made = person(work, verified=False)
    visitor = enter(work)
    patch = {"verified_at": NOW.isoformat()}
    customers.edit_contact(work, subject=made.id, contact=made.contacts[0].id, patch=patch)
    assert powers(visiting.find_visitor(work, presented=visitor.token)) == SURE


FACTS = [
    (SecondFact.POSTCODE, "03 150"),
    (SecondFact.PURCHASE_NUMBER, "b-2"),
    (SecondFact.BIRTH_DATE, "1982-08-09"),
]


@pytest.mark.parametrize(("fact", "value"), FACTS)
def test_of_several_who_share_a_contact_a_second_fact_singles_one_out(work, fact, value):
    anna = person(work, birth_date="1982-08-09", postcode="03150")
    person(work, birth_date="1980-01-01", postcode="03151")
    for number, days in (("A-1", 60), ("B-2", 30)):
        bought = NewPurchase(paid_at=NOW - timedelta(days=days), total=Decimal(1), currency="RUB", number=number)
        customers.record_purchase(work, subject=anna.id, purchase=bought)
    visitor = enter(work)
    assert (visitor.held, visitor.is_sure, powers(visitor)) == (2, False, ALWAYS)
    sure = confirm_by_fact(work, visitor=visitor, fact=fact, value=value)
    assert sure.person == anna.id
    assert not enter(work).is_sure  # next time it is shared as before


def test_a_fact_that_several_have_or_that_nobody_has_tells_nothing(work):
    person(work, postcode="03150")
    person(work, postcode="03150")
    visitor = enter(work)
    for fact, value in (
        (SecondFact.POSTCODE, "03150"),
        (SecondFact.BIRTH_DATE, "1990-01-01"),
        (SecondFact.POSTCODE, " "),
    ):
        assert confirm_by_fact(work, visitor=visitor, fact=fact, value=value) is None


def test_facts_are_not_guessed_at_through_many_sessions(work):
    person(work, verified=False, birth_date="1982-08-09")
    visitor = enter(work)
    for _ in range(FACT_TRIES):
        assert confirm_by_fact(work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1999-01-01") is None
    another = enter(work)
    with pytest.raises(TooManyError):
        confirm_by_fact(work, visitor=another, fact=SecondFact.BIRTH_DATE, value="1982-08-09")


SPELLINGS = ["IRINA@example.org", "Irina@Example.Org", "ＩＲＩＮＡ@example.org"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_contact_gets_it_codes_or_facts_of_its_own(work, spelling):
    person(work, verified=False, birth_date="1982-08-09")
    first = enter(work)
    for _ in range(FACT_TRIES):
        confirm_by_fact(work, visitor=first, fact=SecondFact.BIRTH_DATE, value="1999-01-01")
    other = enter(work, spelling)
    assert other.held == 1
    with pytest.raises(TooManyError):
        confirm_by_fact(work, visitor=other, fact=SecondFact.BIRTH_DATE, value="1982-08-09")
    for _ in range(PER_CONTACT - 2):
        ask(work)
    with pytest.raises(TooManyError):
        ask(work, spelling)


def test_no_spelling_of_a_number_gets_it_codes_of_its_own(work):
    for number, spelling in enumerate(["+7 933 455-20-61", "+7(933)4552061", "+79334552061", "+7 933 4552061 ext. 5"]):
        ask(work, spelling, ContactKind.PHONE, address=f"192.0.2.{number}")
    ask(work, PHONE, ContactKind.PHONE)
    with pytest.raises(TooManyError):
        ask(work, "+7 933 455 20 61", ContactKind.PHONE)


def guess(work, visitor, **said):
    return confirm_by_fact(work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1999-01-01", **said)


def test_a_person_is_not_guessed_at_by_one_contact_after_the_other(work):
    contacts = [(ContactKind.EMAIL, EMAIL), (ContactKind.PHONE, PHONE)]
    person(work, verified=False, contacts=contacts, birth_date="1982-08-09")
    first = enter(work)
    for _ in range(FACT_TRIES):
        guess(work, first)
    second = enter(work, PHONE, ContactKind.PHONE)
    with pytest.raises(TooManyError):
        confirm_by_fact(work, visitor=second, fact=SecondFact.BIRTH_DATE, value="1982-08-09")


def test_a_person_is_not_guessed_at_day_after_day(work):
    person(work, verified=False, birth_date="1982-08-09")
    days = LASTING_TRIES // FACT_TRIES
    for day in range(days):
        later = at(work, days=day)
        visitor = enter(later)
        for _ in range(FACT_TRIES):
            guess(later, visitor)
    later = at(work, days=days)
    with pytest.raises(TooManyError) as refused:
        guess(later, enter(later))
    assert refused.value.retry_after_seconds == timedelta(days=30 - days).total_seconds()
    month = at(work, days=30)
    assert guess(month, enter(month)) is None


def test_facts_are_few_by_network_and_in_all(work):
    visitors = []
    for number in range(FACTS_PER_ADDRESS // FACT_TRIES + 1):
        sent = ask(work, f"a{number}@example.org", address=f"192.0.2.{number}")
        visitors.append(visiting.begin(work, code_id=sent.id, typed=code_of(work)))
    for visitor in visitors[:-1]:
        for number in range(FACT_TRIES):
            guess(work, visitor, address=f"2001:db8::{number:x}")
    with pytest.raises(TooManyError):
        guess(work, visitors[-1], address="2001:db8::ffff")
    with pytest.raises(TooManyError):
        guess(work, visitors[-1], address="203.0.113.1", per_hour=FACTS_PER_ADDRESS)


def test_a_second_contact_is_proven_before_downloads_and_erasure(work):
    person(work, contacts=[(ContactKind.EMAIL, EMAIL), (ContactKind.PHONE, PHONE)])
    visitor = enter(work)
    assert (visitor.step_up, powers(visitor)) == (StepUp.NEEDED, SURE)
    [second] = visitor.second_contacts
    assert (second.kind, second.masked) == (ContactKind.PHONE, "+7 ••• ••61")
    sent = visiting.ask_to_step_up(work, visitor=visitor, contact=second.id, address="192.0.2.1", per_hour=1000)
    assert last_message(work).recipient == PHONE
    code = code_of(work)
    assert visiting.begin(work, code_id=sent.id, typed=code) is None  # it steps up and begins nothing
    done = visiting.step_up(work, visitor=visitor, code_id=sent.id, typed=code)
    assert (done.step_up, powers(done)) == (StepUp.DONE, SURE | GRAVE)
    assert len(entries(work, Action.VISIT_STEPPED_UP)) == 1


def test_a_code_that_begins_a_session_steps_none_up(work):
    person(work, contacts=[(ContactKind.EMAIL, EMAIL), (ContactKind.PHONE, PHONE)])
    visitor = enter(work)
    sent = ask(work)
    assert visiting.step_up(work, visitor=visitor, code_id=sent.id, typed=code_of(work)) is None


def test_without_a_second_contact_a_second_fact_is_asked_for(work):
    person(work, birth_date="1982-08-09")
    visitor = enter(work)
    assert (visitor.step_up, powers(visitor)) == (StepUp.FACT_NEEDED, SURE)
    told = confirm_by_fact(work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1982-08-09")
    assert (told.step_up, powers(told)) == (StepUp.NO_SECOND_CONTACT, SURE | GRAVE)


def test_a_contact_that_was_added_a_moment_ago_proves_nothing_and_opens_nothing(work):
    made = person(work, birth_date="1982-08-09")
    # Whoever got in by the first could have had it entered, and is not to get further by it, nor by its being there.
    customers.add_contact(at(work, days=-6), subject=made.id, contact=ContactSaid(kind=ContactKind.PHONE, value=PHONE))
    visitor = enter(work)
    told = confirm_by_fact(work, visitor=visitor, fact=SecondFact.BIRTH_DATE, value="1982-08-09")
    for one in (visitor, told):
        assert (one.step_up, one.second_contacts, powers(one)) == (StepUp.TOO_YOUNG, [], SURE)
    by_it = enter(work, PHONE, ContactKind.PHONE)
    by_it = confirm_by_fact(work, visitor=by_it, fact=SecondFact.BIRTH_DATE, value="1982-08-09")
    assert (by_it.step_up, powers(by_it)) == (StepUp.TOO_YOUNG, SURE)
    later = at(work, days=1)
    assert enter(later).step_up is StepUp.NEEDED


def test_contacts_that_came_with_the_record_are_asked_for_from_the_first_day_on(work):
    made = create_people(work, [new_person(contacts=(new_email(EMAIL), new_phone(PHONE)))], origin=origin())[0]
    patch = {"verified_at": NOW.isoformat()}
    for one in customers.read(work, subject=made).contacts:
        customers.edit_contact(work, subject=made, contact=one.id, patch=patch)
    visitor = enter(work)
    assert (visitor.step_up, powers(visitor)) == (StepUp.NEEDED, SURE)
    assert [one.kind for one in visitor.second_contacts] == [ContactKind.PHONE]


def test_contacts_of_others_are_no_second_ones(work):
    person(work)
    visitor = enter(work)
    other = person(work, contacts=[(ContactKind.EMAIL, "other@example.org"), (ContactKind.PHONE, "+79334552062")])
    for contact in (ContactId(uuid4()), other.contacts[1].id):
        with pytest.raises(NotFoundError):
            visiting.ask_to_step_up(work, visitor=visitor, contact=contact, address="192.0.2.1", per_hour=9)


def test_a_session_gets_a_new_token_whenever_it_opens_more(work):
    person(work, verified=False, birth_date="1982-08-09")
    before = enter(work)
    after = confirm_by_fact(work, visitor=before, fact=SecondFact.BIRTH_DATE, value="1982-08-09")
    assert after.token != before.token
    with pytest.raises(UnauthenticatedError):
        visiting.find_visitor(work, presented=before.token)
    assert visiting.find_visitor(work, presented=after.token).is_sure


def test_who_left_is_out_and_what_is_over_is_forgotten(work):
    person(work)
    visitor = enter(work)
    visiting.leave_portal(work, visitor=visitor)
    with pytest.raises(UnauthenticatedError):
        visiting.find_visitor(work, presented=visitor.token)
    ask(work)
    assert forget_visits(at(work, hours=1)) == 0
    assert forget_visits(at(work, hours=2)) == 3
    assert forget_counts(at(work, days=30)) == 0
    assert forget_counts(at(work, days=32)) == 3
    for table in (PortalCodeRow, PortalSessionRow):
        assert work.session.scalars(select(table)).all() == []


def test_a_contact_that_is_taken_away_takes_its_session_along(work):
    made = person(work)
    visitor = enter(work)
    customers.remove_contact(work, subject=made.id, contact=made.contacts[0].id)
    assert powers(visiting.find_visitor(work, presented=visitor.token)) == ALWAYS


def test_a_visitor_holds_what_belongs_to_customers_over_their_own_data_and_nothing_else(work):
    person(work)
    actor = enter(work).actor
    name = shipped.catalogue().field("person.family_name")
    assert allows(actor, Permission.PORTAL_READ, field=name).visibility is Visibility.CLEAR
    of_others = [one for one in Permission if not one.startswith("portal:")]
    assert not any(allows(actor, one).allowed for one in of_others)
    unsure = enter(work, "nobody@example.org").actor
    assert [one for one in Permission if allows(unsure, one).allowed] == [Permission.PORTAL_OPT_OUT]


def test_a_right_code_tried_by_many_at_once_begins_one_session(fresh_database):
    with open_work(fresh_database, OPERATOR) as work:
        sent = ask(work)
        code = code_of(work)
    barrier, begun = Barrier(4), []

    def enter_at_once():
        barrier.wait()
        with open_work(fresh_database, OPERATOR) as work:
            begun.append(visiting.begin(work, code_id=sent.id, typed=code) is not None)

    threads = [Thread(target=enter_at_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [False, False, False, True]


def test_wrong_codes_tried_at_once_count_one_by_one(fresh_database):
    with open_work(fresh_database, OPERATOR) as work:
        sent = ask(work)
        code = code_of(work)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 10**8:08}"
    barrier = Barrier(TRIES)

    def guess():
        barrier.wait()
        with open_work(fresh_database, OPERATOR) as work:
            visiting.begin(work, code_id=sent.id, typed=wrong)

    threads = [Thread(target=guess) for _ in range(TRIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_work(fresh_database, OPERATOR) as work:
        assert visiting.begin(work, code_id=sent.id, typed=code) is None
