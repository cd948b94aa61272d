"""The feed of changes: in the order of the log, nothing missing, nobody's contact in it."""

import json
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from governance.audit import operations as audit
from governance.audit import sequencer
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.audit.following import BEGINNING, Place
from governance.consent import changes, telling
from governance.consent import operations as consent
from governance.consent.changes import Change, Effect
from governance.consent.events import NewEvent
from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.customers.operations import PersonView
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, InvalidError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages.webhooks import making
from governance.messages.webhooks import operations as webhooks
from governance.messages.webhooks.records import MessageKind, Topic
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from tests.conftest import Store
from tests.factories.trail import entries


@pytest.fixture
def irina(work: Work) -> PersonView:
    return customers.create(
        work,
        fields={"family_name": "Воробьева"},
        contacts=[customers.ContactSaid(kind="email", value="irina@example.org")],
    )


def say(work: Work, who: PersonView | SubjectId, kind: EventKind, **said: object) -> UUID:
    given = {
        "purpose": "newsletter",
        "channel": Channel.EMAIL,
        "method": Method.PAPER,
        "subject": who if isinstance(who, UUID) else who.id,
        "notice": None,
        **said,
    }
    return consent.record(work, event=NewEvent(kind=kind, **given)).id  # type: ignore[arg-type]  # tests say what they need


def after(work: Work) -> Place:
    """The newest place, all that was told so far being placed."""
    sequencer.sequence(work)
    return changes.newest_place(work)


def new(work: Work, since: Place) -> tuple[Change, ...]:
    sequencer.sequence(work)
    return changes.page(work, after=since).items


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        (EventKind.REQUESTED, Effect.ASK),
        (EventKind.GIVEN, Effect.ASK),
        (EventKind.CONFIRMED, Effect.ASK),
        (EventKind.REFUSED, Effect.STOP),
        (EventKind.WITHDRAWN, Effect.STOP),
        (EventKind.OBJECTED, Effect.STOP),
    ],
)
def test_an_event_is_told_with_ids_and_codes_alone(
    work: Work, irina: PersonView, kind: EventKind, effect: Effect
) -> None:
    since = after(work)
    event = say(work, irina, kind)
    (told,) = new(work, since)

    assert (told.id, told.kind, told.effect, told.customers) == (event, kind.value, effect, (irina.id,))
    assert (told.purpose, told.channel, told.at) == ("newsletter", "email", work.now)
    assert "irina@" not in json.dumps(telling.told(told))


def test_a_line_of_the_ledger_is_told_with_those_who_hold_the_contact(work: Work, irina: PersonView) -> None:
    since = after(work)
    line = ObjectRef("suppression", uuid7())
    facts = {"channel": "email", "scope": "advertising", "purpose": None, "reason": "complaint"}
    audit.append(work, Action.CONTACT_SUPPRESSED, object=line, facts={**facts, "holders": [irina.ref, uuid7()]})
    audit.append(work, Action.SUPPRESSION_LIFTED, object=line, facts=facts)
    placed, lifted = new(work, since)

    assert (placed.kind, placed.effect, placed.customers) == ("suppressed", Effect.STOP, (irina.id,))
    assert (placed.channel, placed.scope, placed.reason) == ("email", "advertising", "complaint")
    assert (lifted.kind, lifted.effect, lifted.customers) == ("suppression_lifted", Effect.ASK, ())


def test_a_restriction_stops_a_person_and_ends_with_a_question(work: Work, irina: PersonView) -> None:
    since = after(work)
    placed = customers.restrict(work, subject=irina.id, reason=RestrictionReason.ASKED_FOR)
    customers.lift_restriction(work, subject=irina.id, restriction=placed.id)

    assert [(one.kind, one.effect, one.customers) for one in new(work, since)] == [
        ("restricted", Effect.STOP, (irina.id,)),
        ("restriction_lifted", Effect.ASK, (irina.id,)),
    ]


def test_an_edit_is_told_only_where_a_verdict_rests_on_the_field(work: Work, irina: PersonView) -> None:
    since = after(work)
    customers.edit(work, subject=irina.id, patch={"city": "Псков"})
    customers.edit(work, subject=irina.id, patch={"deceased": True})

    assert [(one.kind, one.effect) for one in new(work, since)] == [("person_changed", Effect.ASK)]


def test_words_that_consents_agree_to_concern_everybody_and_privacy_notices_no_sender(work: Work) -> None:
    since = after(work)
    about = ObjectRef("notice", uuid7())
    for kind in ("privacy", "consent"):
        audit.append(work, Action.NOTICE_PUBLISHED, object=about, facts={"kind": kind, "key": "newsletter"})
    audit.append(work, Action.PURPOSE_PUBLISHED, facts={"purpose": "surveys", "version": 2})

    assert [(one.kind, one.effect, one.customers, one.purpose) for one in new(work, since)] == [
        ("notice_published", Effect.ASK, None, "newsletter"),
        ("purpose_published", Effect.ASK, None, "surveys"),
    ]


def test_pages_of_any_size_give_every_change_once_and_in_order(work: Work, irina: PersonView) -> None:
    since = after(work)
    for turn in range(12):
        say(work, irina, EventKind.GIVEN if turn % 2 else EventKind.WITHDRAWN, channel=list(Channel)[turn % 2])
        customers.edit(work, subject=irina.id, patch={"city": f"Псков {turn}"})
        if turn % 3 == 0:
            placed = customers.restrict(work, subject=irina.id, reason=RestrictionReason.ASKED_FOR)
            customers.lift_restriction(work, subject=irina.id, restriction=placed.id)
    whole = new(work, since)
    assert len(whole) == 12 + 8
    assert [one.place for one in whole] == sorted(one.place for one in whole)
    for limit, scan in ((1, 20_000), (3, 20_000), (7, 5), (1000, 1), (2, 2)):
        found: list[Change] = []
        place = since
        while True:
            part = changes.page(work, after=place, limit=limit, scan=scan)
            assert len(part.items) <= limit
            found += part.items
            place = part.place
            if not part.more:
                break
        assert tuple(found) == whole, (limit, scan)


def test_a_part_of_the_log_tells_the_same_whenever_it_is_asked(work: Work, irina: PersonView) -> None:
    since = after(work)
    say(work, irina, EventKind.GIVEN)
    middle = after(work)
    first = changes.between(work, after=since, until=middle)
    say(work, irina, EventKind.WITHDRAWN)
    end = after(work)

    assert changes.between(work, after=since, until=middle) == first
    assert [one.kind for one in changes.between(work, after=middle, until=end)] == ["withdrawn"]
    assert [one.kind for one in changes.between(work, after=BEGINNING, until=end)][-2:] == ["given", "withdrawn"]


def test_what_has_no_place_in_the_log_yet_is_not_told_and_comes_later(work: Work, irina: PersonView) -> None:
    since = after(work)
    say(work, irina, EventKind.WITHDRAWN)
    first = changes.page(work, after=since)
    assert (first.items, first.more) == ((), False)
    assert [one.kind for one in new(work, first.place)] == ["withdrawn"]


def test_following_is_told_in_the_trail_only_where_something_was_read(work: Work, irina: PersonView) -> None:
    cursor = making.write_cursor(after(work))
    assert consent.follow(work, cursor=cursor).items == ()
    assert entries(work, Action.CHANGES_FOLLOWED) == []
    say(work, irina, EventKind.WITHDRAWN)
    sequencer.sequence(work)
    found = consent.follow(work, cursor=cursor)
    (told,) = entries(work, Action.CHANGES_FOLLOWED)
    assert told.facts == {"count": 1, "after": cursor, "until": making.write_cursor(found.place)}
    sequencer.sequence(work)
    assert consent.follow(work, cursor=making.write_cursor(found.place)).items == ()


def test_latest_gives_the_newest_place_and_nothing_of_before(work: Work, irina: PersonView) -> None:
    say(work, irina, EventKind.WITHDRAWN)
    place = after(work)
    found = consent.follow(work, cursor="latest")
    assert (found.items, found.place, found.more) == ((), place, False)


@pytest.mark.parametrize("cursor", ["", "1", "0:1", "1:-2", "1:x", "1:1:1", "１:1", "1:" + "9" * 30])
def test_what_is_no_cursor_is_refused(work: Work, cursor: str) -> None:
    with pytest.raises(InvalidError) as refused:
        consent.follow(work, cursor=cursor)
    assert "cursor" in refused.value.errors


def test_a_cursor_beyond_the_log_is_refused_since_an_older_copy_was_restored(work: Work) -> None:
    place = after(work)
    with pytest.raises(ConflictError, match="restored"):
        consent.follow(work, cursor=making.write_cursor(place._replace(seq=place.seq + 1)))


def test_every_webhook_gets_messages_of_its_own_that_together_tell_the_feed(
    work: Work, irina: PersonView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "CHANGES_IN_A_MESSAGE", 20)
    since = after(work)
    early = webhooks.create(work, name="early", url="https://a.example/").webhook.id
    for _ in range(making.CHANGES_IN_A_MESSAGE + 5):
        say(work, irina, EventKind.WITHDRAWN)
    sequencer.sequence(work)
    late = webhooks.create(work, name="late", url="https://b.example/").webhook.id
    assert telling.make_messages(work) == 2  # nobody waits a second for each
    found = [one for one in reversed(webhooks.messages(work, webhook=early).items) if one.kind is MessageKind.CHANGES]
    documents = [json.loads(telling.body_of(work, one)) for one in found]

    assert [one.changes for one in found] == [making.CHANGES_IN_A_MESSAGE, 5]
    assert {one["type"] for one in documents} == {"consent.changed"}
    assert documents[0]["data"]["previous_cursor"] == making.write_cursor(since)
    assert documents[0]["data"]["next_cursor"] == documents[1]["data"]["previous_cursor"]
    told = [change for one in documents for change in one["data"]["changes"]]
    assert told == [telling.told(one) for one in new(work, since)]
    assert webhooks.messages(work, webhook=late).items == ()
    assert telling.body_of(work, found[0]) == telling.body_of(work, found[0])


def test_what_was_looked_through_in_vain_is_not_looked_through_every_second(work: Work, irina: PersonView) -> None:
    after(work)
    webhook = webhooks.create(work, name="patient", url="https://a.example/").webhook.id  # itself an entry
    begun = webhooks.read(work, webhook=webhook).place
    entry = NewEntry(Action.PERSON_READ, subject=irina.ref)
    audit.append_many(work, [entry] * (making.IN_VAIN - 2))
    sequencer.sequence(work)
    telling.make_messages(work)
    assert webhooks.read(work, webhook=webhook).place == begun
    audit.append_many(work, [entry] * 5)
    newest = after(work)
    telling.make_messages(work)
    found = webhooks.read(work, webhook=webhook)
    assert (found.place, found.waiting) == (newest, 0)


def test_a_webhook_whose_place_was_lost_with_a_newer_copy_goes_on_from_the_newest(work: Work) -> None:
    webhook = webhooks.create(work, name="restored", url="https://a.example/").webhook.id
    place = after(work)
    webhooks.enqueue(
        work, webhook=webhook, after=webhooks.read(work, webhook=webhook).place, until=Place(9, 9), changes=0
    )
    telling.make_messages(work)
    assert webhooks.read(work, webhook=webhook).place == place


def test_reading_on_after_an_import_does_not_hang_on_what_the_database_knows_of_it(
    fresh_database: Database, fresh_store: Store
) -> None:
    """What was just written is in no statistics: a plan that trusts them compares everything with everything."""
    many = [NewEntry(Action.PERSON_EDITED, facts={"fields": ["note"]}) for _ in range(8_000)]
    with open_work(fresh_database, SYSTEM) as work:
        audit.append_many(work, many[:1_000])
    with open_work(fresh_database, SYSTEM) as work:
        start = after(work)
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as admin:
        admin.execute("ANALYZE")
    with open_work(fresh_database, SYSTEM) as work:
        audit.append_many(work, many)
    with open_work(fresh_database, SYSTEM) as work:
        sequencer.sequence(work)
    with open_work(fresh_database, SYSTEM) as work:
        work.session.execute(text("SET LOCAL statement_timeout = '2s'"))

        assert changes.page(work, after=start).items == ()


def test_a_stop_goes_ahead_of_what_was_recorded_before_it(work: Work, irina: PersonView) -> None:
    after(work)
    ahead = webhooks.create(work, name="Stops", url="https://a.example/h", topic=Topic.STOPS).webhook.id
    others = webhooks.create(work, name="All", url="https://b.example/h").webhook.id
    for _ in range(3):
        say(work, irina, EventKind.GIVEN, purpose="surveys")
    stopped = say(work, irina, EventKind.WITHDRAWN)
    customers.restrict(work, subject=irina.id, reason=RestrictionReason.ASKED_FOR)
    sequencer.sequence(work)

    assert telling.make_stops(work) == 1
    (message,) = webhooks.messages(work, webhook=ahead).items
    told = json.loads(telling.body_of(work, message))
    assert [one["kind"] for one in told["data"]["changes"]] == ["withdrawn", "restricted"]
    assert told["data"]["changes"][0]["id"] == str(stopped)
    assert told["type"] == "consent.changed"

    telling.make_messages(work)
    (message,) = webhooks.messages(work, webhook=others).items
    assert [one["effect"] for one in json.loads(telling.body_of(work, message))["data"]["changes"]] == (
        ["ask"] * 3 + ["stop"] * 2
    )
    assert telling.make_stops(work) == 0


def test_stops_are_found_among_many_consents_page_by_page(work: Work, irina: PersonView) -> None:
    since = after(work)
    wanted = [say(work, irina, kind) for kind in (EventKind.WITHDRAWN, EventKind.GIVEN, EventKind.OBJECTED) * 3]
    sequencer.sequence(work)
    found: list[UUID] = []
    page = changes.page_of_stops(work, after=since, limit=4)
    found += [one.id for one in page.items]
    assert (len(found), page.more) == (4, True)
    found += [one.id for one in changes.page_of_stops(work, after=page.place, limit=4).items]
    assert found == [one for place, one in enumerate(wanted) if place % 3 != 1]
    until = after(work)
    assert [one.id for one in changes.between(work, after=since, until=until, effects=changes.STOPS_ALONE)] == found
