"""Consent records and receipts as JSON-LD, one for each event.

The structure is that of ISO/IEC TS 27560:2023 (header, processing, parties, events) in the terms of the Data Privacy
Vocabulary, as *Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV* (W3C DPV Community Group, final
report of 2024-08-01, https://w3id.org/dpv/guides/consent-27560) maps them. Terms were compared with that guide and with
the published lists of DPV 2.0; the text of the standard itself was not at hand, and no conformance to it is claimed.
What the standard asks for and the service does not know says so (`dpv:NotAvailable`) instead of being left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.consent.codes import NoticeKind
from governance.consent.notices import Notice, notice
from governance.consent.purposes import book
from governance.consent.subjects import KeptEvent, Key, histories
from governance.consent.tables import ConsentEventRow
from governance.customers.holders import find_known
from governance.customers.reach import UNKNOWN, allow
from governance.customers.records import Json
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import EntryId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_state import Event, EventKind
from governance.policies.documents import Titles
from governance.policies.permissions import Permission
from governance.policies.purposes import Ground, Purpose
from governance.policies.roles import RowScope
from governance.reference.operations import controller
from governance.reference.record import Controller

PROFILE: Final = "urn:governance:consent-record:1"
"""Schema version of these documents."""
GUIDE: Final = "https://w3id.org/dpv/guides/consent-27560"
CONTEXT: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "dpv": "https://w3id.org/dpv#",
        "dct": "http://purl.org/dc/terms/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "own": "urn:governance:term:",
    }
)
STATUS: Final[Mapping[EventKind, str]] = MappingProxyType(
    {
        EventKind.REQUESTED: "dpv:ConsentRequested",
        EventKind.GIVEN: "dpv:ConsentGiven",
        EventKind.CONFIRMED: "dpv:ConsentGiven",
        EventKind.RENEWED: "dpv:RenewedConsentGiven",
        EventKind.REFUSED: "dpv:ConsentRefused",
        EventKind.WITHDRAWN: "dpv:ConsentWithdrawn",
        EventKind.OBJECTED: "dpv:ConsentWithdrawn",  # DPV has no status of its own for GDPR Art. 21
        EventKind.EXPIRED: "dpv:ConsentExpired",
        EventKind.INVALIDATED: "dpv:ConsentInvalidated",
        EventKind.PARTED: "dpv:ConsentInvalidated",
    }
)
"""Status of consent after each kind of event; our own, finer kind stands beside it."""
_BY_US: Final = frozenset({EventKind.EXPIRED, EventKind.INVALIDATED, EventKind.PARTED})
_CONSENTS: Final = frozenset({EventKind.GIVEN, EventKind.CONFIRMED, EventKind.RENEWED})
_NOT_AVAILABLE: Final[Json] = {"dpv:hasApplicability": {"@id": "dpv:NotAvailable"}}


@frozen
class _Case:
    """What a record is made of: an event, those before it, and what was in force when it was recorded."""

    event: KeptEvent
    history: Sequence[KeptEvent]
    subject: SubjectId
    ref: SubjectRef | None
    purpose: Purpose | None
    notice: Notice | None
    controller: Controller


def consent_record(work: Work, *, event: EntryId) -> Mapping[str, Json]:
    """The record of an event: what was said to which purpose, and everything said to it before; told in the log.

    Evidence is not in it; it is revealed by name, for a reason that is kept.

    Raises:
        ForbiddenError: where the actor may not read consents.
        NotFoundError: where there is no such event within reach.
        NoControllerError: where nobody has said yet whose store this is.
    """
    case = _case(work, event)
    audit.append(
        work,
        Action.CONSENT_READ,
        subject=case.ref,
        object=ObjectRef("consent-event", event),
        facts={"form": "record"},
    )
    return {"@context": dict(CONTEXT), **_record(case)}


def consent_receipt(work: Work, *, event: EntryId) -> Mapping[str, Json]:
    """The receipt of an event, for the customer: a copy of its record with the exact words that were agreed to.

    Its id is that of the audit entry that tells of its issue, so that it can be proved to be ours.

    Raises:
        ForbiddenError, NotFoundError, NoControllerError: as `consent_record` says.
    """
    case = _case(work, event)
    issued = audit.append(
        work,
        Action.CONSENT_READ,
        subject=case.ref,
        object=ObjectRef("consent-event", event),
        facts={"form": "receipt"},
    )
    return {
        "@context": dict(CONTEXT),
        "@type": "dpv:ConsentReceipt",
        "@id": f"urn:uuid:{issued}",
        "dct:identifier": str(issued),
        "dct:conformsTo": PROFILE,
        "dct:source": GUIDE,
        "dct:issued": _instant(work.now),
        "dct:subject": _record(case, words=True),
    }


def _case(work: Work, eid: EntryId) -> _Case:
    reach = allow(work, Permission.CONSENT_READ)
    row = ConsentEventRow
    found = work.session.execute(
        select(row.person_id, row.purpose, row.channel, row.sequence, row.recorded_at).where(row.id == eid)
    ).one_or_none()
    if found is None:
        raise NotFoundError(UNKNOWN)
    person = find_known(work, [SubjectId(found.person_id)]).get(SubjectId(found.person_id))
    # Events outlive the person's record; then nobody in particular looks after them.
    mine = person is not None and person.responsible == work.actor.id
    if reach is not RowScope.ALL and not mine:
        raise NotFoundError(UNKNOWN)
    key = Key(found.person_id, found.purpose, found.channel)
    history = [one for one in histories(work, [key])[key] if one.event.sequence <= found.sequence]
    said = history[-1].event
    return _Case(
        event=history[-1],
        history=history,
        subject=SubjectId(found.person_id),
        ref=None if person is None else person.ref,
        purpose=book(work, at=found.recorded_at).purposes.get(found.purpose),
        notice=None if said.notice is None else _notice(work, found.purpose, said.notice),
        controller=controller(work),
    )


def _notice(work: Work, purpose: str, version: int) -> Notice | None:
    try:
        return notice(work, kind=NoticeKind.CONSENT, key=purpose, version=version)
    except NotFoundError:
        return None


def _record(case: _Case, *, words: bool = False) -> dict[str, Json]:
    event, zone = case.event.event, ZoneInfo(case.controller.zone)
    return {
        "@type": "dpv:ConsentRecord",
        "@id": f"urn:uuid:{event.id}",
        "dct:identifier": str(event.id),
        "dct:conformsTo": PROFILE,
        "dct:source": GUIDE,
        "dct:created": _instant(event.recorded_at),
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": str(case.subject)},
        "dpv:hasProcess": [_process(case, words=words)],
        "dpv:hasEntity": [_controller(case.controller)],
        "dpv:hasConsentStatus": [_status(one, case.purpose, zone) for one in case.history],
    }


def _process(case: _Case, *, words: bool) -> dict[str, Json]:
    key, purpose = case.event.key, case.purpose
    shares = purpose is not None and purpose.third_parties
    return {
        "@type": "dpv:PersonalDataProcess",
        "dpv:hasNotice": _notice_shown(case, words=words),
        "dct:language": case.event.language,
        "dpv:hasPurpose": _purpose(key.purpose, purpose),
        "own:channel": key.channel,
        "dpv:hasLegalBasis": _bases(purpose),
        "dpv:hasPersonalData": [
            {"@type": "dpv:PersonalData", "dct:identifier": one} for one in (purpose.categories if purpose else ())
        ],
        "dpv:hasDataController": {"@id": _entity_id(case.controller)},
        "dpv:hasJurisdiction": case.controller.country,
        "dpv:hasRecipient": _named_in_notice() if shares else [],
        "dpv:hasStorageCondition": {
            "@type": "dpv:StorageCondition",
            "dpv:hasLocation": _NOT_AVAILABLE,
            "dpv:hasDuration": _NOT_AVAILABLE,
        },
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dct:description": "By the link in every message, or by writing to the controller.",
        },
    }


def _named_in_notice() -> Json:
    return [{"@type": "dpv:ThirdParty", "dct:description": "Those named in the notice."}]


def _notice_shown(case: _Case, *, words: bool) -> Json:
    shown = case.notice
    if shown is None:
        return _NOT_AVAILABLE
    told: dict[str, Json] = {
        "@type": "dpv:ConsentNotice",
        "@id": f"urn:uuid:{shown.version.id}",
        "dct:identifier": str(shown.version.id),
        "own:version": shown.version.version,
        "own:sha256": {code: text.digest.hex() for code, text in shown.texts.items()},
    }
    text = shown.texts.get(case.event.language or "")
    if words and text is not None:
        told |= {"dct:title": text.title, "dct:description": text.body}
    return told


def _purpose(key: str, purpose: Purpose | None) -> Json:
    told: dict[str, Json] = {"@type": "dpv:Purpose", "dct:identifier": key}
    if purpose is not None:
        told["dct:title"] = _tagged(purpose.titles)
        told["dct:description"] = _tagged(purpose.descriptions)
    return told


def _tagged(said: Titles) -> Json:
    return [{"@language": code, "@value": text} for code, text in asdict(said).items()]


def _bases(purpose: Purpose | None) -> Json:
    consents = [one for one, _ in purpose.bases if one.ground is Ground.CONSENT] if purpose else []
    return [
        {
            "@type": "dpv:Consent",
            "dct:bibliographicCitation": one.citation,
            "own:jurisdiction": one.jurisdiction,
            "own:verified": one.verified,
        }
        for one in consents
    ]


def _controller(told: Controller) -> dict[str, Json]:
    officer = told.officer
    reached = [one for one in (officer.email, officer.phone) if one] if officer is not None else []
    return {
        "@type": "dpv:DataController",
        "@id": _entity_id(told),
        "dct:identifier": told.registration or str(told.deployment),
        "dpv:hasName": told.legal_name,
        "dpv:hasAddress": told.address,
        "dpv:hasContact": [*reached] or [told.address],
        "dpv:hasAuthority": told.authority,
    }


def _entity_id(told: Controller) -> str:
    return f"urn:uuid:{told.deployment}"


def _status(kept: KeptEvent, purpose: Purpose | None, zone: ZoneInfo) -> dict[str, Json]:
    event = kept.event
    claimed = event.kind in _CONSENTS and (
        event.valid_at is None or (event.notice is None and event.kind is EventKind.GIVEN)
    )
    who = "dpv:DataController" if event.kind in _BY_US else "dpv:DataSubject"
    return {
        "@type": "dpv:ConsentUnknown" if claimed else STATUS[event.kind],
        "@id": f"urn:uuid:{event.id}",
        "own:kind": event.kind.value,
        "dct:date": _said(kept, zone),
        "own:recorded": _instant(event.recorded_at),
        "dct:valid": _validity(event, purpose),
        "dpv:hasLegalBasis": "dpv:ExpressedConsent" if event.kind in _CONSENTS and not claimed else None,
        "dpv:hasIndicationMethod": event.method.value,
        "dpv:isImplementedByEntity": {"@id": who},
        "own:notice": event.notice,
    }


def _said(kept: KeptEvent, zone: ZoneInfo) -> Json:
    """When it was said; where only the day is known, it is one of the controller's zone."""
    at = kept.event.valid_at
    if at is None:
        return _NOT_AVAILABLE
    return {"@type": "xsd:date", "@value": at.astimezone(zone).date().isoformat()} if kept.whole_day else _instant(at)


def _validity(event: Event, purpose: Purpose | None) -> Json:
    """How long a consent lasts: to an instant, or until it is withdrawn."""
    if event.kind not in _CONSENTS or event.valid_at is None:
        return None
    if purpose is None or purpose.valid_for is None:
        return {"@type": "dpv:UntilEventDuration", "dct:description": "Until it is withdrawn."}
    until = purpose.valid_for.after(event.valid_at)
    return {"@type": "dpv:UntilTimeDuration", "own:until": _instant(until), "own:period": str(purpose.valid_for)}


def _instant(at: datetime) -> Json:
    return {"@type": "xsd:dateTime", "@value": at.isoformat().replace("+00:00", "Z")}
