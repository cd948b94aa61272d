"""Whose requests the tests are about."""

import pytest

from governance.customers.operations import PersonView
from tests.factories.requesting import person
from tests.factories.staging import Stage


@pytest.fixture(scope="module")
def irina(stage: Stage) -> PersonView:
    """A customer on the stage of the file."""
    with stage.prepare() as work:
        return person(work)
