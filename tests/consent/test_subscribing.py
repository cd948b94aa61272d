"""Double opt-in: what happens before a mail was answered is the same for everybody; what happens then happens once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from governance.audit.tables import BodyRow
from governance.consent import operations as consent
from governance.consent.errors import SharedContactError, SpentTokenError, TextChangedError
from governance.consent.events import NewEvent
from governance.consent.subscribing import KEPT, MOST_IN_A_DAY, MOST_IN_AN_HOUR
from governance.consent.tables import ConsentEventRow, ConsentRequestRow, ConsentStateRow, InformingRow
from governance.customers import operations as customers
from governance.customers.tables import ContactRow, PersonRow
from governance.kernel.db import Database
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages import operations as messages
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.vault.tables import DataKeyRow
from tests.factories.forms import (
    BASE,
    EMAIL,
    VISIT,
    filled,
    later,
    mailed_token,
    publish,
    publish_notices,
    subscribe,
    token_for,
)
from tests.factories.staging import played, stage_of

stage = stage_of(publish)


work = played()
"""A unit of work in which the form can be filled in."""


def at(work: Work, **by: float) -> Work:
    return replace(work, now=later(work.now, **by))


def confirm(work: Work, token: str) -> consent.Waiting:
    return consent.confirm_subscription(work, token=token, language="en", visit=VISIT)


def person_with(work: Work, **fields: object) -> SubjectId:
    said = {"source": "till", "ground": "contract", **fields}
    return customers.create(work, fields=said, contacts=[customers.ContactSaid(kind="email", value=EMAIL)]).id


def standing(work: Work, purpose: str = "newsletter", channel: str = "email") -> list[str]:
    row = ConsentStateRow
    query = select(row.standing).where(row.purpose == purpose, row.channel == channel)
    return list(work.session.scalars(query))


def count(work: Work, row: type) -> int:
    return work.session.scalar(select(func.count()).select_from(row)) or 0


def test_before_the_mail_is_answered_nobody_is_recorded_and_nothing_is_consented(work: Work) -> None:
    subscribe(work)

    assert (count(work, PersonRow), count(work, ConsentEventRow), count(work, ContactRow)) == (0, 0, 0)
    assert messages.backlog(work).waiting == 1


def test_the_same_happens_for_a_known_and_for_an_unknown_address(work: Work) -> None:
    person_with(work)
    done = []
    for email in (EMAIL, "nobody@example.org"):
        before = [count(work, row) for row in (ConsentRequestRow, BodyRow, PersonRow, ConsentEventRow)]
        subscribe(work, email=email)
        after = [count(work, row) for row in (ConsentRequestRow, BodyRow, PersonRow, ConsentEventRow)]
        done.append([now - then for now, then in zip(after, before, strict=True)])

    assert done[0] == done[1] == [1, 0, 0, 0]


def test_confirming_tells_by_which_words_the_person_was_informed_of_the_processing(work: Work) -> None:
    token = token_for(work, "newsletter")
    confirm(at(work, hours=1), token)
    (told,) = work.session.scalars(select(InformingRow)).all()
    assert (told.notice, told.version, told.language, told.method) == ("privacy", 1, "en", "web")
    assert told.person_id == work.session.scalars(select(PersonRow.id)).one()
    assert told.at == work.now


def test_confirming_makes_a_customer_with_the_consents_ticked_and_no_other(work: Work) -> None:
    publish(work, fields=["given_name"])
    token = token_for(work, "own_offers", given_name="Ирина")
    waiting = confirm(at(work, hours=1), token)

    person = work.session.scalars(select(PersonRow)).one()
    contact = work.session.scalars(select(ContactRow)).one()
    assert (person.source, person.ground, person.language, person.given_name) == ("own_form", "consent", "en", "Ирина")
    assert person.not_mailable is None
    assert (contact.value, contact.verified_at, contact.is_login) == (EMAIL, later(work.now, hours=1), False)
    assert (standing(work, "own_offers"), standing(work, "own_offers", "audience")) == (["given"], ["given"])
    assert standing(work, "newsletter") == []
    assert waiting.confirmed


def test_the_evidence_tells_form_words_address_agent_and_both_instants(work: Work) -> None:
    confirm(at(work, hours=1), token_for(work))
    event = work.session.scalars(select(ConsentEventRow)).one()
    shown = consent.show_form(work, key="club", language="en").items[0].notice

    assert (event.kind, event.method, event.notice, event.language) == ("confirmed", "web_form", 1, "en")
    assert (event.actor_kind, event.actor_id) == (
        SYSTEM.kind.value,
        work.session.scalars(select(PersonRow.subject_ref)).one(),
    )
    assert event.evidence["contact"] == {"kind": "email", "value": EMAIL}
    told = event.evidence["evidence"]
    assert told["form"]["boxes"][0] == {
        "purpose": "newsletter",
        "title": "Yes, newsletter",
        "version": 1,
        "language": "en",
        "sha256": shown.text.digest.hex(),
    }
    assert (told["form"]["key"], told["form"]["version"], told["form"]["privacy_notice"]["version"]) == ("club", 1, 1)
    assert told["requested"] == VISIT.evidence(work.now)
    assert told["confirmed"] == VISIT.evidence(later(work.now, hours=1))


def test_confirming_again_and_again_comes_to_the_same_and_records_once(work: Work) -> None:
    token = token_for(work)
    first, second = confirm(work, token), confirm(at(work, days=1), token)

    assert first == second
    assert (count(work, PersonRow), count(work, ConsentEventRow)) == (1, 1)


def test_showing_what_waits_spends_nothing(work: Work) -> None:
    token = token_for(work)
    for _ in range(3):
        assert not consent.show_waiting(work, token=token, language="en").confirmed

    assert confirm(work, token).confirmed


def test_a_known_customer_stays_one_and_their_address_counts_as_proven(work: Work) -> None:
    publish(work, fields=["given_name"])
    known = person_with(work, given_name="Ирина")
    confirm(work, token_for(work, given_name="Somebody Else"))

    person = work.session.scalars(select(PersonRow)).one()
    assert (person.id, person.given_name) == (known, "Ирина")
    assert work.session.scalars(select(ContactRow.verified_at)).one() == work.now


@pytest.mark.parametrize(
    ("fields", "cleared"),
    [
        ({"source": "bought"}, True),
        ({"ground": None}, True),
        ({"not_mailable": "decided"}, False),
        ({"deceased": True}, False),
    ],
)
def test_it_clears_only_what_kept_mail_back_because_of_where_the_data_came_from(
    work: Work, fields: dict[str, object], cleared: bool
) -> None:
    person_with(work, **fields)
    before = work.session.scalars(select(PersonRow.not_mailable)).one()
    confirm(work, token_for(work))
    work.session.expire_all()

    assert before is not None
    assert (work.session.scalars(select(PersonRow.not_mailable)).one() is None) == cleared


def test_of_an_address_that_several_customers_hold_nobody_knows_whose_consent_it_is(work: Work) -> None:
    person_with(work)
    person_with(work)
    token = token_for(work)

    with pytest.raises(SharedContactError):
        confirm(work, token)
    assert count(work, ConsentEventRow) == 0


def test_a_stop_after_the_form_was_sent_stays(work: Work) -> None:
    known = person_with(work)
    token = token_for(work)
    stop = NewEvent(EventKind.WITHDRAWN, "newsletter", Channel.EMAIL, Method.PHONE, subject=known)
    consent.record(at(work, hours=1), event=stop)
    confirm(at(work, hours=2), token)

    assert standing(work) == ["withdrawn"]


def test_a_stop_before_the_form_was_sent_is_undone_by_confirming(work: Work) -> None:
    known = person_with(work)
    stop = NewEvent(EventKind.WITHDRAWN, "newsletter", Channel.EMAIL, Method.PHONE, subject=known)
    consent.record(work, event=stop)
    token = token_for(at(work, hours=1))
    confirm(at(work, hours=2), token)

    assert standing(work) == ["given"]


def test_two_confirmations_of_one_address_make_one_customer(fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        publish(work)
        tokens = [token_for(work), token_for(work, "own_offers")]
    for token in tokens:
        with open_work(fresh_database, SYSTEM) as work:
            confirm(work, token)
    with open_work(fresh_database, SYSTEM) as work:
        assert count(work, PersonRow) == 1
        assert count(work, ConsentEventRow) == 3


@pytest.mark.parametrize("email", ["", "irina", "irina@", "i@d•••.org", "a@b@c"])
def test_what_is_no_address_is_refused_by_field(work: Work, email: str) -> None:
    with pytest.raises(InvalidError) as refused:
        subscribe(work, email=email)
    assert set(refused.value.errors) == {"email"}


def test_without_a_tick_nothing_is_sent_and_ticks_of_other_purposes_are_no_ticks(work: Work) -> None:
    shown = consent.show_form(work, key="club", language="en")
    for ticked in ((), ("surveys",)):
        sent = replace(filled(shown), ticked=ticked)
        with pytest.raises(InvalidError) as refused:
            consent.subscribe(work, key="club", filled=sent, language="en", visit=VISIT, base_url=BASE)
        assert set(refused.value.errors) == {"choices"}


def test_words_that_are_not_those_in_force_or_were_not_shown_are_agreed_to_by_nobody(work: Work) -> None:
    old = filled(consent.show_form(work, key="club", language="en"))
    hour = at(work, hours=1)
    publish_notices(hour, "newsletter")
    for sent in (old, replace(old, marks={})):
        with pytest.raises(TextChangedError):
            consent.subscribe(hour, key="club", filled=sent, language="en", visit=VISIT, base_url=BASE)


def test_what_the_form_does_not_ask_for_is_not_taken(work: Work) -> None:
    with pytest.raises(InvalidError):
        subscribe(work, given_name="Ирина")


def test_an_address_is_not_written_to_more_often_than_the_limit_and_nobody_is_told(work: Work) -> None:
    for _ in range(MOST_IN_AN_HOUR + 2):
        subscribe(work)
    assert messages.backlog(work).waiting == MOST_IN_AN_HOUR
    for hours in (2, 4, 6):
        subscribe(at(work, hours=hours), email=EMAIL.upper())  # the same address
    assert messages.backlog(work).waiting == MOST_IN_A_DAY
    subscribe(work, email="somebody.else@example.org")
    assert messages.backlog(work).waiting == MOST_IN_A_DAY + 1


def test_forms_of_one_address_at_once_bring_no_more_mails_than_one_after_the_other(fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        publish(work)
    ready = threading.Barrier(MOST_IN_AN_HOUR + 3)

    def send() -> None:
        with open_work(fresh_database, SYSTEM) as work:
            work.session.connection()
            ready.wait(10)
            subscribe(work)

    threads = [threading.Thread(target=send) for _ in range(ready.parties)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    with open_work(fresh_database, SYSTEM) as work:
        assert count(work, ConsentRequestRow) == MOST_IN_AN_HOUR


def test_what_nobody_confirms_is_deleted_after_a_week_with_its_keys(work: Work) -> None:
    token = token_for(work)
    owner = work.session.scalars(select(ConsentRequestRow.owner_id)).one()
    last = replace(work, now=work.now + KEPT - timedelta(seconds=1))

    assert consent.purge_subscriptions(last) == 0
    assert not consent.show_waiting(last, token=token, language="en").confirmed
    week = replace(work, now=work.now + KEPT)
    with pytest.raises(SpentTokenError):
        confirm(week, token)
    assert consent.purge_subscriptions(week) == 1
    assert count(work, ConsentRequestRow) == 0
    assert set(work.session.scalars(select(DataKeyRow.wrapped).where(DataKeyRow.owner_id == owner))) == {None}


def test_once_confirmed_nothing_personal_is_left_of_the_waiting(work: Work) -> None:
    confirm(work, token_for(work))
    row = work.session.scalars(select(ConsentRequestRow)).one()

    assert (row.contact, row.said, row.contact_index) == (None, None, None)  # type: ignore[attr-defined]  # a column


def test_a_made_up_token_finds_nothing(work: Work) -> None:
    for token in ("", "x", "й" * 43, "A" * 5000):
        with pytest.raises(SpentTokenError):
            consent.show_waiting(work, token=token, language="en")


def test_the_token_itself_is_not_kept(work: Work) -> None:
    subscribe(work)
    token = mailed_token(work)
    kept = work.session.scalars(select(ConsentRequestRow.token_digest)).one()

    assert len(token) == 43
    assert token.encode() not in kept
