"""Refusals of whole files; refusals of rows and cells are values (`governance.intake.values.Refusal`)."""

from governance.kernel.errors import InvalidError


class UnreadableFileError(InvalidError):
    """The file is no table that this package reads, or is damaged."""

    slug = "unreadable-file"


class ProtectedFileError(UnreadableFileError):
    """The file is encrypted by a password (MS-OFFCRYPTO); nothing in it can be read."""

    slug = "protected-file"


class EmptyFileError(UnreadableFileError):
    """The file holds no row."""

    slug = "empty-file"


class OversizedFileError(UnreadableFileError):
    """The file would unpack to more than a table needs (a zip bomb, or a sheet that spans empty millions)."""

    slug = "oversized-file"


class HeadingsNotFoundError(InvalidError):
    """No row among the first ones names columns that are known, and no mapping says what they mean."""

    slug = "headings-not-found"


class MappingError(InvalidError):
    """The mapping file names a column or a field that does not exist, or cannot be read."""

    slug = "mapping-invalid"
