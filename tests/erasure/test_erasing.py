"""A person is erased step by step: what goes, what stays, and what says so."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from governance import executors
from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent.codes import InformMethod, NoticeKind
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, ExtraType
from governance.customers.contact_values import ContactSaid as SentContact
from governance.customers.tables import ContactRow, PurchaseRow
from governance.disclosures import operations as disclosures
from governance.erasure import operations as erasure
from governance.erasure.errors import BeingErasedError, NoSuchErasureError
from governance.erasure.operations import ErasureState, Origin, OriginKind, Step, StepState
from governance.erasure.records import gone_of
from governance.intake import operations as intake
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.texts import Template
from governance.policies.classification import Compartment
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind
from governance.policies.documents import Titles
from governance.policies.erasure import Fate
from governance.policies.purposes import Channel
from tests.factories import exporting
from tests.factories.actors import by, staff
from tests.factories.customers import email, interaction, phone, purchase
from tests.factories.erasing import (
    ASKED,
    LIVE_KEYS,
    agreed,
    count,
    entries_about,
    erase,
    hold,
    shop,
    somebody,
    through,
    whole,
)
from tests.factories.saying import TEXTS, said
from tests.factories.staging import played, stage_of


@pytest.fixture(scope="module")
def executing(shared_database: Database) -> None:
    """Approved proposals are carried out."""
    executors.install(shared_database)


stage = stage_of(shop)


work = played()


@pytest.fixture
def desk(work: Work) -> Work:
    """A shop in Germany, where purchases are kept for eight years."""
    return work


def later(work: Work, at: datetime) -> Work:
    return replace(work, now=at)


def states(done: erasure.Erasure) -> dict[Step, StepState]:
    return {one.step: one.state for one in done.steps}


def test_whoever_bought_nothing_and_agreed_to_nothing_is_gone_at_the_end_of_it(desk: Work) -> None:
    done = erase(desk, somebody(desk))

    assert done.state is ErasureState.CLOSED
    assert set(states(done).values()) == {StepState.DONE}
    assert [count(desk, table) for table in ("person", "contact", "contact_history", LIVE_KEYS)] == [0, 0, 0, 0]


def test_what_a_law_wants_kept_stays_without_the_person_and_goes_by_itself_on_its_day(desk: Work) -> None:
    one = whole(desk)
    done = erase(desk, one)

    kept = {step.step: (step.until, step.rule) for step in done.steps if step.state is StepState.KEPT}
    assert kept[Step.FINANCE] == (date(2033, 12, 31), "purchases_tax")
    assert kept.keys() == {Step.FINANCE, Step.EVIDENCE}
    assert done.state is ErasureState.WAITING
    assert [count(desk, table) for table in ("person", "contact", "interaction", "activity")] == [0, 0, 0, 0]
    [bought] = desk.session.query(PurchaseRow).all()
    assert bought.person_id is None
    assert bought.buyer["family_name"] == "Воробьева"

    evidence_over = later(desk, datetime(2031, 11, 23, tzinfo=UTC))
    assert erasure.resume(evidence_over) == [done.id]
    assert states(through(evidence_over, done.id))[Step.EVIDENCE] is StepState.DONE
    assert [count(desk, table) for table in ("consent_event", "consent_state", "consent_subject")] == [0, 0, 0]
    assert erasure.resume(later(desk, datetime(2033, 12, 31, 12, tzinfo=UTC))) == []
    over = later(desk, datetime(2034, 1, 1, 12, tzinfo=UTC))
    assert erasure.resume(over) == [done.id]
    closed = through(over, done.id)
    assert closed.state is ErasureState.CLOSED
    assert [count(desk, table) for table in ("purchase", LIVE_KEYS)] == [0, 0]
    assert closed.certificates == 3


def test_what_is_kept_is_the_longest_of_what_laws_want_and_older_consents_do_not_shorten_it(desk: Work) -> None:
    one = whole(desk)
    customers.record_purchase(desk, subject=one, purchase=purchase(number="A-2", paid_at=date(2017, 3, 1)))
    plan = {step.compartment.value: step for step in erasure.plan_for(desk, person=one).steps}

    assert plan["finance"].until == date(2033, 12, 31)
    assert plan["finance"].citation.startswith("§ 147")
    assert plan["evidence"].fate is Fate.KEEP
    assert {plan[name].fate for name in ("behaviour", "contact", "profile")} == {Fate.DELETE}


def test_purchases_that_no_law_wants_any_more_go_at_once(desk: Work) -> None:
    one = somebody(desk)
    customers.record_purchase(desk, subject=one, purchase=purchase(paid_at=date(2015, 3, 1)))

    assert erase(desk, one).state is ErasureState.CLOSED
    assert count(desk, "purchase") == 0


def test_a_hold_keeps_its_compartment_and_the_erasure_goes_on_when_it_is_released(desk: Work) -> None:
    one = whole(desk)
    standing = hold(desk, one, Compartment.BEHAVIOUR)
    done = erase(desk, one)

    assert {step for step, state in states(done).items() if state is StepState.HELD} == {Step.BEHAVIOUR, Step.RECORD}
    assert count(desk, "interaction") == 1
    assert count(desk, "person WHERE family_name_sealed IS NULL AND country IS NULL") == 1
    assert count(desk, "person_restriction WHERE lifted_at IS NULL") == 1
    assert erasure.resume(desk) == []

    customers.release_hold(desk, subject=one, hold=standing.id, reason="Verfahren beendet")
    assert erasure.resume(desk) == [done.id]
    freed = through(desk, done.id)
    assert states(freed)[Step.RECORD] is StepState.DONE
    assert [count(desk, table) for table in ("interaction", "person")] == [0, 0]
    assert freed.state is ErasureState.WAITING


def extra(work: Work, one: SubjectId, compartment: Compartment) -> None:
    customers.define(
        work, key="told", labels=Titles("Told", "", ""), type=ExtraType.TEXT, category="user", compartment=compartment
    )
    customers.edit(work, subject=one, patch={"extra": {"told": "gold"}})


def moved(work: Work, one: SubjectId) -> None:
    """They have no contact any more, and their former ones stand in the history."""
    for each in customers.read(work, subject=one).contacts:
        customers.remove_contact(work, subject=one, contact=each.id)


def told(work: Work, one: SubjectId) -> None:
    consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="privacy", texts=TEXTS, material=True)
    consent.inform(work, people=[one], notice="privacy", method=InformMethod.POST)


def disclosed(work: Work, one: SubjectId) -> None:
    exporting.letters(work)
    disclosures.disclose(work, recipient_key="letters", people=[one], fields=["contact.email"], purpose="newsletter")


@pytest.mark.parametrize(
    ("compartment", "put", "where"),
    [
        (Compartment.FINANCE, partial(extra, compartment=Compartment.FINANCE), "extra_value"),
        (Compartment.CONTACT, partial(extra, compartment=Compartment.CONTACT), "extra_value"),
        (Compartment.CONTACT, moved, "contact_history"),
        (Compartment.EVIDENCE, told, "informing"),
        (Compartment.EVIDENCE, disclosed, "disclosure_person"),
    ],
)
def test_a_hold_keeps_what_stands_alone_in_its_compartment(
    desk: Work, compartment: Compartment, put: Callable[[Work, SubjectId], None], where: str
) -> None:
    one = somebody(desk, contacts=()) if put is not moved else somebody(desk)
    put(desk, one)
    hold(desk, one, compartment)
    planned = {each.compartment: each.fate for each in erasure.plan_for(desk, person=one).steps}
    done = erase(desk, one)

    assert planned[compartment] is Fate.HELD
    assert states(done)[Step(compartment.value)] is StepState.HELD
    assert count(desk, where) > 0


def test_of_merged_records_that_a_hold_keeps_the_survivor_alone_is_restricted(desk: Work) -> None:
    one, other = whole(desk), somebody(desk, contacts=(email("other@example.org"),))
    intake.merge(desk, into=one, other=other, reason="The same.")
    hold(desk, one, Compartment.BEHAVIOUR)
    erase(desk, one)
    [restricted] = desk.session.scalars(text("SELECT person_id FROM person_restriction"))
    assert restricted == one


def test_a_released_hold_gives_way_to_the_law_that_stood_behind_it(desk: Work) -> None:
    one = whole(desk)
    standing = hold(desk, one, Compartment.FINANCE)
    done = erase(desk, one)
    assert states(done)[Step.FINANCE] is StepState.HELD
    customers.release_hold(desk, subject=one, hold=standing.id, reason="Verfahren beendet")
    erasure.resume(desk)

    assert states(through(desk, done.id))[Step.FINANCE] is StepState.KEPT
    assert count(desk, "person") == 0
    assert count(desk, "purchase WHERE person_id IS NULL") == 1


def test_nobody_reads_finds_lists_or_asks_about_whoever_was_erased(desk: Work) -> None:
    one = whole(desk)
    erase(desk, one)

    with pytest.raises(NotFoundError):
        customers.read(desk, subject=one)
    assert customers.list_people(desk).items == ()
    assert customers.search(desk, by="email", value="irina.vorobeva@example.org").items == ()


def test_the_contact_is_on_the_ledger_before_anything_else_is_gone(desk: Work) -> None:
    one = whole(desk)
    begun = erasure.begin(desk, person=one, origin=ASKED)
    erasure.run_next(desk, erasure=begun)

    [line] = consent.lines(
        desk, contact=consent.ContactSaid(ContactKind.EMAIL, "irina.vorobeva@example.org"), channel=Channel.EMAIL
    )
    assert (line.reason, line.scope) == (SuppressionReason.ERASED, Scope.EVERYTHING)
    assert count(desk, "contact") == 2


def test_family_members_who_share_a_contact_keep_theirs(desk: Work) -> None:
    one = whole(desk, contacts=(email("family@example.org"), phone()))
    other = whole(desk, given_name="Пётр", contacts=(email("family@example.org"),))
    assert erasure.plan_for(desk, person=one).others == 1
    erase(desk, one)

    view = customers.read(desk, subject=other)
    assert len(view.contacts) == 1
    assert [row.value for row in desk.session.query(ContactRow)] == ["family@example.org"]


def test_all_records_of_a_merged_person_go_with_all_their_keys(desk: Work) -> None:
    one = whole(desk)
    two = whole(desk, contacts=(email("second@example.org"),))
    intake.merge(desk, into=one, other=two, reason="Одно лицо")
    done = erase(desk, two)

    assert len(done.refs) == 1
    assert count(desk, "person") == count(desk, "person_merge") == 0
    assert count(desk, "purchase WHERE person_id IS NULL") == 2
    [owners] = desk.session.execute(text("SELECT owners FROM erasure_target")).scalars()
    assert len(owners) == 2
    assert count(desk, f"{LIVE_KEYS} AND compartment NOT IN ('finance', 'evidence')") == 0


COUNTED = (
    *("interaction", "activity", "extra_value", "contact", "contact_history", "purchase", "consent_event", "informing"),
    *(
        "consent_state",
        "consent_subject",
        "disclosure_person",
        "reading",
        "named_reader",
        "person_link",
        "person_merge",
    ),
    *("person_hold", "person_restriction", "duplicate_pair", "import_kept", "person", "person_history", "person_sign"),
    *("person_merge", "person_enrichment", "retention_warning", "audit_detail", "portal_session"),
)


@pytest.mark.parametrize(
    ("country", "bought", "merged", "shared"),
    [("DE", True, True, False), ("DE", False, False, True), ("US", True, False, True), ("US", False, True, False)],
)
def test_each_row_that_goes_is_counted_once_and_nothing_else_is(
    work: Work, country: str, *, bought: bool, merged: bool, shared: bool
) -> None:
    shop(work, country=country)
    one = whole(work) if bought else somebody(work)
    if merged:
        intake.merge(work, into=one, other=whole(work, contacts=(email("second@example.org"),)), reason="Одно лицо")
    if shared:
        whole(work, given_name="Пётр")
    before = {table: count(work, table) for table in COUNTED}

    done = erase(work, one)
    written = sum(step.counts.get("consent_ended", 0) for step in done.steps)
    gone = {table: before[table] - count(work, table) for table in COUNTED}
    gone["consent_event"] += written
    told = Counter[str]()
    for step in done.steps:
        told.update({table: number for table, number in gone_of(step.counts).items() if table in COUNTED})
    assert {table: number for table, number in gone.items() if number} == dict(told)
    [contact] = [step for step in done.steps if step.step is Step.CONTACT]
    assert contact.rows == told["contact"] + told["contact_history"]


def test_mails_that_wait_for_the_person_go_and_those_of_others_stay(desk: Work) -> None:
    one = whole(desk)
    for address in ("Irina.Vorobeva@example.org", "somebody.else@example.org"):
        messages.enqueue(
            desk,
            template=Template.PORTAL_CODE,
            language="en",
            recipient=address,
            values={"code": "123456"},
            expires_at=desk.now + timedelta(hours=1),
        )
    done = erase(desk, one)

    [step] = [each for each in done.steps if each.step is Step.OUTGOING]
    assert step.counts["message"] == 1
    assert messages.backlog(desk).failed == 0
    assert count(desk, "message WHERE forgotten") == 1
    assert count(desk, "message WHERE ended_at IS NULL") == 1


@pytest.mark.usefixtures("executing")
def test_an_export_that_was_not_fetched_yet_is_destroyed(desk: Work) -> None:
    exporting.letters(desk)
    anna, boris = exporting.officer(desk), exporting.officer(desk)
    people = exporting.buyers(desk, 2)
    made = exporting.export(desk, anna, boris)
    exporting.make(desk, made)
    done = erase(desk, people[0])

    assert disclosures.find_export(desk, export=made).destroyed_at is not None
    assert done.recipients == (), "nobody got it"
    assert count(desk, "export_chunk") == 0


def test_recipients_of_past_disclosures_are_to_be_told(desk: Work) -> None:
    one = whole(desk)
    to = exporting.letters(desk)
    disclosures.disclose(desk, recipient_key="letters", people=[one], fields=["contact.email"], purpose="newsletter")
    done = erase(desk, one)

    [recipient] = done.recipients
    assert (recipient.recipient, recipient.told_at) == (to.id, None)


def test_details_in_the_log_are_gone_and_nothing_tells_whose_the_random_name_was(desk: Work) -> None:
    one = whole(desk)
    hold(desk, one, Compartment.PROFILE)
    [ref] = desk.session.execute(text("SELECT subject_ref FROM person")).scalars()
    done = erase(desk, one)

    assert done.refs == (ref,)
    assert count(desk, f"person WHERE subject_ref = '{ref}'") == 0
    assert count(desk, "audit_detail") == 0


def test_an_erased_person_is_nobody_to_whoever_wants_to_edit_them(desk: Work) -> None:
    one = whole(desk)
    person = desk.session.execute(text("SELECT owner_id FROM person")).scalar_one()
    erase(desk, one)

    with pytest.raises(NotFoundError):
        customers.edit(desk, subject=one, patch={"city": "Псков"})
    assert (
        count(
            desk,
            f"data_key WHERE owner_id = '{person}' AND wrapped IS NOT NULL AND compartment IN ('profile', 'contact')",
        )
        == 0
    )


def test_nobody_is_erased_twice_at_once(desk: Work) -> None:
    one = whole(desk)
    erasure.begin(desk, person=one, origin=ASKED)

    with pytest.raises(BeingErasedError):
        erasure.begin(desk, person=one, origin=ASKED)
    with pytest.raises(NoSuchErasureError):
        erasure.begin(desk, person=SubjectId(uuid4()), origin=ASKED)


def test_a_step_that_is_done_again_does_no_harm(desk: Work) -> None:
    one = whole(desk)
    begun = erasure.begin(desk, person=one, origin=ASKED)
    while erasure.run_next(desk, erasure=begun):
        desk.session.execute(
            text(
                "UPDATE erasure_step SET state = 'pending', entry = NULL, done_at = NULL WHERE state = 'done' "
                "AND number = (SELECT max(number) FROM erasure_step WHERE state = 'done') AND step <> 'keys' "
                "AND attempts = 0"
            )
        )
        desk.session.execute(
            text(
                "UPDATE erasure_step SET attempts = 1 WHERE state = 'pending' AND number = "
                "(SELECT min(number) FROM erasure_step WHERE state = 'pending')"
            )
        )
    assert erasure.show(desk, erasure=begun).state is ErasureState.WAITING
    assert count(desk, "person") == 0


def test_officers_need_the_permission_and_a_reason(desk: Work) -> None:
    one = whole(desk)

    with pytest.raises(ForbiddenError):
        erasure.order(by(desk, staff("auditor")), person=one, reason="Weil")
    with pytest.raises(InvalidError):
        erasure.order(by(desk, staff("officer")), person=one, reason=" ")
    begun = erasure.order(by(desk, staff("officer")), person=one, reason="Schriftlicher Antrag")
    through(desk, begun)
    assert entries_about(desk, Action.ERASURE_ORDERED) == 1
    assert count(desk, "audit_detail") == 1


def test_many_are_erased_at_once_and_share_what_is_the_same_about_them(desk: Work) -> None:
    run = Origin(OriginKind.POLICY_RUN, uuid4(), "inactive_customers")
    buyers = [whole(desk, contacts=(email(f"b{number}@example.org"),)) for number in range(3)]
    others = [somebody(desk, contacts=(email(f"o{number}@example.org"),)) for number in range(4)]
    begun = erasure.erase_many(desk, people=[*buyers, *others], origin=run)

    found = [erasure.show(desk, erasure=one) for one in begun]
    assert sorted((one.people, one.state.value) for one in found) == [(3, "waiting"), (4, "closed")]
    assert count(desk, "person") == count(desk, "contact") == 0
    assert count(desk, "purchase WHERE person_id IS NULL") == 3
    assert entries_about(desk, Action.PERSON_ERASED) == 7
    assert erasure.erase_many(desk, people=[*buyers, *others], origin=run) == []
    assert count(desk, f"consent_event WHERE kind = '{EventKind.EXPIRED.value}'") == 3


def test_what_is_recorded_while_the_erasure_runs_goes_with_the_rest(desk: Work) -> None:
    one = somebody(desk)
    begun = erasure.begin(desk, person=one, origin=ASKED)
    while {each.step: each.state for each in erasure.show(desk, erasure=begun).steps}[Step.TRAIL] is not StepState.DONE:
        erasure.run_next(desk, erasure=begun)
    customers.record_interaction(desk, subject=one, interaction=interaction())
    customers.record_purchase(desk, subject=one, purchase=purchase(paid_at=date(2015, 3, 1)))
    customers.add_contact(desk, subject=one, contact=SentContact(kind="email", value="late@example.org"))
    agreed(desk, one)
    done = through(desk, begun)

    assert done.state is ErasureState.CLOSED
    assert [count(desk, table) for table in ("person", "interaction", "purchase", "contact", "consent_event")] == [
        0
    ] * 5
    assert count(desk, "contact_history") == count(desk, "consent_state") == count(desk, "audit_detail") == 0
    late = consent.ContactSaid(ContactKind.EMAIL, "late@example.org")
    assert [line.reason for line in consent.lines(desk, contact=late, channel=Channel.EMAIL)] == ["erased"]


def test_an_erasure_waits_for_the_last_of_several_holds_and_for_those_placed_meanwhile(desk: Work) -> None:
    one = whole(desk)
    first, second = hold(desk, one, Compartment.BEHAVIOUR), hold(desk, one, Compartment.BEHAVIOUR)
    done = erase(desk, one)
    customers.release_hold(desk, subject=one, hold=first.id, reason="Verfahren beendet")
    assert erasure.resume(desk) == []
    third = hold(desk, one, Compartment.BEHAVIOUR)
    customers.release_hold(desk, subject=one, hold=second.id, reason="Verfahren beendet")
    assert erasure.resume(desk) == []
    customers.release_hold(desk, subject=one, hold=third.id, reason="Verfahren beendet")
    assert erasure.resume(desk) == [done.id]


def test_an_old_list_brings_nobody_back_into_a_mailing(desk: Work) -> None:
    one = whole(desk)
    news = consent.Asked(purpose="newsletter", channel=Channel.EMAIL)

    def answer(at: Work) -> bool:
        return consent.check(at, question=news, contacts=["irina.vorobeva@example.org"]).verdicts[0].allowed

    assert answer(desk)
    erase(desk, one)
    assert not answer(later(desk, desk.now + timedelta(days=1)))
    back = somebody(desk)  # as an import of the list that they stood on would bring them
    consent.record_many(desk, events=[said(EventKind.GIVEN, subject=back)])
    assert not answer(later(desk, desk.now + timedelta(days=1)))
