"""Beginning an export that was approved, exactly as it was proposed: its rows are gathered by a job."""

from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from governance.accounts.errors import AlteredError
from governance.accounts.operations import Approved, Executor, Payload, ProposalKind
from governance.accounts.proposed import Executors
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.holders import everybody
from governance.disclosures.prints import key_for_prints
from governance.disclosures.proposing import checked, digest_of
from governance.disclosures.records import ExportId, ExportState
from governance.disclosures.standing import require_exporter
from governance.disclosures.tables import DisclosureRow, ExportRow, SelectionRow
from governance.kernel import jobs
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.recipients import Recipient, recipient
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

MAKE: Final = "exports.make"
"""Name of the job that gathers the rows of an approved export."""


def _begin(work: Work, approved: Approved) -> None:
    told = approved.payload
    exporter = None if told["exporter"] is None else UUID(str(told["exporter"]))
    require_exporter(work, ActorKind(str(told["exporter_kind"])), exporter)
    to = _as_proposed(work, told)
    row = _export(work, approved, to, exporter)
    work.session.add(row)
    work.session.flush()
    work.session.add(
        DisclosureRow(
            id=row.id,
            recipient_id=to.id,
            purpose=row.purpose,
            fields=row.fields,
            at=None,
            export_id=row.id,
            actor_kind=row.exporter_kind,
            actor_id=row.exporter,
        )
    )
    work.session.flush()
    audit.append(
        work,
        Action.EXPORT_BEGUN,
        object=ObjectRef("export", row.id),
        facts={
            "recipient": to.id,
            "purpose": row.purpose,
            "channels": list(row.channels),
            "fields": list(row.fields),
            "format": row.format,
            "total": row.total,
            "exporter": row.exporter,
        },
    )
    jobs.defer(work, MAKE, export=ExportId(row.id))


def _as_proposed(work: Work, told: Payload) -> Recipient:
    """The recipient, as long as all is as it was proposed."""
    key = str(told["recipient"])
    recipient(work, key=key)  # a refusal of its own where it is retired since
    channels = [Channel(one) for one in _texts(told, "channels")]
    to, _ = checked(work, recipient=key, purpose=str(told["purpose"]), channels=channels, fields=_texts(told, "fields"))
    if str(to.id) != told["recipient_version"]:
        raise AlteredError("The recipient was recorded anew since this was proposed; propose it again.")
    return to


def _export(work: Work, approved: Approved, to: Recipient, exporter: UUID | None) -> ExportRow:
    told = approved.payload
    selection, total = _chosen(work, told)
    owner, content = OwnerId(uuid7()), OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.EXPORT, [owner, content])
    return ExportRow(
        id=approved.id,
        owner_id=owner,
        content_owner_id=content,
        state=ExportState.MAKING.value,
        recipient_id=to.id,
        purpose=str(told["purpose"]),
        channels=list(_texts(told, "channels")),
        format=str(told["format"]),
        fields=list(_texts(told, "fields")),
        selection_id=selection,
        exporter_kind=str(told["exporter_kind"]),
        exporter=exporter,
        total=total,
        considered=0,
        rows=0,
        parts=0,
        left_out={},
        created_at=work.now,
        traceable=True,
        print_key=key_for_prints(work),
    )


def _texts(told: Payload, name: str) -> tuple[str, ...]:
    found = told[name]
    return tuple(found) if isinstance(found, list | tuple) else ()


def _chosen(work: Work, told: Payload) -> tuple[UUID | None, int]:
    """The selection that was proposed, None for everybody, and how many people that are."""
    if "selection" not in told:
        return None, work.session.scalar(select(func.count()).select_from(everybody().subquery())) or 0
    row = work.session.get(SelectionRow, UUID(str(told["selection"])))
    if row is None or digest_of(row.people) != told["selection_digest"]:
        raise AlteredError("The people chosen were altered after they were proposed.")
    return row.id, len(row.people)


EXECUTORS: Final[Executors] = {ProposalKind.EXPORT: Executor(Permission.EXPORTS_MAKE, _begin)}
"""What this package does once it was approved."""
