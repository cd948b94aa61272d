"""Recording: who is meant, what is kept, and what is sent back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from governance.consent import ledger
from governance.consent import operations as consent
from governance.consent.errors import SharedContactError, UnknownContactError, UnknownPurposeError
from governance.consent.events import Recorded, Refused
from governance.consent.tables import ConsentEventRow, ConsentStateRow
from governance.customers.codes import ContactKind
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import BatchId, SubjectId, uuid4, uuid7
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.conftest import NOW
from tests.factories.saying import mail, notice, said, someone
from tests.factories.statements import counted

GIVEN, CONFIRMED, WITHDRAWN = EventKind.GIVEN, EventKind.CONFIRMED, EventKind.WITHDRAWN
DAY = timedelta(days=1)


def later(work: Work, by: timedelta = DAY) -> Work:
    return replace(work, now=work.now + by)


def row_of(work: Work, made: Recorded) -> ConsentEventRow:
    return work.session.scalars(select(ConsentEventRow).where(ConsentEventRow.id == made.id)).one()


def test_a_consent_by_contact_is_kept_for_whoever_holds_it_however_it_is_spelt(work: Work) -> None:
    subject = someone(work)
    notice(work)
    made = consent.record(work, event=said(GIVEN, contact=mail("Irina.Vorobeva@EXAMPLE.org")))
    assert (made.subject, made.sequence, made.state.standing) == (subject, 1, Standing.GIVEN)


def test_the_state_is_kept_in_the_same_transaction(work: Work) -> None:
    subject = someone(work)
    notice(work)
    consent.record(work, event=said(CONFIRMED, subject=subject))
    made = consent.record(later(work), event=said(WITHDRAWN, subject=subject))
    (state,) = work.session.scalars(select(ConsentStateRow).where(ConsentStateRow.person_id == subject))
    assert (state.standing, state.event, state.sequence, state.given_at) == ("withdrawn", made.id, 2, None)


def test_the_id_of_an_event_is_that_of_its_audit_entry(work: Work) -> None:
    made = consent.record(work, event=said(WITHDRAWN, subject=someone(work)))
    found = work.session.connection().exec_driver_sql(
        "SELECT action FROM audit_body WHERE eid = %(eid)s", {"eid": made.id}
    )
    assert found.scalars().all() == ["consent:event:withdrawn"]


def test_what_was_never_given_can_be_withdrawn(work: Work) -> None:
    made = consent.record(work, event=said(WITHDRAWN, subject=someone(work)))
    assert made.state.standing is Standing.WITHDRAWN


def test_the_evidence_holds_the_contact_used_and_is_sealed(work: Work) -> None:
    subject = someone(work, "irina.vorobeva@example.org", "second@example.org")
    made = consent.record(
        work, event=said(WITHDRAWN, subject=subject, contact=mail("second@example.org"), evidence={"agent": "curl"})
    )
    row = row_of(work, made)
    assert row.evidence == {"contact": {"kind": "email", "value": "second@example.org"}, "evidence": {"agent": "curl"}}
    assert b"second@example.org" not in bytes(row.evidence_sealed)  # type: ignore[attr-defined]


def test_where_no_contact_is_said_the_evidence_holds_the_one_that_a_message_would_go_to(work: Work) -> None:
    made = consent.record(work, event=said(WITHDRAWN, subject=someone(work, "first@example.org", "second@example.org")))
    assert row_of(work, made).evidence == {"contact": {"kind": "email", "value": "first@example.org"}}


def test_a_consent_by_a_contact_that_nobody_holds_is_refused_with_its_remedy(work: Work) -> None:
    notice(work)
    with pytest.raises(UnknownContactError) as refused:
        consent.record(work, event=said(GIVEN, contact=mail("nobody@example.org")))
    assert "create the customer first" in refused.value.errors["contact"][0]
    assert "nobody@example.org" not in str(refused.value.errors)


def test_a_consent_by_a_contact_that_a_family_shares_needs_the_one_who_gave_it(work: Work) -> None:
    notice(work)
    someone(work, "family@example.org")
    child = someone(work, "family@example.org")
    with pytest.raises(SharedContactError):
        consent.record(work, event=said(GIVEN, contact=mail("family@example.org")))
    made = consent.record(work, event=said(GIVEN, contact=mail("family@example.org"), subject=child))
    assert (made.subject, made.state.standing) == (child, Standing.GIVEN)


def test_a_stop_by_a_contact_that_a_family_shares_is_for_all_of_them(work: Work) -> None:
    family = {someone(work, "family@example.org"), someone(work, "family@example.org")}
    made = consent.record(work, event=said(WITHDRAWN, contact=mail("family@example.org")))
    assert {one.subject for one in (made, *made.also)} == family
    assert {one.state.standing for one in (made, *made.also)} == {Standing.WITHDRAWN}


def test_a_consent_by_a_contact_that_the_customer_does_not_hold_is_refused(work: Work) -> None:
    notice(work)
    subject = someone(work)
    someone(work, "other@example.org")
    with pytest.raises(UnknownContactError):
        consent.record(work, event=said(GIVEN, subject=subject, contact=mail("other@example.org")))


def test_a_consent_without_a_notice_or_an_instant_is_a_claim(work: Work) -> None:
    notice(work)
    subject = someone(work)
    without_notice = consent.record(work, event=said(GIVEN, subject=subject, notice=None))
    without_instant = consent.record(work, event=said(GIVEN, subject=subject, channel=Channel.SMS, claimed=True))
    assert without_notice.state.standing is without_instant.state.standing is Standing.CLAIMED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": EventKind.EXPIRED}, "kind"),
        ({"channel": Channel.AUDIENCE}, "channel"),
        ({"notice": 7}, "notice"),
        ({"language": "fr"}, "notice"),
        ({"valid_at": NOW + DAY}, "valid_at"),
        ({"valid_at": NOW + 2 * DAY, "whole_day": True}, "valid_at"),
        ({"valid_at": NOW, "claimed": True}, "valid_at"),
        ({"voids": 1}, "voids"),
        ({"subject": None}, "customer_id"),
        ({"contact": mail("no address")}, "contact"),
        ({"contact": consent.ContactSaid(ContactKind.PHONE, "+79334552061")}, "contact"),
        ({"evidence": {"form": "x" * 70_000}}, "evidence"),
    ],
)
def test_what_cannot_be_kept_is_sent_back_by_field(work: Work, wrong: dict[str, object], field: str) -> None:
    notice(work)
    event = replace(said(GIVEN, subject=someone(work)), **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidError) as refused:
        consent.record(work, event=event)
    assert list(refused.value.errors) == [field]


def test_an_unknown_purpose_and_an_unknown_customer_are_named(work: Work) -> None:
    with pytest.raises(UnknownPurposeError):
        consent.record(work, event=said(WITHDRAWN, subject=someone(work), purpose="nothing"))
    with pytest.raises(NotFoundError):
        consent.record(work, event=said(WITHDRAWN, subject=SubjectId(uuid7())))


def test_of_a_day_a_consent_counts_from_its_start_and_a_stop_from_its_end(work: Work) -> None:
    set_controller(work, legal_name="Shop", address="Kyiv", country="UA", zone="Europe/Kyiv")
    notice(work)
    subject = someone(work)
    day = datetime(2026, 7, 1, 15, tzinfo=UTC)
    given = consent.record(work, event=said(GIVEN, subject=subject, valid_at=day, whole_day=True))
    stopped = consent.record(work, event=said(WITHDRAWN, subject=subject, valid_at=day, whole_day=True))
    today = consent.record(work, event=said(WITHDRAWN, subject=subject, valid_at=NOW, whole_day=True))
    assert given.state.since == datetime(2026, 6, 30, 21, tzinfo=UTC)
    assert stopped.state.since == datetime(2026, 7, 1, 21, tzinfo=UTC) - timedelta(microseconds=1)
    assert today.state.since == NOW


def test_what_is_wrong_with_one_event_of_a_batch_does_not_stop_the_others(work: Work) -> None:
    notice(work)
    subject = someone(work)
    answers = consent.record_many(
        work,
        events=[
            said(GIVEN, subject=subject),
            said(GIVEN, contact=mail("nobody@example.org")),
            said(GIVEN, subject=subject, purpose="nothing"),
            said(WITHDRAWN, contact=mail()),
        ],
    )
    kept = [one for one in answers if isinstance(one, Recorded)]
    assert [type(one) for one in answers] == [Recorded, Refused, Refused, Recorded]
    assert [(one.sequence, one.state.standing) for one in kept] == [(1, Standing.GIVEN), (2, Standing.WITHDRAWN)]
    assert [one.slug for one in answers if isinstance(one, Refused)] == ["unknown-contact", "unknown-purpose"]


def test_a_batch_needs_few_statements_however_long_it_is(work: Work) -> None:
    notice(work)
    people = [someone(work, f"person{number}@example.org") for number in range(40)]
    events = [said(GIVEN, contact=mail(f"person{number}@example.org")) for number in range(20)]
    events += [said(WITHDRAWN, subject=one, channel=Channel.SMS) for one in people[20:]]
    counts: list[int] = []
    for some in (events[18:22], events):
        with counted(work) as statements:
            answers = consent.record_many(work, events=some)
        counts.append(len(statements))
        assert all(isinstance(one, Recorded) for one in answers)
    assert counts[1] <= counts[0]


def test_only_who_may_record_consents_can(work: Work) -> None:
    nobody = Actor(ActorKind.CLIENT, uuid4(), frozenset({Permission.CONSENT_READ.value}))
    with pytest.raises(ForbiddenError):
        consent.record(replace(work, actor=nobody), event=said(WITHDRAWN, subject=someone(work)))


def test_a_file_has_seen_nothing_and_undoes_no_stop(work: Work) -> None:
    notice(work)
    subject, batch = someone(work), BatchId(uuid7())
    consent.record(work, event=said(WITHDRAWN, subject=subject, valid_at=NOW - 10 * DAY))
    (claim, dated) = consent.record_claims(
        later(work),
        events=[said(GIVEN, subject=subject, notice=None), said(CONFIRMED, subject=subject, valid_at=NOW - DAY)],
        batch=batch,
    )
    assert isinstance(claim, Recorded)
    assert isinstance(dated, Recorded)
    assert dated.state.standing is Standing.WITHDRAWN
    assert row_of(work, dated).method == Method.IMPORT


def test_undoing_an_import_takes_its_consents_and_leaves_its_stops(work: Work) -> None:
    notice(work)
    gave, stopped, batch = someone(work, "a@example.org"), someone(work, "b@example.org"), BatchId(uuid7())
    consent.record_claims(
        work,
        events=[
            said(CONFIRMED, subject=gave, valid_at=NOW - DAY),
            said(GIVEN, subject=gave, channel=Channel.SMS, valid_at=None),
            said(WITHDRAWN, subject=stopped),
        ],
        batch=batch,
    )
    assert consent.invalidate(later(work), batch=batch, limit=1).count == 1
    first = consent.invalidate(later(work), batch=batch)
    assert (first.count, first.next_after) == (1, None)
    assert consent.invalidate(later(work), batch=batch).count == 0
    standings = dict(work.session.execute(select(ConsentStateRow.person_id, ConsentStateRow.standing)).all())
    assert standings == {gave: "silent", stopped: "withdrawn"}


def test_a_stop_by_a_contact_that_nobody_holds_goes_into_the_ledger(work: Work) -> None:
    made = consent.record(work, event=said(WITHDRAWN, contact=mail("nobody@example.org")))
    assert (made.subject, made.sequence) == (None, 0)
    (line,) = ledger.lines(work, contact=mail("Nobody@Example.org"), channel=Channel.EMAIL)
    assert (line.scope, line.purpose, line.reason) == (Scope.PURPOSE, "newsletter", SuppressionReason.UNSUBSCRIBED)


def test_a_one_click_stop_is_kept_by_the_ledger_as_well(work: Work) -> None:
    subject = someone(work)
    made = consent.record(work, event=said(WITHDRAWN, contact=mail(), method=Method.ONE_CLICK))
    assert (made.subject, made.state.standing) == (subject, Standing.WITHDRAWN)
    assert len(ledger.lines(work, contact=mail(), channel=Channel.EMAIL)) == 1
    consent.record(work, event=said(WITHDRAWN, contact=mail()))
    assert len(ledger.lines(work, contact=mail(), channel=Channel.EMAIL)) == 1


def test_a_stop_by_a_kind_of_contact_that_the_channel_does_not_use_needs_a_holder(work: Work) -> None:
    card = consent.ContactSaid(ContactKind.CARD, "4711")
    with pytest.raises(UnknownContactError):
        consent.record(work, event=said(WITHDRAWN, contact=card))
