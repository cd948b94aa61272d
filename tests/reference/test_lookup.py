"""Laws and countries as shipped."""

import phonenumbers
import pytest

from governance.policies.documents import DocumentError
from governance.reference.lookup import countries, laws, parse_countries, parse_laws
from governance.reference.record import zones


def test_the_laws_of_the_plan_are_shipped_with_their_citations():
    assert set(laws()) == {"gdpr", "uk_gdpr", "ru_152fz", "ua_2297", "ccpa", "lgpd"}
    for law in laws().values():
        assert law.citation
        assert law.verified


def test_every_proposal_for_a_country_can_be_kept():
    for code, country in countries().items():
        assert code in phonenumbers.SUPPORTED_REGIONS
        assert country.zone in zones(), code
        assert country.laws, code


@pytest.mark.parametrize(("code", "law"), [("RU", "ru_152fz"), ("UA", "ua_2297"), ("NO", "gdpr"), ("GB", "uk_gdpr")])
def test_a_country_proposes_its_own_law(code, law):
    assert countries()[code].laws == (law,)


def test_the_general_regulation_is_proposed_for_the_whole_economic_area():
    under = {code for code, country in countries().items() if "gdpr" in country.laws}
    assert len(under) == 30
    assert {"IS", "LI", "NO"} < under


def test_a_country_under_an_unknown_law_is_refused_with_its_place():
    with pytest.raises(DocumentError, match=r"c\.yaml: countries\.XX\.laws\[0\]: the law 'moon' is not known"):
        parse_countries(b"countries: {XX: {zone: UTC, language: en, laws: [moon]}}", name="c.yaml", known_laws=laws())


def test_a_law_says_whether_its_citation_was_checked():
    with pytest.raises(DocumentError, match="the key 'verified' is missing"):
        parse_laws(b"laws: {x: {titles: {en: a, ru: a, uk: a}, citation: a}}", name="l.yaml")
