"""Warnings: whoever can be reached is told before, may stay by one button, and is erased only after the days of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from governance.consent import operations as consent
from governance.consent.errors import SpentTokenError
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import RestrictionReason
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages import operations as messages
from governance.messages.outbox import lend, settle
from governance.messages.texts import render
from governance.messages.transport import Attempt, Ending
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.purposes import Channel
from governance.retention import operations as retention
from governance.vault.keyring import Keyring
from tests.conftest import NOW, lent_store, open_database
from tests.factories.customers import email, origin, person
from tests.factories.keeping import Keeping, document
from tests.factories.saying import mail
from tests.retention.stores import copied, prepared
from tests.stores import Store, Stores

OLD = datetime(2024, 1, 10, tzinfo=UTC)
BASE = "https://privacy.example.org"


@pytest.fixture(scope="module")
def kept(
    server_url: str, template: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stores, Keyring]]:
    folder = tmp_path_factory.mktemp("warning")
    with prepared(server_url, template, folder, lambda store: store.force("inactive_customers")) as found:
        yield found


@pytest.fixture
def store(kept: tuple[Stores, Keyring], tmp_path: Path) -> Iterator[Keeping]:
    """A store in which people go two years after they were active last."""
    with lent_store(kept[0]) as lent:
        yield Keeping(open_database(lent, copied(kept[1], tmp_path)))


def someone(store: Keeping, *, address: str | None = "anna@example.org") -> SubjectId:
    contacts = () if address is None else (email(address),)
    [made] = store.do(lambda work: create_people(work, [person(contacts=contacts)], origin=origin()))
    store.seen({made: OLD})
    return made


def warn(store: Keeping) -> int:
    return store.do(lambda work: retention.warn_next(work, base_url=BASE))


def links(store: Keeping) -> list[str]:
    """Tokens in the mails that wait."""

    def read(work: Work) -> list[str]:
        found = []
        while (lent := lend(work, channels=list(messages.Line))) is not None:
            assert lent.template is messages.Template.RETENTION_WARNING
            found.append(str(lent.values["link"]).removeprefix(f"{BASE}/keep/"))
        return found

    return store.do(read)


def test_whoever_can_be_reached_is_erased_only_after_the_days_of_warning(store: Keeping) -> None:
    someone(store)
    assert store.run().parts[0].people == 0

    assert warn(store) == 1
    store.clock.at = NOW + timedelta(days=30)
    assert store.run().parts[0].people == 0

    store.clock.at = NOW + timedelta(days=31)
    assert store.run().parts[0].people == 1
    assert store.count("person") == 0
    assert store.count("retention_warning") == 0


def test_nobody_is_warned_whose_data_may_only_be_stored(store: Keeping) -> None:
    anna = someone(store)
    store.do(lambda work: customers.restrict(work, subject=anna, reason=RestrictionReason.NEEDED_FOR_CLAIMS))

    assert warn(store) == 0


def test_a_warning_that_is_only_written_into_a_file_lets_nobody_be_kept_longer(store: Keeping) -> None:
    someone(store)
    warn(store)
    lent = store.do(lambda work: lend(work, channels=list(messages.Line)))
    assert lent is not None
    store.do(lambda work: settle(work, message=lent.id, attempt=Attempt(Ending.WRITTEN)))
    assert store.count("message WHERE state = 'written'") == 1

    store.clock.at = NOW + timedelta(days=30)
    assert store.run().parts[0].people == 0, "a server may be set meanwhile"
    store.clock.at = NOW + timedelta(days=31)

    assert store.run().parts[0].people == 1, "whoever cannot be reached goes on time"
    assert store.count("message WHERE ended_at IS NULL") == 0


ANONYMISE = document(
    "inactive_customers",
    """applies_to: {subject: true}
clock: last_activity
keep: P24M
action: anonymise
warning_days: 30
citation: decided
verified: true""",
)
WORDS = {
    "en": ("made anonymous", "in 30 days we will delete your name"),
    "ru": ("обезличены", "через 30 дней ваши данные будут обезличены"),
    "uk": ("знеособлено", "через 30 днів ваші дані буде знеособлено"),
}


def test_whoever_is_to_be_made_anonymous_is_told_so_and_not_that_all_is_deleted(store: Keeping) -> None:
    store.force_document(ANONYMISE)
    someone(store)
    warn(store)
    lent = store.do(lambda work: lend(work, channels=list(messages.Line)))
    assert lent is not None

    assert lent.template is messages.Template.RETENTION_ANONYMISING
    for language, (subject, words) in WORDS.items():
        told = render(lent.template, language, lent.values)
        assert subject in told.subject
        assert words in told.text
    token = str(lent.values["link"]).removeprefix(f"{BASE}/keep/")
    assert store.do(lambda work: retention.show_keeping(work, token=token)) == retention.Keeping(False, True)
    store.force("inactive_customers")
    assert store.do(lambda work: retention.show_keeping(work, token=token)) == retention.Keeping(False, False)


def test_nobody_is_warned_twice_of_the_same(store: Keeping) -> None:
    someone(store)

    assert (warn(store), warn(store)) == (1, 0)
    assert len(links(store)) == 1


def test_people_are_warned_the_days_before_they_are_due(store: Keeping) -> None:
    soon = someone(store)
    store.seen({soon: datetime(2024, 12, 20, tzinfo=UTC)})  # due on 21 December 2026
    later = someone(store, address="boris@example.org")
    store.seen({later: datetime(2025, 1, 20, tzinfo=UTC)})

    assert warn(store) == 1
    assert store.count(f"retention_warning WHERE person_id = '{soon}'") == 1


def test_the_link_lets_a_person_stay_once_and_renews_no_consent(store: Keeping) -> None:
    anna = someone(store)
    warn(store)
    [token] = links(store)
    consents = store.count("consent_event")
    assert not store.do(lambda work: retention.show_keeping(work, token=token)).kept
    assert store.count("audit_body WHERE action = 'retention:person:kept'") == 0

    store.clock.at = NOW + timedelta(days=10)
    for _ in range(2):
        store.do(lambda work: retention.keep(work, token=token))

    assert store.count("audit_body WHERE action = 'retention:person:kept'") == 1
    assert store.count("consent_event") == consents
    store.clock.at = NOW + timedelta(days=40)
    assert store.run().parts[0].people == 0
    assert store.count(f"person WHERE id = '{anna}'") == 1


def test_whoever_stayed_is_warned_anew_when_two_years_are_over_again(store: Keeping) -> None:
    someone(store)
    warn(store)
    [token] = links(store)
    store.do(lambda work: retention.keep(work, token=token))

    store.clock.at = NOW + timedelta(days=2 * 365)

    assert warn(store) == 1
    with pytest.raises(SpentTokenError):
        store.do(lambda work: retention.keep(work, token=token))


def test_a_link_that_is_none_of_ours_is_refused(store: Keeping) -> None:
    for token in ("", "x" * 43):
        with pytest.raises(SpentTokenError):
            store.do(lambda work, token=token: retention.keep(work, token=token))  # type: ignore[misc]


def test_whoever_cannot_be_reached_is_erased_on_time(store: Keeping) -> None:
    someone(store, address=None)

    assert warn(store) == 0
    assert store.run().parts[0].people == 1


def test_a_contact_that_came_back_reaches_nobody(store: Keeping) -> None:
    someone(store)
    store.do(lambda work: work.session.execute(text("UPDATE contact SET bounced_at = now()")))

    assert store.run().parts[0].people == 1


def test_whoever_is_suppressed_altogether_gets_no_mail_and_is_erased_on_time(store: Keeping) -> None:
    someone(store)
    store.do(
        lambda work: consent.suppress(
            work,
            contact=mail("anna@example.org"),
            channel=Channel.EMAIL,
            scope=Scope.EVERYTHING,
            reason=SuppressionReason.DO_NOT_CONTACT,
        )
    )

    assert warn(store) == 1
    assert links(store) == []
    assert store.run().parts[0].people == 1


def test_a_warning_of_an_unsubscribed_person_is_sent_all_the_same_since_it_offers_nothing(store: Keeping) -> None:
    someone(store)
    store.do(
        lambda work: consent.suppress(
            work,
            contact=mail("anna@example.org"),
            channel=Channel.EMAIL,
            scope=Scope.ADVERTISING,
            reason=SuppressionReason.UNSUBSCRIBED,
        )
    )
    warn(store)

    assert len(links(store)) == 1


def test_looking_far_ahead_takes_warnings_for_sent(store: Keeping) -> None:
    someone(store)

    def people(at: datetime) -> int:
        return store.do(lambda work: retention.simulate(work, at=at, curve=False)).policies[0].people

    assert (people(NOW + timedelta(days=30)), people(NOW + timedelta(days=31))) == (0, 1)


def test_two_who_warn_at_once_tell_nobody_twice(store: Keeping) -> None:
    someone(store)
    with open_work(store.database, SYSTEM, clock=store.clock) as work:
        assert retention.warn_next(work, base_url=BASE) == 1
        assert warn(store) == 0
