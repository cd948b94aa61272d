"""Whose packages the tests are about."""

import pytest

from governance.kernel.ids import SubjectId
from tests.factories import packaging
from tests.factories.staging import Stage


@pytest.fixture(scope="module")
def person(stage: Stage) -> SubjectId:
    """A customer on the stage of the file, of whom there is something of every kind."""
    with stage.prepare() as work:
        return packaging.buyer(work)
