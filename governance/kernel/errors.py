"""The root of all refusals: a slug for machines and a safe sentence for people.

An error never carries an HTTP status; `governance.api.problems` maps slugs to statuses in one table.
A detail never holds a personal value, since it ends up in answers and logs.
"""

from collections.abc import Mapping, Sequence
from typing import Self


class Sentence(str):
    """A sentence in English that pages can say in other languages, too.

    Attributes:
        place: what it is about, such as a key of a document; empty where it is about all.
        pattern: the sentence with places for values (`%(name)s`), by which catalogues of pages know it.
        values: what stands in these places; never a personal value.
    """

    __slots__ = ("pattern", "place", "values")
    pattern: str
    place: str
    values: Mapping[str, object]

    def __new__(cls, pattern: str, values: Mapping[str, object] | None = None, *, place: str = "") -> Self:
        """Fill in the values, and put the place in front."""
        told = pattern % values if values else pattern
        said = super().__new__(cls, f"{place}: {told}" if place else told)
        said.place, said.pattern, said.values = place, pattern, dict(values or {})
        return said


class GovernanceError(Exception):
    """Something that a caller asked for is refused or impossible.

    Attributes:
        slug: stable machine name of the kind of refusal, kebab-case.
        detail: a sentence that names the remedy and is safe to show and to log.
        errors: by field name, what is wrong with each field (safe sentences, too); a `Sentence` is one that pages
            translate.
    """

    slug = "error"

    def __init__(self, detail: str, *, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors: dict[str, list[str]] = {field: list(said) for field, said in (errors or {}).items()}

    def in_words(self) -> str:
        """The detail, and what is wrong with each field, as one text."""
        fields = (f"{field}: {' '.join(said)}" for field, said in self.errors.items())
        return " ".join((self.detail, *fields))


class NotFoundError(GovernanceError):
    """What was asked for does not exist, or the actor may not know that it does."""

    slug = "not-found"


class InvalidError(GovernanceError):
    """The input cannot be used as it is; `errors` says which field and why."""

    slug = "invalid"


class ConflictError(GovernanceError):
    """The state of things does not admit this act now."""

    slug = "conflict"


class PreconditionError(GovernanceError):
    """The record has changed since the caller read it (RFC 9110, If-Match)."""

    slug = "precondition-failed"


class UnauthenticatedError(GovernanceError):
    """Nobody has proved who is asking."""

    slug = "unauthenticated"


class ForbiddenError(GovernanceError):
    """The actor is known and may not do this."""

    slug = "forbidden"


class TooManyError(GovernanceError):
    """A limit per caller is exceeded; `retry_after_seconds` says when to come back."""

    slug = "too-many-requests"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(GovernanceError):
    """Something that the service needs is not there at the moment."""

    slug = "unavailable"


class ConfigurationError(GovernanceError):
    """The installation is set up wrongly; the detail says what to change."""

    slug = "configuration"
