"""What schemas have in common. Those of a capability stand in its own module, beside the routes that use them."""

from datetime import datetime
from typing import Any

import marshmallow as ma

from governance.kernel.clock import UTC


class Schema(ma.Schema):
    """Base of all schemas: unknown fields are refused, the order of fields is theirs in the class."""

    class Meta:
        """Marshmallow's options."""

        unknown = ma.RAISE


class Instant(ma.fields.AwareDateTime):
    """An instant as RFC 3339 has it, with its offset; answered in UTC."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own protocol
        "invalid": "Not an RFC 3339 instant, such as 2026-11-22T12:00:00Z.",
        "invalid_awareness": "An instant needs its offset from UTC, such as 2026-11-22T12:00:00Z.",
        "format": "Not an RFC 3339 instant.",
    }

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's options of a field
        super().__init__(format="iso", **kwargs)

    def _serialize(
        self,
        value: datetime | None,
        attr: str | None,  # noqa: ARG002 - marshmallow's own protocol
        obj: object,  # noqa: ARG002
        **kwargs: object,  # noqa: ARG002
    ) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


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
