"""What a person is told of: all that is kept of them, where it came from, who got it, and until when it is kept."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind
from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.disclosures import operations as disclosures
from governance.intake import merges
from governance.kernel.errors import ConflictError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.consent_state import EventKind
from governance.reference import retention_rules
from governance.rights.packages import making
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageKind, PackageState
from tests.factories import exporting, packaging, saying
from tests.factories.actors import by
from tests.factories.staging import Stage, played, stage_of

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "package-1.json"


stage = stage_of(packaging.firm)


work = played("person")


@pytest.fixture(scope="module")
def plain(stage: Stage, person: SubjectId) -> dict[str, Any]:
    """The document of a package in English, of somebody of whom nothing is unusual."""
    with stage.play() as work:
        package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
        return packaging.document(packaging.archive(work, packaging.made(work, package)))


def test_a_package_holds_what_is_kept_as_page_as_document_and_as_tables(work: Work, person: SubjectId) -> None:
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="ru")
    found = packaging.archive(work, packaging.made(work, package))

    assert found.testzip() is None
    told = packaging.document(found)["sections"]
    assert {row["field"]: row["value"] for row in told["person"]}["family_name"] == "Воробьева"
    assert [row["value"] for row in told["contacts"]] == ["irina.vorobeva@example.org", "+79334552061"]
    assert told["purchases"][0]["number"] == "A-1"
    assert told["purchases"][0]["total"] == "7731.01"
    assert told["interactions"][0]["note"] == "Хочет скидку"
    assert told["activity"][0]["detail"] == {"page": "/sale"}
    [line] = csv.DictReader(io.StringIO(found.read("csv/purchases.csv").decode("utf-8-sig")))
    assert line["number"] == "A-1"
    page = found.read("index.html").decode()
    assert '<html lang="ru">' in page
    assert "Воробьева" in page
    assert "Покупки" in page


def test_what_the_page_says_is_in_the_language_that_was_asked_for_and_marked_up_harmlessly(work: Work) -> None:
    person = packaging.buyer(work, family_name="<script>alert(1)</script>")
    for language, heading in (("en", "Purchases"), ("ru", "Покупки"), ("uk-UA", "Покупки"), ("fi", "Purchases")):
        package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language=language)
        page = packaging.archive(work, packaging.made(work, package)).read("index.html").decode()
        assert f"<h2>{heading}</h2>" in page
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_each_row_says_until_when_it_is_kept_and_by_which_rule(plain: dict[str, Any]) -> None:
    told = plain["sections"]
    # The last sign of life is the call of today; tax law keeps the purchase of 2025 to the end of 2031.
    assert {row["kept_until"] for row in told["person"]} == {"2028-11-22"}
    assert (told["purchases"][0]["kept_until"], told["purchases"][0]["rule"]) == ("2031-12-31", "purchases_tax")
    assert told["activity"][0]["kept_until"] == "2027-12-19"
    assert told["interactions"][0]["note_kept_until"] == "2027-11-22"
    [stays] = [row for row in told["remains"] if row["compartment"] == "finance"]
    assert (stays["fate"], stays["until"]) == ("keep", "2031-12-31")


def test_consents_come_with_the_words_and_readers_with_their_roles_alone(work: Work, person: SubjectId) -> None:
    saying.notice(work)
    consent.record(work, event=saying.said(EventKind.GIVEN, language="uk", subject=person))
    officer = exporting.officer(work)
    customers.reveal(by(work, officer), subject=person, fields=["family_name"], reason="Звонок", purpose="service")
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
    found = packaging.archive(work, packaging.made(work, package))
    told = packaging.document(found)["sections"]
    [words] = told["notices"]
    assert (words["language"], words["body"]) == ("uk", saying.TEXTS["uk"].body)
    [event] = told["said"]
    assert event["evidence"]["contact"]["value"] == "irina.vorobeva@example.org"
    [sight] = [row for row in told["sights"] if row["act"] == "customers:person:revealed"]
    assert (sight["role"], sight["purpose"], sight["fields"]) == ("officer", "service", ["family_name"])
    assert str(officer.id) not in found.read("package.json").decode()


def test_recipients_are_named_with_what_makes_the_transfer_lawful(work: Work, person: SubjectId) -> None:
    exporting.letters(work, safeguard="adequacy")
    disclosures.disclose(work, recipient_key="letters", people=[person], fields=["contact.email"], purpose="newsletter")
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
    told = packaging.document(packaging.archive(work, packaging.made(work, package)))["sections"]
    [went] = told["recipients"]
    assert (went["name"], went["country"], went["fields"]) == ("Letters GmbH", "DE", ["contact.email"])
    assert went["citation"].startswith("GDPR")


def test_the_package_of_a_merged_person_tells_what_both_records_said(work: Work) -> None:
    one, other = packaging.buyer(work), packaging.buyer(work, family_name="Воробьёва")
    merge = merges.merge(work, into=one, other=other, reason="Та же женщина")
    merges.review_merge(by(work, exporting.officer(work)), merge=merge.id)
    package = packages.begin(work, person=other, kind=PackageKind.ACCESS, language="en")
    assert packages.find_package(work, package=package).person == one
    told = packaging.document(packaging.archive(work, packaging.made(work, package)))["sections"]
    assert [row["value"] for row in told["person"] if row["field"] == "family_name"] == ["Воробьева", "Воробьёва"]
    assert len(told["purchases"]) == 2
    assert len(told["merges"]) == 1


@pytest.mark.parametrize("kind", PackageKind)
def test_the_package_of_a_merged_person_waits_until_somebody_has_looked_at_the_merge(
    work: Work, kind: PackageKind
) -> None:
    officer = exporting.officer(work)
    one, other = packaging.buyer(work), packaging.buyer(work)
    merge = merges.merge(work, into=one, other=other, reason="Похоже, та же женщина")
    package = packages.begin(work, person=one, kind=kind, language="en")
    for _ in range(2):
        making.make_now(work, package=package)
    waiting = packages.find_package(work, package=package)
    assert (waiting.state, waiting.rows, waiting.failure) == (PackageState.MAKING, 0, "merge-unreviewed")
    assert packages.unfinished(replace(work, now=work.now + timedelta(hours=1))) == [package]
    assert [one.kind for one in accounts.list_alerts(work)] == [AlertKind.MERGE_HOLDS_PACKAGE]
    with pytest.raises(ConflictError):
        packages.fetch(work, package=package)

    merges.review_merge(by(work, officer), merge=merge.id)
    making.make_now(work, package=package)
    ready = packages.find_package(work, package=package)
    assert (ready.state, ready.failure) == (PackageState.READY, None)


def test_what_is_taken_elsewhere_is_what_the_person_gave_and_did(work: Work) -> None:
    person = packaging.buyer(work, note="Придирчива", tags=("vip",))
    package = packages.begin(work, person=person, kind=PackageKind.PORTABILITY, language="en")
    found = packaging.archive(work, packaging.made(work, package))
    told = packaging.document(found)["sections"]
    assert set(told) == {"about", "person", "extras", "contacts", "purchases", "activity", "consents", "said"}
    assert told["purchases"][0]["number"] == "A-1"
    assert "Придирчива" not in found.read("package.json").decode()
    assert "vip" not in found.read("package.json").decode()


@pytest.mark.parametrize("kind", list(PackageKind))
def test_the_document_is_as_the_published_schema_says(work: Work, person: SubjectId, kind: PackageKind) -> None:
    package = packages.begin(work, person=person, kind=kind, language="en")
    document = packaging.document(packaging.archive(work, packaging.made(work, package)))
    schema = json.loads(SCHEMA.read_bytes())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)


def test_the_requests_of_a_person_are_told_with_their_answers(work: Work, person: SubjectId) -> None:
    packaging.asked(work, person)
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
    found = packaging.archive(work, packaging.made(work, package))
    [told] = packaging.document(found)["sections"]["requests"]
    assert (told["kind"], told["said"]) == ("access", "Что вы обо мне храните?")
    assert told["due_on"] > told["received_on"]


def test_once_rules_are_in_force_dates_are_told_by_them_alone(work: Work, person: SubjectId) -> None:
    drafted = retention_rules.keep_draft(work, policy=shipped.retention_policies("UA")["inactive_customers"])
    retention_rules.keep_active(work, policy=drafted.id)
    package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
    told = packaging.document(packaging.archive(work, packaging.made(work, package)))["sections"]
    assert [(row["rule"], row["in_force"]) for row in told["rules"]] == [("inactive_customers", True)]
    assert {row["kept_until"] for row in told["activity"]} == {"2028-11-22"}
