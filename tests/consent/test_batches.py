"""A long list is answered as each contact of it would have been."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.consent import operations as consent
from governance.consent.batches import LEAST
from governance.consent.checking import Asked, Checked
from governance.consent.stopping import stop_many
from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Reason, Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from tests.factories.saying import mail, notice, said, someone
from tests.factories.staging import played, stage_of

DAY = timedelta(days=1)
OFFERS = Asked("own_offers", Channel.EMAIL, opt_out_in_message=True)
YES = ["yes", "shared", "told", "lifted", "paper", "buyer"]
NO = [
    "split",
    "bounced",
    "unconfirmed",
    "claimed",
    "lapsed",
    "requested",
    "refused",
    "withdrawn",
    "objected",
    "late",
    "abroad",
    "unplaced",
    "silent",
    "limited",
    "dead",
    "gone",
]
NOBODIES = [f"nobody.{number}@example.org" for number in range(LEAST)]


def says(work: Work, name: str, kind: EventKind, **more: object) -> SubjectId:
    subject = someone(work, f"{name}@example.org")
    consent.record(work, event=said(kind, subject=subject, purpose="own_offers", **more))
    return subject


def buys(work: Work, name: str, *, days: int, country: str | None = "DE") -> SubjectId:
    offered = work.now - timedelta(days=days + 1)
    contact = customers.ContactSaid(kind="email", value=f"{name}@example.org", opt_out_offered_at=offered)
    fields = {"ground": "contract"} | ({"country": country} if country else {})
    subject = customers.create(work, fields=fields, contacts=[contact]).id
    bought = customers.NewPurchase(paid_at=work.now - timedelta(days=days), total=5, currency="EUR")  # type: ignore[arg-type]
    customers.record_purchase(work, subject=subject, purchase=bought)
    return subject


def suppress(work: Work, name: str, *, scope: Scope = Scope.ADVERTISING, purpose: str | None = None) -> None:
    reason = SuppressionReason.UNSUBSCRIBED if purpose else SuppressionReason.HARD_BOUNCE
    address = mail(f"{name}@example.org")
    consent.suppress(work, contact=address, channel=Channel.EMAIL, scope=scope, reason=reason, purpose=purpose)


NAMES = [*YES, *NO]


def fill(work: Work) -> None:
    """Of everybody that a verdict can tell apart, one."""
    set_controller(work, legal_name="Petersen GmbH", address="Kiel", country="DE")
    notice(work, "own_offers")
    early = replace(work, now=work.now - DAY)
    for name in ("yes", "shared", "split", "bounced", "told", "lifted"):
        says(early, name, EventKind.CONFIRMED)
    says(early, "shared", EventKind.CONFIRMED)
    someone(work, "split@example.org")
    says(early, "paper", EventKind.GIVEN, method=Method.PAPER)
    says(early, "unconfirmed", EventKind.GIVEN)
    says(early, "claimed", EventKind.GIVEN, notice=None)
    says(early, "lapsed", EventKind.CONFIRMED, valid_at=work.now - timedelta(days=3 * 365))
    for kind in (EventKind.REQUESTED, EventKind.REFUSED, EventKind.WITHDRAWN, EventKind.OBJECTED):
        says(early, kind.value, kind)
    buys(early, "buyer", days=3)
    buys(early, "late", days=1000)
    buys(early, "abroad", days=3, country="RU")
    buys(early, "unplaced", days=3, country=None)
    someone(work, "silent@example.org")
    limited = says(early, "limited", EventKind.CONFIRMED)
    customers.restrict(work, subject=limited, reason=RestrictionReason.UNLAWFUL)
    dead = says(early, "dead", EventKind.CONFIRMED)
    customers.edit(work, subject=dead, patch={"deceased": True})
    suppress(work, "bounced", scope=Scope.EVERYTHING)
    suppress(replace(work, now=work.now - 2 * DAY), "lifted", scope=Scope.PURPOSE, purpose="own_offers")
    suppress(work, "told", scope=Scope.PURPOSE, purpose="newsletter")
    suppress(work, "gone")


stage = stage_of(fill)


work = played()


def alone(work: Work, asked: Asked, contacts: Sequence[object]) -> list[Checked]:
    return [consent.check(work, question=asked, contacts=[one]) for one in contacts]


@pytest.mark.parametrize(
    "asked",
    [
        OFFERS,
        replace(OFFERS, opt_out_in_message=False, unsubscribe_at="https://privacy.example.org"),
        Asked("service", Channel.EMAIL),
        Asked("birthday", Channel.EMAIL),
        Asked("own_offers", Channel.AUDIENCE),
        Asked("nothing", Channel.EMAIL),
    ],
)
def test_a_long_list_is_answered_as_each_contact_of_it(work: Work, asked: Asked) -> None:
    contacts: list[object] = [f"{name}@example.org" for name in NAMES]
    contacts += ["YES@example.org", None, "no address", contacts[0], "+4915112345678"]
    each = alone(work, asked, contacts)
    batch = consent.check(work, question=asked, contacts=[*contacts, *NOBODIES])

    assert [one[:3] for one in batch.verdicts[: len(contacts)]] == [one.verdicts[0][:3] for one in each]
    assert not any(one.allowed for one in batch.verdicts[len(contacts) :])
    assert set(batch.used) == {person for one in each for person in one.used}
    links = {place: one.unsubscribe[0] for place, one in enumerate(each) if one.unsubscribe}
    assert batch.unsubscribe.keys() == links.keys()
    shared = NAMES.index("shared")  # by the contact of either
    assert all(batch.unsubscribe[place] == link for place, link in links.items() if place != shared)


def test_on_the_edges_a_long_list_is_answered_as_each_contact_of_it(work: Work) -> None:
    edge, tick = work.now.replace(year=work.now.year - 2), timedelta(microseconds=1)
    says(work, "over", EventKind.CONFIRMED, valid_at=edge)
    says(work, "holds", EventKind.CONFIRMED, valid_at=edge + tick)
    says(work, "now", EventKind.CONFIRMED, valid_at=work.now)
    buys(work, "sold", days=(work.now - edge).days)
    says(work, "reached", EventKind.GIVEN, channel=Channel.AUDIENCE)
    notice(work, "birthday")
    for name, born in (("grown", "2010-11-21"), ("young", "2010-12-01")):
        subject = someone(work, f"{name}@example.org")
        customers.edit(work, subject=subject, patch={"birth_date": born})
        consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, purpose="birthday"))
    expected = {
        OFFERS: {
            "over": Reason.EXPIRED,
            "holds": Reason.CONSENTED,
            "now": Reason.CONSENTED,
            "sold": Reason.SILENT,
        },
        Asked("own_offers", Channel.AUDIENCE): {"reached": Reason.CONSENTED},
        Asked("birthday", Channel.EMAIL): {"grown": Reason.CONSENTED, "young": Reason.UNDER_AGE},
    }
    for asked, reasons in expected.items():
        contacts = [f"{name}@example.org" for name in reasons]
        each = [one.verdicts[0].reason for one in alone(work, asked, contacts)]
        batch = consent.check(work, question=asked, contacts=[*contacts, *NOBODIES]).verdicts[: len(contacts)]
        assert dict(zip(reasons, each, strict=True)) == reasons
        assert [one.reason for one in batch] == each


def test_the_list_holds_all_that_can_be_told_apart(work: Work) -> None:
    batch = consent.check(
        work, question=OFFERS, contacts=[*(f"{name}@example.org" for name in NAMES), "bad", *NOBODIES]
    )
    unseen = {Reason.UNKNOWN_PURPOSE, Reason.UNDER_AGE, Reason.SUPERSEDED, Reason.SUPPRESSED}
    assert {one.reason for one in batch.verdicts} == set(Reason) - unseen


def test_a_material_notice_and_a_stop_are_heeded_by_the_next_list(work: Work) -> None:
    listed = ["yes@example.org", "paper@example.org", *NOBODIES]
    later = replace(work, now=work.now + DAY)
    stop_many(
        later, contacts=[mail("paper@example.org")], channel=Channel.EMAIL, scope=Scope.PURPOSE,
        reason=SuppressionReason.UNSUBSCRIBED, purpose="own_offers",
    )  # fmt: skip
    notice(later, "own_offers")
    found = consent.check(replace(later, now=later.now + DAY), question=OFFERS, contacts=listed).verdicts[:2]
    assert [one.reason for one in found] == [Reason.SUPERSEDED, Reason.SUPPRESSED]
