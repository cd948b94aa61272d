"""Instants as operators write them."""

from datetime import datetime
from typing import Any

import click

from governance.kernel.clock import UTC, require_aware


class Instant(click.DateTime):
    """An instant with its UTC offset, or a day, which begins in UTC."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - as click has it
        """The instant in UTC."""
        told: datetime = super().convert(value, param, ctx)
        try:
            return require_aware(told if told.tzinfo is not None else told.replace(tzinfo=UTC))
        except ValueError as error:
            self.fail(str(error), param, ctx)
