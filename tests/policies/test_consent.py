"""May it be sent? The order of reasons, what makes a yes, and that nothing unknown or refused ever becomes one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import shipped
from governance.policies.consent import Question, decide, prepare
from governance.policies.consent_facts import (
    WORDS,
    ContactFacts,
    Holder,
    Reason,
    Scope,
    Suppression,
    SuppressionReason,
    Verdict,
    Word,
)
from governance.policies.consent_state import ConsentState, EventKind, Grant, Method, Standing, fold
from governance.policies.purposes import Channel, Ground, PurposeBook
from tests.factories.consents import (
    LONG_AGO,
    NOTICE,
    NOW,
    TODAY,
    YESTERDAY,
    ask,
    contacts,
    event,
    histories,
    holders,
    questions,
    suppressions,
    told,
)

GRANTED = (EventKind.GIVEN, {"valid_at": YESTERDAY, "method": Method.PORTAL})
BUYER = {"sale_at": YESTERDAY, "opt_out_offered_at": YESTERDAY}
COMPLAINT = Suppression(Scope.ADVERTISING, None, SuppressionReason.COMPLAINT, YESTERDAY)
BOUNCE = Suppression(Scope.EVERYTHING, None, SuppressionReason.HARD_BOUNCE, YESTERDAY)


def of(*holders: Holder, suppressed: tuple[Suppression, ...] = ()) -> ContactFacts:
    return ContactFacts(holders, suppressed)


# --- the order of reasons

ORDER = [
    Reason.UNKNOWN_PURPOSE,
    Reason.MALFORMED,
    Reason.UNKNOWN,
    Reason.SUPPRESSED,
    Reason.BOUNCED,
    Reason.RESTRICTED,
    Reason.OBJECTED,
    Reason.WITHDRAWN,
    Reason.REFUSED,
    Reason.EXPIRED,
    Reason.UNCONFIRMED,
    Reason.SUPERSEDED,
    Reason.UNDER_AGE,
    Reason.CONSENTED,
    Reason.OTHER_GROUND,
    Reason.SILENT,
]
STOPS = {
    Reason.OBJECTED: EventKind.OBJECTED,
    Reason.WITHDRAWN: EventKind.WITHDRAWN,
    Reason.REFUSED: EventKind.REFUSED,
}
OF_ONE_HOLDER = ORDER[5:]


def book_with_everything() -> PurposeBook:
    """Own offers, that double opt-in, expiry, soft opt-in and a minimum age hold for."""
    book = shipped.purposes()
    offers = replace(book.purposes["own_offers"], minimum_age=18)
    return replace(book, purposes={"own_offers": offers})


BOOK = book_with_everything()


def holder_where(conditions: set[Reason]) -> Holder:
    """A holder for whom all these reasons hold at once."""
    said = []
    if conditions & {Reason.EXPIRED, Reason.UNCONFIRMED, Reason.SUPERSEDED, Reason.CONSENTED}:
        how = {
            "valid_at": LONG_AGO if Reason.EXPIRED in conditions else YESTERDAY,
            "method": Method.WEB_FORM if Reason.UNCONFIRMED in conditions else Method.PORTAL,
            "notice": NOTICE - 1 if Reason.SUPERSEDED in conditions else NOTICE,
        }
        said.append((EventKind.GIVEN, how))
    said += [(kind, {"valid_at": TODAY}) for reason, kind in STOPS.items() if reason in conditions]
    return Holder(
        state=told(*said) if said else None,
        restricted=Reason.RESTRICTED in conditions,
        age_at_least=None if Reason.UNDER_AGE in conditions else 18,
        **(BUYER if Reason.OTHER_GROUND in conditions else {}),
    )


def verdict_where(conditions: set[Reason]) -> Verdict:
    suppressed = [
        line for reason, line in ((Reason.BOUNCED, BOUNCE), (Reason.SUPPRESSED, COMPLAINT)) if reason in conditions
    ]
    facts = ContactFacts(
        holders=() if Reason.UNKNOWN in conditions else (holder_where(conditions),),
        suppressions=tuple(suppressed),
        well_formed=Reason.MALFORMED not in conditions,
    )
    purpose = "nothing" if Reason.UNKNOWN_PURPOSE in conditions else "own_offers"
    return decide(
        facts,
        prepare(
            BOOK,
            purpose=purpose,
            channel=Channel.EMAIL,
            at=NOW,
            country="DE",
            minimum_notice=NOTICE,
            opt_out_in_message=True,
        ),
    )


def test_the_order_names_every_reason_once():
    assert list(Reason) == ORDER


@pytest.mark.parametrize("reason", ORDER)
def test_each_condition_alone_is_the_reason(reason):
    assert verdict_where({reason}).reason is reason


@pytest.mark.parametrize(("earlier", "later"), list(combinations(ORDER, 2)))
def test_of_two_conditions_the_earlier_is_the_reason(earlier, later):
    assert verdict_where({earlier, later}).reason is earlier


def test_of_any_conditions_the_earliest_is_the_reason():
    for size in range(3, len(OF_ONE_HOLDER) + 1):
        for conditions in combinations(OF_ONE_HOLDER, size):
            assert verdict_where(set(conditions)).reason is conditions[0]


@pytest.mark.parametrize(("one", "other"), list(product(OF_ONE_HOLDER, repeat=2)))
def test_of_two_who_share_a_contact_the_least_permissive_wins(one, other):
    question = replace(ask(), minimum_age=18)
    verdict = decide(of(holder_where({one}), holder_where({other})), question)
    yes = {Reason.OTHER_GROUND, Reason.CONSENTED}
    if {one, other} <= yes:
        assert verdict.allowed
        assert verdict.reason is (Reason.CONSENTED if one is other is Reason.CONSENTED else Reason.OTHER_GROUND)
    else:
        assert verdict.reason is next(reason for reason in ORDER if reason in {one, other} - yes)


def test_a_yes_of_two_lasts_as_long_as_the_shorter():
    early, late = LONG_AGO + timedelta(days=1000), YESTERDAY
    both = of(*(Holder(told((EventKind.CONFIRMED, {"valid_at": at}))) for at in (late, early)))
    assert decide(both, ask()).valid_until == early.replace(year=early.year + 2)


# --- what no addition may do


def allowed(facts: ContactFacts, question: Question) -> bool:
    return decide(facts, question).allowed


@given(contacts, suppressions, questions)
def test_a_further_suppression_never_turns_no_into_yes(facts, suppression, question):
    more = facts._replace(suppressions=(*facts.suppressions, suppression))
    assert allowed(more, question) <= allowed(facts, question)


@given(contacts.filter(lambda facts: facts.holders), holders, questions)
def test_a_further_holder_never_turns_no_into_yes(facts, holder, question):
    more = facts._replace(holders=(*facts.holders, holder))
    assert allowed(more, question) <= allowed(facts, question)


@given(histories(), holders, st.sampled_from(sorted(STOPS)), questions)
def test_a_further_no_is_always_a_no(history, holder, reason, question):
    last = max((one.sequence for one in history), default=0) + 1
    folded = fold([*history, event(STOPS[reason], last)])
    assert not allowed(of(holder._replace(state=folded.state)), question)


@given(contacts, questions)
def test_restriction_is_always_a_no(facts, question):
    restricted = tuple(holder._replace(restricted=True) for holder in facts.holders)
    assert not allowed(facts._replace(holders=restricted), question)


@given(st.lists(suppressions, max_size=2).map(tuple), questions)
def test_an_unknown_contact_is_always_a_no(suppressed, question):
    assert not allowed(ContactFacts((), suppressed), question)


@given(contacts, questions)
def test_a_yes_names_its_ground_and_has_not_ended_and_a_no_names_none(facts, question):
    verdict = decide(facts, question)
    assert verdict.allowed == (verdict.ground is not None) == (verdict.word is Word.OK)
    if verdict.allowed:
        assert verdict.valid_until is None or verdict.valid_until > question.at


@given(contacts, st.randoms(use_true_random=False), questions)
def test_the_order_of_holders_and_suppressions_does_not_matter(facts, random, question):
    mixed = ContactFacts(
        tuple(random.sample(facts.holders, len(facts.holders))),
        tuple(random.sample(facts.suppressions, len(facts.suppressions))),
        facts.well_formed,
    )
    one, other = decide(facts, question), decide(mixed, question)
    assert (one.allowed, one.reason, one.valid_until) == (other.allowed, other.reason, other.valid_until)


@given(contacts, questions)
def test_without_a_consent_or_a_recorded_ground_the_answer_is_no(facts, question):
    bare = tuple(Holder(country=one.country, age_at_least=one.age_at_least) for one in facts.holders)
    assert not allowed(facts._replace(holders=bare), question)


# --- consent


def test_a_yes_tells_ground_end_notice_event_and_citation():
    verdict = decide(of(Holder(told(GRANTED), country="GB")), ask())
    until = YESTERDAY.replace(year=YESTERDAY.year + 2)
    assert verdict[:6] == (True, Reason.CONSENTED, Ground.CONSENT, until, NOTICE, UUID(int=1))
    assert verdict.basis is not None
    assert "reg. 22(2)" in verdict.basis.citation


def test_a_no_by_the_person_names_the_event():
    verdict = decide(of(Holder(told(GRANTED, (EventKind.WITHDRAWN, {})))), ask())
    assert verdict.event == UUID(int=2)


def test_consent_counts_in_a_country_that_no_jurisdiction_names():
    verdict = decide(of(Holder(told(GRANTED), country="KZ")), ask(country="KZ"))
    assert (verdict.ground, verdict.basis) == (Ground.CONSENT, None)


def test_consent_ends_at_the_instant_its_period_is_over_and_not_before():
    given_at = datetime(2024, 2, 29, 9, tzinfo=UTC)
    holder = Holder(told((EventKind.CONFIRMED, {"valid_at": given_at})))
    end = datetime(2026, 2, 28, 9, tzinfo=UTC)
    assert decide(of(holder), ask(at=end - timedelta(microseconds=1))).valid_until == end
    assert decide(of(holder), ask(at=end)).reason is Reason.EXPIRED


def test_consent_without_a_period_never_lapses_by_itself():
    verdict = decide(of(Holder(told((EventKind.CONFIRMED, {"valid_at": LONG_AGO})))), ask("newsletter"))
    assert (verdict.allowed, verdict.valid_until) == (True, None)


def test_a_web_form_counts_once_the_holder_has_confirmed():
    form = (EventKind.GIVEN, {"valid_at": YESTERDAY})
    assert decide(of(Holder(told(form))), ask()).reason is Reason.UNCONFIRMED
    assert decide(of(Holder(told(form, (EventKind.CONFIRMED, {"valid_at": TODAY})))), ask()).allowed


def test_what_was_confirmed_counts_on_while_a_newer_form_waits_for_confirmation():
    state = told((EventKind.CONFIRMED, {"valid_at": YESTERDAY}), (EventKind.GIVEN, {"valid_at": TODAY}))
    assert decide(of(Holder(state)), ask()).event == UUID(int=1)
    assert decide(of(Holder(state)), ask(channel=Channel.POST)).event == UUID(int=2)


def test_double_opt_in_is_asked_only_by_channels_that_can_answer():
    form = Holder(told((EventKind.GIVEN, {"valid_at": YESTERDAY})))
    assert decide(of(form), ask(channel=Channel.POST)).allowed


def test_a_claimed_consent_is_no_consent():
    for lacking in ("valid_at", "notice"):
        claim = Holder(told((EventKind.GIVEN, {"valid_at": YESTERDAY, "method": Method.PAPER, lacking: None})))
        assert decide(of(claim), ask(channel=Channel.POST)).reason is Reason.UNCONFIRMED


def test_a_consent_dated_later_than_the_question_does_not_count_yet():
    holder = Holder(told((EventKind.CONFIRMED, {"valid_at": NOW + timedelta(seconds=1)})))
    assert decide(of(holder), ask()).reason is Reason.UNCONFIRMED


def test_a_consent_that_nothing_shows_is_unconfirmed():
    assert decide(of(Holder(ConsentState(Standing.GIVEN))), ask()).reason is Reason.UNCONFIRMED


def test_only_a_material_change_of_the_notice_asks_anew():
    holder = Holder(told(GRANTED))
    assert decide(of(holder), ask(minimum_notice=NOTICE)).allowed
    assert decide(of(holder), ask(minimum_notice=NOTICE + 1)).reason is Reason.SUPERSEDED


def test_asking_for_consent_takes_no_other_ground_away():
    asked = Holder(told((EventKind.REQUESTED, {})), **BUYER)
    assert decide(of(asked), ask()).ground is Ground.SOFT_OPT_IN


@pytest.mark.parametrize(("age", "expected"), [(None, False), (0, False), (15, False), (16, True), (21, True)])
def test_a_minimum_age_is_reached_at_that_age_and_an_unknown_age_is_too_young(age, expected):
    holder = Holder(told(GRANTED), age_at_least=age)
    assert decide(of(holder), ask("birthday")).allowed is expected


# --- suppression


def offers_and_service(suppression: Suppression) -> tuple[bool, bool]:
    holder = Holder(told(GRANTED), kept_on=Ground.CONTRACT)
    facts = of(holder, suppressed=(suppression,))
    return allowed(facts, ask()), allowed(facts, ask("service"))


@pytest.mark.parametrize(
    ("scope", "purpose", "expected"),
    [
        (Scope.ADVERTISING, None, (False, True)),
        (Scope.EVERYTHING, None, (False, False)),
        (Scope.PURPOSE, "own_offers", (False, True)),
        (Scope.PURPOSE, "service", (True, False)),
        (Scope.PURPOSE, "newsletter", (True, True)),
    ],
)
def test_a_suppression_covers_its_scope_and_no_more(scope, purpose, expected):
    reason = SuppressionReason.DO_NOT_CONTACT
    assert offers_and_service(Suppression(scope, purpose, reason, TODAY)) == expected


@pytest.mark.parametrize(
    ("reason", "lifted"),
    [
        (SuppressionReason.ERASED, True),
        (SuppressionReason.UNSUBSCRIBED, True),
        (SuppressionReason.COMPLAINT, False),
        (SuppressionReason.HARD_BOUNCE, False),
        (SuppressionReason.DO_NOT_CONTACT, False),
    ],
)
def test_a_fresh_confirmed_consent_brings_back_who_was_erased_or_had_unsubscribed(reason, lifted):
    suppressed = (Suppression(Scope.EVERYTHING, None, reason, YESTERDAY),)
    fresh = Holder(told((EventKind.CONFIRMED, {"valid_at": TODAY})), **BUYER)
    assert allowed(of(fresh, suppressed=suppressed), ask()) is lifted
    assert not allowed(of(fresh, suppressed=suppressed), ask("service"))


@pytest.mark.parametrize(
    "said",
    [
        (EventKind.CONFIRMED, {"valid_at": YESTERDAY}),
        (EventKind.CONFIRMED, {"valid_at": YESTERDAY + timedelta(seconds=1)}),
        (EventKind.CONFIRMED, {"valid_at": LONG_AGO}),
        (EventKind.GIVEN, {"valid_at": TODAY, "method": Method.WEB_FORM}),
        (EventKind.GIVEN, {"valid_at": TODAY, "method": Method.IMPORT}),
    ],
)
def test_an_old_or_unconfirmed_consent_lifts_nothing(said):
    erased = Suppression(Scope.EVERYTHING, None, SuppressionReason.ERASED, YESTERDAY)
    assert decide(of(Holder(told(said)), suppressed=(erased,)), ask(channel=Channel.POST)).reason is Reason.SUPPRESSED


def test_who_shares_the_contact_of_one_erased_must_come_back_too():
    erased = Suppression(Scope.EVERYTHING, None, SuppressionReason.ERASED, YESTERDAY)
    fresh = Holder(told((EventKind.CONFIRMED, {"valid_at": TODAY})))
    before = Holder(told((EventKind.CONFIRMED, {"valid_at": LONG_AGO + timedelta(days=1200)})))
    assert decide(of(fresh, before, suppressed=(erased,)), ask()).reason is Reason.SUPPRESSED


# --- other grounds


def ground_of(holder: Holder, purpose: str = "own_offers", channel: Channel = Channel.EMAIL, **more) -> Ground | None:
    return decide(of(holder), ask(purpose, channel, **more)).ground


def test_soft_opt_in_needs_a_recent_sale_and_a_way_to_refuse_then_and_in_every_message():
    assert ground_of(Holder(**BUYER)) is Ground.SOFT_OPT_IN
    assert ground_of(Holder(**BUYER), channel=Channel.SMS) is Ground.SOFT_OPT_IN
    assert ground_of(Holder(sale_at=YESTERDAY)) is None
    assert ground_of(Holder(opt_out_offered_at=YESTERDAY)) is None
    assert ground_of(Holder(sale_at=LONG_AGO, opt_out_offered_at=LONG_AGO)) is None
    assert ground_of(Holder(**BUYER), opt_out_in_message=False) is None
    assert ground_of(Holder(sale_at=NOW + timedelta(days=1), opt_out_offered_at=YESTERDAY)) is None
    assert ground_of(Holder(sale_at=YESTERDAY, opt_out_offered_at=NOW + timedelta(days=1))) is None


def test_a_consent_counts_from_its_very_instant_and_a_sale_until_its_period_is_over():
    given = Holder(told((EventKind.GIVEN, {"valid_at": NOW, "method": Method.PORTAL})))
    assert ground_of(given) is Ground.CONSENT
    over = ask().sale_within.after(YESTERDAY)
    assert ground_of(Holder(**BUYER), at=over - timedelta(microseconds=1)) is Ground.SOFT_OPT_IN
    assert ground_of(Holder(**BUYER), at=over) is None


def test_soft_opt_in_is_for_own_similar_goods_by_electronic_mail():
    assert ground_of(Holder(**BUYER), "newsletter") is None
    for channel in (Channel.PHONE, Channel.MESSENGER, Channel.PUSH, Channel.AUDIENCE):
        assert ground_of(Holder(**BUYER), channel=channel) is None


@pytest.mark.parametrize("abroad", ["RU", "UA", "BR", "KZ", "US"])
def test_a_ground_must_hold_where_the_controller_is_and_where_the_person_is(abroad):
    assert ground_of(Holder(**BUYER, country=abroad)) is None
    assert ground_of(Holder(**BUYER, country="DE"), country=abroad) is None
    assert ground_of(Holder(**BUYER), country=abroad) is None
    assert ground_of(Holder(**BUYER, country="GB")) is Ground.SOFT_OPT_IN


def test_the_citation_is_that_of_the_persons_country():
    verdict = decide(of(Holder(**BUYER, country="GB")), ask())
    assert verdict.basis is shipped.purposes().bases["uk_soft_opt_in"]


def test_offers_by_post_rest_on_legitimate_interest_towards_buyers_only():
    assert ground_of(Holder(sale_at=YESTERDAY), channel=Channel.POST) is Ground.LEGITIMATE_INTEREST
    assert ground_of(Holder(kept_on=Ground.LEGITIMATE_INTEREST), channel=Channel.POST) is None
    assert ground_of(Holder(sale_at=LONG_AGO), channel=Channel.POST) is None
    objected = Holder(told((EventKind.OBJECTED, {})), sale_at=YESTERDAY)
    assert decide(of(objected), ask(channel=Channel.POST)).reason is Reason.OBJECTED


@pytest.mark.parametrize("country", ["DE", "GB", "RU", "UA", "BR"])
def test_service_messages_go_to_buyers_and_to_whom_the_law_names(country):
    assert ground_of(Holder(sale_at=LONG_AGO), "service", country=country) is Ground.CONTRACT
    assert ground_of(Holder(kept_on=Ground.CONTRACT), "service", country=country) is Ground.CONTRACT
    assert ground_of(Holder(kept_on=Ground.LEGAL_DUTY), "service", country=country) is Ground.LEGAL_DUTY
    assert ground_of(Holder(), "service", country=country) is None
    assert ground_of(Holder(kept_on=Ground.CONSENT), "service", country=country) is None


def test_a_purpose_that_asks_no_consent_heeds_refusals_only():
    buyer = {"sale_at": YESTERDAY}
    for said in (GRANTED, (EventKind.GIVEN, {"notice": None})):
        assert ground_of(Holder(told(said), **buyer), "service") is Ground.CONTRACT
    assert ground_of(Holder(told((EventKind.WITHDRAWN, {})), **buyer), "service") is None


def test_a_channel_that_the_purpose_does_not_use_is_a_no():
    everything = Holder(told(GRANTED), kept_on=Ground.CONTRACT, **BUYER)
    assert decide(of(everything), ask("newsletter", Channel.PHONE)).reason is Reason.UNKNOWN_PURPOSE


# --- the public words


def test_every_reason_has_one_of_four_public_words():
    assert {reason: word.value for reason, word in WORDS.items()} == {
        Reason.UNKNOWN_PURPOSE: "no_ground",
        Reason.MALFORMED: "invalid",
        Reason.UNKNOWN: "no_ground",
        Reason.SUPPRESSED: "opted_out",
        Reason.BOUNCED: "invalid",
        Reason.RESTRICTED: "no_ground",
        Reason.OBJECTED: "opted_out",
        Reason.WITHDRAWN: "opted_out",
        Reason.REFUSED: "opted_out",
        Reason.EXPIRED: "no_ground",
        Reason.UNCONFIRMED: "no_ground",
        Reason.SUPERSEDED: "no_ground",
        Reason.UNDER_AGE: "no_ground",
        Reason.CONSENTED: "ok",
        Reason.OTHER_GROUND: "ok",
        Reason.SILENT: "no_ground",
    }


def test_a_row_read_from_a_table_is_facts_as_it_stands():
    grant = Grant(YESTERDAY, NOTICE, UUID(int=1))
    row = (ConsentState._make(("given", YESTERDAY, UUID(int=1), grant, grant)), False, "DE", None, None, None, None)
    assert not decide(of(Holder._make(row)), ask()).allowed, "a standing that is no member is no yes"
    known = row[0]._replace(standing=Standing("given"))
    assert decide(of(Holder._make((known, *row[1:]))), ask()).allowed
