"""Purposes and notices: versions that rule from their day on, and are never changed."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from governance.consent import operations as consent
from governance.consent import terms
from governance.consent.codes import NoticeKind
from governance.consent.errors import NoticeOrderError, UnknownPurposeError
from governance.consent.notices import NoticeText
from governance.customers.records import Json
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from governance.kernel.ids import uuid4
from governance.kernel.work import SYSTEM, Actor, ActorKind, Work, open_work
from governance.policies import shipped
from governance.reference.operations import ProtectionOfficer, set_controller
from tests.conftest import NOW
from tests.factories.saying import TEXTS, notice

DAY = timedelta(days=1)
TITLES: dict[str, Json] = {"en": "Raffle", "ru": "Розыгрыш", "uk": "Розіграш"}
RAFFLE: dict[str, Json] = {
    "titles": TITLES,
    "descriptions": TITLES,
    "channels": ["email"],
    "advertising": True,
    "categories": ["user.contact"],
    "bases": {"eu_consent": ["email"]},
}


def test_the_shipped_purposes_are_there_from_the_start(work: Work) -> None:
    assert consent.book(work) is shipped.purposes()
    assert {one.version for one in consent.purposes(work)} == {0}


def test_a_version_of_a_purpose_rules_from_its_day_on(work: Work) -> None:
    made = consent.publish_purpose(work, key="raffle", document=RAFFLE, effective_from=NOW + DAY)
    assert made.version == 1
    assert "raffle" not in consent.book(work).purposes
    assert "raffle" in consent.book(work, NOW + DAY).purposes
    assert consent.book(work, NOW + DAY) is consent.book(work, NOW + 2 * DAY)
    assert "raffle" not in {one.purpose.key for one in consent.purposes(work)}


def test_a_shipped_purpose_can_be_changed_and_keeps_its_past(work: Work) -> None:
    consent.publish_purpose(work, key="newsletter", document=RAFFLE)
    assert consent.book(work).purposes["newsletter"].titles.en == "Raffle"
    assert consent.book(work, NOW - DAY).purposes["newsletter"].titles.en == "Newsletter"
    assert [one.version for one in consent.purpose_versions(work, key="newsletter")] == [0, 1]


def test_a_purpose_that_breaks_a_rule_is_sent_back_with_its_place(work: Work) -> None:
    with pytest.raises(InvalidError) as refused:
        consent.publish_purpose(work, key="raffle", document={**RAFFLE, "channels": ["pigeon"]})
    assert list(refused.value.errors) == ["document.channels[0]"]
    with pytest.raises(InvalidError):
        consent.publish_purpose(work, key="No key", document=RAFFLE)
    with pytest.raises(InvalidError) as special:
        consent.publish_purpose(work, key="raffle", document={**RAFFLE, "bases": {"eu_soft_opt_in": ["email"]}})
    assert "soft opt-in" in special.value.errors["document"][0]


def test_notices_are_numbered_and_tell_their_digest(work: Work) -> None:
    first, second = notice(work), notice(work)
    assert (first.version.version, second.version.version) == (1, 2)
    read = consent.notice(work, kind=NoticeKind.CONSENT, key="newsletter", version=2)
    assert read.texts == TEXTS
    said = TEXTS["uk"]
    assert read.texts["uk"].digest == sha256(f"{said.title}\n{said.body}".encode()).digest()


def test_consents_count_from_the_last_material_version_in_force(work: Work) -> None:
    assert consent.minimum_notice(work, purpose="newsletter") == 0
    notice(work, material=False)
    assert consent.minimum_notice(work, purpose="newsletter") == 1
    notice(work, material=False)
    assert consent.minimum_notice(work, purpose="newsletter") == 1
    notice(work, begins=NOW + DAY)
    assert consent.minimum_notice(work, purpose="newsletter") == 1
    assert consent.minimum_notice(work, purpose="newsletter", at=NOW + DAY) == 3
    in_force = consent.notice_in_force(work, kind=NoticeKind.CONSENT, key="newsletter")
    assert in_force is not None
    assert in_force.version == 2


def test_versions_rule_in_the_order_of_their_numbers_and_never_backwards(work: Work) -> None:
    notice(work, begins=NOW + DAY)
    with pytest.raises(NoticeOrderError):
        notice(work)
    with pytest.raises(InvalidError):
        notice(work, begins=NOW - DAY)


@pytest.mark.parametrize(
    "texts",
    [{}, {"english": TEXTS["en"]}, {"en": NoticeText("", "words")}, {"en": NoticeText("Partners", "⟦which⟧")}],
)
def test_a_notice_without_proper_words_is_not_published(work: Work, texts: dict[str, NoticeText]) -> None:
    with pytest.raises(InvalidError) as refused:
        consent.publish_notice(work, kind=NoticeKind.PRIVACY, key="privacy", texts=texts, material=True)
    assert list(refused.value.errors) == ["texts"]


def test_a_consent_notice_belongs_to_a_purpose(work: Work) -> None:
    with pytest.raises(UnknownPurposeError):
        notice(work, "nothing")
    with pytest.raises(NotFoundError):
        consent.notice(work, kind=NoticeKind.CONSENT, key="newsletter", version=1)


@pytest.mark.parametrize("change", ["UPDATE notice_text SET body = 'more'", "DELETE FROM notice_version"])
def test_the_database_lets_nobody_change_what_was_published(work: Work, change: str) -> None:
    notice(work)
    with pytest.raises(ProgrammingError, match=r"refused|permission denied"):
        work.session.execute(text(change))


def test_only_who_configures_consents_publishes(work: Work) -> None:
    nobody = replace(work, actor=Actor(ActorKind.CLIENT, uuid4(), frozenset({"consent:record"})))
    with pytest.raises(ForbiddenError):
        notice(nobody)
    with pytest.raises(ForbiddenError):
        consent.publish_purpose(nobody, key="raffle", document=RAFFLE)


def test_what_is_published_is_known_at_once_here_and_soon_elsewhere(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        assert consent.notices(work) == []
        notice(work)
    with open_work(fresh_database, SYSTEM) as work:
        (known,) = consent.notices(work)
    with open_work(fresh_database, SYSTEM) as work:
        assert consent.notices(work)[0] is known  # kept at hand
    monkeypatch.setattr(terms, "TTL_SECONDS", -1.0)
    with open_work(fresh_database, SYSTEM) as work:
        consent.notices(work)
        assert consent.notices(work)[0] is known  # read again, and the same


def test_what_was_published_in_a_transaction_that_failed_is_not_known(fresh_database: Database) -> None:
    def publish_and_fail() -> None:
        with open_work(fresh_database, SYSTEM) as work:
            notice(work)
            assert len(consent.notices(work)) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        publish_and_fail()
    with open_work(fresh_database, SYSTEM) as work:
        assert consent.notices(work) == []


def test_drafts_name_the_controller_and_cover_every_purpose_that_asks(work: Work) -> None:
    set_controller(
        work,
        legal_name="Demonstration Shop",
        address="1 Example Street,\nBerlin",
        country="DE",
        officer=ProtectionOfficer(name="Someone", email="privacy@example.org"),
    )
    found = consent.drafts(work)
    asking = {key for key, purpose in shipped.purposes().purposes.items() if purpose.asks_consent}
    assert {one.key for one in found if one.kind is NoticeKind.CONSENT} == asking
    for one in found:
        assert set(one.texts) == {"en", "ru", "uk"}
        for words in one.texts.values():
            assert "Demonstration Shop, 1 Example Street, Berlin" in words.body
            assert "privacy@example.org" in words.body
            assert "Someone" not in words.body
            assert "{" not in words.title + words.body
    assert {one.key for one in found if one.has_blanks} == {"third_parties", "privacy"}


def test_a_draft_without_blanks_can_be_published_as_it_is(work: Work) -> None:
    set_controller(work, legal_name="Demonstration Shop", address="1 Example Street, Berlin", country="DE")
    for one in consent.drafts(work):
        if not one.has_blanks:
            consent.publish_notice(work, kind=one.kind, key=one.key, texts=one.texts, material=True)
    in_force = {one.key for one in consent.drafts(work) if one.in_force is not None}
    assert in_force == {"newsletter", "own_offers", "birthday", "personalisation", "surveys"}
