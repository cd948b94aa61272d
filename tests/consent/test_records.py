"""Consent records and receipts: what was said, to which words, in the terms of DPV, honest about what is unknown."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent import records
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.ids import EntryId, uuid7
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from governance.reference.record import ProtectionOfficer
from tests.conftest import NOW
from tests.factories.actors import by, client
from tests.factories.saying import TEXTS, notice, said, someone
from tests.factories.trail import entries


@pytest.fixture(autouse=True)
def _controller(work: Work) -> None:
    officer = ProtectionOfficer(name="A. Officer", email="privacy@shop.example")
    set_controller(work, legal_name="Demonstration Shop", address="Berlin", country="DE", officer=officer)


def given(work: Work, **more: object) -> EntryId:
    subject = someone(work)
    notice(work)
    return consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, language="en", **more)).id


def find(document: object, *path: object) -> Any:
    for step in path:
        document = document[step]  # type: ignore[index]  # a path through JSON
    return document


def nodes(document: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, dict):
        yield document
        for name, value in document.items():
            if name != "@context":
                yield from nodes(value)
    elif isinstance(document, list):
        for value in document:
            yield from nodes(value)


def test_a_record_names_subject_words_purpose_controller_and_event(work: Work) -> None:
    event = given(work)
    record = records.consent_record(work, event=event)
    process = find(record, "dpv:hasProcess", 0)

    assert (record["@type"], record["@id"]) == ("dpv:ConsentRecord", f"urn:uuid:{event}")
    assert find(process, "dpv:hasPurpose", "dct:identifier") == "newsletter"
    assert find(process, "own:channel") == "email"
    assert find(process, "dpv:hasNotice", "own:version") == 1
    assert find(process, "dpv:hasNotice", "own:sha256", "en") == TEXTS["en"].digest.hex()
    assert find(process, "dct:language") == "en"
    assert find(record, "dpv:hasEntity", 0, "dpv:hasName") == "Demonstration Shop"
    assert find(record, "dpv:hasEntity", 0, "dpv:hasContact") == ["privacy@shop.example"]
    (status,) = find(record, "dpv:hasConsentStatus")
    assert (status["@type"], status["own:kind"]) == ("dpv:ConsentGiven", "confirmed")
    assert find(status, "dct:date", "@value") == NOW.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("kind", [EventKind.GIVEN, EventKind.WITHDRAWN])
def test_a_day_that_alone_is_known_is_told_as_the_controller_wrote_it(work: Work, kind: EventKind) -> None:
    day = NOW.replace(hour=0, minute=0) - timedelta(days=7)
    version = {"notice": None} if kind is EventKind.WITHDRAWN else {}
    subject = someone(work)
    notice(work)
    event = consent.record(work, event=said(kind, subject=subject, valid_at=day, whole_day=True, **version)).id

    status = find(records.consent_record(work, event=event), "dpv:hasConsentStatus", 0)
    assert find(status, "dct:date", "@value") == day.date().isoformat()


def test_what_the_service_does_not_know_says_so(work: Work) -> None:
    process = find(records.consent_record(work, event=given(work)), "dpv:hasProcess", 0)
    for unknown in ("dpv:hasLocation", "dpv:hasDuration"):
        assert find(process, "dpv:hasStorageCondition", unknown, "dpv:hasApplicability", "@id") == "dpv:NotAvailable"


def test_a_receipt_has_the_very_words_and_an_id_that_can_be_proved(work: Work) -> None:
    event = given(work)
    receipt = records.consent_receipt(work, event=event)
    shown = find(receipt, "dct:subject", "dpv:hasProcess", 0, "dpv:hasNotice")

    assert (shown["dct:title"], shown["dct:description"]) == (TEXTS["en"].title, TEXTS["en"].body)
    told = entries(work, Action.CONSENT_READ)[-1]
    assert receipt["@id"] == f"urn:uuid:{told.eid}"
    assert told.object is not None
    assert (told.object.id, told.facts) == (event, {"form": "receipt"})


def test_a_record_holds_what_was_said_before_it_and_nothing_after(work: Work) -> None:
    subject = someone(work)
    notice(work)
    kinds = [EventKind.REQUESTED, EventKind.CONFIRMED, EventKind.OBJECTED]
    made = [consent.record(work, event=said(kind, subject=subject)).id for kind in kinds]
    consent.record(work, event=said(EventKind.REFUSED, subject=subject, purpose="surveys"))

    def statuses(event: EntryId) -> list[str]:
        return [one["@type"] for one in find(records.consent_record(work, event=event), "dpv:hasConsentStatus")]

    assert statuses(made[1]) == ["dpv:ConsentRequested", "dpv:ConsentGiven"]
    assert statuses(made[2]) == ["dpv:ConsentRequested", "dpv:ConsentGiven", "dpv:ConsentWithdrawn"]


def test_a_claim_is_no_consent_in_the_record_either(work: Work) -> None:
    subject = someone(work)
    event = consent.record(
        work, event=said(EventKind.GIVEN, subject=subject, notice=None, method=Method.IMPORT, claimed=True)
    ).id
    record = records.consent_record(work, event=event)
    (status,) = find(record, "dpv:hasConsentStatus")

    assert (status["@type"], status["dpv:hasLegalBasis"]) == ("dpv:ConsentUnknown", None)
    assert find(status, "dct:date", "dpv:hasApplicability", "@id") == "dpv:NotAvailable"


def test_a_consent_that_lapses_says_when(work: Work) -> None:
    subject = someone(work)
    notice(work, "surveys")
    at = NOW - timedelta(days=10)
    event = consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, purpose="surveys", valid_at=at)).id
    (status,) = find(records.consent_record(work, event=event), "dpv:hasConsentStatus")

    assert status["dct:valid"]["own:period"] == "P2Y"
    assert status["dct:valid"]["own:until"]["@value"].startswith("2028-11-12T12:00:00")


def test_sharing_names_third_parties_as_recipients(work: Work) -> None:
    subject = someone(work)
    notice(work, "third_parties")
    event = consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, purpose="third_parties")).id
    process = find(records.consent_record(work, event=event), "dpv:hasProcess", 0)
    assert [one["@type"] for one in process["dpv:hasRecipient"]] == ["dpv:ThirdParty"]


def test_every_term_is_of_a_vocabulary_that_the_context_names(work: Work) -> None:
    document = json.loads(json.dumps(records.consent_receipt(work, event=given(work))))
    known = set(document["@context"])
    for node in nodes(document):
        for name in node:
            if not name.startswith("@") and name not in {"en", "uk"}:
                assert name.partition(":")[0] in known, name


def test_evidence_and_contacts_are_in_neither(work: Work) -> None:
    event = given(work, evidence={"agent": "kanareyka/1.0"})
    for make in (records.consent_record, records.consent_receipt):
        text = json.dumps(make(work, event=event))
        assert "kanareyka" not in text
        assert "irina" not in text


def test_only_those_who_may_read_consents_get_records_of_events_that_exist(work: Work) -> None:
    with pytest.raises(NotFoundError):
        records.consent_record(work, event=EntryId(uuid7()))
    with pytest.raises(ForbiddenError):
        records.consent_record(by(work, client(Permission.CONSENT_CHECK)), event=given(work))
