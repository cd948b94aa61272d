"""A connected system is kept to its own purposes and channels: it asks, records, stops and follows no others."""

from dataclasses import replace
from typing import Any

import pytest

from governance.audit import sequencer
from governance.consent import changes
from governance.consent import operations as consent
from governance.consent.operations import Asked, ContactSaid, Recorded
from governance.customers import operations as customers
from governance.customers.codes import ContactKind, RestrictionReason
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from tests.factories.actors import by, client
from tests.factories.saying import notice, said, someone

MAILER = replace(
    client(Permission.CONSENT_CHECK, Permission.CONSENT_RECORD, Permission.CONSENT_SUPPRESS, Permission.CONSENT_FOLLOW),
    purposes=frozenset({"surveys"}),
    channels=frozenset({Channel.EMAIL.value}),
)
OUTSIDE = [{"purpose": "newsletter"}, {"channel": Channel.SMS}]


@pytest.fixture
def anna(work: Work) -> SubjectId:
    """Somebody who may be asked about."""
    for purpose in ("surveys", "newsletter"):
        notice(work, purpose)
    return someone(work)


def withdrawn(anna: SubjectId, **about: Any) -> Any:
    return said(EventKind.WITHDRAWN, subject=anna, **{"purpose": "surveys", "channel": Channel.EMAIL, **about})


@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_question_about_others_is_refused_and_not_answered(work: Work, outside: dict[str, Any]):
    theirs = by(work, MAILER)
    asked = Asked(purpose="surveys", channel=Channel.EMAIL)
    assert len(consent.check(theirs, question=asked, contacts=["anna@example.org"]).verdicts) == 1
    with pytest.raises(ForbiddenError):
        consent.check(theirs, question=replace(asked, **outside), contacts=["anna@example.org"])
    with pytest.raises(ForbiddenError):
        consent.check(theirs, question=replace(asked, as_of=work.now, **outside), contacts=["anna@example.org"])


@pytest.mark.parametrize("outside", OUTSIDE)
def test_an_event_of_others_is_refused_alone(work: Work, anna: SubjectId, outside: dict[str, Any]):
    theirs = by(work, MAILER)
    with pytest.raises(ForbiddenError):
        consent.record(theirs, event=withdrawn(anna, **outside))
    first, second = consent.record_many(theirs, events=[withdrawn(anna, **outside), withdrawn(anna)])
    assert getattr(first, "slug", None) == "forbidden"
    assert isinstance(second, Recorded)
    consent.record(theirs, event=withdrawn(anna))


def test_a_stop_may_reach_further_than_the_system_but_not_by_another_channel(work: Work, anna: SubjectId):
    theirs = by(work, MAILER)
    contact = ContactSaid(ContactKind.EMAIL, "anna@example.org", None)
    about = {"contacts": [contact], "channel": Channel.EMAIL, "reason": SuppressionReason.COMPLAINT}
    assert consent.suppress_many(theirs, **about, scope=Scope.ADVERTISING) == [True]  # type: ignore[arg-type]
    with pytest.raises(ForbiddenError):
        consent.suppress_many(theirs, **about, scope=Scope.PURPOSE, purpose="newsletter")  # type: ignore[arg-type]
    with pytest.raises(ForbiddenError):
        consent.suppress_many(theirs, **{**about, "channel": Channel.SMS}, scope=Scope.ADVERTISING)  # type: ignore[arg-type]


def test_the_feed_tells_of_their_own_and_of_what_concerns_all(work: Work, anna: SubjectId):
    sequencer.sequence(work)
    cursor = changes.write_cursor(changes.newest_place(work))
    for about in ({}, *OUTSIDE):
        consent.record(work, event=withdrawn(anna, **about))
    customers.restrict(work, subject=anna, reason=RestrictionReason.ASKED_FOR)
    sequencer.sequence(work)

    everything = consent.follow(work, cursor=cursor)
    theirs = consent.follow(by(work, MAILER), cursor=cursor)

    assert len(everything.items) == 4
    assert [(one.kind, one.purpose, one.channel) for one in theirs.items] == [
        ("withdrawn", "surveys", "email"),
        ("restricted", None, None),
    ]
    assert (theirs.place, theirs.more) == (everything.place, everything.more)
