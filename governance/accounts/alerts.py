"""Alerts: what officers should know of is kept until one of them has seen it, and told to all of them by mail."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import func, select

from governance.accounts.deciders import holder_of
from governance.accounts.errors import NoSuchAlertError
from governance.accounts.tables import AlertRow, StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.custody.findings import Finding, Level
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import StaffId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.messages import operations as messages
from governance.messages.operations import Template
from governance.messages.times import moment
from governance.policies import access
from governance.policies.permissions import Permission
from governance.reference import operations as reference

AlertId = NewType("AlertId", UUID)

MAIL_LASTS: Final = timedelta(days=7)
"""After this long a mail about an alert is of no use; the alert itself stays."""


class AlertKind(StrEnum):
    """What officers are told of; each has its sentence in the templates of the mail."""

    FACTOR_RESET = "factor_reset"
    DECIDED_ALONE = "decided_alone"
    QUOTA_EXCEEDED = "quota_exceeded"
    UNUSUAL_READING = "unusual_reading"
    EXPORT_READY = "export_ready"
    EXPORT_FAILED = "export_failed"
    PROPOSAL_FAILED = "proposal_failed"
    MERGE_HOLDS_PACKAGE = "merge_holds_package"
    REQUESTS_HALF_TIME = "requests_half_time"
    REQUESTS_NEARLY_DUE = "requests_nearly_due"
    REQUESTS_OVERDUE = "requests_overdue"
    PURGE_FUSED = "purge_fused"
    PURGE_FAILED = "purge_failed"
    HOLDS_DUE = "holds_due"
    DECIDER_LEFT = "decider_left"
    READING_LOOSENED = "reading_loosened"


@frozen
class Alert:
    """Something that officers should know of.

    Attributes:
        staff: the member of staff whom it is about; None where it is about nobody in particular.
        facts: closed codes, counts, instants and random ids.
        seen_by_kind, seen_by, seen_at: who marked it as seen; None where nobody has.
    """

    id: AlertId
    kind: AlertKind
    at: datetime
    staff: StaffId | None
    facts: Mapping[str, object]
    seen_by_kind: ActorKind | None
    seen_by: UUID | None
    seen_at: datetime | None


def raise_alert(work: Work, *, kind: AlertKind, staff: StaffId | None = None, facts: Mapping[str, Fact]) -> AlertId:
    """Tell officers of something, by a row that waits to be seen and by mail, if *work* is committed.

    Args:
        work: the unit of work.
        kind: what happened.
        staff: whom it is about.
        facts: closed codes, counts, instants and random ids; no personal value, for they lie readable.

    Raises:
        EntryError: where a fact is none of these.
    """
    row = AlertRow(
        id=uuid7(), kind=kind.value, at=work.now, staff_id=staff, facts=json.loads(json.dumps(facts, default=str))
    )
    work.session.add(row)
    work.session.flush()
    about = None if staff is None else ObjectRef("staff", staff)
    told: dict[str, Fact] = {"alert": row.id, "kind": kind.value, **facts}
    audit.append(work, Action.ALERT_RAISED, object=about, facts=told)
    _tell_officers(work, row)
    return AlertId(row.id)


def list_alerts(work: Work, *, unseen: bool = False, before: AlertId | None = None, limit: int = 50) -> list[Alert]:
    """Alerts, newest first.

    Raises:
        ForbiddenError: where the actor may not see alerts.
    """
    _require(work, Permission.ALERTS_READ)
    query = select(AlertRow).order_by(AlertRow.id.desc()).limit(limit)
    if unseen:
        query = query.where(AlertRow.seen_at.is_(None))
    if before is not None:
        query = query.where(AlertRow.id < before)
    return [_shown(row) for row in work.session.scalars(query)]


def count_unseen_alerts(work: Work) -> int:
    """How many alerts nobody has seen.

    Raises:
        ForbiddenError: where the actor may not see alerts.
    """
    _require(work, Permission.ALERTS_READ)
    return work.session.scalar(select(func.count()).select_from(AlertRow).where(AlertRow.seen_at.is_(None))) or 0


def see_alert(work: Work, *, alert: AlertId) -> Alert:
    """Mark an alert as seen; whoever saw it first stays on record.

    Raises:
        ForbiddenError: where the actor may not do that.
        NoSuchAlertError: where there is no such alert.
    """
    _require(work, Permission.ALERTS_SEE)
    query = select(AlertRow).where(AlertRow.id == alert).with_for_update().execution_options(populate_existing=True)
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NoSuchAlertError("There is no such alert.")
    if row.seen_at is None:
        row.seen_by_kind, row.seen_by, row.seen_at = work.actor.kind.value, work.actor.id, work.now
        work.session.flush()
        audit.append(work, Action.ALERT_SEEN, object=ObjectRef("alert", row.id), facts={"kind": row.kind})
    return _shown(row)


def alert_findings(work: Work) -> list[Finding]:
    """Alerts that nobody has seen, for the doctor."""
    query = select(func.count(), func.min(AlertRow.at)).where(AlertRow.seen_at.is_(None))
    unseen, oldest = work.session.execute(query).one()
    if not unseen:
        return []
    sentence = f"Nobody has seen {unseen} alerts, the oldest of {oldest:%Y-%m-%d %H:%M} UTC."
    remedy = "governance alerts list, then governance alerts seen ID"
    return [Finding("alerts-unseen", Level.WARNING, sentence, remedy, {"count": str(unseen)})]


def _tell_officers(work: Work, row: AlertRow) -> None:
    staff = work.session.scalars(select(StaffRow).where(StaffRow.disabled_at.is_(None)).order_by(StaffRow.id))
    officers = [one for one in staff if access.allows(holder_of(one), Permission.ALERTS_SEE).allowed]
    addresses = [one.email for one in officers if one.email is not None]
    controller = reference.find_controller(work) if addresses else None
    language, zone = (None, None) if controller is None else (controller.language, controller.zone)
    for address in addresses:
        messages.enqueue(
            work,
            template=Template.ALERT_RAISED,
            language=language,
            recipient=address,
            values={"kind": row.kind, "alert": str(row.id), "at": moment(row.at, language=language, zone=zone)},
            expires_at=work.now + MAIL_LASTS,
        )


def _require(work: Work, permission: Permission) -> None:
    if not access.allows(work.actor, permission).allowed:
        raise ForbiddenError(f"This needs the permission {permission.value}, which you do not have.")


def _shown(row: AlertRow) -> Alert:
    return Alert(
        id=AlertId(row.id),
        kind=AlertKind(row.kind),
        at=row.at,
        staff=None if row.staff_id is None else StaffId(row.staff_id),
        facts=dict(row.facts),
        seen_by_kind=None if row.seen_by_kind is None else ActorKind(row.seen_by_kind),
        seen_by=row.seen_by,
        seen_at=row.seen_at,
    )
