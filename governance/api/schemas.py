"""What schemas have in common. Those of a capability stand in its own module, beside the routes that use them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

import marshmallow as ma

from governance.customers.event_values import moment
from governance.customers.texts import Wrong
from governance.kernel.clock import UTC, require_aware
from governance.policies.masking import UNREADABLE

Code = TypeVar("Code", bound=StrEnum)


class Schema(ma.Schema):
    """Base of all schemas: unknown fields are refused, the order of fields is theirs in the class."""

    class Meta:
        """Marshmallow's options."""

        unknown = ma.RAISE

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """This very one: nothing changes a schema, and flask-smorest copies what it describes for each route."""
        return self


def unreadable_fields() -> ma.fields.List[Any]:
    """Names of fields whose values are there and do not open; the mark `••• unreadable` stands in their place."""
    about = "Fields that are there and do not open (changed or damaged where they are kept); shown as `" + UNREADABLE
    about += "`. Restore a backup, or record them anew."
    return ma.fields.List(ma.fields.String(), required=True, metadata={"description": about})


class Instant(ma.fields.AwareDateTime):
    """An instant as RFC 3339 has it, with its offset; answered in UTC."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "invalid": "Not an RFC 3339 instant, such as 2026-11-22T12:00:00Z.",
        "invalid_awareness": "An instant needs its offset from UTC, such as 2026-11-22T12:00:00Z.",
        "format": "Not an RFC 3339 instant.",
    }

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's options of a field
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> datetime:  # noqa: ARG002
        found: datetime = super()._deserialize(value, attr, data)
        try:
            return require_aware(found)
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None

    def _serialize(
        self,
        value: datetime | None,
        attr: str | None,  # noqa: ARG002 - marshmallow's own protocol
        obj: object,  # noqa: ARG002
        **kwargs: object,  # noqa: ARG002
    ) -> str | None:
        return None if value is None else _utc(value)


class Moment(ma.fields.Field[Any]):
    """An instant as `Instant` has it, or a day where the time of day is not known; a day stays a day."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's options of a field
        about = {
            "type": "string",
            "description": "An instant, 2026-11-22T12:00:00Z, or a day, 2026-11-22.",
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=about, **kwargs)

    def _serialize(self, value: date | None, attr: str | None, obj: object, **kwargs: object) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return _utc(value) if isinstance(value, datetime) else value.isoformat()

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> date:  # noqa: ARG002
        try:
            return moment(value)
        except Wrong as wrong:
            raise ma.ValidationError(wrong.sentence) from None


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def code(kind: type[Code], **options: Any) -> ma.fields.Enum[Code]:  # noqa: ANN401 - marshmallow's options of a field
    """One of a closed list, by its code."""
    return ma.fields.Enum(kind, by_value=True, **options)


class Flag(ma.fields.Boolean):
    """True or false, and no word or number that may mean either."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def flag(**options: Any) -> ma.fields.Boolean:  # noqa: ANN401 - as above
    """True or false, and no word or number that may mean either."""
    return Flag(**options)


class Problem(ma.Schema):
    """A refusal (RFC 9457)."""

    type = ma.fields.String(required=True, metadata={"description": "Slug of the kind of refusal."})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True, metadata={"description": "What is wrong, and what to do about it."})
    request_id = ma.fields.String(metadata={"description": "Id under which the service's log tells more."})
    errors = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.String()),
        metadata={"description": "By dotted path of a field, what is wrong with it."},
    )
