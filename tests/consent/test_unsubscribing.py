"""Leaving by the link in a message: it works for everybody who holds the contact, and for ever."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from governance.audit.tables import BodyRow
from governance.consent import operations as consent
from governance.consent.errors import SpentTokenError
from governance.consent.events import ContactSaid, NewEvent
from governance.consent.ledger import digest
from governance.consent.tables import ConsentEventRow, ConsentStateRow, SuppressionRow
from governance.consent.unsubscribing import read_token
from governance.custody.shredding import Reason, shred
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.tables import ContactRow
from governance.kernel.db import Database
from governance.kernel.ids import ContactId, OwnerId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.consent_facts import Scope
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from governance.vault.keyring import Keyring
from governance.vault.runtime import vault_of
from tests.conftest import NOW
from tests.factories.forms import BASE, EMAIL, later, publish_notices
from tests.factories.staging import played, stage_of

PERSON = {"source": "till", "ground": "contract"}


def holder(work: Work) -> ContactId:
    made = customers.create(work, fields=PERSON, contacts=[customers.ContactSaid(kind="email", value=EMAIL)])
    return made.contacts[0].id


def token_of(work: Work, contact: ContactId, purpose: str = "newsletter") -> str:
    make = consent.unsubscriber(work, base_url=BASE, purpose=purpose, channel=Channel.EMAIL)
    url = make(contact, digest(work, ContactKind.EMAIL, EMAIL))
    assert url.startswith(f"{BASE}/unsubscribe/")
    return url.removeprefix(f"{BASE}/unsubscribe/")


def pskov(work: Work) -> None:
    set_controller(work, legal_name="ООО Ромашка", address="Псков", country="RU")
    publish_notices(work, "newsletter")


stage = stage_of(pskov)


work = played()


def subscribed(work: Work) -> tuple[ContactId, str]:
    """Somebody who consented to the newsletter, and the token of a message to them."""
    contact = holder(work)
    given_ = NewEvent(
        EventKind.CONFIRMED,
        "newsletter",
        Channel.EMAIL,
        Method.WEB_FORM,
        contact=ContactSaid(ContactKind.EMAIL, EMAIL),
        notice=1,
    )
    consent.record(work, event=given_)
    return contact, token_of(work, contact)


def standings(work: Work) -> list[str]:
    query = select(ConsentStateRow.standing).where(
        ConsentStateRow.purpose == "newsletter", ConsentStateRow.channel == "email"
    )
    return list(work.session.scalars(query))


def lines(work: Work) -> list[tuple[str, str, str | None, str]]:
    row = SuppressionRow
    query = select(row.channel, row.scope, row.purpose, row.reason).order_by(row.channel)
    return [tuple(one) for one in work.session.execute(query)]  # type: ignore[misc]  # four columns


def allowed(work: Work) -> bool:
    question = consent.Asked(purpose="newsletter", channel=Channel.EMAIL)
    return consent.check(work, question=question, contacts=[EMAIL]).verdicts[0].allowed


def test_leaving_withdraws_writes_the_ledger_and_the_next_check_says_no(work: Work) -> None:
    _, token = subscribed(work)
    hour = replace(work, now=later(work.now, hours=1))
    assert allowed(hour)

    left = consent.unsubscribe(hour, token=token)

    assert left.titles is not None
    assert left.titles.en == "Newsletter"
    assert standings(work) == ["withdrawn"]
    assert lines(work) == [("email", "purpose", "newsletter", "unsubscribed")]
    assert not allowed(hour)
    methods = list(work.session.scalars(select(ConsentEventRow.method).where(ConsentEventRow.kind == "withdrawn")))
    assert methods == ["one_click"]


def test_showing_the_link_changes_nothing(work: Work) -> None:
    _, token = subscribed(work)
    before = work.session.scalars(select(BodyRow.eid)).all()

    assert consent.show_leaving(work, token=token).advertising
    assert (standings(work), lines(work)) == (["given"], [])
    assert work.session.scalars(select(BodyRow.eid)).all() == before


def test_leaving_again_succeeds_and_adds_nothing(work: Work) -> None:
    _, token = subscribed(work)
    first = consent.unsubscribe(work, token=token)
    before = work.session.scalars(select(BodyRow.eid)).all()
    for scope in (Scope.PURPOSE, Scope.PURPOSE):
        assert consent.unsubscribe(work, token=token, scope=scope) == first

    assert work.session.scalars(select(BodyRow.eid)).all() == before


def test_it_is_meant_for_everybody_who_holds_the_contact(work: Work) -> None:
    _, token = subscribed(work)
    holder(work)
    consent.unsubscribe(work, token=token)

    assert standings(work) == ["withdrawn", "withdrawn"]


def test_it_works_after_the_person_was_erased(work: Work) -> None:
    contact, token = subscribed(work)
    row = work.session.get(ContactRow, contact)
    assert row is not None
    shred(work, owners=[OwnerId(row.owner_id)], reason=Reason.ERASURE_REQUEST)
    work.session.expire_all()
    for _ in range(2):
        consent.unsubscribe(work, token=token)

    assert lines(work) == [("email", "purpose", "newsletter", "unsubscribed")]


def test_it_works_where_nothing_is_left_of_the_contact_and_still_when_somebody_brings_it_back(work: Work) -> None:
    token = token_of(work, ContactId(uuid7()))
    consent.unsubscribe(work, token=token)
    consent.unsubscribe(work, token=token, scope=Scope.ADVERTISING)

    assert lines(work) == [
        ("audience", "advertising", None, "unsubscribed"),
        ("email", "purpose", "newsletter", "unsubscribed"),
        ("email", "advertising", None, "unsubscribed"),
    ]
    holder(work)
    verdict = consent.check(
        work, question=consent.Asked(purpose="own_offers", channel=Channel.EMAIL), contacts=[EMAIL]
    ).verdicts[0]
    assert verdict.reason.value == "suppressed"


def test_leaving_all_advertising_objects_to_every_advertising_purpose_and_leaves_service_messages(work: Work) -> None:
    _, token = subscribed(work)
    consent.unsubscribe(work, token=token, scope=Scope.ADVERTISING)

    objected = set(work.session.scalars(select(ConsentStateRow.purpose).where(ConsentStateRow.standing == "objected")))
    book = consent.book(work).purposes
    assert objected == {one.key for one in book.values() if one.advertising and Channel.EMAIL in one.channels}
    assert {(line[0], line[1]) for line in lines(work)} == {("email", "advertising"), ("audience", "advertising")}
    service = consent.Asked(purpose="service", channel=Channel.EMAIL)
    assert consent.check(work, question=service, contacts=[EMAIL]).verdicts[0].allowed


def test_a_fresh_confirmed_consent_later_counts_again(work: Work) -> None:
    _, token = subscribed(work)
    consent.unsubscribe(work, token=token)
    day = replace(work, now=later(work.now, days=1))
    again = NewEvent(
        EventKind.CONFIRMED,
        "newsletter",
        Channel.EMAIL,
        Method.WEB_FORM,
        contact=ContactSaid(ContactKind.EMAIL, EMAIL),
        notice=1,
    )
    consent.record(day, event=again)

    assert allowed(day)


def test_a_link_made_before_the_ledger_got_a_further_layer_still_works(
    fresh_database: Database, keyring: Keyring
) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        token = token_of(work, ContactId(uuid7()))
        keyring_in_use = vault_of(work.session).keys
        assert isinstance(keyring_in_use, Keyring)
        keyring_in_use.add_ledger_root(now=work.now)
        consent.unsubscribe(work, token=token)

        kept = work.session.scalars(select(SuppressionRow.digest)).one()
        assert kept == digest(work, ContactKind.EMAIL, EMAIL)
        assert kept[0] == 2


def test_a_changed_or_made_up_token_is_refused(work: Work) -> None:
    token = token_of(work, ContactId(uuid7()))
    turned = {"A": "B"}
    for place in range(len(token)):
        other = token[:place] + turned.get(token[place], "A") + token[place + 1 :]
        with pytest.raises(SpentTokenError):
            consent.unsubscribe(work, token=other)
    for other in ("", "x", "é", token[:-4], token + token, "A" * 500, token.replace(token[5], "!")):
        with pytest.raises(SpentTokenError):
            consent.show_leaving(work, token=other)
    assert lines(work) == []


@given(purpose=st.from_regex(r"[a-z][a-z0-9_]{0,49}", fullmatch=True), channel=st.sampled_from(Channel))
def test_every_token_says_what_went_into_it(shared_database: Database, purpose: str, channel: Channel) -> None:
    contact, kept = ContactId(uuid7()), bytes(range(1, 18))
    with shared_database.sessions() as session:
        work = Work(session, SYSTEM, NOW)
        make = consent.unsubscriber(work, base_url=BASE, purpose=purpose, channel=channel)
        url = make(contact, kept)
        target = read_token(work, token=url.rpartition("/")[2])

    assert (target.contact, target.digest, target.purpose, target.channel) == (contact, kept, purpose, channel)
    assert len(url) < 250


def test_ten_thousand_addresses_cost_a_fraction_of_a_second_and_no_statement(work: Work) -> None:
    make = consent.unsubscriber(work, base_url=BASE, purpose="newsletter", channel=Channel.EMAIL)
    work.session.close()
    kept = digest(work, ContactKind.EMAIL, EMAIL)
    urls = {make(ContactId(uuid7()), kept) for _ in range(10_000)}

    assert len(urls) == 10_000
    assert not work.session.in_transaction()
