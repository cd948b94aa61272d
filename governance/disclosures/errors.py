"""Refusals of disclosures."""

from governance.kernel.errors import ConflictError, ForbiddenError, NotFoundError


class NoSuchExportError(NotFoundError):
    """There is no such export, or it was not approved yet."""

    slug = "no-such-export"


class ExportSpentError(ConflictError):
    """The export was handed out once, its time is over, or it is not ready."""

    slug = "export-not-there"


class NotYourExportError(ForbiddenError):
    """An export is handed to the one who proposed it and to nobody else."""

    slug = "not-your-export"


class ExporterLeftError(ConflictError):
    """Whoever proposed the export may not have it any more."""

    slug = "exporter-left"
