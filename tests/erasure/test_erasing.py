"""A person is erased step by step: what goes, what stays, and what says so."""

import pytest
from sqlalchemy import text

from governance.customers.bulk import create_people
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureState, Origin, OriginKind, Step, StepState
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.reference.operations import set_controller
from tests.factories.customers import origin, person

ASKED = Origin(OriginKind.REQUEST, uuid4())
LIVE_KEYS = """
data_key WHERE wrapped IS NOT NULL AND owner_id IN (SELECT unnest(owners) FROM erasure_target)
"""


@pytest.fixture
def shop(work: Work) -> Work:
    """A controller in Germany."""
    set_controller(work, legal_name="Demonstration Shop", address="Berlin", country="DE")
    return work


def somebody(work: Work, **said: object) -> SubjectId:
    return create_people(work, [person(**said)], origin=origin())[0]


def through(work: Work, begun: erasure.ErasureId) -> erasure.Erasure:
    while erasure.run_next(work, erasure=begun):
        pass
    return erasure.show(work, erasure=begun)


def count(work: Work, table: str) -> int:
    return int(work.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_whoever_bought_nothing_is_gone_at_the_end_of_it(shop: Work) -> None:
    one = somebody(shop)
    done = through(shop, erasure.begin(shop, person=one, origin=ASKED))

    assert done.state is ErasureState.CLOSED
    assert [step.state for step in done.steps] == [StepState.DONE] * len(Step)
    assert [count(shop, table) for table in ("person", "contact", "contact_history", LIVE_KEYS)] == [0, 0, 0, 0]
