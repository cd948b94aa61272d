"""The purposes shipped hold together, and a wrong document says where it is wrong."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies import shipped
from governance.policies.documents import DocumentError, parse
from governance.policies.periods import Period, parse_period
from governance.policies.purposes import Channel, Ground, parse_purposes, problems

BOOK = shipped.purposes()


def test_the_purposes_that_a_controller_starts_with():
    advertising = {key for key, purpose in BOOK.purposes.items() if purpose.advertising}
    assert advertising == {"newsletter", "own_offers", "birthday", "personalisation", "surveys", "third_parties"}
    assert set(BOOK.purposes) - advertising == {"service"}


@pytest.mark.parametrize("purpose", BOOK.purposes.values(), ids=lambda purpose: purpose.key)
def test_every_channel_of_a_purpose_has_a_basis_to_cite_in_every_jurisdiction(purpose):
    for jurisdiction in BOOK.jurisdictions.values():
        for channel in purpose.channels:
            grounds = {basis.ground for basis in purpose.bases_for(channel, jurisdiction)}
            assert (Ground.CONSENT if purpose.asks_consent else Ground.CONTRACT) in grounds


def test_every_basis_is_used():
    used = {basis.key for purpose in BOOK.purposes.values() for basis, _ in purpose.bases}
    assert used == set(BOOK.bases)


@pytest.mark.parametrize("country", ["RU", "UA"])
def test_russia_and_ukraine_know_advertising_with_consent_only(country):
    jurisdiction = BOOK.by_country[country]
    assert not jurisdiction.soft_opt_in
    for purpose in BOOK.purposes.values():
        for channel in purpose.channels:
            grounds = {basis.ground for basis in purpose.bases_for(channel, jurisdiction)}
            assert not purpose.advertising or grounds == {Ground.CONSENT}


def test_soft_opt_in_is_for_own_offers_by_electronic_mail():
    found = {
        (purpose.key, channel)
        for purpose in BOOK.purposes.values()
        for basis, channels in purpose.bases
        for channel in channels
        if basis.ground is Ground.SOFT_OPT_IN
    }
    assert found == {("own_offers", Channel.EMAIL), ("own_offers", Channel.SMS)}


HEAD = b"""
jurisdictions:
  eu: {titles: {en: x, ru: x, uk: x}, countries: [DE], soft_opt_in: true}
  ru: {titles: {en: x, ru: x, uk: x}, countries: [RU], soft_opt_in: false}
bases:
  yes: {ground: consent, jurisdiction: eu, citation: c, verified: true}
  deal: {ground: contract, jurisdiction: eu, citation: c, verified: true}
  soft: {ground: soft_opt_in, jurisdiction: eu, citation: c, verified: true}
  weighed: {ground: legitimate_interest, jurisdiction: eu, citation: c, verified: true}
  soft_ru: {ground: soft_opt_in, jurisdiction: ru, citation: c, verified: false}
purposes:
  news:
    titles: {en: x, ru: x, uk: x}
    descriptions: {en: x, ru: x, uk: x}
    categories: [user.contact]
"""
GOOD = HEAD + b"    channels: [email]\n    advertising: true\n    bases: {yes: [email]}\n"


def test_a_document_is_read_as_it_stands():
    book = parse_purposes(GOOD, name="x.yaml", categories=shipped.categories())
    purpose = book.purposes["news"]
    assert (purpose.channels, purpose.advertising, purpose.third_parties) == (frozenset({Channel.EMAIL}), True, False)
    assert (purpose.valid_for, purpose.minimum_age, purpose.double_opt_in) == (None, None, frozenset())
    assert purpose.bases == ((book.bases["yes"], frozenset({Channel.EMAIL})),)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (b"citation: c, verified: true", b"verified: true", "bases.yes: the key 'citation' is missing"),
        (b"jurisdiction: eu", b"jurisdiction: us", "bases.yes.jurisdiction: 'us' is no jurisdiction"),
        (b"ground: consent", b"ground: hope", "bases.yes.ground: 'hope' is none of consent, contract"),
        (b"countries: [RU]", b"countries: [DE]", "jurisdictions.ru: DE belongs to the jurisdiction 'eu' already"),
        (b"countries: [RU]", b"countries: [ru]", "jurisdictions.ru.countries[0]: must be two capital letters"),
        (b"bases: {yes: [email]}", b"bases: {no: [email]}", "purposes.news.bases.no: is no basis"),
        (b"bases: {yes: [email]}", b"bases: {yes: [fax]}", "purposes.news.bases.yes[0]: 'fax' is none of email"),
        (b"bases: {yes: [email]}", b"bases: {yes: [sms]}", "purposes.news: a basis holds for channels of the purpose"),
        (b"bases: {yes: [email]}", b"bases: {yes: []}", "purposes.news: a basis holds for channels of the purpose"),
        (b"bases: {yes: [email]}", b"bases: {}", "purposes.news: a purpose rests on at least one basis"),
        (b"channels: [email]", b"channels: []", "purposes.news: a purpose has at least one channel"),
        (b"  news:", b"  News:", "purposes.News: a key is at most 50 lower-case letters"),
        (b"[user.contact]", b"[user.shoes]", "purposes.news: the category 'user.shoes' is not known"),
        (b"advertising: true", b"advertising: maybe", "purposes.news.advertising: must be true or false"),
        (
            b"advertising: true",
            b"advertising: true\n    valid_for: 2 years",
            "purposes.news.valid_for: must be a period",
        ),
        (b"advertising: true", b"advertising: true\n    valid_for: P0D", "purposes.news.valid_for: must be longer"),
        (b"advertising: true", b"advertising: true\n    minimum_age: 0", "purposes.news.minimum_age: must be a whole"),
        (b"advertising: true", b"advertising: true\n    double_opt_in: [sms]", "purposes.news: double opt-in is asked"),
        (b"{yes: [email]}", b"{deal: [email]}", "purposes.news: advertising never rests on a contract"),
        (b"{yes: [email]}", b"{soft: [email]}", "purposes.news: soft opt-in is for advertising of one's own"),
        (
            b"advertising: true\n    bases: {yes: [email]}",
            b"advertising: true\n    own_goods: true\n    bases: {soft_ru: [email]}",
            "purposes.news: the jurisdiction 'ru' has no soft opt-in",
        ),
        (
            b"[email]\n    advertising: true\n    bases: {yes: [email]}",
            b"[email, phone]\n    advertising: true\n    own_goods: true\n    bases: {soft: [email, phone]}",
            "purposes.news: soft opt-in is for e-mail and SMS only",
        ),
        (b"{yes: [email]}", b"{weighed: [email]}", "purposes.news: advertising by electronic mail rests on consent"),
        (
            b"advertising: true\n    bases: {yes: [email]}",
            b"advertising: false\n    third_parties: true\n    bases: {deal: [email]}",
            "purposes.news: handing data to others rests on consent alone",
        ),
        (
            b"[user.contact]\n    channels: [email]\n    advertising: true\n    bases: {yes: [email]}",
            b"[user.biometric]\n    channels: [email]\n    advertising: false\n    bases: {deal: [email]}",
            "purposes.news: special categories of data are used on consent alone",
        ),
    ],
)
def test_a_purpose_that_breaks_a_rule_is_refused_with_its_key(was, becomes, said):
    assert was in GOOD
    with pytest.raises(DocumentError) as caught:
        parse_purposes(GOOD.replace(was, becomes, 1), name="x.yaml", categories=shipped.categories())
    assert str(caught.value).startswith(f"x.yaml: {said}")


def test_a_purpose_defined_at_run_time_keeps_the_same_rules():
    known = {"jurisdictions": BOOK.jurisdictions, "categories": shipped.categories()}
    service = BOOK.purposes["service"]
    assert problems(service, **known) == []
    assert problems(replace(service, advertising=True), **known) == [
        "advertising never rests on a contract or a legal duty"
    ]


# --- periods


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("P1M", (2026, 1, 31), (2026, 2, 28)),
        ("P1Y", (2024, 2, 29), (2025, 2, 28)),
        ("P4Y", (2024, 2, 29), (2028, 2, 29)),
        ("P18M", (2026, 8, 15), (2028, 2, 15)),
        ("P1Y1M", (2026, 12, 31), (2028, 1, 31)),
        ("P30D", (2026, 2, 1), (2026, 3, 3)),
        ("P2W", (2026, 2, 20), (2026, 3, 6)),
        ("P1M1D", (2026, 1, 31), (2026, 3, 1)),
    ],
)
def test_a_period_ends_on_the_same_numbered_day_or_the_last_of_the_month(period, since, until):
    read = parse_period(parse(f"p: {period}".encode(), name="x").entries()["p"])
    assert read.after(datetime(*since, 8, 30, tzinfo=UTC)) == datetime(*until, 8, 30, tzinfo=UTC)


@given(
    st.builds(Period, months=st.integers(0, 600), days=st.integers(0, 4000)).filter(lambda period: period != Period())
)
def test_a_period_is_read_as_it_is_written(period):
    assert parse_period(parse(f"p: {period}".encode(), name="x").entries()["p"]) == period


@pytest.mark.parametrize("words", ["P", "2Y", "P1.5Y", "PT1H", "P1D1M", "-P1D", "P٢Y"])
def test_what_is_no_period_is_refused(words):
    with pytest.raises(DocumentError, match="must be a period"):
        parse_period(parse(f"p: '{words}'".encode(), name="x").entries()["p"])
