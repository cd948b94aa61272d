"""Keyset paging: `limit` and an opaque `cursor`, which holds ids and instants only, never a value of anybody."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

import marshmallow as ma

from governance.api.schemas import Schema
from governance.kernel.clock import require_aware
from governance.kernel.records import frozen

LIMIT: Final = 200
DEFAULT_LIMIT: Final = 50
_MALFORMED: Final = "Not a cursor of this listing; take the one that its last page gave."

T = TypeVar("T")


class _Identified(Protocol):
    @property
    def id(self) -> UUID:
        """Of the row."""


Row = TypeVar("Row", bound=_Identified)


@frozen
class Page(Generic[T]):
    """A page of a listing.

    Attributes:
        items: what is on it.
        next_cursor: where the next page begins; None on the last one.
    """

    items: Sequence[T]
    next_cursor: str | None


def encode_cursor(*parts: UUID | datetime | int) -> str:
    """The cursor after the row with these keys."""
    told = [part if isinstance(part, int) else _text(part) for part in parts]
    return base64.urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).rstrip(b"=").decode()


def page_of(found: Sequence[Row], limit: int) -> Page[Row]:
    """The page of a listing by id that was asked for one row more than *limit*: that one tells of a next page."""
    shown = found[:limit]
    return Page(shown, encode_cursor(shown[-1].id) if len(found) > limit else None)


def _text(part: UUID | datetime) -> str:
    return part.hex if isinstance(part, UUID) else require_aware(part).isoformat()


def _read(kind: type[UUID | datetime | int], told: object, largest: int) -> UUID | datetime | int:
    if kind is UUID:
        return UUID(str(told))
    if kind is datetime:
        return require_aware(datetime.fromisoformat(str(told)))
    if type(told) is not int or abs(told) > largest:
        raise ValueError("no number that a row has")
    return told


class CursorField(ma.fields.Field[Any]):
    """A cursor in a query or body, read into a tuple of keys.

    Args:
        kinds: what the keys are: UUID, datetime or int.
        largest: number that the column of an int holds.
    """

    def __init__(
        self,
        *kinds: type[UUID | datetime | int],
        largest: int = 2**63 - 1,
        **kwargs: Any,  # noqa: ANN401 - of marshmallow
    ) -> None:
        self.kinds = kinds
        self.largest = largest
        super().__init__(metadata={"type": "string", **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002
        try:
            padded = str(value).encode("ascii") + b"=" * (-len(str(value)) % 4)
            told = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if not isinstance(told, list) or len(told) != len(self.kinds):
                raise ma.ValidationError(_MALFORMED)
            return tuple(_read(kind, part, self.largest) for kind, part in zip(self.kinds, told, strict=True))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise ma.ValidationError(_MALFORMED) from None


class PageQuery(Schema):
    """Query of a listing ordered by id; override `cursor` where the order is another."""

    cursor = CursorField(UUID, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    limit = ma.fields.Integer(
        load_default=DEFAULT_LIMIT,
        validate=ma.validate.Range(1, LIMIT),
        metadata={"description": "Rows on a page."},
    )


def page_schema(item: type[ma.Schema], name: str) -> type[ma.Schema]:
    """The schema called *name* of a page of *item*s."""
    return Schema.from_dict(
        {
            "items": ma.fields.List(ma.fields.Nested(item), required=True),
            "next_cursor": ma.fields.String(allow_none=True, required=True),
        },
        name=name,
    )
