"""A store in which exports can be carried out."""

from collections.abc import Iterator

import pytest

from governance.executors import EXECUTORS
from governance.kernel.work import Work
from tests.factories.staging import Stage


@pytest.fixture
def desk(stage: Stage) -> Iterator[Work]:
    """A unit of work on the stage of the file, in which approved exports are carried out."""
    with stage.play() as work:
        work.session.info["executors"] = EXECUTORS
        yield work
