"""How the base stands: counted by the very rules of a send check, and adding up."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.consent import operations as consent
from governance.consent.freshness import Outcome
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.operations import ContactSaid
from governance.customers.quality import Quality
from governance.intake import operations as intake
from governance.intake import snapshots
from governance.intake.merges import merge
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.consent_state import EventKind
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.actors import by, staff
from tests.factories.customers import purchase
from tests.factories.saying import notice, said


@pytest.fixture
def base(fresh_database: Database) -> Database:
    """A firm with somebody of each kind."""
    with open_work(fresh_database, SYSTEM) as work:
        set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
        notice(work)
        for number in range(3):
            bought = kept(work, f"bought{number}@example.org", offered=True)
            customers.record_purchase(work, subject=bought.id, purchase=purchase(paid_at=work.now.date()))
        for kind in (EventKind.CONFIRMED, EventKind.WITHDRAWN):
            consent.record(work, event=said(kind, subject=kept(work, f"{kind.value}@example.org").id))
        kept(work, "silent@example.org")
        customers.create(work, fields={"family_name": "Ohne"})
    return fresh_database


def kept(work: Work, address: str, *, offered: bool = False) -> customers.PersonView:
    contact = ContactSaid(
        kind=ContactKind.EMAIL,
        value=address,
        opt_out_offered_at=work.now - timedelta(minutes=1) if offered else None,
    )
    fields = {"family_name": "Petersen", "source": "own_form", "ground": "contract", "birth_date": "1982-08-09"}
    return customers.create(work, fields=fields, contacts=[contact])


def outcomes(found: snapshots.Freshness, purpose: str) -> Counter[Outcome]:
    counts = Counter[Outcome]()
    for one in found.counts:
        if (one.purpose, one.channel) == (purpose, Channel.EMAIL):
            counts[one.outcome] += int(one.people)
    return counts


def test_each_purpose_and_channel_adds_up_to_everybody_and_says_why(base: Database) -> None:
    found = intake.take_snapshot(base, actor=SYSTEM)
    sums = Counter[tuple[str, Channel]]()
    for one in found.counts:
        sums[one.purpose, one.channel] += int(one.people)
    assert set(sums.values()) == {found.people} == {7}
    assert outcomes(found, "newsletter") == {
        Outcome.MAILABLE: 1,
        Outcome.MAY_BE_ASKED: 3,
        Outcome.ASK_ELSEWHERE: 1,
        Outcome.SILENT: 2,
    }
    reasons = {one.reason for one in found.counts if one.purpose == "newsletter" and one.outcome is Outcome.SILENT}
    assert {"no_contact", "withdrawn"} <= reasons
    with open_work(base, SYSTEM) as work:
        assert intake.freshness_report(work) == found


def test_a_count_says_what_a_send_check_says(base: Database) -> None:
    found = intake.take_snapshot(base, actor=SYSTEM)
    addresses = [f"bought{number}@example.org" for number in range(3)]
    addresses += ["confirmed@example.org", "withdrawn@example.org", "silent@example.org"]
    with open_work(base, SYSTEM) as work:
        for purpose in consent.book(work).purposes.values():
            if Channel.EMAIL in purpose.channels:
                asked = consent.Asked(purpose.key, Channel.EMAIL, opt_out_in_message=True)
                told = consent.check(work, question=asked, contacts=addresses).verdicts
                counted = Counter[str]()
                for one in found.counts:
                    if (one.purpose, one.channel) == (purpose.key, Channel.EMAIL) and one.reason != "no_contact":
                        counted[one.reason] += int(one.people)
                assert counted == Counter(verdict.reason.value for verdict in told), purpose.key


def test_only_those_are_to_be_asked_by_mail_whom_advertising_may_reach(base: Database) -> None:
    with open_work(base, SYSTEM) as work:
        found = intake.askable_people(work, purpose="newsletter", channel=Channel.EMAIL)
        told = {
            customers.reveal(work, subject=one, fields=["contacts"], reason="Test").values["contacts"] is not None
            for one in found.items
        }
    assert (len(found.items), found.next_after, told) == (3, None, {True})


def test_whoever_may_not_read_single_consents_learns_no_small_number_and_nobody_behind_it(base: Database) -> None:
    intake.take_snapshot(base, actor=SYSTEM)
    marketer = staff("marketer")
    with open_work(base, marketer) as work:
        fresh = intake.freshness_report(work)
        assert "<5" in {one.people for one in fresh.counts if one.reason == "withdrawn"}
        assert not any(isinstance(one.people, int) and one.people < 5 for one in fresh.counts)
        assert intake.askable_people(work, purpose="newsletter", channel=Channel.EMAIL).items == ()
        assert fresh.unverified == "<5"
        assert intake.unverified_people(work).items == ()
        ((day),) = intake.quality_report(work)
        told = {one.field: (one.filled, one.valid, one.verified) for one in day.fields}
        assert told["family_name"] == (">2", ">2", None)
        assert told["city"] == ("<5", "<5", None)
        assert told["contacts.email"] == (">2", ">2", "<5")
    with open_work(base, SYSTEM) as work:
        for number in range(2):
            more = kept(work, f"more{number}@example.org", offered=True)
            customers.record_purchase(work, subject=more.id, purchase=purchase(paid_at=work.now.date()))
    intake.take_snapshot(base, actor=SYSTEM)
    with open_work(base, marketer) as work:
        assert len(intake.askable_people(work, purpose="newsletter", channel=Channel.EMAIL).items) == 5


def test_fields_are_counted_as_filled_valid_and_verified(base: Database) -> None:
    intake.take_snapshot(base, actor=SYSTEM)
    with open_work(base, SYSTEM) as work:
        ((day),) = intake.quality_report(work)
    told = {one.field: (one.filled, one.valid, one.verified) for one in day.fields}
    assert (told["family_name"], told["birth_date"], told["city"]) == ((7, 7, None), (6, 6, None), (0, 0, None))
    assert (told["contacts.email"], told["ground"]) == ((6, 6, 0), (6, 6, None))


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_no_small_number_of_those_counted_or_of_the_others_can_be_told(people: int, filled: int, valid: int) -> None:
    filled = min(filled, people)
    valid = min(valid, filled)
    seen = snapshots._few_hidden(snapshots.FieldQuality("city", filled, valid, None), filled, people)
    for shown, count, whole in ((seen.filled, filled, people), (seen.valid, valid, people)):
        assert not isinstance(shown, int) or (shown == count and shown >= 5 and whole - shown >= 5)
    if isinstance(seen.filled, int) and isinstance(seen.valid, int):
        assert filled - valid >= 5


def test_of_a_merged_person_what_either_record_says_counts_once(work: Work) -> None:
    said = {"family_name": "Petersen", "source": "own_form", "ground": "contract"}
    into = customers.create(work, fields=said)
    other = customers.create(work, fields={**said, "city": "Kiel", "birth_date": "1982-08-09"})
    merge(work, into=into.id, other=other.id, reason="Dieselbe")
    found = Quality()
    found.add(work, people=[into.id])
    assert [found[name].filled for name in ("family_name", "city", "birth_date", "street", "source")] == [1, 1, 1, 0, 1]


def test_a_contact_that_bounced_is_not_valid_and_what_was_counted_before_stays_for_the_trend(base: Database) -> None:
    intake.take_snapshot(base, actor=SYSTEM)
    with open_work(base, SYSTEM) as work:
        now = work.now
        (found,) = customers.search(work, by="email", value="silent@example.org").items
        patch = {"bounced_at": now.isoformat(), "verified_at": now.isoformat()}
        customers.edit_contact(work, subject=found.id, contact=found.contacts[0].id, patch=patch)
    tomorrow = FixedClock(now + timedelta(days=1))
    for _ in range(2):
        intake.take_snapshot(base, actor=SYSTEM, clock=tomorrow)
    with open_work(base, SYSTEM) as work:
        days = intake.quality_report(work)
        mail = [next(one for one in day.fields if one.field == "contacts.email") for day in days]
        assert [(one.valid, one.verified) for one in mail] == [(5, 1), (6, 0)]
        assert intake.freshness_report(work, day=now.date()).people == 7


def test_people_whose_contacts_nobody_verified_for_a_year_are_listed(work: Work) -> None:
    for days, verified in ((400, None), (400, 10), (400, 380), (10, None)):
        then = replace(work, now=work.now - timedelta(days=days))
        person = kept(then, f"{days}{verified}@example.org")
        if verified is not None:
            patch = {"verified_at": (work.now - timedelta(days=verified)).isoformat()}
            customers.edit_contact(work, subject=person.id, contact=person.contacts[0].id, patch=patch)
    first = intake.unverified_people(work, limit=1)
    second = intake.unverified_people(work, limit=1, after=first.next_after)
    assert (len(first.items + second.items), second.next_after) == (2, None)


def test_reports_are_for_those_who_may_see_them_and_say_where_there_are_none(work: Work) -> None:
    with pytest.raises(NotFoundError):
        intake.freshness_report(work)
    with pytest.raises(ForbiddenError):
        intake.quality_report(by(work, staff("sales")))
    with pytest.raises(NotFoundError):
        intake.quality_report(by(work, staff("marketer")))
