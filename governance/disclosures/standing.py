"""Whether an export may still go where it was approved to go: asked before it is made, at each part, and at the end."""

from typing import Final
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.errors import AlteredError, DisabledError, NoSuchStaffError
from governance.disclosures.errors import ExporterLeftError
from governance.disclosures.tables import ExportRow
from governance.kernel.ids import StaffId
from governance.kernel.work import ActorKind, Work
from governance.policies import access
from governance.policies.permissions import Permission
from governance.reference.recipients import Recipient, RecipientId, recipient, recipients_by_id

_LEFT: Final = (
    "Whoever proposed this export has left or may not export any more, and nobody else is handed it; let somebody else "
    "propose it anew."
)


def require_standing(work: Work, row: ExportRow) -> None:
    """Make sure that somebody may still fetch an export that is made, for a recipient that may still get it.

    Raises:
        ExporterLeftError: where whoever proposed it left, or may not export any more.
        RetiredRecipientError: where the recipient is retired.
        AlteredError: where the recipient is not recorded for this purpose or these fields any more.
    """
    require_exporter(work, ActorKind(row.exporter_kind), row.exporter)
    approved = recipients_by_id(work, [RecipientId(row.recipient_id)])[RecipientId(row.recipient_id)]
    require_recipient(work, approved, purpose=row.purpose, fields=row.fields)


def require_exporter(work: Work, kind: ActorKind, exporter: UUID | None) -> None:
    """Make sure that whoever proposed an export may still have it.

    Raises:
        ExporterLeftError: where they may not.
    """
    if kind is not ActorKind.STAFF or exporter is None:
        return
    try:
        actor = accounts.staff_actor(work, staff=StaffId(exporter))
    except (DisabledError, NoSuchStaffError):
        raise ExporterLeftError(_LEFT) from None
    if not access.allows(actor, Permission.EXPORTS_MAKE).allowed:
        raise ExporterLeftError(_LEFT)


def require_recipient(work: Work, approved: Recipient, *, purpose: str, fields: list[str]) -> None:
    """Make sure that the recipient that was approved may still get what was approved.

    Raises:
        RetiredRecipientError: where it is retired.
        AlteredError: where it is not recorded for this purpose or these fields any more.
    """
    now = recipient(work, key=approved.key)
    if purpose not in now.purposes or not set(fields) <= set(now.fields):
        raise AlteredError(
            f"The recipient {now.key} was recorded anew since this was approved, and may not get it; propose it again."
        )
