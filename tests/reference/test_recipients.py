"""Recipients: who gets personal data, for what, and what makes a transfer lawful."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.audit.actions import Action
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.work import Work
from governance.policies import disclosing
from governance.reference import recipients
from governance.reference.errors import NoSuchRecipientError, RetiredRecipientError
from governance.reference.operations import set_controller
from governance.reference.recipients import Recipient, RecipientKind
from governance.reference.safeguards import safeguards
from tests.factories.actors import by, staff
from tests.factories.trail import entries


def define(work: Work, **said: object) -> Recipient:
    given = {
        "key": "letters-ltd",
        "name": "Letters Ltd",
        "kind": RecipientKind.PROCESSOR,
        "country": "DE",
        "purposes": ["newsletter"],
        "known_purposes": ["newsletter", "service"],
        "fields": ["person.given_name", "contact.email"],
        "safeguard": "domestic",
        "contact": "Olena Koval, privacy@letters.example.org",
        **said,
    }
    return recipients.define_recipient(work, **given)  # type: ignore[arg-type]  # tests say what they need


@pytest.fixture
def firm(work: Work) -> Work:
    """A store of a controller in Poland."""
    set_controller(work, legal_name="Romashka", address="Kraków", country="PL")
    return work


def test_a_change_makes_a_version_and_saying_the_same_again_none(firm: Work) -> None:
    first = define(firm)
    assert define(firm, fields=["contact.email", "person.given_name"]) == first
    second = define(firm, purposes=["newsletter", "service"])

    assert (first.version, second.version) == (1, 2)
    assert recipients.recipients(firm) == [second]
    assert recipients.recipient(firm, key="letters-ltd") == second
    assert recipients.recipient_history(firm, key="letters-ltd") == [second, first]
    assert [entry.facts["version"] for entry in entries(firm, Action.RECIPIENT_DEFINED)] == [1, 2]


def test_nothing_goes_to_a_retired_recipient_whose_history_stays(firm: Work) -> None:
    define(firm)
    recipients.retire_recipient(firm, key="letters-ltd")

    with pytest.raises(RetiredRecipientError, match="letters-ltd is retired since"):
        recipients.recipient(firm, key="letters-ltd")
    with pytest.raises(NoSuchRecipientError):
        recipients.recipient(firm, key="nobody")
    assert recipients.recipients(firm) == []
    assert [one.retired for one in recipients.recipients(firm, retired=True)] == [True]
    assert define(firm).version == 3


@pytest.mark.parametrize(
    ("country", "safeguard", "refused"),
    [("PL", "domestic", False), ("DE", "domestic", False), ("US", "domestic", True), ("US", "standard_clauses", False)],
)
def test_a_recipient_under_another_law_needs_a_safeguard(
    firm: Work, country: str, safeguard: str, *, refused: bool
) -> None:
    if not refused:
        assert define(firm, country=country, safeguard=safeguard).safeguard == safeguard
        return
    with pytest.raises(InvalidError) as caught:
        define(firm, country=country, safeguard=safeguard)
    assert set(caught.value.errors) == {"safeguard"}


def test_what_cannot_be_used_is_named_by_field(firm: Work) -> None:
    with pytest.raises(InvalidError) as caught:
        define(
            firm, key="Letters Ltd", name=" ", country="XX", purposes=[], fields=["person.password"], safeguard="trust"
        )
    assert set(caught.value.errors) == {"key", "name", "country", "purposes", "fields", "safeguard"}


def test_a_purpose_that_there_is_not_is_named(firm: Work) -> None:
    with pytest.raises(InvalidError) as caught:
        define(firm, purposes=["newsletter", "newslettr"])
    assert caught.value.errors == {"purposes": ["There is no purpose newslettr; see: governance consent purposes"]}


def test_the_contact_is_sealed_and_a_version_is_never_changed(firm: Work) -> None:
    define(firm)
    row = firm.session.execute(text("SELECT * FROM recipient_version")).mappings().one()
    assert b"Koval" not in b"".join(value for value in row.values() if isinstance(value, bytes))
    with pytest.raises(DBAPIError, match="permission denied"):
        firm.session.execute(text("UPDATE recipient_version SET country = 'US'"))


def test_recipients_are_for_those_who_may_edit_reference_data(firm: Work) -> None:
    with pytest.raises(ForbiddenError):
        define(by(firm, staff("steward")))
    define(by(firm, staff("officer")))
    assert recipients.recipients(by(firm, staff("steward")))
    with pytest.raises(ForbiddenError):
        recipients.recipients(by(firm, staff("marketer")))


def test_a_purpose_needs_its_categories_with_all_below_them_and_no_other() -> None:
    fields = {"contact.email": "user.contact.email", "person.birth_date": "user.demographic.date_of_birth"}
    assert disclosing.unneeded(fields, ["user.name", "user.contact"]) == ["person.birth_date"]
    assert not disclosing.is_needed("user.contacts", ["user.contact"])


def test_the_name_of_a_person_in_the_log_is_nothing_to_hand_out() -> None:
    assert disclosing.can_be_named("person.country")
    assert not disclosing.can_be_named("person.subject_ref")
    assert not disclosing.can_be_named("contact.value")
    assert not disclosing.can_be_named("audit_detail.content")


def test_every_safeguard_names_its_law() -> None:
    assert {"adequacy", "standard_clauses", "binding_rules", "derogation", "domestic"} <= set(safeguards())
    assert all(one.citation and one.titles.get("uk") for one in safeguards().values())
