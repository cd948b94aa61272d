"""Every verb of this package."""

from governance.audit.sightings import Viewer
from governance.disclosures.beginning import EXECUTORS, MAKE
from governance.disclosures.disclosing import Disclosed, disclose, exports_about, recipients_of
from governance.disclosures.exposure import DutyDue, Exposed, Exposure, exposure
from governance.disclosures.fetching import Fetched, destroy, due_for_destruction, fetch, forget_prints
from governance.disclosures.fetching import pieces as export_pieces
from governance.disclosures.fetching import unfinished as unfinished_exports
from governance.disclosures.formats import MEDIA_TYPES
from governance.disclosures.making import Progress, make, make_next
from governance.disclosures.proposing import exportable, propose_export
from governance.disclosures.recording import define_recipient
from governance.disclosures.records import (
    DisclosureId,
    Export,
    ExportFormat,
    ExportId,
    ExportState,
    LeftOut,
    Selection,
)
from governance.disclosures.rows import failed_exports, find_export, list_exports
from governance.disclosures.tracing import Suspect, Traced, trace

__all__ = [
    "EXECUTORS",
    "MAKE",
    "MEDIA_TYPES",
    "Disclosed",
    "DisclosureId",
    "DutyDue",
    "Export",
    "ExportFormat",
    "ExportId",
    "ExportState",
    "Exposed",
    "Exposure",
    "Fetched",
    "LeftOut",
    "Progress",
    "Selection",
    "Suspect",
    "Traced",
    "Viewer",
    "define_recipient",
    "destroy",
    "disclose",
    "due_for_destruction",
    "export_pieces",
    "exportable",
    "exports_about",
    "exposure",
    "failed_exports",
    "fetch",
    "find_export",
    "forget_prints",
    "list_exports",
    "make",
    "make_next",
    "propose_export",
    "recipients_of",
    "trace",
    "unfinished_exports",
]
