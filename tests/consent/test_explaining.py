"""Why did I get this mail? Who holds the contact, what they said to which words, and what was decided by which rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent.checking import Asked
from governance.consent.codes import InformMethod, NoticeKind
from governance.consent.events import ContactSaid
from governance.consent.stories import Answered, Story
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Ground
from governance.reference.operations import set_controller
from tests.factories.actors import by, client
from tests.factories.customers import purchase
from tests.factories.saying import TEXTS, mail, notice, said, someone
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

EMAIL = "irina.vorobeva@example.org"
DAY = timedelta(days=1)
WHY = "The customer asks why she was written to."
NEWS = Asked("newsletter", Channel.EMAIL, campaign="march-1")


def kiel(work: Work) -> None:
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    notice(work)


stage = stage_of(kiel)


work = played()


def later(work: Work, days: int) -> Work:
    return replace(work, now=work.now + days * DAY)


def told(work: Work, at: datetime | None = None, contact: ContactSaid | None = None, **more: object) -> Story:
    return consent.explain(work, reason=WHY, contact=contact or mail(), as_of=at, **more)  # type: ignore[arg-type]


def news(story: Story) -> Answered:
    return next(one for one in story.verdicts if (one.purpose, one.channel) == ("newsletter", Channel.EMAIL))


def test_the_whole_story_of_a_mail_in_march(work: Work) -> None:
    subject = someone(work)
    given_ = consent.record(
        work, event=said(EventKind.CONFIRMED, subject=subject, method=Method.WEB_FORM, language="uk")
    )
    march = later(work, 10)
    checked = consent.check(march, question=NEWS, contacts=[EMAIL])
    consent.record(later(work, 20), event=said(EventKind.WITHDRAWN, subject=subject))

    story = told(later(work, 30), at=march.now)
    [holder] = story.holders
    assert holder.subject == subject
    [event] = holder.events
    assert event.event.id == given_.id
    assert event.words == {"uk": TEXTS["uk"]}
    assert event.digests == {"uk": TEXTS["uk"].digest.hex()}
    assert event.said_on is None
    verdict = news(story)
    assert (verdict.allowed, verdict.reason, verdict.ground) == (True, Reason.CONSENTED, Ground.CONSENT)
    assert verdict.citation == "Directive 2002/58/EC Art. 13(1); GDPR Art. 7"
    assert verdict.verified is True
    assert verdict.event == given_.id
    assert verdict.facts.standings == (Standing.GIVEN,)
    [check] = story.checks
    assert (check.decision, check.exact, check.campaign) == (checked.decision, True, "march-1")


def test_today_is_another_story(work: Work) -> None:
    subject = someone(work)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject))
    now = later(work, 20)
    consent.record(now, event=said(EventKind.WITHDRAWN, subject=subject))
    story = told(now)
    assert (news(story).allowed, news(story).reason) == (False, Reason.WITHDRAWN)
    assert news(story).citation == "GDPR Art. 7(3)"
    assert [one.event.kind for one in story.holders[0].events] == [EventKind.CONFIRMED, EventKind.WITHDRAWN]


@settings(
    max_examples=max(1, settings.default.max_examples // 5),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(kinds=st.lists(st.sampled_from([EventKind.CONFIRMED, EventKind.WITHDRAWN, EventKind.OBJECTED]), max_size=4))
def test_the_verdict_told_is_the_one_that_a_check_gave_then(work: Work, kinds: list[EventKind]) -> None:
    with work.session.begin_nested() as example:
        subject = someone(work, "property@example.org")
        for number, kind in enumerate(kinds):
            consent.record(later(work, number), event=said(kind, subject=subject))
        for number in range(len(kinds) + 1):
            then = later(work, number)
            [answered] = consent.check(
                later(work, 9), question=replace(NEWS, as_of=then.now), contacts=["property@example.org"]
            ).verdicts
            story = told(later(work, 9), at=then.now, contact=mail("property@example.org"))
            assert (news(story).allowed, news(story).reason) == (answered.allowed, answered.reason)
        example.rollback()
    work.session.expire_all()


def test_of_the_first_of_all_instants_nothing_is_told(work: Work) -> None:
    someone(work)
    story = told(work, at=datetime.min.replace(tzinfo=UTC))
    assert not any(one.allowed for one in story.verdicts)
    assert story.checks == ()


def test_a_shared_contact_tells_of_every_holder(work: Work) -> None:
    first, second = someone(work), someone(later(work, 1))
    consent.record(later(work, 2), event=said(EventKind.CONFIRMED, subject=first))
    story = told(later(work, 3))
    assert {one.subject for one in story.holders} == {first, second}
    verdict = news(story)
    assert verdict.reason is Reason.SILENT
    assert sorted(str(one) for one in verdict.facts.standings) == ["None", "given"]


def test_stops_marks_and_notices_are_told_with_it(work: Work) -> None:
    subject = someone(work)
    consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="customers", texts=TEXTS, material=True)
    consent.inform(work, people=[subject], notice="customers", method=InformMethod.EMAIL)
    customers.restrict(later(work, 1), subject=subject, reason=RestrictionReason.UNLAWFUL)
    consent.suppress(
        later(work, 2),
        contact=mail(),
        channel=Channel.EMAIL,
        scope=Scope.ADVERTISING,
        reason=SuppressionReason.COMPLAINT,
    )
    before, after = told(later(work, 5), at=later(work, 1).now), told(later(work, 5))
    assert before.lines == ()
    assert news(before).reason is Reason.RESTRICTED
    assert news(after).reason is Reason.SUPPRESSED
    assert [line.reason for line in news(after).facts.suppressions] == [SuppressionReason.COMPLAINT]
    [holder] = after.holders
    assert [one.reason for one in holder.circumstances.restrictions] == ["unlawful"]
    assert [one.notice for one in holder.informings] == ["customers"]


def test_a_customer_is_told_of_by_the_contacts_that_messages_go_to(work: Work) -> None:
    subject = someone(work)
    consent.record(work, event=said(EventKind.CONFIRMED, subject=subject))
    story = consent.explain(work, reason=WHY, subject=subject)
    assert story.contacts == (ContactKind.EMAIL,)
    assert news(story).allowed
    consent.check(work, question=NEWS, people=[subject])
    assert [one.exact for one in consent.explain(work, reason=WHY, subject=subject).checks] == [True]


def test_checks_of_lists_are_told_as_such_and_those_of_others_not_at_all(work: Work) -> None:
    for address in (EMAIL, "other@example.org"):
        subject = someone(work, address)
        consent.record(work, event=said(EventKind.CONFIRMED, subject=subject))
    consent.check(work, question=NEWS, contacts=["other@example.org"])
    consent.check(work, question=Asked("newsletter", Channel.SMS), contacts=["+79334552061", "+79334552062"])
    consent.check(work, question=replace(NEWS, as_of=work.now - DAY), contacts=[EMAIL])
    listed = consent.check(work, question=NEWS, contacts=[EMAIL, "other@example.org"])
    [check] = told(work).checks
    assert (check.decision, check.exact, check.count, check.allowed) == (listed.decision, False, 2, 2)


def test_what_rests_on_a_sale_says_that_the_message_must_offer_a_way_to_refuse(work: Work) -> None:
    subject = someone(work)
    work.session.connection().exec_driver_sql("UPDATE contact SET opt_out_offered_at = created_at")
    customers.record_purchase(work, subject=subject, purchase=purchase(paid_at=work.now))
    story = told(later(work, 1))
    own = next(one for one in story.verdicts if (one.purpose, one.channel) == ("own_offers", Channel.EMAIL))
    assert (own.allowed, own.ground, own.only_with_opt_out) == (True, Ground.SOFT_OPT_IN, True)
    assert own.facts.holders[0].sale_at == work.now


def test_a_contact_that_nobody_holds_has_a_story_too(work: Work) -> None:
    consent.suppress(
        work,
        contact=mail(),
        channel=Channel.EMAIL,
        scope=Scope.EVERYTHING,
        reason=SuppressionReason.ERASED,
    )
    story = told(work)
    assert story.holders == ()
    assert [line.reason for line in story.lines] == [SuppressionReason.ERASED]
    assert {one.reason for one in story.verdicts} == {Reason.UNKNOWN}


def test_the_telling_is_told_with_its_reason_sealed(work: Work) -> None:
    someone(work)
    story = told(work)
    [entry] = entries(work, Action.CONSENT_EXPLAINED)
    assert entry.eid == story.entry
    assert entry.subject is not None
    assert set(entry.personal) == {"reason"}
    assert audit.details(work, eid=story.entry) == {"reason": WHY}


def test_the_question_is_put_with_a_reason_and_about_one(work: Work) -> None:
    subject = someone(work)
    for said_, fields in (
        ({"reason": " ", "contact": mail()}, {"reason"}),
        ({"reason": WHY}, {"contact"}),
        ({"reason": WHY, "contact": mail(), "subject": subject}, {"contact"}),
        ({"reason": WHY, "contact": mail("no address")}, {"contact"}),
        ({"reason": WHY, "contact": mail(), "as_of": work.now + DAY}, {"as_of"}),
    ):
        with pytest.raises(InvalidError) as caught:
            consent.explain(work, **said_)  # type: ignore[arg-type]  # what is wrong is the point
        assert set(caught.value.errors) == fields
    with pytest.raises(NotFoundError):
        consent.explain(work, reason=WHY, subject=SubjectId(uuid4()))


def test_nobody_reads_it_without_permission(work: Work) -> None:
    someone(work)
    with pytest.raises(ForbiddenError):
        told(by(work, client(Permission.CONSENT_READ, Permission.CONSENT_DETAILS)))


def test_a_system_that_is_kept_to_some_purposes_reads_no_story_of_all(work: Work) -> None:
    someone(work)
    kept = replace(client(Permission.CONSENT_EXPLAIN), purposes=frozenset({"surveys"}))
    with pytest.raises(ForbiddenError, match="all purposes"):
        told(by(work, kept))


def test_a_push_message_is_explained_by_the_customer_whose_devices_it_went_to(work: Work) -> None:
    subject = someone(work)
    notice(work, "own_offers")

    def say(days: int, kind: EventKind) -> consent.Recorded:
        event = said(kind, subject=subject, purpose="own_offers", channel=Channel.PUSH)
        return consent.record(later(work, days), event=event)

    def story(at: datetime) -> tuple[Story, Answered]:
        found = consent.explain(later(work, 4), reason=WHY, subject=subject, as_of=at)
        way = ("own_offers", Channel.PUSH)
        return found, next(one for one in found.verdicts if (one.purpose, one.channel) == way)

    agreed = say(1, EventKind.CONFIRMED)
    march = later(work, 2)
    sent = consent.check(march, question=Asked("own_offers", Channel.PUSH, campaign="app-1"), people=[subject])
    say(3, EventKind.WITHDRAWN)

    then, verdict = story(march.now)
    assert (verdict.contact, verdict.allowed, verdict.event) == (None, True, agreed.id)
    assert verdict.allowed is sent.verdicts[0].allowed
    [check] = then.checks
    assert (check.decision, check.channel, check.exact) == (sent.decision, Channel.PUSH, True)
    assert consent.tell_story(then)["verdicts"]
    assert story(later(work, 4).now)[1].reason is Reason.WITHDRAWN
    assert story(work.now)[1].allowed is False
    assert story(later(work, -1).now)[1].reason is Reason.UNKNOWN
    assert not [one for one in told(later(work, 4)).verdicts if one.channel is Channel.PUSH]
