"""People with something in every compartment, erasures seen through, and what is left then."""

from datetime import timedelta

from sqlalchemy import text

from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ActivityKind
from governance.customers.records import NewActivity
from governance.erasure import operations as erasure
from governance.erasure.operations import Erasure, ErasureId, Origin, OriginKind
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind
from governance.reference.operations import set_controller
from tests.factories.customers import interaction, origin, person, purchase
from tests.factories.saying import notice, said

ASKED = Origin(OriginKind.REQUEST, uuid4())
LIVE_KEYS = """
data_key WHERE wrapped IS NOT NULL AND owner_id IN (SELECT unnest(owners) FROM erasure_target)
"""


def shop(work: Work, country: str = "DE") -> None:
    """A controller with a newsletter."""
    set_controller(work, legal_name="Demonstration Shop", address="Main street 1", country=country)
    notice(work)


def somebody(work: Work, **said_of: object) -> SubjectId:
    """A person with contacts and nothing else."""
    return create_people(work, [person(**said_of)], origin=origin())[0]


def agreed(work: Work, one: SubjectId) -> None:
    """They agreed to the newsletter."""
    consent.record_many(work, events=[said(EventKind.CONFIRMED, subject=one)])


def whole(work: Work, **said_of: object) -> SubjectId:
    """A person with something in every compartment."""
    one = somebody(work, **said_of)
    agreed(work, one)
    customers.record_purchase(work, subject=one, purchase=purchase())
    customers.record_interaction(work, subject=one, interaction=interaction())
    customers.record_activity(work, subject=one, activity=NewActivity(kind=ActivityKind.VISIT, at=work.now))
    return one


def hold(work: Work, one: SubjectId, *compartments: Compartment) -> customers.HoldView:
    """Keep compartments for a case."""
    return customers.place_hold(
        work,
        subject=one,
        compartments=compartments,
        reason="Gerichtsverfahren",
        review_at=work.now + timedelta(days=90),
    )


def through(work: Work, begun: ErasureId) -> Erasure:
    """Do all that can be done now."""
    while erasure.run_next(work, erasure=begun):
        pass
    return erasure.show(work, erasure=begun)


def erase(work: Work, one: SubjectId, origin: Origin = ASKED) -> Erasure:
    """Begin, and see it through."""
    return through(work, erasure.begin(work, person=one, origin=origin))


def count(work: Work, table: str) -> int:
    """Rows of a table, or of a table and a condition."""
    return int(work.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def entries_about(work: Work, action: Action) -> int:
    """How many entries there are of an action."""
    return count(work, f"audit_body WHERE action = '{action.value}'")
