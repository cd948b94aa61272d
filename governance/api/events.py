"""Pages of what happened with a customer: purchases, interactions, activity, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import marshmallow as ma

from governance.api.paging import CursorField, Page, PageQuery, encode_cursor
from governance.customers.operations import After

T = TypeVar("T")


class EventQuery(PageQuery):
    """Query of a listing from the newest to the oldest."""

    cursor = CursorField(
        datetime, UUID, load_default=None, metadata={"description": "`next_cursor` of the page before."}
    )

    @ma.post_load
    def placed(self, told: dict[str, Any], **_options: object) -> dict[str, Any]:
        """The place behind the page before, as the operations take it."""
        return {**told, "cursor": None if told["cursor"] is None else After(*told["cursor"])}


def event_page(items: Sequence[T], next_after: After | None) -> Page[T]:
    """A page with the cursor of the next one."""
    return Page(items, None if next_after is None else encode_cursor(*next_after))
