"""Why something about a consent is refused."""

from governance.kernel.errors import ConflictError, InvalidError, NotFoundError


class UnknownPurposeError(NotFoundError):
    """No purpose of this key."""

    slug = "unknown-purpose"


class UnknownContactError(InvalidError):
    """Nobody is known by this contact, so that nobody's consent can be kept."""

    slug = "unknown-contact"


class SharedContactError(InvalidError):
    """Several people hold this contact; a consent is one person's."""

    slug = "shared-contact"


class NoticeOrderError(ConflictError):
    """A version of a notice or purpose must take effect after the one before it."""

    slug = "not-after-the-version-before"


class ClosedFormError(ConflictError):
    """A subscription form that takes nothing now."""

    slug = "form-closed"


class TextChangedError(ConflictError):
    """The words that were agreed to are not those in force."""

    slug = "text-changed"


class SpentTokenError(NotFoundError):
    """Nothing waits under this token any more, or nothing ever did."""

    slug = "spent-token"
