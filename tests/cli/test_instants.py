"""Instants on the command line."""

from datetime import UTC, datetime

import click
import pytest

from governance.cli.instants import Instant


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("2026-03-14T09:00:00Z", datetime(2026, 3, 14, 9, tzinfo=UTC)),
        ("2026-03-14T09:00:00+0300", datetime(2026, 3, 14, 6, tzinfo=UTC)),
        ("2026-03-14", datetime(2026, 3, 14, tzinfo=UTC)),
    ],
)
def test_an_instant_is_told_in_utc(said: str, told: datetime) -> None:
    assert Instant().convert(said, None, None) == told


@pytest.mark.parametrize("said", ["2026-03-14T09:00:00", "0001-01-01T00:00:00+1400", "yesterday"])
def test_what_is_no_instant_is_refused_as_such(said: str) -> None:
    with pytest.raises(click.BadParameter):
        Instant().convert(said, None, None)
